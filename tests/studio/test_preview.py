"""The preview page, as files."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from syndication.cards.checks import Fault as CardFault
from syndication.config import Brand, Section, parse
from syndication.errors import InputError
from syndication.events import parse_event
from syndication.metadata import head_tags
from syndication.studio.crops import crops_of
from syndication.studio.preview import Page, PostPreview, checks, write_preview

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'&amp;"


@pytest.fixture
def written(tmp_path: Path, cards_folder: Path) -> Callable[[Page], LexborHTMLParser]:
    def write(page: Page) -> LexborHTMLParser:
        return LexborHTMLParser(write_preview(page, cards_folder, tmp_path / "out").read_bytes())

    return write


def one(tree: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    node = tree.css_first(selector)
    assert node is not None, selector
    return node


def attribute(node: LexborNode, name: str) -> str:
    value = node.attributes[name]
    assert value is not None, name
    return value


def squeezed(node: LexborNode) -> str:
    return " ".join(node.text().split())


def levels(page: Page) -> dict[str, str]:
    return {check.text: check.level for check in checks(page)}


def test_says_what_the_story_is(written: Callable[..., Any], make_page: Callable[..., Page]) -> None:
    """Kicker, headline, byline, date in the brand's zone, revision and language stand at the top."""
    changes = {"kicker": "Coast", "byline": ["Ines Varga", "Tomas Lind"], "revision": 3}
    tree = written(make_page(changes, brand=Brand(timezone="Europe/Helsinki")))
    assert squeezed(one(tree, ".kicker")) == "Coast"
    assert squeezed(one(tree, "h1")) == "The sea took the road twice"
    facts = squeezed(one(tree, ".story .quiet"))
    assert facts == "Ines Varga, Tomas Lind · 20 November 2026, 10:00 EET · revision 3 · en"


def test_shows_each_post_as_its_network_counts_it(
    written: Callable[..., Any], make_page: Callable[..., Page], make_post: Callable[..., PostPreview]
) -> None:
    """Every account's post stands there with its words, count and limit."""
    posts = (make_post(), make_post(network="Bluesky", handle="@meridian.example", count=301, limit=300))
    tree = written(make_page(posts=posts))
    first, second, *_ = tree.css(".post")
    assert squeezed(one(first, "h2")) == "Mastodon · @meridian@press.example"
    assert squeezed(one(first, ".count")) == "55 / 500"
    assert one(first, ".text").text().strip() == "The council votes on 40 homes.\n\nnews.example/world/1"
    assert squeezed(one(second, ".count.over")) == "301 / 300"
    assert one(second, "progress").attributes["value"] == "300"


def test_mastodon_shows_the_picture_and_bluesky_a_link_card(
    written: Callable[..., Any], make_page: Callable[..., Page], make_post: Callable[..., PostPreview]
) -> None:
    """A post with its link in the text carries the card as a picture with its alt text, else as a link card."""
    card = make_page().cards[0]
    picture = make_post(card=card, alt="The sun low over a calm sea")
    linked = make_post(card=card, link_in_text=False)
    first, second, *_ = written(make_page(posts=(picture, linked))).css(".post")
    assert one(first, ".attached img").attributes["alt"] == "The sun low over a calm sea"
    assert squeezed(one(first, "details p")) == "The sun low over a calm sea"
    assert first.css_first(".link-card") is None
    assert squeezed(one(second, ".link-card .title")) == "The sea took the road twice"
    assert squeezed(one(second, ".link-card .domain")) == "news.example"
    assert second.css_first(".attached") is None


def test_links_are_links_that_tell_nothing(
    written: Callable[..., Any], make_page: Callable[..., Page], make_post: Callable[..., PostPreview]
) -> None:
    """Only http links of a text become links, each without opener and referrer."""
    text = "javascript:alert(1) data:text/html,x https://news.example/a?b=1&c=2#d."
    tree = written(make_page(posts=(make_post(text=text),)))
    (link,) = tree.css(".text a")
    assert link.attributes["href"] == "https://news.example/a?b=1&c=2#d"
    assert all("noopener" in attribute(node, "rel") for node in tree.css("a[href^=http]"))


def test_right_to_left_stories_are_set_so(
    written: Callable[..., Any], make_page: Callable[..., Page]
) -> None:
    """An Arabic story's own words have its direction and language; the page around them keeps its own."""
    tree = written(make_page({"language": "ar", "headline": "قرية جبلية تشرب من الضباب"}))
    assert one(tree, ".body").attributes == {"class": "body", "lang": "ar", "dir": "rtl"}
    headline = one(tree, "h1").parent
    assert headline is not None and headline.attributes["dir"] == "rtl"
    assert one(tree, "html").attributes == {"lang": "en"}


def test_hostile_words_stay_words(
    written: Callable[..., Any], make_page: Callable[..., Page], make_post: Callable[..., PostPreview]
) -> None:
    """Markup in a headline, a post, a handle, a note, the tags or a name is shown, never obeyed."""
    changes = {
        "headline": HOSTILE,
        "kicker": HOSTILE,
        "byline": [HOSTILE],
        "url": "https://news.example/\"'<script>",
    }
    post = make_post(
        text=HOSTILE, handle=HOSTILE, notes=(HOSTILE,), title=HOSTILE, description=HOSTILE, link_in_text=False
    )
    page = make_page(
        changes,
        posts=(post,),
        tags_html=HOSTILE,
        not_going=((HOSTILE, HOSTILE),),
        brand=Brand(name=HOSTILE),
    )
    tree = written(page)
    assert one(tree, "h1").text() == HOSTILE
    assert one(tree, "#tags pre").text() == HOSTILE
    assert one(tree, ".text").text().strip() == HOSTILE
    assert not tree.css("script") and not tree.css("[onerror]")
    assert {node.attributes["src"] for node in tree.css("img")} == {
        f"cards/{card.file}" for card in page.cards
    }


def test_files_ask_for_nothing_from_elsewhere(
    tmp_path: Path, cards_folder: Path, make_page: Callable[..., Page]
) -> None:
    """The written folder loads its own files by relative names only, and they are all there."""
    page = make_page()
    index = write_preview(page, cards_folder, tmp_path / "out")
    tree = LexborHTMLParser(index.read_bytes())
    loaded = {attribute(node, "src") for node in tree.css("[src]")}
    loaded |= {attribute(node, "href") for node in tree.css("link")}
    assert loaded == {"preview.css", *(f"cards/{card.file}" for card in page.cards)}
    assert all((index.parent / name).is_file() for name in loaded)
    assert not tree.css("script, iframe, object, embed, [style], [srcset]")
    style = (index.parent / "preview.css").read_text()
    assert not re.search(r"url\(|@import|https?:", style)


def test_writing_again_replaces_our_own_preview_only(
    tmp_path: Path, cards_folder: Path, make_page: Callable[..., Page]
) -> None:
    """A folder that holds somebody's files is refused and left alone; an earlier preview is written over."""
    out = tmp_path / "out"
    write_preview(make_page(), cards_folder, out)
    index = write_preview(make_page({"headline": "A newer headline"}), cards_folder, out)
    assert "A newer headline" in index.read_text()
    assert {file.name for file in out.iterdir()} == {"index.html", "preview.css", "cards"}
    theirs = tmp_path / "site"
    theirs.mkdir()
    (theirs / "index.html").write_text("<title>The front page</title>")
    with pytest.raises(InputError, match="holds something that is no preview"):
        write_preview(make_page(), cards_folder, theirs)
    assert [file.name for file in theirs.iterdir()] == ["index.html"]
    assert (theirs / "index.html").read_text() == "<title>The front page</title>"


def test_an_out_that_is_a_file_is_refused_in_words(
    tmp_path: Path, cards_folder: Path, make_page: Callable[..., Page]
) -> None:
    """What cannot be written is told with its place and a way out."""
    (tmp_path / "taken").write_text("")
    for out in (tmp_path / "taken", tmp_path / "taken" / "deeper"):
        with pytest.raises(InputError, match="taken") as caught:
            write_preview(make_page(), cards_folder, out)
        assert "--out" in caught.value.hint


def test_checks_pass_a_story_that_is_well(make_page: Callable[..., Page]) -> None:
    """A story with nothing wrong has only good marks."""
    page = make_page({"image": {"path": "sea.jpg", "alt": "The sun low over a calm sea"}})
    assert set(levels(page).values()) == {"good"}
    assert "Alt text of the photo has 27 characters" in levels(page)
    assert "og:image is the card, 1200×630, as declared" in levels(page)
    assert "Search engines get the photo without words, up to 1,600 pixels wide" in levels(page)


def test_checks_name_what_will_hurt_with_its_remedy(
    make_page: Callable[..., Page], make_post: Callable[..., PostPreview]
) -> None:
    """What an editor can mend before it goes out is marked, each with a remedy."""
    heavy = tuple(card.model_copy(update={"size": 400 * 1024}) for card in make_page().cards)
    changes = {"image": {"path": "sea.jpg"}, "headline": "x" * 71, "summary": "y" * 201}
    page = make_page(changes, cards=heavy, crops=(), posts=(make_post(count=520),), tags_html="")
    found = checks(page)
    assert all(check.remedy for check in found if check.level != "good")
    assert levels(page) == {
        "1200×630 card has 400 KB": "warn",
        "1080×1080 card has 400 KB": "warn",
        "The card can be read at 13 places": "good",
        "The photo has no alt text": "warn",
        "The page names no og:image": "warn",
        "The photo for search engines is too small for them": "warn",
        "Mastodon @meridian@press.example is 20 over the 500 it takes": "bad",
        "Headline has 71 characters": "warn",
        "Summary has 201 characters": "warn",
    }


def test_checks_see_a_wrong_og_image(make_page: Callable[..., Page]) -> None:
    """Tags that name another picture, or another size, are wrong."""
    page = make_page()
    wrong = page.tags_html.replace("1200", "1080")
    assert levels(make_page(tags_html=wrong))["og:image is no picture of this story"] == "bad"


def test_says_where_it_goes_and_where_not(
    written: Callable[..., Any], make_page: Callable[..., Page]
) -> None:
    """Each account that gets the story is named, and each that does not, with the reason."""
    marks = [squeezed(node) for node in written(make_page()).css("[aria-labelledby=goes-name] li")]
    assert marks == ["Mastodon · @meridian@press.example", "Not to sport: section is Climate"]
    alone = make_page(posts=(), not_going=())
    assert "syndicate connect" in squeezed(one(written(alone), "[aria-labelledby=goes-name]"))


def test_times_that_rule_the_story_are_told(
    written: Callable[..., Any], make_page: Callable[..., Page]
) -> None:
    """An embargo and an expiry stand by the headline in the brand's time."""
    times = {"embargo": "2026-11-21T06:00:00Z", "expires": "2026-11-22T06:00:00Z"}
    notes = [squeezed(node) for node in written(make_page(times)).css("aside .note")]
    assert notes == [
        "Held until 21 November 2026, 06:00 UTC.",
        "What has not gone out by 22 November 2026, 06:00 UTC is dropped.",
    ]


def test_the_bar_before_the_kicker_has_its_meaning(
    written: Callable[..., Any], make_page: Callable[..., Page]
) -> None:
    """The accent is the section's, the alarm colour for breaking news, the brand's otherwise."""
    brand = Brand(sections={"Climate": Section(accent="#008060")})
    bars = {
        "#008060": {"section": "Climate"},
        brand.colors.accent: {"section": "World"},
        brand.colors.alarm: {"section": "Climate", "priority": "breaking"},
    }
    for color, changes in bars.items():
        assert one(written(make_page(changes, brand=brand)), "rect").attributes["fill"] == color


def test_a_story_without_cards_has_a_page(
    written: Callable[..., Any], make_page: Callable[..., Page], make_post: Callable[..., PostPreview]
) -> None:
    """Where no card was drawn the page says so and shows no broken picture."""
    tree = written(make_page(cards=(), posts=(make_post(),)))
    assert not tree.css("img")
    assert "No card was drawn" in squeezed(one(tree, "#cards"))


def test_every_sample_story_has_a_page(written: Callable[..., Any], make_page: Callable[..., Page]) -> None:
    """Each story that ships with us can be shown, with its real tags."""
    folder = Path(__file__).parents[2] / "syndication" / "samples" / "stories"
    brand = parse("").brand
    stories = sorted(folder.glob("*.json"))
    assert stories
    for file in stories:
        event = parse_event(file.read_bytes(), folder=folder)
        page = make_page(event.model_dump(mode="json"))
        tags = head_tags(event, page.cards, brand=brand, base_url="https://cards.example")
        tree = written(make_page(event.model_dump(mode="json"), tags_html=tags.html()))
        assert one(tree, "h1").text() == event.headline
        assert one(tree, "#tags pre").text() == tags.html()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
def test_a_post_loses_no_letter(text: str) -> None:
    """A text told apart into words and links is the same text when put together, where links stand in full."""
    from syndication.studio.preview import _pieces

    assert "".join(piece.text for piece in _pieces(text, short=False)) == text


def test_faults_of_the_card_stand_among_the_checks(make_page: Callable[..., Page]) -> None:
    """Each box and check once, with every place that shows it so and its remedy; a story that would wait says so."""
    places = ("X", "Facebook")
    faults = tuple(
        CardFault("headline", "overlay", one, "9 pixels", "none", "Fewer words.") for one in places
    )
    page = make_page(faults=faults, problems=("the article card has 2 faults.",), held=True)
    found = {check.text: check for check in checks(page)}
    assert found["headline: overlay 9 pixels, wanted none (X, Facebook)"].remedy == "Fewer words."
    assert found["The story would be held"].level == "bad"
    page = make_page(problems=("the card is text-free: no installed font has it.",))
    assert levels(page)["the card is text-free: no installed font has it"] == "warn"


def test_each_crop_is_shown_with_what_is_laid_over_it(make_page: Callable[..., Page]) -> None:
    """The page draws the parts that networks show: X's two to one under its label, squares as stamps, the whole."""
    cards = make_page().cards
    shown = list(crops_of(cards))
    told = {place for crop in shown for place in crop.places}
    assert {"X", "WhatsApp’s square", "Instagram", "iMessage"} <= told
    whole = next(crop for crop in shown if "iMessage" in crop.places)
    assert {"Facebook", "LinkedIn", "Mastodon"} <= set(whole.places)
    x = next(crop for crop in shown if "X" in crop.places)
    assert (x.shown.height, [name for name, _ in x.laid]) == (600, ["the title"])
    stamps = {place for crop in shown if crop.thumbnail for place in crop.places}
    assert stamps == {"WhatsApp’s square", "Slack’s square", "Instagram’s grid"}

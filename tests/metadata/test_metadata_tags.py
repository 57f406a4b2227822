"""What the tags of a story say."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from syndication.config import Brand
from syndication.metadata import HeadTags, head_tags
from syndication.models import Card, PublishEvent

Make = Callable[..., HeadTags]


def card(width: int = 1200, height: int = 630, file: str = "wide card.jpg", **more: Any) -> Card:
    values = {"template": "article", "sha256": "0" * 64, "size": 9, "alt": "A card", **more}
    return Card(width=width, height=height, file=file, **values)


def contents(tags: HeadTags) -> dict[str, str]:
    return {meta.name: meta.content for meta in tags.metas}


class Reader(HTMLParser):
    """Python's own parser, as a second opinion."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.metas: list[tuple[str, str]] = []
        self.others: list[str] = []
        self.scripts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "meta":
            self.metas.append((found.get("property") or found.get("name") or "", found.get("content") or ""))
        elif tag == "script":
            self.scripts.append("")
        elif tag != "link":
            self.others.append(tag)

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and data.strip():
            self.scripts[-1] += data


def test_the_picture_is_the_share_card(make_tags: Make) -> None:
    """og:image is the 1200x630 card with all its facts, wherever it stands in the list."""
    tags = make_tags()
    found = contents(tags)
    assert found["og:image"] == found["og:image:secure_url"] == "https://cdn.example/cards/wide%20card.jpg"
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert (found["og:image:type"], found["og:image:alt"]) == ("image/jpeg", "A card")
    assert (found["twitter:card"], found["twitter:image:alt"]) == ("summary_large_image", "A card")


CROPS = [
    card(1200, 1200, "square.jpg", template="", alt="A bay"),
    card(1600, 900, "photo.jpg", template="", alt="A bay"),
]


def test_search_engines_are_told_the_photo_without_words(make_tags: Make) -> None:
    """JSON-LD names the clean crops, with caption and credit, and the photo itself; never a card, which has words."""
    image = {"url": "https://news.example/bay.jpg", "alt": "A bay", "credit": "Mara Osei"}
    pictures = make_tags(cards=[card(), *CROPS], image=image).json_ld["image"]
    assert [picture["url"].rpartition("/")[2] for picture in pictures] == [
        "square.jpg",
        "photo.jpg",
        "bay.jpg",
    ]
    assert {(picture["caption"], picture["creditText"]) for picture in pictures} == {("A bay", "Mara Osei")}
    assert "image" not in make_tags(cards=[card()]).json_ld


@pytest.mark.parametrize(
    ("choice", "pictures", "named"),
    [
        ("card", [*CROPS, card()], "wide%20card.jpg"),
        ("photo", [*CROPS, card()], "photo.jpg"),
        ("card", CROPS, "photo.jpg"),
        ("photo", [card()], "wide%20card.jpg"),
    ],
)
def test_the_newsroom_chooses_the_shared_picture(
    event: Callable[..., PublishEvent], choice: Any, pictures: list[Card], named: str
) -> None:
    """og:image is the card or the widest crop as the config says, and the other one where that is missing."""
    found = contents(
        head_tags(event(), pictures, brand=Brand(), base_url="https://cdn.example", image=choice)
    )
    assert found["og:image"] == found["twitter:image"] == f"https://cdn.example/{named}"
    assert found["og:image:alt"] == ("A bay" if named == "photo.jpg" else "A card")


def test_a_picture_may_be_shown_large(make_tags: Make) -> None:
    """Search engines may show a named picture large; where none is named nothing is said of it."""
    assert contents(make_tags())["robots"] == "max-image-preview:large"
    assert "robots" not in contents(make_tags(cards=[]))


def test_descriptions_of_pictures_are_as_long_as_x_takes(make_tags: Make) -> None:
    """og:image:alt and twitter:image:alt have at most 420 characters, whole sentences of them."""
    found = contents(make_tags(cards=[card(alt="The sea took the road twice. " * 40)]))
    for name in ("og:image:alt", "twitter:image:alt"):
        assert 390 < len(found[name]) <= 420 and found[name].endswith("twice.")


def test_no_secure_url_over_http(make_tags: Make) -> None:
    """og:image:secure_url is told only where the picture is served over https."""
    assert "og:image:secure_url" not in contents(make_tags(base_url="http://cdn.example"))


@pytest.mark.parametrize("change", [{"base_url": ""}, {"cards": []}])
def test_no_picture_rather_than_a_wrong_one(make_tags: Make, change: dict[str, object]) -> None:
    """Without a public address or without cards no picture is named."""
    tags = make_tags(**change)
    assert not tags.has_image and "og:image" not in contents(tags)
    assert contents(tags)["twitter:card"] == "summary" and "image" not in tags.json_ld


def test_article_facts(make_tags: Make) -> None:
    """Times, section, tags and authors stand in the tags and in JSON-LD, and what is empty stands nowhere."""
    tags = make_tags(
        modified="2026-11-20T09:30:00+01:00",
        section="World",
        tags=["a", "b"],
        byline=["Ines Varga"],
        language="pt-BR",
    )
    found = contents(tags)
    assert found["article:published_time"] == "2026-11-20T08:00:00+00:00"
    assert found["article:modified_time"] == "2026-11-20T09:30:00+01:00"
    assert (found["article:section"], found["article:author"], found["og:locale"]) == (
        "World",
        "Ines Varga",
        "pt_BR",
    )
    assert [meta.content for meta in tags.metas if meta.name == "article:tag"] == ["a", "b"]
    assert tags.json_ld["author"] == [{"@type": "Person", "name": "Ines Varga"}]
    assert tags.json_ld["@type"] == "NewsArticle" and tags.json_ld["keywords"] == ["a", "b"]
    assert all(meta.content for meta in make_tags().metas)
    assert "article:section" not in contents(make_tags())


@pytest.mark.parametrize(
    ("language", "locale"),
    [("en", "en_US"), ("he", "he_IL"), ("en-GB", "en_GB"), ("zh-Hant-TW", "zh_TW"), ("uk", "uk_UA")],
)
def test_locale(make_tags: Make, language: str, locale: str) -> None:
    """og:locale is a language with its country, the likeliest where none is told."""
    assert contents(make_tags(language=language))["og:locale"] == locale


def test_body_stands_in_for_a_summary(make_tags: Make) -> None:
    """Without a summary the body's first words describe the story, cut between words."""
    body = "<figure><p>Caption</p></figure><p>" + "First words &amp; more. " * 40 + "</p><script>x</script>"
    described = contents(make_tags(summary="", body=body))["og:description"]
    assert described.startswith("First words & more.") and described.endswith("…") and len(described) <= 300


HOSTILE = "\"><script>alert(1)</script><!-- --> ]]> </title> & &amp; ' ` \u2028 \x00\x1f\ufffe"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=60))
@example(text=HOSTILE)
def test_values_reach_every_reader(event: Callable[..., PublishEvent], text: str) -> None:
    """Any text, however hostile, is read back the same by two independent parsers and opens no tag of its own."""
    story = event().model_copy(update={"headline": text, "summary": text, "byline": (text,), "tags": (text,)})
    tags = head_tags(story, [], brand=Brand(name=text), base_url="")
    for html in (tags.html(), "\n".join(tags.lines(ascii_only=True))):
        told = [(meta.name, meta.content) for meta in tags.metas]
        reader = Reader(html)
        assert reader.metas == told and not reader.others
        assert [json.loads(script) for script in reader.scripts] == [tags.json_ld]
        tree = LexborHTMLParser(html)
        nodes = [node.attributes for node in tree.css("head > meta")]
        assert [(node.get("property") or node.get("name"), node.get("content")) for node in nodes] == told
        assert [json.loads(node.text()) for node in tree.css("script")] == [tags.json_ld]


def test_data_is_the_same_as_json(make_tags: Make) -> None:
    """The plain data goes through JSON unchanged and tells what the HTML tells."""
    tags = make_tags()
    data = json.loads(json.dumps(tags.data()))
    assert data == tags.data() and data["canonical"] == "https://news.example/world/1"
    assert {"property": "og:type", "content": "article"} in data["meta"]


def test_card_of_another_size_is_better_than_none(event: Callable[..., PublishEvent]) -> None:
    """If no card is 1200x630 the first one is shared."""
    square = Card(
        template="x", width=1080, height=1080, file="s.png", sha256="0" * 64, size=1, mime="image/png"
    )
    found = contents(head_tags(event(), [square], brand=Brand(), base_url="https://cdn.example"))
    assert (found["og:image"], found["og:image:type"]) == ("https://cdn.example/s.png", "image/png")

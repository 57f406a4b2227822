"""The words of a post in an account's voice: its template, hashtags, mentions and tracked links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.models import POST_FIELDS, Limits, PublishEvent
from syndication.text import Voice, compose, fits, hashtags, tracked
from syndication.text.words import make_hashtags

OPEN = Limits(text=300, link_cost=23, link_in_text=True, alt=1500, image_bytes=1_000_000, hashtags=5)
URL = "https://news.example/world/4711"


def event(**parts):
    told = {
        "url": URL,
        "headline": "Ferry sinks",
        "summary": "Twelve are missing. Two were found.",
        "section": "World",
    }
    return PublishEvent.model_validate({**told, "published": "2026-11-20T08:00:00Z", **parts})


def say(template, limits=OPEN, story=None, **voice):
    return compose(
        story or event(tags=("harbour", "climate change")), limits=limits, voice=Voice(template, **voice)
    )


def test_a_template_is_filled_from_the_story():
    """Each field where the account wants it; the kicker is the section where the story has none."""
    said = say("{kicker}: {headline} {link} {hashtags}", hashtags=2)
    assert said == f"World: Ferry sinks {URL} #Harbour #ClimateChange".replace("#Harbour", "#harbour")


def test_what_stands_before_an_empty_field_goes_with_it():
    """No colon without a kicker, no bar before no hashtag, no blank line before no link."""
    story = event(section="", tags=())
    assert say("{kicker}: {headline} | {hashtags}", story=story, hashtags=2) == "Ferry sinks"
    assert say("{headline}\n\n{link}!", OPEN.model_copy(update={"link_in_text": False})) == "Ferry sinks"
    assert (
        say("NEW {headline} by {byline}.", story=event(byline=("A. Reyes",)))
        == "NEW Ferry sinks by A. Reyes."
    )


def test_the_editors_words_come_before_the_accounts_voice():
    """An override is what is said; of the template only the link is left."""
    voice = Voice("{kicker}: {headline} {hashtags}", hashtags=2, mentions=("@ada@news.example",))
    assert compose(event(tags=("sea",)), limits=OPEN, override="Hear!", voice=voice) == f"Hear!\n\n{URL}"


def test_mentions_are_said_where_the_template_wants_them():
    """As the network writes people."""
    assert (
        say("{headline} ({mentions})", mentions=("@ada@news.example",)) == "Ferry sinks (@ada@news.example)"
    )


def test_sentences_give_way_before_hashtags_and_hashtags_before_words():
    """The first sentence stays whole as long as leaving out hashtags makes room for it."""
    tight = OPEN.model_copy(update={"text": 60})
    template = "{summary} {link} {hashtags}"
    assert say(template, tight, hashtags=2) == f"Twelve are missing. {URL} #harbour"
    tighter = OPEN.model_copy(update={"text": 44})
    assert say(template, tighter, hashtags=2) == f"Twelve are missing. {URL}"
    assert say(template, OPEN.model_copy(update={"text": 36}), hashtags=2) == f"Twelve are… {URL}"


def test_a_network_without_hashtags_gets_none():
    """Whatever the account wants, the network's own number holds."""
    assert "#" not in say("{headline} {hashtags}", OPEN.model_copy(update={"hashtags": 0}), hashtags=5)
    assert say("{hashtags}", OPEN.model_copy(update={"hashtags": 1}), hashtags=5) == "#harbour"


def test_a_hashtag_that_the_text_says_already_is_not_said_twice():
    """In whatever case."""
    story = event(summary="All about #Harbour here.", tags=("harbour", "sea"))
    assert say("{summary} {hashtags}", story=story, hashtags=2) == "All about #Harbour here. #sea"


@pytest.mark.parametrize(
    ("tag", "made"),
    [
        ("climate change", "#ClimateChange"),
        ("harbour", "#harbour"),
        ("COP 30", "#COP30"),
        ("São Paulo", "#SãoPaulo"),
        ("l’eau potable", "#LEauPotable"),
        ("تغير المناخ", "#تغير_المناخ"),
        ("जलवायु परिवर्तन", "#जलवायु_परिवर्तन"),
        ("気候 変動", "#気候変動"),
        ("2026", ""),
        ("!!!", ""),
        ("#already", "#already"),
        ("a b" * 60, ""),
    ],
)
def test_tags_become_hashtags_in_their_own_script(tag, made):
    """Capitals part the words of scripts that have them; a year or a sentence makes no hashtag."""
    assert make_hashtags((tag,), 5) == ((made,) if made else ())


@given(st.text(max_size=80))
def test_a_made_hashtag_is_found_again(tag):
    """What we call a hashtag is one to whoever looks for hashtags in a text, whole."""
    for made in make_hashtags((tag,), 1):
        assert hashtags(f"({made}) and") == [(1, 1 + len(made), made[1:])]


def test_hashtags_in_links_and_words_are_none():
    """Neither a page's fragment, nor a number, nor a sign in the middle of a word."""
    assert hashtags("https://a.example/#part C#sharp #1 &#39; ##x") == []
    assert [word for *_, word in hashtags("#eins,#zwei ＃三 #2026ers")] == ["eins", "zwei", "三", "2026ers"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URL, f"{URL}?utm_source=mastodon&utm_campaign=World%20News"),
        (f"{URL}?a=1&b=%20", f"{URL}?a=1&b=%20&utm_source=mastodon&utm_campaign=World%20News"),
        (f"{URL}#part?x", f"{URL}?utm_source=mastodon&utm_campaign=World%20News#part?x"),
        (f"{URL}?utm_source=print", f"{URL}?utm_source=print&utm_campaign=World%20News"),
        (f"{URL}?utm_source=a&utm_campaign=", f"{URL}?utm_source=a&utm_campaign="),
        (f"{URL}?", f"{URL}?utm_source=mastodon&utm_campaign=World%20News"),
    ],
)
def test_tracking_leaves_the_rest_of_an_address_alone(url, expected):
    """Parameters that are there stay as they are, and so do order, escapes and fragment."""
    rules = {"source": "{network}", "campaign": "{section}", "term": "{id}"}
    assert tracked(url, rules, {"network": "mastodon", "section": "World News", "id": ""}) == expected


def test_a_tracked_link_is_the_one_in_the_text():
    """And an editor's own plain link is not followed by it a second time."""
    link = tracked(URL, {"source": "x"}, {})
    assert compose(event(), limits=OPEN, voice=Voice(link=link)).endswith(f"\n\n{link}")
    own = f"See {URL} now"
    assert compose(event(), limits=OPEN, override=own, voice=Voice(link=link)) == own


templates = st.lists(
    st.one_of(st.sampled_from([f"{{{field}}}" for field in POST_FIELDS]), st.text("ab :|\n—", max_size=4)),
    max_size=8,
).map("".join)


@given(
    templates,
    st.integers(20, 400),
    st.integers(0, 9),
    st.text(max_size=300),
    st.lists(st.text(max_size=20), max_size=4),
)
def test_any_voice_fits_the_network(template, room, count, summary, tags):
    """Whatever a template asks for, the text is never longer than the network takes."""
    limits = OPEN.model_copy(update={"text": room})
    said = say(template, limits, event(summary=summary, tags=tuple(tags), headline="Ferry"), hashtags=count)
    fixed = len(template) + 23 + len("WorldWorld")
    assert fits(said, limits) or fixed + len("Ferry") > room

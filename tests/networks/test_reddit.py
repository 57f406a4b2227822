"""What is Reddit's own: errors inside 200, plain text as Markdown, who asks."""

import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from networks.person import Person

from syndication.errors import CannotTell, InputError, RateLimited, Refused
from syndication.networks import connector, reddit
from syndication.networks.http import open_http
from syndication.networks.reddit import markdown
from syndication.networks.transport import Answer
from syndication.text import plain

NETWORK = connector("reddit")
SECRET = {"access_token": "a-token-of-the-meridian", "username": "meridian_news", "community": "meridian"}
MADE = {
    "json": {
        "errors": [],
        "data": {"name": "t3_47", "url": "https://www.reddit.com/r/meridian/comments/47/x/"},
    }
}


def ok(body):
    return {"status": 200, "headers": {}, "body": body}


@pytest.fixture
def posted(scripted, draft):
    """The form that such an account sends."""

    def publish(**facts):
        server = scripted({"POST /api/submit": ok(MADE)})
        with open_http(NETWORK, server.url, {**SECRET, **facts}) as http:
            NETWORK.publish(http, draft(text="Twelve *are* missing."), None)
        return {
            name: values[0] for name, values in parse_qs(server.asked[0].body.decode()).items()
        }, server.asked[0]

    return publish


def test_a_link_is_never_submitted_twice_and_says_who_asks(posted):
    """Reddit refuses what stands there already, and whoever does not name themselves."""
    form, asked = posted()
    assert (form["resubmit"], form["kind"], form["sr"]) == ("false", "link", "meridian")
    assert form["title"] == "Ferry sinks off the coast"
    assert asked.headers["User-Agent"].startswith("server:syndication:")
    assert asked.headers["User-Agent"].endswith("(by /u/meridian_news)")


def test_body_and_flair_are_as_the_community_wants_them(posted):
    """Both were asked when the account was connected."""
    assert not {"text", "flair_id"} & posted(body="no")[0].keys()
    form, _ = posted(body="yes", flair="0a1b-news")
    assert (form["text"], form["flair_id"]) == (r"Twelve \*are\* missing\.", "0a1b-news")


LINES = st.lists(
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1), max_size=4
)


@given(LINES)
def test_a_plain_text_is_shown_as_it_is(lines):
    """Nothing an editor writes is markup, whatever its first letter or pair of signs."""
    text = "\n".join(" ".join(line.split()) for line in lines)
    shown = MarkdownIt("commonmark").render(markdown(text))
    assert "".join(plain(shown).split()) == "".join(
        plain(text.replace("&", "&amp;").replace("<", "&lt;")).split()
    )
    assert not [
        tag for tag in ("<h", "<em", "<strong", "<li", "<code", "<blockquote", "<hr", "<a") if tag in shown
    ]


def test_links_stay_links():
    """An address is not escaped: Reddit makes it clickable as it stands."""
    assert (
        markdown("See (https://news.example/a_b-c.) *now*") == r"See \(https://news.example/a_b-c\.\) \*now\*"
    )


@pytest.mark.parametrize(
    ("inner", "seconds"),
    [({"ratelimit": 437.6}, 437.6), ({}, 600), ({"ratelimit": "soon"}, 600), ({"ratelimit": 1e99}, 86400)],
)
def test_a_limit_is_waited_for_by_its_number_never_its_words(inner, seconds):
    """The words are localised; the number is not always there."""
    body = {"json": {"errors": [["RATELIMIT", "Mach eine Pause von 8 Minuten.", "ratelimit"]], **inner}}
    verdict = NETWORK.refine(Answer(200, {"x-ratelimit-reset": "90"}, json.dumps(body).encode()))
    assert (verdict.kind, verdict.retry_after) == (RateLimited, seconds)


@pytest.mark.parametrize("errors", ['["X"]', "[[]]", "[[7]]", "[null]", '"X"', "{}", "[]"])
def test_errors_of_any_form_are_borne(errors):
    """What stands there is refused, and nothing is mistaken for a post."""
    verdict = NETWORK.refine(Answer(200, {}, f'{{"json": {{"errors": {errors}}}}}'.encode()))
    assert verdict is None or verdict.kind is Refused


def test_an_account_that_posts_without_end_is_not_read_to_its_end(scripted, draft):
    """After 500 links a person is asked."""
    link = {"name": "t3_1", "permalink": "/r/a/comments/1/x/", "subreddit": "a", "created_utc": 4e9}
    server = scripted(
        {"GET /user/meridian_news/submitted": ok({"data": {"children": [{"data": link}], "after": "t3_1"}})}
    )
    with open_http(NETWORK, server.url, SECRET) as http, pytest.raises(CannotTell):
        NETWORK.find(http, draft())


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        (
            {"Community": "r/meridian", "Flair": "0a1b-news"},
            {"community": "meridian", "body": "no", "flair": "0a1b-news"},
        ),
        ({"Community": "meridian", "Flair": "News"}, None),
        ({"Community": "meri dian"}, None),
    ],
)
def test_a_community_is_asked_what_it_wants(scripted, monkeypatch, answers, kept):
    """Its own rules say whether a link may have a body and must have a flair."""
    monkeypatch.setattr(reddit, "allow_oauth2", lambda *_: {"access_token": "a-token-of-the-meridian"})
    rules = {"is_flair_required": True, "body_restriction_policy": "notAllowed"}
    server = scripted({
        "GET /api/v1/me": ok({"name": "meridian_news"}),
        "GET /api/v1/meridian/post_requirements": ok(rules),
        "GET /r/meridian/api/link_flair_v2": ok([{"id": "0a1b-news", "text": "News"}, {"id": "0a1b-sport"}]),
    })  # fmt: skip
    person = Person(**answers)
    person.answers["Community, without r/"] = answers["Community"]
    if kept is None:
        with pytest.raises(InputError):
            NETWORK.connect(person, server.url)
    else:
        assert kept.items() <= NETWORK.connect(person, server.url).items()

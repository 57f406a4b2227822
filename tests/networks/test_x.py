"""What is X's own: prices, problems by their types, what a post shows of what we wrote."""

import json
from decimal import Decimal

import pytest
from networks.person import Person

from syndication.errors import CannotTell, InputError, NotSent, Refused, Unauthorized, Unknown
from syndication.networks import connector
from syndication.networks.http import open_http
from syndication.networks.transport import Answer

NETWORK = connector("x")
SECRET = {"access_token": "a-token-of-the-meridian", "user_id": "19", "username": "meridian_news"}
POSTS = "GET /2/users/19/tweets"
LINK = "https://news.example/world/4711"


def ok(body):
    return {"status": 200, "headers": {}, "body": body}


@pytest.fixture
def shows(scripted, draft):
    """What is found where X shows such posts: shows(text, post, ...)."""

    def find(text, *posts, token=None):
        server = scripted({POSTS: ok({"data": list(posts), "meta": {"next_token": token}})})
        with open_http(NETWORK, server.url, SECRET, seconds=5) as http:
            return NETWORK.find(http, draft(text=text))

    return find


def post(text, *links, media=0):
    """A post as X shows it: escaped, each link shortened, the image's own link at its end."""
    urls = []
    for number, link in enumerate(links):
        urls.append({"url": f"https://t.co/{number:010}", "expanded_url": link})
        text = text.replace(link, urls[-1]["url"])
    for number in range(media):
        urls.append(
            {
                "url": f"https://t.co/m{number:09}",
                "expanded_url": "https://x.com/m/status/1/photo/1",
                "media_key": "3_1",
            }
        )
        text += f" {urls[-1]['url']}"
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"id": "4711", "text": text, "entities": {"urls": urls}} if urls else {"id": "4711", "text": text}


@pytest.mark.parametrize(
    "text",
    ["Zwölf & mehr <vermisst>.", f"Twelve.\n\n{LINK}", f"{LINK}?a=1&b=ö (see news.example) 🚢", "字 100 %"],
)
def test_a_post_is_known_by_what_we_wrote(shows, text):
    """Shortened links, escaped signs and the image's link are X's; the words and the addresses are ours."""
    words = [word for word in text.split() if word.startswith("http")]
    assert shows(text, post("Other."), post(text, *words, media=1)).id == "4711"
    assert shows(text, post("Other."), post(f"{text} More.", *words)) is None


def test_the_same_words_with_another_link_are_another_post(shows):
    """A link is as much a part of a post as its words."""
    assert (
        shows(
            f"Live: {LINK}", post("Live: https://news.example/world/4712", "https://news.example/world/4712")
        )
        is None
    )


def test_an_account_that_posts_without_end_is_not_read_to_its_end(shows):
    """Each post shown costs; after 500 a person is asked."""
    with pytest.raises(CannotTell):
        shows("Twelve.", post("Other."), token="7140w")


@pytest.mark.parametrize(
    ("parts", "price"),
    [
        ({"text": "Twelve are missing."}, "0.015"),
        ({"text": "Twelve are missing. https://www.example.org/4711"}, "0.200"),
        ({"text": "Twelve are missing, says example.org."}, "0.200"),
        ({"text": "Twelve are missing.", "form": "image"}, "0.020"),
        ({"text": "Twelve are missing.", "form": "image", "alt": ""}, "0.015"),
        (
            {"text": "Twelve are missing. https://www.example.org/4711", "form": "image", "card": None},
            "0.200",
        ),
    ],
)
def test_a_post_has_its_price(draft, parts, price):
    """A link costs thirteen times a plain post; describing an image is a request of its own."""
    assert NETWORK.price(draft(**parts)) == Decimal(price)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, {"errors": [{"code": 187, "message": "Status is a duplicate."}]}, Unknown),
        (403, {"errors": [{"code": 326, "message": "This account is temporarily locked."}]}, Unauthorized),
        (403, {"detail": "Forbidden", "type": "about:blank"}, Unauthorized),
        (200, {"errors": [{"type": "https://api.x.com/2/problems/client-forbidden"}]}, Unauthorized),
        (429, {"type": "https://api.x.com/2/problems/usage-capped"}, Unauthorized),
        (402, {}, Unauthorized),
        (400, {"type": "https://api.twitter.com/2/problems/invalid-request"}, Refused),
        (
            200,
            {"data": {"id": "1"}, "errors": [{"type": "https://api.x.com/2/problems/resource-not-found"}]},
            None,
        ),
        (404, {"type": 7, "errors": "none"}, None),
        (404, [], None),
    ],
)
def test_problems_are_known_by_their_types(status, body, kind):
    """In each of the forms that X gives them; what is not known is left to the common table."""
    verdict = NETWORK.refine(Answer(status, {}, json.dumps(body).encode()))
    assert (verdict and verdict.kind) == kind


def test_no_credits_are_told_apart_from_no_right():
    """Who pays and who configures are not the same person."""
    paid = NETWORK.refine(Answer(402, {}, b"{}"))
    right = NETWORK.refine(Answer(403, {}, b'{"type": "https://api.x.com/2/problems/oauth1-permissions"}'))
    assert "credits" in paid.hint
    assert "Read and write" in right.hint


def test_a_card_too_large_is_refused_before_anything_is_sent(scripted, draft):
    """Five megabytes; X would take it in and refuse the post."""
    server = scripted({})
    with open_http(NETWORK, server.url, SECRET) as http, pytest.raises(Refused, match="5,000,000"):
        NETWORK.publish(http, draft(form="image"), b"\xff" * 5_000_001)
    assert server.asked == []


def test_an_image_whose_description_is_lost_is_not_posted(scripted, draft, image):
    """The description is a part of the post; the whole is tried again."""
    server = scripted(
        {
            "POST /2/media/upload": ok({"data": {"id": "1"}}),
            "POST /2/media/metadata": {"status": 503, "headers": {}},
        }
    )
    with open_http(NETWORK, server.url, SECRET) as http, pytest.raises(NotSent):
        NETWORK.publish(http, draft(form="image"), image)
    assert server.whats() == ["POST /2/media/upload", "POST /2/media/metadata"]


def test_only_two_kinds_of_oauth_are_known():
    """An editor's slip is answered with what would be right."""
    with pytest.raises(InputError, match="no OAuth 3"):
        NETWORK.connect(Person(OAuth_1_or_2="3"), "https://api.x.com")

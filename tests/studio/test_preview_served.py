"""The preview page as a local web application: what it serves, to whom, and what it forbids."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from syndication.errors import EventError, Fault, PhotoError
from syndication.studio.preview import Page, preview_app

Get = Callable[..., Any]


def text_of(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    assert node is not None, selector
    return node.text()


def served(browse: Callable[..., Get], page: Page, folder: Path) -> Get:
    return browse(preview_app(lambda: (page, folder)))


def test_the_server_shows_page_style_and_cards(
    browse: Callable[..., Get], make_page: Callable[..., Page], cards_folder: Path
) -> None:
    """The page and all that it names come from the same local server."""
    page = make_page()
    get = served(browse, page, cards_folder)
    index = get("/")
    assert index.status == 200
    tree = LexborHTMLParser(index.body)
    for node in tree.css("img"):
        assert get(f"/{node.attributes['src']}").body.startswith(b"\xff\xd8")
    assert get("/preview.css").headers["content-type"].startswith("text/css")


def test_the_server_forbids_all_but_its_own(
    browse: Callable[..., Get], make_page: Callable[..., Page], cards_folder: Path
) -> None:
    """Every answer carries a policy that allows pictures and style from here and nothing else."""
    get = served(browse, make_page(), cards_folder)
    for path in ("/", "/preview.css", f"/cards/{make_page().cards[0].file}", "/cards/none.jpg"):
        headers = get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; img-src 'self'; style-src 'self';")
        assert "script-src" not in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_only_shown_cards_are_served(
    browse: Callable[..., Get], make_page: Callable[..., Page], cards_folder: Path
) -> None:
    """No path reaches a file that the page does not show, whether beside the cards or above them."""
    (cards_folder / "secret.txt").write_text("secret")
    (cards_folder.parent / "secret.txt").write_text("secret")
    get = served(browse, make_page(), cards_folder)
    get("/")
    names = (
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "..%5csecret.txt",
        "secret.txt",
        "a%00.jpg",
    )
    for path in (*(f"/cards/{name}" for name in names), "/cards/", f"/cards/{cards_folder}/secret.txt"):
        answer = get(path)
        assert answer.status == 404, path
        assert b"secret" not in answer.body


def test_other_hosts_names_are_refused(
    browse: Callable[..., Get], make_page: Callable[..., Page], cards_folder: Path
) -> None:
    """A foreign page that points its name at this machine reads nothing."""
    get = served(browse, make_page(), cards_folder)
    assert get("/", Host="evil.example").status == 400
    assert get("/", Host="localhost:8000").status == 200


def test_edits_show_on_reload_and_errors_are_calm(
    browse: Callable[..., Get], make_page: Callable[..., Page], cards_folder: Path
) -> None:
    """Each look builds the page anew, and a fault meant for people is a page with its words and its remedy."""
    photo = PhotoError("photo.jpg: is not an image", "Export it as <b>JPEG</b>.")
    fault = EventError([Fault("headline", "nothing", "a text")], source="story.json")
    said: list[Any] = [make_page(), photo, fault, make_page({"headline": "Mended"})]

    def build() -> tuple[Page, Path]:
        answer = said.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer, cards_folder

    get = browse(preview_app(build))
    assert "The sea took the road twice" in get("/").body.decode()
    calm = get("/")
    assert calm.status == 200
    tree = LexborHTMLParser(calm.body)
    assert text_of(tree, ".message") == "photo.jpg: is not an image"
    assert "Export it as <b>JPEG</b>." in " ".join(text_of(tree, "main").split())
    assert "headline: found nothing, expected a text" in get("/").body.decode()
    assert text_of(LexborHTMLParser(get("/").body), "h1") == "Mended"

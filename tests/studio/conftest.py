"""A page made by hand, with pictures made on the spot, and a browser's end of the line."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uvicorn
from PIL import Image
from starlette.applications import Starlette

from syndication.config import Brand
from syndication.models import Card, PublishEvent
from syndication.studio.preview import Page, PostPreview


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Get:
    """Asks a local server, with the path sent as it stands."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Answer:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as line:
            line.request(method, path, headers=headers)
            with line.getresponse() as answer:
                told = {name.lower(): value for name, value in answer.getheaders()}
                return Answer(answer.status, told, answer.read())


@pytest.fixture
def cards_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "drawn"
    folder.mkdir()
    for width, height in ((1200, 630), (1080, 1080)):
        Image.new("RGB", (width, height), "#8a5a44").save(folder / f"sea-0123-{width}x{height}.jpg")
    return folder


@pytest.fixture
def make_page(cards_folder: Path, event: Callable[..., PublishEvent]) -> Callable[..., Page]:
    cards = tuple(
        Card(
            template="article",
            width=width,
            height=height,
            file=f"sea-0123-{width}x{height}.jpg",
            sha256="7f3a9c" + "0" * 58,
            size=(cards_folder / f"sea-0123-{width}x{height}.jpg").stat().st_size,
            alt="The sea took the road twice. The sun over a calm sea.",
        )
        for width, height in ((1200, 630), (1080, 1080))
    )
    crop = {"template": "", "width": 1600, "height": 900, "alt": "The sun over a calm sea"}
    named = (
        f'<meta property="og:image" content="https://cards.example/{cards[0].file}" />\n'
        '<meta property="og:image:width" content="1200" />\n<meta property="og:image:height" content="630" />'
    )

    def make(changes: dict[str, Any] | None = None, **parts: Any) -> Page:
        story = event(**(changes or {}))
        base: dict[str, Any] = {
            "event": story,
            "cards": cards,
            "crops": (cards[0].model_copy(update=crop),) if story.image else (),
            "posts": (_post(link=story.url, card=cards[0]),),
            "not_going": (("sport", "section is Climate"),),
            "tags_html": named,
            "brand": Brand(),
        }
        return Page(**{**base, **parts})

    return make


@pytest.fixture
def make_post() -> Callable[..., PostPreview]:
    return _post


def _post(**changes: Any) -> PostPreview:
    base: dict[str, Any] = {
        "account": "desk",
        "network": "Mastodon",
        "handle": "@meridian@press.example",
        "text": "The council votes on 40 homes.\n\nhttps://news.example/world/1",
        "count": 55,
        "limit": 500,
        "link": "https://news.example/world/1",
        "link_in_text": True,
        "title": "The sea took the road twice",
        "description": "After the third winter of floods.",
        "card": None,
        "alt": "",
        "notes": (),
    }
    return PostPreview(**{**base, **changes})


@pytest.fixture
def browse() -> Iterator[Callable[[Starlette], Get]]:
    """Serves an application over real HTTP on a port of its own."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Starlette) -> Get:
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        return Get(server.servers[0].sockets[0].getsockname()[1])

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()

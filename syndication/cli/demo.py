"""The main job, shown: sample stories go through real Redis, real workers and a sandbox network, and are checked."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syndication.cli.common import FOLDER, end, say, show_rows

if TYPE_CHECKING:
    from syndication.config import Config
    from syndication.store import Store

_MARK = ".syndication-demo"
_ACCOUNTS = ("desk", "world")
_CONFIG = """\
# Made by `syndicate demo`.
[brand]
name = "The Meridian"
site = "https://news.example"
timezone = "Europe/London"

[cards]
base_url = "https://news.example/cards/"

[metadata]
pages = "public/{path}.html"
fragments = "fragments"

[late]
too_old = 36500
"""


@click.command(short_help="Publish sample stories through the whole system.")
@click.option(
    "--dir",
    "folder",
    default="syndication-demo",
    show_default=True,
    type=FOLDER,
    help="Where the demo works; emptied at its start.",
)
@click.option(
    "--seconds",
    default=55.0,
    type=click.FloatRange(min=1),
    help="How long the posts may take before the demo has failed.",
)
def demo(folder: Path, seconds: float) -> int:
    """Publish the sample stories through the whole system, and check what came of it.

    Starts a Redis of its own, the workers and a sandbox network on free local ports, and stops them all again.
    """
    # Whoever ends the demo ends all it started: a SIGTERM leaves by the same door as Ctrl-C.
    signal.signal(signal.SIGTERM, end)
    folder = folder.absolute()
    _empty(folder)
    os.environ["SYNDICATE_CONFIG"] = str(folder / "syndicate.toml")
    from syndication.config import load
    from syndication.store import open_store
    from workers.app import DRAW
    from workers.nudge import nudge

    with ExitStack() as running:
        server = running.enter_context(_sandbox(folder))
        config = load()
        store = open_store(config.store_url)
        running.callback(store.close)
        _connect(store, config, server)
        worker = running.enter_context(_started(["worker"], folder / "worker.log"))
        _until(lambda: nudge(DRAW), 20, f"the workers did not start: see {folder / 'worker.log'}")
        published = _publish(store, config, folder)
        _wait(store, published, time.monotonic() + seconds, worker)
        problems = _report(store, config, published, server, folder)
    for problem in problems:
        say(f"✗ {problem}")
    if problems:
        say(f"The demo failed. The workers' own words: {folder / 'worker.log'}")
        return 1
    say(
        f"✓ {len(published)} stories, {len(published) * len(_ACCOUNTS)} posts, each once. Everything is in {folder}"
    )
    return 0


def _empty(folder: Path) -> None:
    from syndication.errors import InputError

    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise InputError(f"{folder} holds files that are not the demo's", "Name another folder with --dir.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    (folder / "syndicate.toml").write_text(_CONFIG, encoding="utf-8")
    with as_file(files("syndication") / "samples") as samples:
        shutil.copytree(samples, folder / "samples")


@contextmanager
def _started(words: list[str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A `syndicate` process that is ended when the demo ends."""
    with log.open("wb") as lines:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "syndication", *words],
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(45)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def _sandbox(folder: Path) -> Iterator[str]:
    """The sandbox network in a process of its own; its address."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = f"http://127.0.0.1:{port}"
    with _started(["sandbox", "--port", str(port)], folder / "sandbox.log"):
        _until(lambda: _answers(server), 15, "the sandbox network did not start")
        yield server


def _answers(server: str) -> bool:
    import requests

    try:
        return requests.get(f"{server}/api/v2/instance", timeout=1).ok
    except requests.RequestException:
        return False


def _until(done: Callable[[], bool], seconds: float, complaint: str) -> None:
    from syndication.errors import SyndicationError

    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise SyndicationError(complaint)
        time.sleep(0.05)


def _connect(store: "Store", config: "Config", server: str) -> None:
    from syndication.pipeline import connect_account

    for name in _ACCOUNTS:
        connect_account(store, config, "mastodon", server, {"access_token": f"sandbox-{name}"}, name)


def _publish(store: "Store", config: "Config", folder: Path) -> list[str]:
    """Put each sample's page where the site has it, then say "published" as a CMS does."""
    from syndication.metadata import page_path
    from syndication.pipeline import accept
    from syndication.sources import read_source
    from workers.app import DRAW
    from workers.nudge import nudge

    published = []
    for file in sorted((folder / "samples/stories").glob("*.json")):
        event = read_source(str(file), config)
        page = page_path(config.metadata.pages, event, config.folder)
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.with_suffix(".html"), page)
        published.append(accept(store, config, event).story)
        nudge(DRAW)
    return published


def _wait(store: "Store", published: list[str], end: float, worker: "subprocess.Popen[bytes]") -> None:
    """Show how far the posts are, until all are out, the time is over, or the workers have died."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from syndication.store import deliveries

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        drawn = progress.add_task("Cards drawn", total=len(published))
        sent = progress.add_task("Posts sent ", total=len(published) * len(_ACCOUNTS))
        while time.monotonic() < end and worker.poll() is None:
            with store.read() as tx:
                posts = [deliveries.of_story(tx, story) for story in published]
            progress.update(drawn, completed=sum(all(d.state != "planned" for d in story) for story in posts))
            out = sum(d.state == "sent" for story in posts for d in story)
            progress.update(sent, completed=out)
            if out == len(published) * len(_ACCOUNTS):
                return
            time.sleep(0.1)


def _report(store: "Store", config: "Config", published: list[str], server: str, folder: Path) -> list[str]:
    """Print the table of all that was made; what is wrong with it."""
    import requests

    from syndication.metadata import page_path
    from syndication.store import deliveries, stories

    on_server: list[dict[str, Any]] = requests.get(f"{server}/sandbox/posts", timeout=10).json()["posts"]
    rows, problems = [], list[str]()
    for name in published:
        with store.read() as tx:
            story, posts = stories.need(tx, name), deliveries.of_story(tx, name)
        page = page_path(config.metadata.pages, story.event, config.folder)
        problems += _faults(story, posts, page, on_server, config)
        rows.append([story.event.headline])
        rows += [["photo" if card.is_clean else "card", card.file] for card in story.cards]
        rows.append(["page", f"{page.relative_to(folder)}, {len(_tags(page))} tags"])
        rows += [[post.account, post.receipt.url if post.receipt else post.state] for post in posts]
    show_rows(("", "What was made of each story"), rows)
    return problems


def _faults(
    story: Any, posts: Any, page: Path, on_server: list[dict[str, Any]], config: "Config"
) -> list[str]:
    """What is wrong with one story: a post missing or doubled, a card that is not what the page names, no tags."""
    event, faults = story.event, []
    for account in _ACCOUNTS:
        mine = [post for post in on_server if post["account"] == account and event.url in post["text"]]
        if len(mine) != 1:
            faults.append(f"{event.id}: {len(mine)} posts of {account} on the server, expected 1")
        faults += [f"{event.id}: {post.account} is {post.state}" for post in posts if post.state != "sent"]
    cards = config.at(config.cards.folder)
    for card in story.cards:
        file = cards / card.file
        if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != card.sha256:
            faults.append(f"{event.id}: the card {card.file} is not what was recorded")
    tags = _tags(page)
    if tags.get("og:title") != event.headline:
        faults.append(f"{event.id}: the page's og:title is {tags.get('og:title')!r}")
    names = {config.cards.base_url + card.file for card in story.cards}
    if tags.get("og:image") not in names:
        faults.append(f"{event.id}: the page's og:image is {tags.get('og:image')!r}, no card of the story")
    if all(card.is_clean for card in story.cards):
        faults.append(f"{event.id}: no card was drawn")
    return faults


def _tags(page: Path) -> dict[str, str]:
    """The meta tags in a page's head, as a reader of the page finds them."""
    from selectolax.lexbor import LexborHTMLParser

    metas = LexborHTMLParser(page.read_bytes().decode("utf-8")).css("head meta[content]")
    named = ((node.attributes.get("property") or node.attributes.get("name"), node) for node in metas)
    return {name: node.attributes.get("content") or "" for name, node in named if name}

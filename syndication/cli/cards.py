"""Cards, tags and previews of one event, on this machine and without the store."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndication.cli.common import FOLDER, PORT, as_json, clock, config_or_defaults, say, show_json, show_rows

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from syndication.cards import Format
    from syndication.config import Config
    from syndication.models import Card, PublishEvent

_url = click.option("--url", default="", help="The public address of EVENT, where it is an HTML file.")


@click.command(short_help="Draw the cards of an event into a folder, or the whole archive's anew.")
@click.argument("event", required=False)
@click.option("--out", type=FOLDER, help="The folder that gets the cards of EVENT.")
@click.option("--template", help="A template's name; else the config's choice for the story.")
@click.option(
    "--size", multiple=True, metavar="WxH", help="1200x630; may be given again. Default: wide and square."
)
@click.option("--format", "form", type=click.Choice(["jpeg", "png"]), default="jpeg", show_default=True)
@click.option("--debug", is_flag=True, help="Outline every box, with its name, size and lines.")
@click.option("--all", "archive", is_flag=True, help="Draw the stories of the store anew, by the workers.")
@click.option(
    "--since", metavar="TIME", help="With --all: stories published from then on, such as 2026-01-31."
)
@click.option("--until", metavar="TIME", help="With --all: stories published before then.")
@click.option("--section", help="With --all: the stories of this section.")
@_url
@as_json
@click.pass_context
def render(
    context: click.Context,
    event: str | None,
    out: Path | None,
    template: str | None,
    size: tuple[str, ...],
    form: "Format",
    debug: bool,
    archive: bool,
    since: str | None,
    until: str | None,
    section: str | None,
    url: str,
    machine: bool,
) -> int:
    """Draw the cards of an EVENT (JSON or HTML file, URL, or -).

    With --all the cards and the metadata of every story in the store are made anew, behind all that is urgent.
    Nothing is posted, and posts that are written keep their cards. Interrupted, the same command goes on.

    What is wrong with the cards of an EVENT is told on stderr and does not keep them from being drawn: the exit
    status is 0. To stop at a fault, run `syndicate check-card`, whose status is then 1.

    \b
    syndicate render story.json --out cards --template quote --size 1200x630
    syndicate render --all --template article --section World
    """
    _refuse_mixed(context, archive)
    if archive:
        from syndication.cli.archive import render_all

        return render_all(template or "", since, until, section or "", machine=machine)
    assert event and out  # noqa: S101 - they were asked for
    from syndication.sources import read_source

    sizes = tuple(size_of(one) for one in size)
    config = config_or_defaults()
    story = read_source(event, config, url=url)
    if out.resolve().is_relative_to(config.at(config.cards.folder).resolve()):
        _refuse_embargoed(story, config)
    cards = draw(story, config, out, template, sizes, outlined=debug, form=form)
    if machine:
        show_json([{**card.model_dump(mode="json"), "path": str(out / card.file)} for card in cards])
        return 0
    show_rows(
        ("Size", "KB", "Card"),
        [(f"{card.width}x{card.height}", f"{card.size / 1024:.0f}", str(out / card.file)) for card in cards],
    )
    return 0


def _refuse_embargoed(event: "PublishEvent", config: "Config") -> None:
    """Nothing of a story is where anybody could read it before its time. Raises InputError."""
    from datetime import UTC, datetime

    from syndication.errors import InputError

    if event.embargo and event.embargo > datetime.now(UTC):
        raise InputError(
            f"{event.id} is under embargo until {clock(event.embargo, config)}: its cards and tags would be in public",
            "`syndicate preview` shows them on this machine; so does `syndicate render` with an --out of your own.",
        )


def _refuse_mixed(context: click.Context, archive: bool) -> None:
    """What is said of one event says nothing of the archive, nor the other way round."""
    one, many = ("event", "out", "size", "form", "debug", "url"), ("since", "until", "section")
    for name in one if archive else many:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            shown = {"event": "EVENT", "form": "--format"}.get(name, f"--{name}")
            raise click.UsageError(f"{shown} {'does not go' if archive else 'goes only'} with --all.")
    if not archive and not (context.params["event"] and context.params["out"]):
        raise click.UsageError("Name an EVENT and --out FOLDER; or --all, for every story in the store.")


def size_of(text: str) -> tuple[int, int]:
    """A card's size as it is typed: 1200x630. Raises click's BadParameter."""
    match = re.fullmatch(r"(\d{2,4})[x×](\d{2,4})", text)
    if not match:
        raise click.BadParameter(f"found {text}, expected pixels such as 1200x630", param_hint="--size")
    from syndication.cards import SIDES

    (low, high), width, height = SIDES, int(match[1]), int(match[2])
    if not (low <= width <= high and low <= height <= high):
        expected = f"expected {low} to {high} pixels each way"
        raise click.BadParameter(f"found {text}, {expected}", param_hint="--size")
    return width, height


def draw(
    event: "PublishEvent",
    config: "Config",
    out: Path,
    template: str | None = None,
    sizes: tuple[tuple[int, int], ...] = (),
    *,
    outlined: bool = False,
    form: "Format" = "jpeg",
    crops: bool = False,
) -> "tuple[Card, ...]":
    """The cards of an event that may be in no store; its photo is read or fetched as the pipeline would.

    `crops`: and the clean crops of its photo. What is wrong with a card is told, and it is drawn all the same.
    """
    from tempfile import TemporaryDirectory

    from syndication.cards import SIZES, keep, render_cards
    from syndication.sources import photo_of, portrait_of

    with TemporaryDirectory(prefix="syndicate-photo-") as folder:
        photo = photo_of(event, config, Path(folder))
        drawn = render_cards(
            event,
            config=config,
            photo=photo,
            portrait=portrait_of(event, config, Path(folder)),
            template=template,
            sizes=sizes or SIZES,
            outlined=outlined,
            format=form,
        )
        for one in drawn:
            for fault in one.faults:
                if not fault.note:
                    say(f"{one.card.width}x{one.card.height}: {fault}")
        cards = keep(drawn, out)
        if not crops:
            return cards
        from syndication.pipeline.drawing import clean_crops

        return (*cards, *clean_crops(event, photo, out)[0])


@click.command(short_help="The templates that cards are drawn with, and a sheet that shows them.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the sheet here: a PNG or JPEG file.")
@as_json
def templates(out: Path | None, machine: bool) -> None:
    """List every template, the newsroom's own and ours; with --out, show each on a sample story.

    \b
    syndicate templates
    syndicate templates --out templates.png
    """
    from syndication.cards import template_names
    from syndication.cards.sheet import write_sheet
    from syndication.cards.templates import about

    config = config_or_defaults()
    if out:
        write_sheet(config, out)
        say(f"{out}: written")
    rows = [(name, about(name, config)) for name in template_names(config)]
    if machine:
        show_json([{"name": name, "about": text} for name, text in rows])
    else:
        show_rows(("Template", "For"), rows)


@click.command(short_help="The share tags of an event: print them, or write them into a page.")
@click.argument("event")
@click.option(
    "--into", type=click.Path(path_type=Path), help="The page whose <head> gets the tags, in place."
)
@_url
@as_json
def meta(event: str, into: Path | None, url: str, machine: bool) -> None:
    """The Open Graph, Twitter and JSON-LD tags of an EVENT: printed, or written into a page.

    What is wrong with its cards is told on stderr; the exit status is 0 all the same.

    \b
    syndicate meta story.json --into public/world/4711.html
    """
    from syndication.metadata import rewrite_file
    from syndication.pipeline.prepare import tags_of
    from syndication.sources import read_source

    config = config_or_defaults()
    story = read_source(event, config, url=url)
    if into or config.cards.base_url:
        _refuse_embargoed(story, config)
    cards = draw(story, config, config.at(config.cards.folder), crops=True) if config.cards.base_url else ()
    if not cards:
        say("No image tags: the cards have no public address ([cards] base_url in syndicate.toml).")
    tags = tags_of(config, story, cards)
    if into:
        changed = rewrite_file(into, tags)
        say(f"{into}: {'rewritten' if changed else 'has these tags already'}")
    if machine:
        show_json(tags.data())
    elif not into:
        click.echo(tags.html())


@click.command(short_help="Look at an event's cards and posts before they go out.")
@click.argument("event")
@click.option("--out", type=click.Path(path_type=Path), help="Write the page here and exit.")
@click.option("--port", default=0, type=PORT, help="The local port; any free one otherwise.")
@_url
def preview(event: str, out: Path | None, port: int, url: str) -> None:
    """Show an EVENT's cards, and each account's post as it would go out, on a local page.

    \b
    syndicate preview story.json
    syndicate preview story.json --out preview
    """
    from tempfile import TemporaryDirectory

    from syndication.studio.build import build_page
    from syndication.studio.preview import preview_app, write_preview

    with TemporaryDirectory(prefix="syndicate-preview-") as folder:
        cards = Path(folder)
        if out:
            index = write_preview(build_page(event, config_or_defaults(), cards, url=url), cards, out)
            click.echo(index)
            return
        build_page(event, config_or_defaults(), cards, url=url)  # a faulty event ends here, with status 2
        app = preview_app(lambda: (build_page(event, config_or_defaults(), cards, url=url), cards))
        serve_local(app, "127.0.0.1", port, "Preview at {url} — Ctrl-C ends it.")


def serve_local(app: "Starlette", host: str, port: int, words: str) -> None:
    """Serve a web application until SIGINT or SIGTERM; `words` are said with its {url} once it listens.

    Raises InputError if nothing can listen there.
    """
    import socket

    import uvicorn

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener, until_told():
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with listening_at(host, port):
            listener.bind((host, port))
        listener.listen(128)
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listener.getsockname()[1]}"

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                say(words.format(url=url))  # not before: a Ctrl-C while it starts can get lost

        Server(uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)).run(
            [listener]
        )


@contextmanager
def listening_at(host: str, port: int) -> Iterator[None]:
    """Turns the system's refusal to listen there into an InputError."""
    from syndication.errors import InputError

    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot listen at {host}:{port}: {error.strerror}", "Choose another --port, or another host."
        ) from None


@contextmanager
def until_told() -> Iterator[None]:
    """What runs until somebody ends it has done its work then: SIGINT and SIGTERM are no failure."""
    import signal

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        signal.signal(signal.SIGTERM, before)

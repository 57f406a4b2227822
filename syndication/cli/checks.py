"""What is wrong with an event's cards, before anybody sees them."""

from typing import TYPE_CHECKING

import click

from syndication.cli.cards import size_of
from syndication.cli.common import as_json, config_or_defaults, counted, say, show_json, show_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syndication.cards import Drawn
    from syndication.cards.checks import Fault


@click.command(name="check-card", short_help="What is wrong with an event's cards, and what would help.")
@click.argument("event")
@click.option("--template", help="A template's name; else the config's choice for the story.")
@click.option(
    "--size", multiple=True, metavar="WxH", help="1200x630; may be given again. Default: wide and square."
)
@click.option("--url", default="", help="The public address of EVENT, where it is an HTML file.")
@as_json
def check_card(event: str, template: str | None, size: tuple[str, ...], url: str, machine: bool) -> int:
    """Check the cards of an EVENT as each network shows them; exit status 1 if they have a fault.

    \b
    syndicate check-card story.json
    syndicate check-card story.json --template quote --size 1200x630
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from syndication.cards import SIZES, render_cards
    from syndication.sources import photo_of, portrait_of, read_source

    sizes, config = tuple(size_of(one) for one in size), config_or_defaults()
    story = read_source(event, config, url=url)
    with TemporaryDirectory(prefix="syndicate-photo-") as folder:
        drawn = render_cards(
            story,
            config=config,
            photo=photo_of(story, config, Path(folder)),
            portrait=portrait_of(story, config, Path(folder)),
            template=template,
            sizes=sizes or SIZES,
        )
    faults = [(one, fault) for one in drawn for fault in one.faults if not fault.note]
    if machine:
        show_json([{"card": _size(one), **fault._asdict()} for one in drawn for fault in one.faults])
    elif faults:
        show_rows(("Card", "Box", "Where", "Fault"), [_fault_row(one, fault) for one, fault in faults])
        say(f"{counted(len(faults), 'fault')}.")
    else:
        show_rows(("Card", "Passes at", "Shown", "Laid over it, or cut"), list(_views(drawn)))
    return int(bool(faults))


def _fault_row(drawn: "Drawn", fault: "Fault") -> "Sequence[str]":
    return (_size(drawn), fault.box, fault.view, str(fault).partition(": ")[2])


def _size(drawn: "Drawn") -> str:
    return f"{drawn.card.width}x{drawn.card.height}"


def _views(drawn: "Sequence[Drawn]") -> "list[Sequence[str]]":
    """A row for each place that shows one of the cards: how much of it, how wide at the least, and what it hides."""
    from syndication.cards.checks import EVERYWHERE
    from syndication.cards.views import of

    rows: list[Sequence[str]] = []
    for one in drawn:
        size = one.card.width, one.card.height
        for view in of(*size):
            shown = view.shown(*size)
            part = "whole" if (shown.width, shown.height) == size else f"{shown.width:.0f}x{shown.height:.0f}"
            notes = [fault for fault in one.faults if fault.note and fault.view in (view.name, EVERYWHERE)]
            cut = [_cut(fault) for fault in notes]
            laid = [over.name for over in view.laid if not over.disc]
            rows.append((_size(one), view.name, f"{part}, {view.width} px wide", "; ".join([*laid, *cut])))
    return rows


def _cut(fault: "Fault") -> str:
    """What a place leaves out, and how much of it where that is told."""
    return f"cuts {fault.box}" if fault.found == "cut" else f"{fault.box}: {fault.found}"

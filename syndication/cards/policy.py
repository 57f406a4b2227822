"""What becomes of a card that has a fault, or a letter that no font has: told, drawn more plainly, or refused."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Unpack

from syndication.cards import Drawn, Note, Wish, choose_template, keep, render_cards
from syndication.cards.checks import Fault
from syndication.errors import CardError, CardRefused, MissingGlyph
from syndication.models import Card, PublishEvent

_PLAINER = ("plain", "textfree")
"""The templates that are tried, in order, where another has a fault: words on paper, then no words."""


class Checked(NamedTuple):
    """Cards that went through the checks, the template that they have in the end, and what an editor is to know.

    `faults` are those of the cards that were asked for, also where others were drawn instead.
    """

    cards: tuple[Card, ...]
    template: str
    problems: tuple[str, ...]
    faults: tuple[Fault, ...] = ()


def checked_cards(
    event: PublishEvent, *, folder: Path, note: Note | None = None, **wish: Unpack[Wish]
) -> Checked:
    """Draw a story's cards as `make_cards` does, and do with their faults as `[cards] check` and `missing` say.

    They are drawn anew each time, as what is wrong with a card is known only then; a file that is there stays as it
    is. `note` is told of all files before one is written. Raises CardRefused where a person is to decide, and
    CardError, TemplateError or PhotoError as they come.
    """

    def render(name: str) -> tuple[Drawn, ...]:
        wanted: Wish = {**wish, "template": name}
        return render_cards(event, **wanted)

    config = wish["config"]
    name = wish.get("template") or choose_template(event, config)
    try:
        drawn = render(name)
    except MissingGlyph as error:
        if config.cards.missing == "refuse":
            raise CardRefused(error.message, error.hint) from None
        told = f"the card is text-free: {error.message}. {error.hint}"
        return Checked(keep(render("textfree"), folder, note), "textfree", (told,))
    if not (faults := faults_of(drawn)):
        return Checked(keep(drawn, folder, note), name, ())
    told = f"the {name} card has {summary(faults)}"
    if config.cards.check == "refuse":
        raise CardRefused(
            told, "Mend that and publish the story again; `syndicate check-card` shows all of it."
        )
    if config.cards.check == "repair" and (mended := _mended(name, render)):
        used = mended[0].card.template
        return Checked(
            keep(mended, folder, note), used, (f"{told} It is drawn as {used} instead.",), tuple(faults)
        )
    return Checked(keep(drawn, folder, note), name, (told,), tuple(faults))


def _mended(name: str, render: Callable[[str], tuple[Drawn, ...]]) -> tuple[Drawn, ...]:
    """The same cards by a plainer template that has no fault; none if each has one, or cannot be drawn."""
    for plainer in _PLAINER:
        if plainer != name:
            try:
                drawn = render(plainer)
            except CardError:  # what is wrong with it is no news about the card that was asked for
                continue
            if not faults_of(drawn):
                return drawn
    return ()


def faults_of(drawn: Sequence[Drawn]) -> list[Fault]:
    """What is wrong with some of the cards, each once; notes are no faults."""
    return list(dict.fromkeys(fault for one in drawn for fault in one.faults if not fault.note))


def summary(faults: Sequence[Fault]) -> str:
    """Faults in one line: how many, and the first in full."""
    count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
    return f"{count}: {faults[0]}"

"""A story's cards: its own, which its page names as well, and those of accounts that have a template of their own."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from syndication.cards import Note, Wish, clean
from syndication.cards.checks import Fault
from syndication.cards.policy import Checked, checked_cards
from syndication.config import Config
from syndication.errors import CardError, CardRefused
from syndication.models import Account, Card, PublishEvent
from syndication.pipeline.drafts import sizes_for, sizes_of, template_for


class Drawing(NamedTuple):
    """What is drawn of a story. `others` are by the template that accounts ask for, `crops` of the photo alone.

    `refused` tells, by such a template, why the newsroom wants no such card to go out.
    """

    own: Checked = Checked((), "", ())
    others: Mapping[str, Checked] = {}
    crops: tuple[Card, ...] = ()
    failed: tuple[str, ...] = ()
    refused: Mapping[str, str] = {}

    @property
    def page(self) -> tuple[Card, ...]:
        """What the story's page names."""
        return (*self.own.cards, *self.crops)

    @property
    def everything(self) -> tuple[Card, ...]:
        """Every picture, the story's own cards first."""
        return (*self.cards, *self.crops)

    @property
    def cards(self) -> tuple[Card, ...]:
        """Every card, the story's own first, without the crops."""
        return (*self.own.cards, *(card for other in self.others.values() for card in other.cards))

    @property
    def problems(self) -> tuple[str, ...]:
        """What an editor is to know of the cards, each once."""
        told = [problem for one in (self.own, *self.others.values()) for problem in one.problems]
        return tuple(dict.fromkeys([*told, *self.failed]))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the cards that were asked for."""
        return tuple(fault for one in (self.own, *self.others.values()) for fault in one.faults)

    def of(self, config: Config, event: PublishEvent, account: Account) -> tuple[Card, ...]:
        """The pictures that an account's post may carry."""
        other = self.others.get(template_for(config, event, account))
        return (*(other or self.own).cards, *self.crops)

    def refusal(self, config: Config, event: PublishEvent, account: Account) -> str:
        """Why an account's post is not to go out: its own card was refused. Empty if it was not."""
        return self.refused.get(template_for(config, event, account), "")


def draw(
    event: PublishEvent,
    known: Iterable[Account],
    *,
    config: Config,
    photo: Path | None,
    portrait: Path | None,
    folder: Path,
    template: str | None = None,
    now: datetime | None = None,
    note: Note | None = None,
) -> Drawing:
    """Draw what posts to these accounts need; `template` replaces that of the story's own cards, and `note` is told
    of files before they are written.

    Where an account's own template cannot be drawn, its posts carry the story's card; where its card is refused, its
    posts do not go out. Raises as `checked_cards` does for the story's own cards.
    """
    wishes = dict[str, list[Account]]()
    for account in known:
        wishes.setdefault(template_for(config, event, account), []).append(account)

    def checked(name: str | None, sizes: tuple[tuple[int, int], ...]) -> Checked:
        wish = Wish(config=config, photo=photo, portrait=portrait, template=name, sizes=sizes, now=now)
        wish["threads"] = 1  # `syndicate worker --draw` says how many processors all drawing takes
        return checked_cards(event, folder=folder, note=note, **wish)

    own = checked(template, sizes_for(wishes.pop("", ())))
    others, failed, refused = dict[str, Checked](), list[str](), dict[str, str]()
    for name, accounts in wishes.items():
        names = ", ".join(account.name for account in accounts)
        try:
            others[name] = checked(name, sizes_of(accounts))
        except CardRefused as error:
            refused[name] = str(error)
            failed.append(f"{names}: not posted, {error}")
        except CardError as error:
            failed.append(f"{names}: the {name} card cannot be drawn, the story's own is posted: {error}")
    return Drawing(own, others, (), tuple(failed), refused)


def clean_crops(
    event: PublishEvent, photo: Path | None, folder: Path, note: Note | None = None
) -> tuple[tuple[Card, ...], list[str]]:
    """Crops of a story's photo without words, made in `folder`; and in a line why there are none, if it has a photo."""
    if photo is None:
        return (), []
    try:
        crops = clean.make_clean(event, path=photo, folder=folder, note=note)
    except CardError as error:
        return (), [f"there is no clean photo for search engines: {error.message}"]
    if not crops:
        return (), [f"the photo is too small for search engines: they ask for {clean.LEAST:,} pixels"]
    return crops, []

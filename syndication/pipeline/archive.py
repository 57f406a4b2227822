"""Drawing the archive anew: every story, or a part of them, behind whatever is urgent; nothing is posted by it.

A run is a name on the rows that wait for it, so whoever was killed meanwhile, the run goes on where it stood.
"""

from datetime import datetime
from typing import NamedTuple

from syndication.cards import template_names
from syndication.config import Config
from syndication.errors import InputError
from syndication.models import PublishEvent
from syndication.store import Store, stories

_LONGEST = 300  # characters of a run's name, as the store has it


class Part(NamedTuple):
    """Which stories are meant: published from `since` until before `until`, in that section; None and "": any."""

    since: datetime | None = None
    until: datetime | None = None
    section: str = ""

    def holds(self, event: PublishEvent) -> bool:
        """Whether a story belongs to it."""
        return (
            (self.since is None or event.published >= self.since)
            and (self.until is None or event.published < self.until)
            and self.section.casefold() in ("", event.section.casefold())
        )


class Archive(NamedTuple):
    """A run: its name, how many stories wait for it, and whether it was begun before."""

    run: str
    waiting: int
    begun: bool


def redraw_archive(store: Store, config: Config, *, template: str = "", part: Part = Part()) -> Archive:  # noqa: B008 - a frozen value
    """Have the stories of a part of the archive drawn anew with `template`, empty for each story's own.

    Asked for again while its stories wait, it is the same run that goes on. Left out is what is withdrawn or about to
    be drawn anyway. A story keeps the template until a newer event comes. Raises InputError for an unknown template.
    """
    if template and template not in (known := template_names(config)):
        raise InputError(f"no card template is named {template!r}", f"There are: {', '.join(known)}.")
    run = _name(template, part)
    if len(run) > _LONGEST:
        raise InputError(
            f"a section of {len(part.section)} characters is none", "Name one as stories have it."
        )
    with store.read() as tx:
        if waiting := stories.progress(tx, run).waiting:
            return Archive(run, waiting, begun=True)
        ids = None if part == Part() else [id_ for id_, event in stories.every(tx) if part.holds(event)]
    with store.write() as tx:
        return Archive(run, stories.start_run(tx, run, template, ids, store.now()), begun=False)


def _name(template: str, part: Part) -> str:
    """What the run is called: the same for the same wish."""
    times = {"since": part.since, "until": part.until}
    wishes = {"template": template, "section": part.section}
    wishes |= {name: time.isoformat() for name, time in times.items() if time}
    return " ".join(f"{name}={wish}" for name, wish in wishes.items() if wish) or "all"

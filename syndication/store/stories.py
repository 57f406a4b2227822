"""Stories: the newest event of each, what was drawn for it, and whether it is due to be drawn."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
    update,
)

from syndication.errors import ClaimLost, NotFound
from syndication.models import EVERY, Card, Lanes, Priority, PublishEvent, State
from syndication.store import insert_all_new, insert_new
from syndication.store.prepared import row_of
from syndication.store.schema import deliveries, pictures, stories, webhooks

_CARDS = TypeAdapter(tuple[Card, ...])

ARCHIVE = len(Priority)
"""The lane of archive runs: after every priority that a story can have."""

_FIRST_AT = (
    select(stories.c.id)
    .where(stories.c.url == bindparam("place"), stories.c.withdrawn == 0)
    .order_by(stories.c.accepted_at, stories.c.id)
    .limit(1)
)
_LOOKED_AT = 200  # of the newest stories, for the one that was meant
_AT_ONCE = 500  # values in one statement; SQLite takes 32,766, older ones 999


class Story(NamedTuple):
    """One story as it stands. `due_at` is None once it is drawn; `problem` says why it is not, or not wholly.

    `template` is an operator's choice for its cards, empty for the event's own. `run` names the archive run that
    it waits for, or that could not draw it anew. `revised`: posts that are out are yet to follow its event.
    `old`: it was too old to be announced when we first saw it.
    """

    event: PublishEvent
    withdrawn: bool
    cards: tuple[Card, ...]
    problem: str
    due_at: int | None
    attempt: int
    tries: int
    accepted_at: int
    template: str
    run: str
    lane: int
    revised: bool
    old: bool

    @property
    def version(self) -> tuple[int, datetime]:
        """The version of the event that counts."""
        return self.event.version

    @property
    def in_bulk(self) -> bool:
        """Whether it is drawn for an archive run alone, and nothing else waits for it."""
        return self.lane == ARCHIVE


class Run(NamedTuple):
    """How far an archive run is: how many stories wait, how many could not be drawn anew, and when the next is due."""

    waiting: int
    failed: int
    due_at: int | None


def first_time(tx: Connection, webhook: str, story: str, now: int) -> bool:
    """Note a signed message; False if it was here before."""
    return insert_new(tx, webhooks, id=webhook, story=story, received_at=now) is not None


def get(tx: Connection, id_or_url: str, *, lock: bool = False) -> Story | None:
    """The story of that id, else the first that stands at that URL; with `lock`, nobody else changes it meanwhile."""
    match = (stories.c.id == id_or_url) | (stories.c.url == id_or_url)
    order = (stories.c.id != id_or_url, stories.c.withdrawn, stories.c.accepted_at, stories.c.id)
    query = select(stories).where(match).order_by(*order).limit(1)
    row = tx.execute(query.with_for_update(key_share=True) if lock else query).mappings().first()
    return _story(row) if row else None


def first_at(tx: Connection, url: str) -> str | None:
    """The id of the story that has an address: the first that we saw of those that stand there."""
    row = row_of(tx, _FIRST_AT, {"place": url})
    return str(row["id"]) if row else None


def lock(tx: Connection, story: str) -> None:
    """Nobody else changes the story meanwhile: first the story, then its posts, whoever changes both."""
    tx.execute(select(stories.c.id).where(stories.c.id == story).with_for_update(key_share=True))


def newer(tx: Connection, story: str, event: str) -> Story | None:
    """The story, if its event is no longer this one (as the store keeps it) and stands; nobody changes it meanwhile."""
    row = (
        tx.execute(select(stories).where(stories.c.id == story).with_for_update(key_share=True))
        .mappings()
        .one()
    )
    return None if row["event"] == event or row["withdrawn"] else _story(row)


def need(tx: Connection, id_or_url: str, *, lock: bool = False) -> Story:
    """As `get`, but raises NotFound, which names the nearest of the newest stories."""
    story = get(tx, id_or_url, lock=lock)
    if story is None:
        known = [name for one in newest(tx, _LOOKED_AT) for name in (one.event.id, one.event.url)]
        near = get_close_matches(id_or_url, known, n=1, cutoff=0.8)
        hint = f"{near[0]}, perhaps? " if near else ""
        raise NotFound(
            f"no story has the id or URL {id_or_url}", f"{hint}`syndicate status` lists the newest."
        )
    return story


def newest(tx: Connection, count: int) -> list[Story]:
    """The stories accepted last, newest first."""
    rows = tx.execute(
        select(stories).order_by(stories.c.accepted_at.desc(), stories.c.id.desc()).limit(count)
    )
    return [_story(row) for row in rows.mappings()]


def add(tx: Connection, event: PublishEvent, *, withdrawn: bool, due_at: int | None, now: int) -> bool:
    """Write a new story down; False if another process was first."""
    fresh = insert_new(
        tx,
        stories,
        id=event.id,
        **_values(event),
        withdrawn=int(withdrawn),
        cards="[]",
        problem="",
        due_at=due_at,
        attempt=0,
        tries=0,
        accepted_at=now,
    )
    return fresh is not None


def replace(tx: Connection, event: PublishEvent, *, withdrawn: bool, due_at: int | None) -> None:
    """Make a newer event the story's own; whoever is drawing the old one loses it.

    What a story that stands has posted follows once it is drawn; of one that is withdrawn nothing stays, at once.
    """
    values = {**_values(event), **({"lane": Priority.BREAKING.lane} if withdrawn else {})}
    tx.execute(
        update(stories)
        .where(stories.c.id == event.id)
        .values(
            **values,
            withdrawn=int(withdrawn),
            revised=int(not withdrawn),
            due_at=due_at,
            attempt=stories.c.attempt + 1,
            tries=0,
            problem="",
            template="",
            run="",
        )
    )


def file(tx: Connection, story: str) -> None:
    """A story is too old to be announced as news, whatever date it is given later."""
    tx.execute(update(stories).where(stories.c.id == story).values(old=1))


def redraw(tx: Connection, story: str, due_at: int, *, revised: bool = False) -> None:
    """Have a story prepared again: its cards, or the posts that were planned since. No post waits for the archive.

    `revised`: the posts that are out are looked at again as well.
    """
    lane = case((stories.c.lane == ARCHIVE, Priority.NORMAL.lane), else_=stories.c.lane)
    again = {"revised": 1} if revised else {}
    tx.execute(
        update(stories).where(stories.c.id == story).values(due_at=due_at, tries=0, lane=lane, **again)
    )


def check_again(tx: Connection, story: str, now: int) -> None:
    """Have a story that is done prepared, or withdrawn, once more; one that is due is as it is."""
    drawn = (stories.c.id == story) & stories.c.due_at.is_(None)
    tx.execute(update(stories).where(drawn).values(due_at=now, tries=0))


def claim(tx: Connection, now: int, lease: int, lanes: Lanes = EVERY) -> Story | None:
    """Take the most urgent due story of these lanes for `lease` milliseconds; None if none is due."""
    due = (
        select(stories)
        .where(stories.c.due_at <= now, stories.c.lane.between(*lanes))
        .order_by(stories.c.lane, stories.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
    )
    row = tx.execute(due).mappings().first()
    if row is None:
        return None
    claimed = {"due_at": now + lease, "attempt": row["attempt"] + 1, "tries": row["tries"] + 1}
    tx.execute(update(stories).where(stories.c.id == row["id"]).values(**claimed))
    return _story({**row, **claimed})


def finish(
    tx: Connection,
    story: Story,
    cards: tuple[Card, ...],
    problem: str,
    now: int,
    *,
    failed: bool = False,
    followed: bool = False,
) -> None:
    """Note what was drawn. Raises ClaimLost if the story is no longer this worker's.

    A post that was planned while the story was being drawn keeps it due. `failed` keeps it in its archive run;
    `followed`: the posts that are out know by now what they are to do.
    """
    lock(tx, story.event.id)  # else a post could be planned unseen between the two statements
    planned = exists().where(deliveries.c.story == story.event.id, deliveries.c.state == State.PLANNED)
    more = tx.execute(select(planned)).scalar_one()
    _change(
        tx,
        story,
        due_at=now if more else None,
        cards=_CARDS.dump_json(cards).decode(),
        problem=problem,
        tries=0,
        lane=story.event.priority.lane,
        run=story.run if failed else "",
        revised=int(story.revised and not followed),
    )


def postpone(tx: Connection, story: Story, due_at: int, problem: str) -> None:
    """Try again then. Raises ClaimLost if the story is no longer this worker's."""
    _change(tx, story, due_at=due_at, problem=problem)


def wait(tx: Connection, story: Story, until: int, problem: str) -> None:
    """Nothing of a story is to be seen until then, when it is drawn. Raises ClaimLost as `finish` does."""
    lane = story.event.priority.lane
    _change(tx, story, due_at=until, cards="[]", problem=problem, tries=0, lane=lane, run="")


def count_due(tx: Connection, now: int, lanes: Lanes = EVERY) -> int:
    """How many stories of these lanes could be drawn now."""
    due = (stories.c.due_at <= now) & stories.c.lane.between(*lanes)
    return tx.execute(select(func.count()).select_from(stories).where(due)).scalar_one()


def note_pictures(tx: Connection, story: Story, files: Iterable[str]) -> None:
    """These files are about to be made of a story. Raises ClaimLost if the story is no longer this worker's."""
    mine = select(stories.c.id).where(stories.c.id == story.event.id, stories.c.attempt == story.attempt)
    if tx.execute(mine.with_for_update(key_share=True)).first() is None:
        raise _lost(story)
    if rows := [{"story": story.event.id, "file": file} for file in dict.fromkeys(files)]:
        insert_all_new(tx, pictures, rows)


def pictures_of(tx: Connection, story: str) -> set[str]:
    """Every picture that was ever drawn of a story, by its file's name: older versions' lie there still."""
    return set(tx.execute(select(pictures.c.file).where(pictures.c.story == story)).scalars())


def shared_files(tx: Connection, story: str, files: Iterable[str]) -> set[str]:
    """Which of these files of a story another story that stands shows, too: two may have one photo."""
    stands = (stories.c.id == pictures.c.story) & (stories.c.withdrawn == 0)
    found = set()
    for file in files:
        another = (pictures.c.file == file) & (pictures.c.story != story)
        shown = exists().where(another, stands, stories.c.cards.contains(file, autoescape=True))
        if tx.execute(select(shown)).scalar_one():
            found.add(file)
    return found


def every(tx: Connection) -> Iterator[tuple[str, PublishEvent]]:
    """Each story that stands, by its id, with its newest event."""
    rows = tx.execute(select(stories.c.id, stories.c.event).where(stories.c.withdrawn == 0))
    return ((row.id, PublishEvent.model_validate_json(row.event)) for row in rows)


def start_run(tx: Connection, run: str, template: str, ids: Sequence[str] | None, now: int) -> int:
    """Have these stories (None: all) drawn anew, behind everything else; how many.

    Left out is what is withdrawn, and what is about to be drawn anyway. One that waits for another run leaves that.
    """
    tx.execute(update(stories).where(_of(run), stories.c.due_at.is_(None)).values(run=""))
    free = (stories.c.withdrawn == 0) & (stories.c.due_at.is_(None) | (stories.c.lane == ARCHIVE))
    values = {"lane": ARCHIVE, "due_at": now, "tries": 0, "template": template, "run": run}
    anew = update(stories).values(**values, attempt=stories.c.attempt + 1)
    if ids is None:
        return tx.execute(anew.where(free)).rowcount
    chunks = (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))
    return sum(tx.execute(anew.where(free, stories.c.id.in_(chunk))).rowcount for chunk in chunks)


def progress(tx: Connection, run: str) -> Run:
    """How far an archive run is."""
    waiting, due_at = func.count(stories.c.due_at), func.min(stories.c.due_at)
    return Run(*tx.execute(select(waiting, func.count() - waiting, due_at).where(_of(run))).one())


def failures(tx: Connection, run: str) -> list[tuple[str, str]]:
    """The stories that an archive run could not draw anew, and why."""
    query = select(stories.c.id, stories.c.problem).where(_of(run), stories.c.due_at.is_(None))
    return [(row.id, row.problem) for row in tx.execute(query.order_by(stories.c.id))]


def _of(run: str) -> ColumnElement[bool]:
    # Only a condition written out as the index has it lets SQLite use a partial index.
    return (stories.c.run == run) & (stories.c.run != literal_column("''"))


def _change(tx: Connection, story: Story, **values: object) -> None:
    mine = (stories.c.id == story.event.id) & (stories.c.attempt == story.attempt)
    if tx.execute(update(stories).where(mine).values(**values)).rowcount != 1:
        raise _lost(story)


def _lost(story: Story) -> ClaimLost:
    return ClaimLost(f"{story.event.id}: changed while it was being drawn")


def _values(event: PublishEvent) -> dict[str, object]:
    return {
        "url": event.url,
        "lane": event.priority.lane,
        "event": event.model_dump_json(exclude_defaults=True),
    }


def _story(row: RowMapping | dict[str, Any]) -> Story:
    return Story(
        event=PublishEvent.model_validate_json(row["event"]),
        withdrawn=bool(row["withdrawn"]),
        cards=_CARDS.validate_json(row["cards"]),
        problem=row["problem"],
        due_at=row["due_at"],
        attempt=row["attempt"],
        tries=row["tries"],
        accepted_at=row["accepted_at"],
        template=row["template"],
        run=row["run"],
        lane=row["lane"],
        revised=bool(row["revised"]),
        old=bool(row["old"]),
    )

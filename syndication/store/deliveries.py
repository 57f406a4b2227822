"""Deliveries: the outbox. Legal moves live in the WHERE of each change, so a lost claim changes nothing."""

import hashlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Update,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)

from syndication.errors import NotFound
from syndication.models import MOVES, Deed, Delivery, Draft, Pending, PublishEvent, Receipt, State
from syndication.store import NEVER, insert_new, moment, trail
from syndication.store.prepared import run
from syndication.store.schema import deliveries

WAITING = (State.READY, State.UNKNOWN)
_BEYOND = 2**63  # no database has a number as large as that
_NOT_OUT = (State.PLANNED, State.FAILED, State.CANCELLED, State.WITHDRAWN)
UNSENT = and_(
    deliveries.c.state.in_((State.PLANNED, State.READY, State.HELD)), deliveries.c.intent_at.is_(None)
)
"""What waits and surely never went out."""

NO_DEED = {"deed": "", "deed_draft": None, "deed_due_at": None, "deed_tries": 0, "deed_words": ""}


def key_of(story: str, account: str, occasion: str) -> str:
    """A delivery's identity, and the idempotency key that networks are given."""
    return hashlib.sha256("\0".join((story, account, occasion)).encode()).hexdigest()


def plan(
    tx: Connection,
    event: PublishEvent,
    account: str,
    occasion: str,
    *,
    due_at: int,
    expires_at: int,
    now: int,
    text: str = "",
    answers: int | None = None,
) -> bool:
    """Write one post that must happen; False if it was planned before. It `answers` the post of another delivery."""
    made = insert_new(
        tx,
        deliveries,
        key=key_of(event.id, account, occasion),
        story=event.id,
        account=account,
        occasion=occasion,
        lane=event.priority.lane,
        state=State.PLANNED,
        due_at=due_at,
        wanted_at=due_at,
        expires_at=expires_at,
        attempt=0,
        text=text,
        reason="",
        created_at=now,
        answers=answers,
    )
    if made:
        trail.add(tx, now, event.id, "planned", f"{occasion} to {account}", delivery=made["id"])
    return made is not None


def of_story(tx: Connection, story: str, *, lock: bool = False) -> list[Delivery]:
    """A story's deliveries, oldest first; with `lock`, nobody else changes them meanwhile."""
    query = select(deliveries).where(deliveries.c.story == story).order_by(deliveries.c.id)
    rows = tx.execute(query.with_for_update(key_share=True) if lock else query)
    return [delivery_of(row) for row in rows.mappings()]


def get(tx: Connection, number: int) -> Delivery:
    """One delivery by its number. Raises NotFound."""
    one = select(deliveries).where(deliveries.c.id == number)
    row = tx.execute(one).mappings().first() if abs(number) < _BEYOND else None
    if row is None:
        raise NotFound(f"there is no delivery {number}", "`syndicate status` shows their numbers.")
    return delivery_of(row)


def is_anothers(tx: Connection, delivery: Delivery, receipt: Receipt) -> bool:
    """Whether that post at the network belongs to another delivery of the story, which may say the same words."""
    others = (one for one in of_story(tx, delivery.story) if one.id != delivery.id)
    return any(
        one.account == delivery.account and one.receipt is not None and one.receipt.id == receipt.id
        for one in others
    )


def by_key(tx: Connection, key: str) -> Delivery | None:
    """The delivery with that identity."""
    row = tx.execute(select(deliveries).where(deliveries.c.key == key)).mappings().first()
    return delivery_of(row) if row else None


def unsettled(tx: Connection, count: int) -> list[Delivery]:
    """The newest posts that are in doubt or failed, so many of each at most."""
    found = list[Delivery]()
    for state in (State.FAILED, State.UNKNOWN):
        query = (
            select(deliveries)
            .where(deliveries.c.state == state)
            .order_by(deliveries.c.id.desc())
            .limit(count)
        )
        found += map(delivery_of, tx.execute(query).mappings())
    return sorted(found, key=lambda one: one.id, reverse=True)


def count_states(tx: Connection, account: str) -> dict[str, int]:
    """How many of an account's posts are not out, by state."""
    states = (State.PLANNED, State.READY, State.HELD)
    mine = and_(deliveries.c.account == account, deliveries.c.state.in_(states))
    query = select(deliveries.c.state, func.count()).where(mine).group_by(deliveries.c.state)
    return {str(state): number for state, number in tx.execute(query).all()}


def drafts_waiting(tx: Connection, account: str) -> Iterator[Draft]:
    """What an account's posts say that are written and not out yet."""
    mine = and_(deliveries.c.account == account, deliveries.c.state == State.READY)
    return map(Draft.model_validate_json, tx.execute(select(deliveries.c.draft).where(mine)).scalars())


def count_after(tx: Connection, account: str, at: int) -> int:
    """How many posts of an account are to go out at that time or later."""
    waits = deliveries.c.state.in_((State.PLANNED, State.READY)) & (deliveries.c.account == account)
    late = (deliveries.c.due_at >= at) & (deliveries.c.due_at < NEVER)
    return tx.execute(select(func.count()).select_from(deliveries).where(waits, late)).scalar_one()


def freeze(tx: Connection, delivery: Delivery, draft: Draft, now: int) -> bool:
    """Fix what will be sent: planned -> ready. False if the delivery has moved on meanwhile."""
    changed = move(tx, delivery, State.READY, draft=draft.model_dump_json(), progress="{}", **NO_DEED)
    if changed:
        trail.add(tx, now, delivery.story, "frozen", draft.text, delivery=delivery.id)
    return changed


def replan(
    tx: Connection,
    event: PublishEvent,
    occasion: str,
    *,
    due_at: int,
    expires_at: int,
    patience: int,
    revive: bool,
) -> None:
    """A story changed: what surely never went out is made anew from its new event.

    Posts of `occasion` are due at `due_at` and given up at `expires_at`; those of other occasions, and those that were
    held, keep the time they have, no earlier than `due_at`, and `patience` milliseconds after it. `revive` plans
    cancelled posts again, but for those that an editor dropped.
    """
    unsent = and_(deliveries.c.state == State.READY, deliveries.c.intent_at.is_(None))
    cancelled = and_(deliveries.c.state == State.CANCELLED, deliveries.c.due_at < NEVER)
    again = or_(deliveries.c.state == State.PLANNED, unsent, *([cancelled] if revive else []))
    mine = and_(deliveries.c.story == event.id, again)
    own = and_(deliveries.c.occasion == occasion, deliveries.c.held_at.is_(None))
    anew: dict[str, Any] = {
        "state": State.PLANNED,
        "lane": event.priority.lane,
        "draft": None,
        "reason": "",
        "attempt": deliveries.c.attempt + 1,
    }
    tx.execute(
        update(deliveries)
        .where(mine, own)
        .values(**anew, due_at=due_at, wanted_at=due_at, expires_at=expires_at)
    )
    later = func.max if tx.dialect.name == "sqlite" else func.greatest
    due = later(deliveries.c.due_at, due_at)
    anew |= {"due_at": due, "wanted_at": later(deliveries.c.wanted_at, due_at)}
    anew |= {"expires_at": later(deliveries.c.expires_at, due + patience)}
    tx.execute(update(deliveries).where(mine, ~own).values(**anew))


def cancel(tx: Connection, story: str, why: str, now: int) -> None:
    """A story is withdrawn: what surely never went out is cancelled; what may have is left to be settled."""
    mine = deliveries.c.story == story
    move_all(tx, and_(mine, UNSENT), State.CANCELLED, "cancelled", now, lambda _: why)
    doubtful = and_(deliveries.c.state == State.READY, deliveries.c.intent_at.is_not(None))
    values = {"state": State.UNKNOWN, "due_at": now, "reason": why, "attempt": deliveries.c.attempt + 1}
    tx.execute(update(deliveries).where(mine, doubtful).values(**values))


def drop(tx: Connection, delivery: Delivery, words: str, now: int) -> bool:
    """An editor takes one back that surely is not out; it is not planned again by itself. False if it may be out."""
    mine = and_(deliveries.c.id == delivery.id, deliveries.c.attempt == delivery.attempt, UNSENT)
    return bool(move_all(tx, mine, State.CANCELLED, "cancelled", now, lambda _: words, due_at=NEVER))


def pass_over(tx: Connection, delivery: Delivery, why: str, now: int) -> bool:
    """Cancel one that surely is not out, as its account does not take the story. False if it has moved on meanwhile."""
    changed = move(tx, delivery, State.CANCELLED, reason=why, held_for="", attempt=delivery.attempt + 1)
    if changed:
        trail.add(tx, now, delivery.story, "cancelled", why, delivery=delivery.id)
    return changed


def restore(tx: Connection, delivery: Delivery, now: int, *, lane: int, due_at: int, expires_at: int) -> bool:
    """Plan one again that was cancelled, but not by an editor. False if it is not in that state."""
    if delivery.due is None:
        return False
    anew = {"reason": "", "draft": None, "lane": lane, "expires_at": expires_at}
    anew |= {"due_at": due_at, "wanted_at": due_at}
    changed = change(
        tx, delivery, {State.CANCELLED}, state=State.PLANNED, attempt=delivery.attempt + 1, **anew
    )
    if changed:
        trail.add(tx, now, delivery.story, "planned", "once more", delivery=delivery.id)
    return changed


def put_off(tx: Connection, delivery: Delivery, why: str, *, due_at: int, expires_at: int) -> bool:
    """Have one that is not out go out later. False if it has moved on meanwhile."""
    values = {"due_at": due_at, "wanted_at": due_at, "expires_at": expires_at, "reason": why}
    return change(tx, delivery, {State.PLANNED, State.READY}, **values)


def resolve(
    tx: Connection,
    delivery: Delivery,
    state: State,
    words: str,
    now: int,
    *,
    due_at: int = NEVER,
    receipt: Receipt | None = None,
) -> bool:
    """An editor says what became of a delivery that is unknown or failed. False if it is neither by now."""
    values: dict[str, Any] = {"due_at": due_at, "reason": words, "attempt": delivery.attempt + 1}
    if receipt:
        values |= {"receipt": receipt.model_dump_json(), "reason": ""}
    if state in (State.READY, State.PLANNED):
        values |= {"intent_at": None, "expires_at": NEVER}
    changed = change(tx, delivery, before(state) & {State.UNKNOWN, State.FAILED}, state=state, **values)
    if changed:
        trail.add(tx, now, delivery.story, "resolved", f"{state}: {words}", delivery=delivery.id)
    return changed


def move_all(
    tx: Connection,
    which: ColumnElement[bool],
    state: State,
    what: str,
    now: int,
    words: Callable[[RowMapping], str],
    fence: int = 1,
    sweeps: bool = False,
    **values: Any,
) -> int:
    """Move up to 500 deliveries, each with a row in the trail; how many. `fence` is added to their attempts.

    `sweeps`: of all stories, so it waits for nobody who has one of them: the next sweep finds what it left.
    """
    query = select(deliveries).where(which).order_by(deliveries.c.id).limit(500)
    query = query.with_for_update(key_share=True, skip_locked=sweeps)
    found = tx.execute(query).mappings().all()
    for row in found:
        own = {**values, "state": state, "reason": words(row), "attempt": row["attempt"] + fence}
        tx.execute(update(deliveries).where(deliveries.c.id == row["id"]).values(**own))
        trail.add(tx, now, row["story"], what, own["reason"], delivery=row["id"], attempt=row["attempt"])
    return len(found)


def before(state: State) -> set[State]:
    """The states from which a delivery may come into that one."""
    return {earlier for earlier, later in MOVES.items() if state in later}


def move(tx: Connection, delivery: Delivery, state: State, **values: Any) -> bool:
    """Change a delivery's state, where that is a legal move and it is as it was when it was read."""
    return change(tx, delivery, before(state), state=state, **values)


def change(tx: Connection, delivery: Delivery, current: set[State], **values: Any) -> bool:
    """Change a delivery that is as it was when it was read, and in one of those states. False if it is not."""
    return change_row(tx, delivery.id, delivery.attempt, current, **values)


def change_row(tx: Connection, number: int, attempt: int, current: set[State], /, **values: Any) -> bool:
    """As `change`, of one that was read as a row."""
    as_read = {"this": number, "claims": attempt}
    made = {name: value for name, value in values.items() if isinstance(value, ColumnElement)}
    plain = {name: value for name, value in values.items() if name not in made}
    return run(tx, _change(frozenset(current), tuple(made.items())), as_read | plain).rowcount == 1


@lru_cache  # to build a statement takes longer than to run it
def _change(current: frozenset[State], made: tuple[tuple[str, ColumnElement[Any]], ...]) -> Update:
    as_read = and_(deliveries.c.id == bindparam("this"), deliveries.c.attempt == bindparam("claims"))
    return update(deliveries).where(as_read, deliveries.c.state.in_(current)).values(dict(made))


def delivery_of(row: RowMapping | dict[str, Any]) -> Delivery:
    """A row as a value."""
    return Delivery(
        id=row["id"],
        key=row["key"],
        story=row["story"],
        account=row["account"],
        occasion=row["occasion"],
        lane=row["lane"],
        state=State(row["state"]),
        due=None if row["due_at"] == NEVER else moment(row["due_at"]),
        attempt=row["attempt"],
        draft=Draft.model_validate_json(row["draft"]) if row["draft"] else None,
        text=row["text"],
        receipt=Receipt.model_validate_json(row["receipt"]) if row["receipt"] else None,
        reason=row["reason"],
        pending=_pending(row),
        held_for=row["held_for"],
        released=None if row["released_at"] is None else moment(row["released_at"]),
        answers=row["answers"],
    )


def _pending(row: RowMapping | dict[str, Any]) -> Pending | None:
    if row["deed_due_at"] is None or row["state"] in _NOT_OUT:
        return None
    waits_for_look = row["deed"] == Deed.LOOK and row["deed_due_at"] != NEVER
    return None if waits_for_look else deed_of(row)


def deed_of(row: RowMapping | dict[str, Any]) -> Pending:
    """The deed that stands in a row."""
    return Pending(
        deed=Deed(row["deed"]),
        draft=Draft.model_validate_json(row["deed_draft"]) if row["deed_draft"] else None,
        due=None if row["deed_due_at"] == NEVER else moment(row["deed_due_at"]),
        tries=row["deed_tries"],
        words=row["deed_words"],
    )

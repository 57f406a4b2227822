"""Deeds: what is to be done to posts that are out. They stand in the delivery's row, and wait until it is surely sent.

A newer deed takes the place of an older one, and its `attempt` fences whoever is doing that. A deed may be done twice
without harm, so doubt is simply tried again; `deed_tries` says that it was begun, and may have been done in part.
"""

from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select, update

from syndication.models import Deed, Delivery, Draft, Priority, Receipt, State
from syndication.store import NEVER, claims, deliveries, trail
from syndication.store.claims import Claim
from syndication.store.deliveries import NO_DEED
from syndication.store.schema import deliveries as rows

FOLLOWS = (State.READY, State.SENDING, State.UNKNOWN, State.SENT)
"""The states of what is out, or may be, and so has words that readers may see."""

# Whoever does a deed is fenced off; whoever still sends the post is not, as its answer is wanted.
_FENCED = case((rows.c.state == State.SENT, rows.c.attempt + 1), else_=rows.c.attempt)


def ask(
    tx: Connection,
    delivery: Delivery,
    deed: Deed,
    words: str,
    now: int,
    *,
    lane: int,
    due_at: int,
    draft: Draft | None = None,
) -> None:
    """Have a deed done from `due_at` on, in the place of an older one; NEVER leaves it to an editor.

    A deed that was begun counts as begun whatever takes its place, until one is done.
    """
    values: dict[str, Any] = {"deed": deed, "deed_due_at": due_at, "deed_words": words, "lane": lane}
    values |= {"deed_draft": draft.model_dump_json() if draft else None, "attempt": _FENCED}
    values |= {"deed_tries": int(bool(begun(delivery)))}
    tx.execute(update(rows).where(rows.c.id == delivery.id).values(**values))
    what = "told" if due_at == NEVER else "follows"
    trail.add(tx, now, delivery.story, what, f"{deed}: {words}" if words else deed, delivery=delivery.id)


def begun(delivery: Delivery) -> Deed | None:
    """The deed that a worker has begun, and may have done in part; a reply is planned whole or not at all."""
    pending = delivery.pending
    partly = pending and pending.tries and pending.due and pending.deed is not Deed.REPLY
    return pending.deed if pending and partly else None


def drop(tx: Connection, delivery: Delivery) -> None:
    """A deed that is no longer wanted, and was not begun."""
    tx.execute(update(rows).where(rows.c.id == delivery.id).values(**NO_DEED, attempt=_FENCED))


def withdraw_all(tx: Connection, story: str, now: int) -> None:
    """Have every post of a story removed before anything else is sent, or as soon as it is known to be out."""
    edits = and_(rows.c.deed == Deed.EDIT, rows.c.deed_tries > 0, rows.c.deed_due_at < NEVER)
    values: dict[str, Any] = {"deed": Deed.WITHDRAW, "deed_due_at": now, "deed_words": ""}
    # An edit that was begun is kept beside it, for a story that stands again before its post is gone.
    values |= {"deed_draft": case((edits, rows.c.deed_draft)), "lane": Priority.BREAKING.lane}
    values |= {
        "deed_tries": case((rows.c.deed.in_((Deed.EDIT, Deed.LOOK)), 0), else_=rows.c.deed_tries),
        "attempt": _FENCED,
    }
    # Whatever its state: it may be sent by the time that this is stored, and one that is not waits for nothing.
    mine = and_(rows.c.story == story, rows.c.state != State.WITHDRAWN)
    tx.execute(update(rows).where(mine).values(**values))
    for one in deliveries.of_story(tx, story):
        if one.state is State.SENT:
            trail.add(tx, now, story, "follows", Deed.WITHDRAW, delivery=one.id)


def stand_again(tx: Connection, story: str, now: int) -> None:
    """A withdrawn story is published again: posts that nobody has begun to remove stay."""
    idle = or_(rows.c.deed_tries == 0, rows.c.deed_due_at == NEVER)
    mine = and_(rows.c.story == story, rows.c.deed == Deed.WITHDRAW, idle, rows.c.state != State.WITHDRAWN)
    edit = {"deed": Deed.EDIT, "deed_due_at": now, "deed_tries": 1, "attempt": _FENCED}
    tx.execute(update(rows).where(mine, rows.c.deed_draft.is_not(None)).values(**edit))
    tx.execute(update(rows).where(mine).values(**NO_DEED, attempt=_FENCED))


def edited(tx: Connection, claim: Claim, receipt: Receipt, draft: Draft, left: str, now: int) -> bool:
    """The post says what `draft` says; `left` is what an editor has yet to do. False if a newer deed took its place."""
    rest = {**NO_DEED}
    if left and claim.delivery.pending:
        wanted = claim.delivery.pending.draft
        told = {"deed_draft": wanted.model_dump_json() if wanted else None, "deed_words": left}
        rest |= {"deed": Deed.EDIT, "deed_due_at": NEVER, **told}
    where = {"receipt": receipt.model_dump_json()}
    done = deliveries.change(tx, claim.delivery, {State.SENT}, draft=draft.model_dump_json(), **where, **rest)
    if not done:
        say_again(tx, claim, now, where)
    claims.note(tx, claim, "edited", receipt.url, now)
    if done and left:
        claims.note(tx, claim, "told", left, now)
    return done


def say_again(tx: Connection, claim: Claim, now: int, where: dict[str, str] | None = None) -> None:
    """Whoever lost its claim may have had the last word at the network: what counts is said once more."""
    mine = and_(rows.c.id == claim.delivery.id, rows.c.state == State.SENT)
    if where:  # where the post is by now is needed by every deed
        tx.execute(update(rows).where(mine).values(**where))
    edits = and_(
        mine,
        rows.c.deed.in_(("", Deed.EDIT, Deed.LOOK)),
        or_(rows.c.deed_due_at.is_(None), rows.c.deed_due_at < NEVER),
    )
    again = {"deed": Deed.EDIT, "deed_due_at": now, "deed_tries": 1, "attempt": rows.c.attempt + 1}
    said = func.coalesce(rows.c.deed_draft, rows.c.draft)
    tx.execute(update(rows).where(edits).values(**again, deed_draft=said))


def removed(tx: Connection, claim: Claim, words: str, now: int) -> bool:
    """The post is gone. False if a newer deed took its place, which finds that out."""
    done = deliveries.change(tx, claim.delivery, {State.SENT}, state=State.WITHDRAWN, reason=words, **NO_DEED)
    if not done:
        _look_at_others(tx, claim, now)
    claims.note(tx, claim, "removed", words, now)
    return done


def _look_at_others(tx: Connection, claim: Claim, now: int) -> None:
    """A removal that came late may have taken along what belongs to a newer post of the story, which is read back."""
    one = claim.delivery
    others = and_(rows.c.story == one.story, rows.c.account == one.account, rows.c.id != one.id)
    idle = and_(others, rows.c.state == State.SENT, rows.c.deed.in_(("", Deed.LOOK)))
    idle = and_(idle, or_(rows.c.deed_due_at.is_(None), rows.c.deed_due_at < NEVER))
    look = {"deed": Deed.LOOK, "deed_due_at": now, "deed_tries": 0, "deed_words": ""}
    tx.execute(update(rows).where(idle).values(**look, attempt=_FENCED))


def left_to_reply(tx: Connection, delivery: Delivery, draft: Draft) -> None:
    """What `draft` says is said by a reply that waits to go out."""
    said = {**NO_DEED, "draft": draft.model_dump_json(), "attempt": _FENCED}
    tx.execute(update(rows).where(rows.c.id == delivery.id).values(**said))


def replied(tx: Connection, claim: Claim, receipt: Receipt, draft: Draft, now: int) -> bool:
    """What `draft` says is left to a reply. False if a newer deed took its place."""
    said = {"draft": draft.model_dump_json(), "receipt": receipt.model_dump_json()}
    done = deliveries.change(tx, claim.delivery, {State.SENT}, **said, **NO_DEED)
    if done:
        claims.note(tx, claim, "answered", receipt.url, now)
    return done


def put_off(
    tx: Connection, claim: Claim, what: str, words: str, now: int, *, due_at: int, status: int | None = None
) -> None:
    """Not done: again at `due_at`, or NEVER and by an editor. Nothing changes if a newer deed took its place."""
    later = {"deed_due_at": due_at, "deed_words": words}
    pending = claim.delivery.pending
    if deliveries.change(tx, claim.delivery, {State.SENT}, **later):
        claims.note(tx, claim, what, words, now, status)
    elif what == "not_done" and pending and pending.deed is Deed.EDIT:
        say_again(tx, claim, now)
    elif what == "not_done" and pending and pending.deed in (Deed.WITHDRAW, Deed.REPOST):
        _look_at_others(tx, claim, now)


def look_again(
    tx: Connection, claim: Claim, words: str, now: int, due_at: int, receipt: Receipt | None
) -> bool:
    """A post that was read back shows something else, and is looked at once more; `receipt` if it was mended.

    False, here as below, if a deed took the look's place: then nothing changes.
    """
    values: dict[str, Any] = {"deed_due_at": due_at, "deed_words": words}
    if receipt:
        values["receipt"] = receipt.model_dump_json()
    if done := deliveries.change(tx, claim.delivery, {State.SENT}, **values):
        claims.note(tx, claim, "looked", words, now)
    return done


def look_later(tx: Connection, claim: Claim, due_at: int) -> bool:
    """A post could not be read just now."""
    return deliveries.change(tx, claim.delivery, {State.SENT}, deed_due_at=due_at)


def looked(tx: Connection, claim: Claim, words: str, left: str, now: int) -> bool:
    """A post was read back; `left` is what an editor has to do."""
    told = {"deed_due_at": NEVER, "deed_words": left}
    if done := deliveries.change(tx, claim.delivery, {State.SENT}, **(told if left else NO_DEED)):
        claims.note(tx, claim, "looked", words, now)
        if left:
            claims.note(tx, claim, "told", left, now)
    return done


def left_to_editors(tx: Connection, count: int) -> list[Delivery]:
    """The newest posts that an editor is to change or remove by hand."""
    told = and_(rows.c.state == State.SENT, rows.c.deed_due_at == NEVER)
    query = select(rows.c.id).where(told).order_by(rows.c.id.desc()).limit(count)
    return [deliveries.get(tx, number) for number in tx.execute(query).scalars().all()]


def count_left(tx: Connection) -> int:
    """How many posts an editor is to change or remove by hand."""
    told = and_(rows.c.state == State.SENT, rows.c.deed_due_at == NEVER)
    return tx.execute(select(func.count()).select_from(rows).where(told)).scalar_one()


def settled_by_hand(tx: Connection, delivery: Delivery, words: str, now: int, *, done: bool) -> bool:
    """An editor did what was left to them, or leaves it. False if nothing is left to them by now."""
    pending = delivery.pending
    if delivery.state is not State.SENT or pending is None or pending.due is not None:
        return False
    values: dict[str, Any] = {**NO_DEED, "attempt": delivery.attempt + 1}
    if done and pending.draft and pending.deed is not Deed.WITHDRAW:
        values["draft"] = pending.draft.model_dump_json()
    elif done and pending.deed is not Deed.LOOK:
        values |= {"state": State.WITHDRAWN, "reason": words}
    changed = deliveries.change(tx, delivery, {State.SENT}, **values)
    if changed:
        trail.add(tx, now, delivery.story, "resolved", f"{pending.deed}: {words}", delivery=delivery.id)
    return changed

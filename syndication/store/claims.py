"""Claims: a worker takes a delivery of an opened mailbox, says that it may now be out, and records how it ended."""

import json
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)

from syndication.errors import ClaimLost
from syndication.models import Deed, Delivery, Lanes, Pending, Priority, Receipt, State
from syndication.store import NEVER, accounts, rates, trail
from syndication.store.deliveries import WAITING, before, change, change_row, deed_of, delivery_of, get, move
from syndication.store.prepared import row_of
from syndication.store.schema import deliveries, stories

# What a post is read back by, unless something else is to be done to it.
_idle = deliveries.c.deed == ""
_LOOKED_AT = {
    "deed": case((_idle, Deed.LOOK), else_=deliveries.c.deed),
    "deed_due_at": case((_idle, bindparam("look_at", type_=BigInteger)), else_=deliveries.c.deed_due_at),
}


class Claim(NamedTuple):
    """A delivery that this worker has: a letter, or one that is out and waits for a deed.

    `intent_at` is set if an earlier try may have reached the network; `wanted_at` is when it was to go out.

    `event` is the story's as it stood then, as the store keeps it; `progress` what earlier tries remembered.
    `look`: it is to be read back.
    """

    delivery: Delivery
    mailbox: accounts.Mailbox
    intent_at: int | None
    expires_at: int
    wanted_at: int
    withdrawn: bool
    event: str
    progress: dict[str, str]
    look: Pending | None = None


def claim(tx: Connection, mailbox: accounts.Mailbox, now: int, lease: int, pace: int = 0) -> Claim | None:
    """Take the next letter of an opened mailbox, or the next deed, for `lease` milliseconds; None if none is due.

    In one lane deeds come first. Of letters that are late by `pace` milliseconds one goes out in that time. None as
    well if something more urgent is due: in this mailbox, or lately in any, for those who serve lanes before this
    worker's; in another that nobody has open, for itself. Keeps the mailbox as long as the letter. Raises ClaimLost
    if another worker has opened it since.
    """
    paced_until = accounts.hold(tx, mailbox, now + lease)
    return claim_held(tx, mailbox, now, lease, pace, paced_until)


def claim_held(
    tx: Connection, mailbox: accounts.Mailbox, now: int, lease: int, pace: int, paced_until: int
) -> Claim | None:
    """As `claim`, of a mailbox that this transaction holds already; late letters leave it from `paced_until` on."""
    if paced_until > now:
        _put_off(tx, mailbox.account.name, now, pace, paced_until)
    first, last = mailbox.lanes
    if first and accounts.brings(tx, Lanes(0, first - 1), now):
        return None
    mine = {"now": now, "account": mailbox.account.name, "app": mailbox.app}
    row = row_of(tx, _next(last), mine)
    if row is None or row["lane"] < first:
        return None
    if row["lane"] > first and accounts.is_free_with(tx, Lanes(first, row["lane"] - 1), now):
        return None
    taken: dict[str, Any] = {"attempt": row["attempt"] + 1}
    if row["state"] == State.SENT:
        taken |= {"deed_due_at": now + lease, "deed_tries": row["deed_tries"] + 1}
    else:
        taken |= {"due_at": now + lease}
    if not change_row(tx, row["id"], row["attempt"], {State(row["state"])}, **taken):
        return None
    delivery = delivery_of({**row, **taken})
    story = bool(row["withdrawn"]), row["event"]
    times = row["intent_at"], row["expires_at"], row["wanted_at"]
    look = deed_of({**row, **taken}) if row["deed"] == Deed.LOOK else None
    return Claim(delivery, mailbox, *times, *story, json.loads(row["progress"]), look)


def _put_off(tx: Connection, account: str, now: int, pace: int, until: int) -> None:
    """Late letters wait for their turn, all until the same time, so that the most urgent one is the next."""
    late = and_(deliveries.c.wanted_at <= now - pace, deliveries.c.lane > Priority.BREAKING.lane)
    mine = and_(deliveries.c.account == account, deliveries.c.intent_at.is_(None))
    ready = and_(mine, deliveries.c.state == State.READY)
    due = select(deliveries.c.id).where(ready, late, deliveries.c.due_at <= now)
    chosen = due.with_for_update(skip_locked=True)
    tx.execute(update(deliveries).where(deliveries.c.id.in_(chosen)).values(due_at=until))


@cache
def _next(last: int) -> Select[tuple[Any, ...]]:
    """The most urgent of what is due up to a lane, with its story. Looked for by state, as the index finds the first
    of each.

    None while somebody else changes it, on PostgreSQL: whoever has just recorded another post must not wait for it.
    """
    now, account = bindparam("now", type_=BigInteger), bindparam("account", type_=deliveries.c.account.type)
    room = deliveries.c.lane <= rates.open_lanes(account, bindparam("app", type_=account.type), now, last)
    mine = (deliveries.c.account == account) & room
    waits = [(deliveries.c.state == state, deliveries.c.due_at, deliveries.c.due_at) for state in WAITING]
    found = []
    for state, due_at, turn in [
        (deliveries.c.state == State.SENT, deliveries.c.deed_due_at, literal(0)),
        *waits,
    ]:
        one = select(deliveries.c.id, deliveries.c.lane, turn.label("turn")).where(mine, state, due_at <= now)
        found.append(select(one.order_by(deliveries.c.lane, due_at, deliveries.c.id).limit(1).subquery()))
    firsts = union_all(*found).subquery()
    chosen = select(firsts.c.id).order_by(firsts.c.lane, firsts.c.turn, firsts.c.id).limit(1)
    query = select(deliveries, stories.c.withdrawn, stories.c.event)
    query = query.join(stories, stories.c.id == deliveries.c.story)
    query = query.with_for_update(of=deliveries, skip_locked=True, key_share=True)
    return query.where(deliveries.c.id == chosen.scalar_subquery())


def remember(tx: Connection, claim: Claim, progress: dict[str, str]) -> None:
    """Store how far a claimed delivery has come at its network. Raises ClaimLost if it is another worker's now."""
    states = {State.READY, State.SENDING, State.UNKNOWN}
    if not change(tx, claim.delivery, states, progress=json.dumps(progress)):
        raise ClaimLost(f"delivery {claim.delivery.id} is no longer this worker's")


def intend(tx: Connection, claim: Claim, now: int, lease: int) -> None:
    """Commit that the network may have it from now on: ready -> sending.

    Raises ClaimLost if the delivery was cancelled, changed or taken by another worker since it was claimed.
    """
    accounts.hold(tx, claim.mailbox, now + lease)
    since: dict[str, Any] = {} if claim.intent_at is not None else {"intent_at": now}
    if not move(tx, claim.delivery, State.SENDING, due_at=now + lease, **since):
        raise ClaimLost(f"delivery {claim.delivery.id} is no longer this worker's")
    note(tx, claim, "intent", "", now)


def settle(
    tx: Connection,
    claim: Claim,
    state: State,
    *,
    what: str,
    now: int,
    words: str = "",
    status: int | None = None,
    due_at: int = NEVER,
    receipt: Receipt | None = None,
    remark: str = "",
    look_at: int | None = None,
    forget_intent: bool = False,
) -> None:
    """Record how a try ended, whichever state it was in; `remark`: what is to be known of a post that is out,
    which is read back at `look_at` unless something else is to be done to it.

    Raises ClaimLost if it is another worker's now.
    """
    values: dict[str, Any] = {"due_at": due_at, "reason": words if receipt is None else remark}
    if receipt:
        values["receipt"] = receipt.model_dump_json()
    if look_at is not None:
        values |= _LOOKED_AT | {"look_at": look_at}
    if forget_intent:
        values["intent_at"] = None
    current = {*before(state), state} - {State.PLANNED, State.CANCELLED}
    if not change(tx, claim.delivery, current, state=state, **values):
        raise ClaimLost(f"delivery {claim.delivery.id} is no longer this worker's")
    note(tx, claim, what, words, now, status)


def hold(tx: Connection, claim: Claim, held_for: str, words: str, now: int, until: int) -> None:
    """Stop a claimed letter that is not out; an editor may release it until then. Raises ClaimLost if it moved on."""
    values = {"held_for": held_for, "held_at": now, "released_at": None, "reason": words, "expires_at": until}
    values |= {"due_at": deliveries.c.wanted_at}
    if not move(tx, claim.delivery, State.HELD, **values):
        raise ClaimLost(f"delivery {claim.delivery.id} is no longer this worker's")
    note(tx, claim, "held", words, now)


def give_back(tx: Connection, claim: Claim, now: int) -> None:
    """Nothing came of a try, and nothing was sent by it: the next one is due."""
    if claim.delivery.state is State.SENT:
        change(tx, claim.delivery, {State.SENT}, deed_due_at=now)
    else:
        change(tx, claim.delivery, set(WAITING), due_at=now)


def receive(tx: Connection, claim: Claim, receipt: Receipt, now: int) -> None:
    """An answer that came after its claim was lost: the network has the post, whatever was held of it meanwhile.

    Nothing changes if another worker is sending it: the network tells that one the same.
    """
    open_states = set(State) - {State.SENDING, State.SENT, State.WITHDRAWN}
    mine = and_(deliveries.c.id == claim.delivery.id, deliveries.c.state.in_(open_states))
    values = {"state": State.SENT, "receipt": receipt.model_dump_json(), "due_at": NEVER, "reason": ""}
    values |= {"attempt": deliveries.c.attempt + 1}
    if tx.execute(update(deliveries).where(mine).values(**values)).rowcount == 1:
        note(tx, claim, "sent", f"{receipt.url} (the answer came late)", now)
    else:
        _tell_of_second(tx, claim, receipt, now)


def _tell_of_second(tx: Connection, claim: Claim, receipt: Receipt, now: int) -> None:
    """A network that did not know its key again, and showed the post too late, has it twice: an editor is told."""
    one = get(tx, claim.delivery.id)
    known = one.receipt if one.state is State.SENT else None
    if known is None or known.id == receipt.id or known.url == receipt.url:
        return
    both = f"as {known.url} and as {receipt.url}"
    words = f"it seems to be out twice, {both}: look, and remove one of the two by hand"
    idle = and_(
        deliveries.c.id == one.id, deliveries.c.state == State.SENT, deliveries.c.deed.in_(("", Deed.LOOK))
    )
    told = {"deed": Deed.LOOK, "deed_due_at": NEVER, "deed_words": words, "attempt": deliveries.c.attempt + 1}
    tx.execute(update(deliveries).where(idle).values(**told))
    note(tx, claim, "told", words, now)


def doubt_late(tx: Connection, claim: Claim, words: str, now: int, due_at: int) -> None:
    """A try whose claim was lost may have posted after all: the network is asked, unless another try is under way.

    What an editor dropped stays dropped.
    """
    idle = deliveries.c.state.in_(set(State) - {State.SENDING, State.SENT, State.WITHDRAWN, State.CANCELLED})
    withdrawn = and_(deliveries.c.state == State.CANCELLED, deliveries.c.due_at < NEVER)
    mine = and_(deliveries.c.id == claim.delivery.id, or_(idle, withdrawn))
    values = {"state": State.UNKNOWN, "due_at": due_at, "reason": words}
    values |= {"intent_at": func.coalesce(deliveries.c.intent_at, now), "attempt": deliveries.c.attempt + 1}
    if tx.execute(update(deliveries).where(mine).values(**values)).rowcount == 1:
        note(tx, claim, "unknown", words, now)


def note(tx: Connection, claim: Claim, what: str, words: str, now: int, status: int | None = None) -> None:
    """Write a step of a try into the trail."""
    delivery = claim.delivery
    trail.add(
        tx, now, delivery.story, what, words, delivery=delivery.id, attempt=delivery.attempt, status=status
    )

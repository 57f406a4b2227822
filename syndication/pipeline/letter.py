"""A try of a post: never twice and never silently lost.

Its intent is committed just before the one request that makes it public, and what the network answered is recorded.
Where the answer was lost it is `unknown`, and is settled by asking the network.
"""

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from syndication.errors import (
    CannotTell,
    CardError,
    ClaimLost,
    DeliveryError,
    NotSent,
    RateLimited,
    Refused,
    Unauthorized,
    Unknown,
)
from syndication.models import OCCASION, Priority, PublishEvent, Receipt, State
from syndication.networks.http import Http
from syndication.pipeline import budget, gate
from syndication.pipeline.accept import plan_anew
from syndication.pipeline.attempt import (
    FIRST_PAUSE,
    SERVER_PAUSE,
    Attempt,
    MailboxWaits,
    card_bytes,
    lease_of,
    milliseconds_of,
)
from syndication.pipeline.hold import standing_for, words_of
from syndication.pipeline.late import give_up
from syndication.pipeline.look import FIRST_LOOK, is_read
from syndication.pipeline.routes import opening
from syndication.pipeline.times import earliest, expiry
from syndication.pipeline.tokens import stop_account
from syndication.store import NEVER, accounts, claims, deliveries, insist, milliseconds, moment, stories
from syndication.store.spending import Spent


class _OverBudget(Exception):
    """What is beyond a budget is not sent without an editor's word."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


_ASKED = "asked"  # among what is remembered of a post whose answer was lost


class Letter(Attempt):
    """One try of one letter: from the claim to the record of what came of it."""

    _counted: tuple[int, int] | None = None
    _remark = ""

    def run(self) -> None:
        """Send a letter that is ready, or settle one whose fate is unknown."""
        unknown = self.claim.delivery.state is State.UNKNOWN
        if not unknown and (self._stopped() or self._waits_at_gate()):
            return
        how = {"intend": self._intend, "progress": self.claim.progress, "note": self._remember}
        with self._line(**how) as http:
            if unknown:
                self._settle_doubt(http)
            else:
                self._send(http)

    def _stopped(self) -> bool:
        """Whether a letter must not go out after all; one that may be out already is asked about."""
        claim, now = self.claim, self.store.now()
        if claim.withdrawn:
            state, what, words = State.CANCELLED, "cancelled", "the story was withdrawn"
        elif now >= claim.expires_at and claim.intent_at is None:
            with self.store.write() as tx:
                give_up(tx, self.config, now)
            return True
        elif claim.intent_at is not None and not self._may_repeat(now):
            state, what, words = State.UNKNOWN, "unknown", "it was held up too long to be sent again unasked"
        elif claim.intent_at is not None and (stop := self._stop(now)):
            state, what, words = State.UNKNOWN, "unknown", stop
        else:
            return self._waits_for_hours(now) or self._is_beyond_budget(now)
        if claim.intent_at is not None:
            state, what = State.UNKNOWN, "unknown"
        self._record(state, what, words=words, due_at=now)
        return True

    def _waits_for_hours(self, now: int) -> bool:
        """Put it off if its account's hours are over. An editor's share goes out at any hour, and so does a retry."""
        claim, priority = self.claim, list(Priority)[self.claim.delivery.lane]
        by_hand = claim.delivery.occasion != OCCASION or claim.expires_at == NEVER or claim.delivery.released
        opens = opening(self.config, claim.delivery.account, priority, moment(now))
        if by_hand or claim.intent_at is not None or opens is None:
            return False
        due_at, words = milliseconds(opens), "the hours of its account are over"
        expires_at = expiry(self.config, PublishEvent.model_validate_json(claim.event), due_at)
        with self.store.write() as tx:
            if not deliveries.put_off(tx, claim.delivery, words, due_at=due_at, expires_at=expires_at):
                raise ClaimLost(f"delivery {claim.delivery.id} is no longer this worker's")
            claims.note(tx, claim, "later", words, now)
        return True

    def _waits_at_gate(self) -> bool:
        """Put it back while the network would find no page or card; once that took long enough, as configured."""
        claim, draft = self.claim, self.claim.delivery.draft
        if claim.intent_at is not None or not gate.stands_before(self.config, self.network, claim.delivery):
            return False
        assert draft is not None  # noqa: S101 - what is ready has a draft
        with self.store.read() as tx:
            cards = stories.need(tx, claim.delivery.story).cards
        sight = gate.look(self.config, PublishEvent.model_validate_json(claim.event), draft, cards)
        now = self.store.now()
        if not sight.missing:
            return False
        if sight.passing and (later := gate.next_look(self.config, claim.delivery, now)):
            self._put_back(later, sight.missing, now)
            return True
        if self.config.gate.then == "ask":
            self._hold(gate.HELD_FOR, gate.question(sight, claim.delivery.id))
            return True
        self._remark = f"posted before all was ready: {sight.missing}"
        with self.store.write() as tx:
            claims.note(tx, claim, "unready", self._remark, now)
        return False

    def _put_back(self, due_at: int, words: str, now: int) -> None:
        """Again soon; the trail tells each reason once."""
        with self.store.write() as tx:
            if not deliveries.change(tx, self.claim.delivery, {State.READY}, due_at=due_at, reason=words):
                raise ClaimLost(f"delivery {self.claim.delivery.id} is no longer this worker's")
            if words != self.claim.delivery.reason:
                claims.note(tx, self.claim, "later", words, now)

    def _may_repeat(self, now: int) -> bool:
        """Whether what may be out may still be sent again: the network knows its key, and it is not too late."""
        known = milliseconds_of(self.network.replay_of(self.secret)) - lease_of(self.config)
        return now < min((self.claim.intent_at or 0) + known, self.claim.expires_at)

    def _send(self, http: Http) -> None:
        frozen = self.claim.delivery.draft
        assert frozen is not None  # noqa: S101 - what is ready has a draft
        try:
            image = card_bytes(self.config, frozen)
            receipt = self.network.publish(http, frozen, image)
        except ClaimLost:
            raise
        except _OverBudget as over:
            self._hold(budget.HELD_FOR, over.words)
        except CardError as error:
            self._redraw(error)
        except DeliveryError as error:
            self._failed(error)
        except Exception as error:
            self._failed(self._fault(error))
        else:
            self._sent(receipt)

    def _sent(self, receipt: Receipt) -> None:
        try:
            self._record(State.SENT, "sent", words=receipt.url, receipt=receipt, remark=self._remark)
        except ClaimLost:
            with self.store.write() as tx:
                claims.receive(tx, self.claim, receipt, self.store.now())
            raise

    def _failed(self, error: DeliveryError) -> None:
        """Record why nothing was, or may not have been, posted, and decide what is next."""
        words, status, now = error.message, error.status, self.store.now()
        match error:
            case Unknown():
                due_at = now + max(milliseconds_of(self.network.settle), int(1000 * self._pause()))
                self._doubt(words, status, due_at)
            case Unauthorized():
                self._back(now, "unauthorized", error)
                with self.store.write() as tx:
                    stop_account(tx, self.claim.mailbox, error, now)
                raise MailboxWaits(now)
            case Refused():
                self._record(State.FAILED, "refused", words=words, status=status, uncount=True)
            case RateLimited():
                asked = self._pause() if error.retry_after is None else error.retry_after
                rest = max(asked, FIRST_PAUSE)
                until = now + int(1000 * rest)
                self._note_pause(error, rest)
                self._back(until, "not_sent", error)
                raise MailboxWaits(until)
            case _:
                retry = error.retry_after if isinstance(error, NotSent) else None
                pause = max(self._pause(), retry or 0)
                self._back(now + int(1000 * pause), "not_sent", error)
                raise MailboxWaits(now + int(1000 * min(pause, SERVER_PAUSE)))

    def _doubt(self, words: str, status: int | None, due_at: int) -> None:
        try:
            self._record(State.UNKNOWN, "unknown", words=words, status=status, due_at=due_at)
        except ClaimLost:
            with self.store.write() as tx:
                claims.doubt_late(tx, self.claim, words, self.store.now(), due_at)
            raise

    def _back(self, due_at: int, what: str, error: DeliveryError) -> None:
        """Surely not posted by this try: back to where it was, later."""
        claim, now = self.claim, self.store.now()
        state = State.UNKNOWN if claim.delivery.state is State.UNKNOWN else State.READY
        facts = {"words": error.message, "status": error.status, "due_at": due_at}

        def write() -> None:
            with self._recording() as tx:
                self._uncount(tx)
                newer = stories.newer(tx, claim.delivery.story, claim.event)
                forget = claim.intent_at is None
                claims.settle(tx, claim, state, what=what, now=now, forget_intent=forget, **facts)  # type: ignore[arg-type]
                if newer:
                    # It was on its way when the story changed, and so was passed over then.
                    plan_anew(tx, self.config, newer.event, now)
                    stories.redraw(tx, newer.event.id, earliest(newer.event, now))

        insist(write)  # what the network answered nobody else knows
        self._log(what)

    def _settle_doubt(self, http: Http) -> None:
        """Ask the network whether the post is there, and go by the answer."""
        frozen, claim = self.claim.delivery.draft, self.claim
        assert frozen is not None and claim.intent_at is not None  # noqa: S101 - it was tried
        try:
            receipt = self.network.find(http, frozen)
        except (ClaimLost, SQLAlchemyError):
            raise
        except (CannotTell, Refused) as error:
            if isinstance(error, Unauthorized):
                return self._failed(error)
            # What was refused is the question, not the post.
            return self._not_found(error.message)
        except DeliveryError as error:
            return self._failed(error)
        except Exception as error:
            return self._failed(self._fault(error))
        if receipt:
            with self.store.read() as tx:
                found = not deliveries.is_anothers(tx, claim.delivery, receipt)
            if found:
                return self._record(State.SENT, "found", words=receipt.url, receipt=receipt)
        return self._not_shown(f"{self.network.title} does not show it")

    def _not_shown(self, words: str) -> None:
        """Nothing follows from a server's silence that may show late what it has, until it was asked twice."""
        progress, late = dict(self.claim.progress), self.network.shows_late.total_seconds()
        if progress.pop(_ASKED, None) or not late:
            if progress != self.claim.progress:
                self._remember(progress)
            return self._not_found(words)
        self._remember({**progress, _ASKED: "once"})
        due_at = self.store.now() + int(1000 * min(late, self.config.delivery.request_limit))
        return self._record(
            State.UNKNOWN, "not_found", words=f"{words} yet; it is asked again", due_at=due_at
        )

    def _not_found(self, words: str) -> None:
        """Send again where a repeated key is harmless; otherwise a person decides."""
        claim, now = self.claim, self.store.now()
        if claim.withdrawn:
            words = f"{words}; the story was withdrawn"
            return self._record(State.CANCELLED, "cancelled", words=words, due_at=now)
        stop = self._stop(now)
        if not stop and self._may_repeat(now):
            words = f"{words}; sent again with the same key"
            return self._record(State.READY, "again", words=words, due_at=now)
        number = claim.delivery.id
        words = f"{words}; not sent again, {stop}" if stop else words
        words = f"{words}; look at the account, then: syndicate resolve {number} --posted URL | --not-posted"
        return self._record(State.UNKNOWN, "waits", words=words)

    def _stop(self, now: int) -> str:
        """Why what may be out is not to be sent again for now: its story is under embargo, or a hold stops it."""
        event = PublishEvent.model_validate_json(self.claim.event)
        if earliest(event, now) > now:
            return "as its story is under embargo by now"
        with self.store.read() as tx:
            found = standing_for(tx, self.claim.delivery, event)
        return f"as a hold stops it ({words_of(found)})" if found else ""

    def _redraw(self, error: CardError) -> None:
        """The card's file is gone or changed: have it drawn again, and the post frozen anew if it surely is not out."""
        claim, now = self.claim, self.store.now()
        state = State.PLANNED if claim.intent_at is None else State.READY
        due_at = now + int(1000 * self._pause())
        with self._recording() as tx:
            stories.redraw(tx, claim.delivery.story, now)
            claims.settle(tx, claim, state, what="not_sent", now=now, words=error.message, due_at=due_at)

    def _intend(self) -> None:
        """Commit the intent, and what the post costs. Raises _OverBudget, and nothing is committed."""
        claim, now = self.claim, self.store.now()
        with self.store.write() as tx:
            price = self._price() if claim.intent_at is None else 0
            if claim.intent_at is None and (words := self._refusal(tx, price, now)):
                raise _OverBudget(words)
            claims.intend(tx, claim, now, lease_of(self.config))
            self._count(tx, Spent(int(claim.intent_at is None), 0, price), now, coming=1)
        self.intended = True
        self._counted = (now, price) if claim.intent_at is None else None

    def _is_beyond_budget(self, now: int) -> bool:
        """Looked at before anything is uploaded, which the network may count; what counts is the look at the intent."""
        claim = self.claim
        if claim.intent_at is not None or not budget.is_limited(self.config, claim.delivery.account):
            return False
        with self.store.read() as tx:
            words = self._refusal(tx, self._price(), now)
        if words:
            self._hold(budget.HELD_FOR, words)
        return bool(words)

    def _price(self) -> int:
        draft = self.claim.delivery.draft
        return budget.price_of(self.network, draft) if draft else 0

    def _refusal(self, tx: Connection, price: int, now: int) -> str:
        return budget.refusal(tx, self.config, self.claim.delivery, price, now)

    def _uncount(self, tx: Connection) -> None:
        """It surely is not out: what this very try counted is taken back, but for its requests."""
        if self._counted:
            now, price = self._counted
            budget.count(tx, self.config, self.claim.delivery.account, Spent(-1, 0, -price), now)

    def _hold(self, held_for: str, words: str) -> None:
        """It waits for an editor."""
        now = self.store.now()
        with self._recording() as tx:
            until = now + self.config.late.review_time
            claims.hold(tx, self.claim, held_for, words, now, until)
        self._log("held")

    def _remember(self, progress: dict[str, str]) -> None:
        with self.store.write() as tx:
            claims.remember(tx, self.claim, progress)

    def _record(self, state: State, what: str, *, uncount: bool = False, **facts: object) -> None:
        now, pace = self.store.now(), self.config.late.pace
        late = what == "sent" and self.claim.wanted_at <= now - pace
        if state is State.SENT and is_read(self.config, self.network, self.secret):
            facts["look_at"] = now + FIRST_LOOK

        def write() -> None:
            with self._recording(go_on=what == "sent" and not late) as tx:
                if uncount:
                    self._uncount(tx)
                claims.settle(tx, self.claim, state, what=what, now=now, **facts)  # type: ignore[arg-type]
                if late:
                    # The next late one waits: what an outage or a pause piled up is no burst.
                    accounts.pace(tx, self.claim.mailbox.account.name, now + pace)

        insist(write)  # what the network answered nobody else knows
        self._log(what)

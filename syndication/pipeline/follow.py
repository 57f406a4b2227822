"""Posts that are out follow their story: the deeds that are asked of them, and the doing of them.

A deed is repeatable by a connector's contract, so there is no intent and no doubt: whoever was killed or got no answer
leaves a row that comes due again.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from syndication.config import Config, Correct
from syndication.errors import (
    CannotTell,
    CardError,
    ClaimLost,
    DeliveryError,
    NotSent,
    RateLimited,
    Refused,
    Unauthorized,
    Unsupported,
)
from syndication.models import BY_HAND, Account, Deed, Delivery, Draft, Pending, PublishEvent, Receipt, State
from syndication.networks.http import Http
from syndication.pipeline import plan
from syndication.pipeline.attempt import FIRST_PAUSE, SERVER_PAUSE, Attempt, MailboxWaits, card_bytes
from syndication.pipeline.drafts import network_of
from syndication.pipeline.times import earliest, expiry
from syndication.pipeline.tokens import stop_account
from syndication.store import NEVER, deeds, deliveries, stories

MOST_TRIES = 100
"""How often a deed is tried, the last ones a quarter of an hour apart, before it is left to an editor."""


def ask_to_follow(
    tx: Connection,
    config: Config,
    event: PublishEvent,
    known: Mapping[str, Account],
    drafts: Mapping[int, Draft],
    now: int,
) -> None:
    """Have each post that is out, or may be, say what its story says now; `drafts` are what they would say, by number.

    One that is not surely out waits until it is. A correction stays as it was said: the next one answers the same
    post. The story is locked by the caller.
    """
    posts = deliveries.of_story(tx, event.id, lock=True)
    corrected = {post.answers for post in posts if post.state in (State.PLANNED, State.HELD)}
    for delivery in posts:
        new = drafts.get(delivery.id)
        if new and delivery.draft and delivery.state in deeds.FOLLOWS and not delivery.answers:
            waits = delivery.id in corrected
            _ask(tx, delivery, known[delivery.account], new, config, event, now, corrected=waits)


def _ask(
    tx: Connection,
    delivery: Delivery,
    account: Account,
    new: Draft,
    config: Config,
    event: PublishEvent,
    now: int,
    *,
    corrected: bool,
) -> None:
    """`corrected`: its correction is not out yet, and so says the newest words by itself."""
    assert delivery.draft is not None  # noqa: S101 - asked by the caller
    network, begun = network_of(account), deeds.begun(delivery)
    move = plan.move(delivery.draft, new, network, policy(config, account.name), begun)
    if move.deed is None:
        looked = delivery.pending and delivery.pending.deed is Deed.LOOK
        if delivery.pending and not begun and not looked:
            deeds.drop(tx, delivery)
        return
    if move.deed is Deed.REPLY and corrected:
        deeds.left_to_reply(tx, delivery, new)
        return
    words, due_at = move.words, now
    if move.tell:
        words, due_at = plan.told(network, move.left, delivery.receipt.url if delivery.receipt else ""), NEVER
    deeds.ask(tx, delivery, move.deed, words, now, lane=event.priority.lane, due_at=due_at, draft=new)


def policy(config: Config, account: str) -> Correct:
    """What an account's config says about posts that are out."""
    return config.table(account).correct


class Follow(Attempt):
    """One try of one deed."""

    def run(self) -> None:
        """Do it, and record what came of it."""
        if self._pending.tries > MOST_TRIES:
            return self._tell(f"tried {MOST_TRIES} times: {self._pending.words}")
        with self._line() as http:
            try:
                receipt = self._where(http)
                if receipt is None:
                    return self._tell("an editor told where it is, and the network does not show it to us")
                self._do(http, receipt)
            except (ClaimLost, SQLAlchemyError, MailboxWaits):
                raise
            except CardError as error:
                self._redraw(error)
            except Unsupported as error:
                self._unsupported(error)
            except DeliveryError as error:
                self._failed(error)
            except Exception as error:
                self._failed(self._fault(error))

    @property
    def _pending(self) -> Pending:
        pending = self.claim.delivery.pending
        assert pending is not None  # noqa: S101 - it was claimed for it
        return pending

    @property
    def _live(self) -> Draft:
        assert self.claim.delivery.draft is not None  # noqa: S101 - what is sent had a draft
        return self.claim.delivery.draft

    def _where(self, http: Http) -> Receipt | None:
        """The post's receipt; where an editor told its address, what the network calls it is asked first."""
        receipt = self.claim.delivery.receipt
        if receipt is None or receipt.version != BY_HAND:
            return receipt
        try:
            return self.network.find(http, self._live)
        except CannotTell:
            return None

    def _do(self, http: Http, receipt: Receipt) -> None:
        pending = self._pending
        if pending.deed is Deed.REPLY and pending.draft and self.network.replies(self.secret):
            self._answered(receipt, pending.draft)
        elif pending.deed in (Deed.EDIT, Deed.REPLY) and pending.draft:
            image = card_bytes(self.config, pending.draft)
            edited = self.network.edit(http, receipt, pending.draft, image)
            if self._live.record and not pending.draft.record:
                self.network.unrecord(http, self._live)
            self._edited(edited, pending.draft)
        else:
            self.network.withdraw(http, receipt)
            # An edit that was begun, and is kept beside, may have made a record that was not there before.
            recorded = (one for one in (self._live, pending.draft) if one and one.record)
            if one := next(recorded, None):
                self.network.unrecord(http, one)
            self._removed(receipt)

    def _edited(self, receipt: Receipt, new: Draft) -> None:
        move = plan.move(self._live, new, self.network, "edit", Deed.EDIT)
        left = plan.told(self.network, move.left, receipt.url) if move.left else ""
        with self._recording() as tx:
            said = plan.after_edit(self._live, new, move.left)
            deeds.edited(tx, self.claim, receipt, said, left, self.store.now())
        self._log("edited")

    def _answered(self, receipt: Receipt, new: Draft) -> None:
        """The post stays as it is; its correction is planned in the transaction that says so, once for this change."""
        number = self.claim.delivery.id
        with self.store.write() as tx:
            story = stories.need(tx, self.claim.delivery.story, lock=True)
            done = deeds.replied(tx, self.claim, receipt, new, self.store.now())
            if done and not story.withdrawn:
                self._plan_another(tx, story.event, "reply", answers=number)
        self._log("answered")

    def _removed(self, receipt: Receipt) -> None:
        """Gone; and where it is to be posted again, planned in the same transaction, once for this very post."""
        delivery = self.claim.delivery
        with self._recording() as tx:
            now = self.store.now()
            story = stories.need(tx, delivery.story, lock=True)
            gone = deeds.removed(tx, self.claim, f"removed; it was {receipt.url}", now)
            if gone and self._pending.deed is Deed.REPOST and not story.withdrawn:
                self._plan_another(tx, story.event, "repost", text=delivery.text)
        self._log("removed")

    def _plan_another(self, tx: Connection, event: PublishEvent, why: str, **facts: Any) -> None:
        """A post that comes of this one, once for each revision."""
        now, delivery = self.store.now(), self.claim.delivery
        due_at = earliest(event, now)
        times: dict[str, Any] = {
            "due_at": due_at,
            "expires_at": expiry(self.config, event, due_at),
            "now": now,
        }
        deliveries.plan(
            tx, event, delivery.account, f"{why}:{event.revision}:{delivery.id}", **times, **facts
        )
        stories.redraw(tx, event.id, due_at)

    def _unsupported(self, error: Unsupported) -> None:
        """The network has no such deed for this post: as the account's policy has it, or by an editor."""
        delivery, pending = self.claim.delivery, self._pending
        if pending.deed is Deed.EDIT and self._may_repost():
            with self.store.write() as tx:
                lane, now = delivery.lane, self.store.now()
                if deliveries.change(tx, delivery, {delivery.state}, deed_tries=0):
                    asked = deliveries.get(tx, delivery.id)
                    deeds.ask(
                        tx, asked, Deed.REPOST, error.message, now, lane=lane, due_at=now, draft=pending.draft
                    )
            return
        self._tell(f"{error.message}. {error.hint}" if error.hint else error.message)

    def _may_repost(self) -> bool:
        wanted = policy(self.config, self.claim.delivery.account) == "repost"
        return wanted and plan.can_withdraw(self.network)

    def _failed(self, error: DeliveryError) -> None:
        now, words, status = self.store.now(), error.message, error.status
        if isinstance(error, Unauthorized):
            self._put_off("unauthorized", words, now, status)
            with self.store.write() as tx:
                stop_account(tx, self.claim.mailbox, error, now)
            raise MailboxWaits(now)
        if isinstance(error, Refused):
            return self._tell(words, status)
        retry = error.retry_after if isinstance(error, NotSent) else None
        if isinstance(error, RateLimited):
            rest = max(self._pause() if retry is None else retry, FIRST_PAUSE)
            self._note_pause(error, rest)
        else:
            rest = max(self._pause(), retry or 0)
        until = now + int(1000 * rest)
        self._put_off("not_done", words, until, status)
        if not isinstance(error, RateLimited):
            until = min(until, now + int(1000 * SERVER_PAUSE))
        raise MailboxWaits(until)

    def _redraw(self, error: CardError) -> None:
        """The card's file is gone or changed: it is drawn again, and the edit asked for anew."""
        until = self.store.now() + int(1000 * max(self._pause(), SERVER_PAUSE))
        with self.store.write() as tx:
            stories.redraw(tx, self.claim.delivery.story, self.store.now(), revised=True)
        self._put_off("not_done", error.message, until)

    def _tell(self, words: str, status: int | None = None) -> None:
        receipt = self.claim.delivery.receipt
        self._put_off("told", plan.by_hand(words, receipt.url if receipt else ""), NEVER, status)

    def _put_off(self, what: str, words: str, due_at: int, status: int | None = None) -> None:
        with self._recording() as tx:
            deeds.put_off(tx, self.claim, what, words, self.store.now(), due_at=due_at, status=status)
        self._log(what)

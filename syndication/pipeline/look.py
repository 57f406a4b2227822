"""Posts are read back once they are out: what readers see is held against what was sent, mended once, or told.

A person may have changed the words there by hand, so that these are never mended; nor is anything posted again.
"""

from urllib.parse import urlsplit

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from syndication.config import Config
from syndication.errors import CannotTell, CardError, ClaimLost, NotSent, RateLimited, SyndicationError
from syndication.models import BY_HAND, Draft, Pending, Receipt
from syndication.networks.base import Connector, Secret, Shown
from syndication.networks.http import Http
from syndication.pipeline import plan
from syndication.pipeline.attempt import FIRST_PAUSE, SERVER_PAUSE, Attempt, MailboxWaits, card_bytes
from syndication.pipeline.follow import policy
from syndication.store import deeds
from syndication.text import hostless
from syndication.text.same import begins, same

FIRST_LOOK = 30_000
"""Milliseconds from a post to the first look: link cards are made a little later."""

_SECOND_LOOK = 120_000
_MOST_TRIES = 8
_SEEN = {
    "post": "nothing there any more",
    "text": "another text",
    "link": "another link on its card",
    "title": "another title on its link card",
    "card": "no link card",
    "image": "no picture",
    "record": "no record of the story as it is now",
}


def is_read(config: Config, network: Connector, secret: Secret) -> bool:
    """Whether an account's posts are read back."""
    return config.gate.read_back and "read" in network.deeds(secret)


def differences(draft: Draft, shown: Shown | None, *, ours: bool) -> tuple[str, ...]:
    """What a post shows otherwise than its draft. What the network does not tell is no difference.

    `ours`: we write the tags of the page that the network may have read.
    """
    if shown is None:
        return ("post",)
    crawled = draft.form == "crawled"
    found = []
    if (
        shown.text is not None
        and same(draft.text, draft.text)
        and not same(hostless(shown.text), hostless(draft.text))
    ):
        found.append("text")
    if draft.form != "image":
        if shown.link == "":
            return (*found, "card")
        if shown.link is not None and _place(shown.link) != _place(draft.link):
            found.append("link")
        if shown.title is not None and (ours or not crawled) and not begins(shown.title, draft.title):
            found.append("title")
    # A network may make no cards, or not of every link: only one that is there can lack its picture.
    pictured = bool(draft.image_url) and shown.link is not None if crawled else draft.card is not None
    if pictured and shown.image is False:
        found.append("image")
    if draft.record and shown.record is False:
        found.append("record")
    return tuple(found)


def can_mend(differs: tuple[str, ...], draft: Draft, network: Connector) -> bool:
    """Whether saying the same once more, by an edit, may put right all that differs."""
    if not plan.can_edit(network) or {"post", "text"} & set(differs):
        return False
    return network.recrawls if draft.form == "crawled" else not network.lasts & set(differs)


def _place(url: str) -> tuple[str, str]:
    """Where a link leads; what counts readers, and how its end is spelled, is left out."""
    parts = urlsplit(url)
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")


class Look(Attempt):
    """One look at a post that is out."""

    _mends = False  # by an edit, which may come after a newer one if we were frozen meanwhile

    def run(self) -> None:
        """Read it, and record what is seen; a fault of the reading itself harms nobody."""
        receipt = self.claim.delivery.receipt
        if receipt is None or receipt.version == BY_HAND:
            return self._seen("not read back: an editor told where it is")
        with self._line() as http:
            try:
                self._judge(http, receipt, self.network.read(http, receipt))
            except (ClaimLost, SQLAlchemyError):
                raise
            except NotSent as error:
                self._later(error)
            except (SyndicationError, CannotTell) as error:
                self._seen(f"not read back: {getattr(error, 'message', error)}")
            except Exception as error:
                self._seen(f"not read back: {self._fault(error).message}")

    @property
    def _asked(self) -> Pending:
        assert self.claim.look is not None  # noqa: S101 - it was claimed for it
        return self.claim.look

    @property
    def _draft(self) -> Draft:
        assert self.claim.delivery.draft is not None  # noqa: S101 - what is sent had a draft
        return self.claim.delivery.draft

    def _judge(self, http: Http, receipt: Receipt, shown: Shown | None) -> None:
        table = self.config.metadata
        ours = bool(table.pages) or table.fragments is not None
        differs = differences(self._draft, shown, ours=ours)
        if not differs:
            return self._seen("as it should be")
        what = f"{self.network.title} shows {' and '.join(_SEEN[one] for one in differs)}"
        if self._asked.words:
            return self._seen(what, plan.by_hand(f"{what}: look at it, and change it by hand", receipt.url))
        by_hand = policy(self.config, self.claim.delivery.account) == "tell" and differs != ("record",)
        if not by_hand and can_mend(differs, self._draft, self.network):
            self._mends = True
            try:
                receipt = self.network.edit(http, receipt, self._draft, card_bytes(self.config, self._draft))
            except CardError as error:
                return self._again(f"{what}; {error.message}")
            return self._again(f"{what}; said once more", receipt)
        return self._again(what)

    def _again(self, words: str, receipt: Receipt | None = None) -> None:
        """What differs is told only if it stays: link cards come late, and what was mended takes a moment."""
        with self._recording() as tx:
            now = self.store.now()
            self._or_say_again(
                tx, now, deeds.look_again(tx, self.claim, words, now, now + _SECOND_LOOK, receipt)
            )
        self._log("looked")

    def _seen(self, words: str, left: str = "") -> None:
        with self._recording() as tx:
            now = self.store.now()
            self._or_say_again(tx, now, deeds.looked(tx, self.claim, words, left, now))
        self._log("looked")

    def _or_say_again(self, tx: Connection, now: int, done: bool) -> None:
        if self._mends and not done:
            deeds.say_again(tx, self.claim, now)

    def _later(self, error: NotSent) -> None:
        """The network gave no answer: some time later, and not for ever."""
        if self._asked.tries >= _MOST_TRIES:
            return self._seen(f"not read back: {error.message}")
        rest = max(self._pause(), error.retry_after or 0, FIRST_PAUSE)
        if isinstance(error, RateLimited):
            self._note_pause(error, rest)
        until = self.store.now() + int(1000 * rest)
        with self._recording() as tx:
            self._or_say_again(tx, self.store.now(), deeds.look_later(tx, self.claim, until))
        if not isinstance(error, RateLimited):
            until = min(until, self.store.now() + int(1000 * SERVER_PAUSE))
        raise MailboxWaits(until)

"""What Instagram and Threads share: posts that are containers first, and tokens of 60 days.

A container is made of the text and the card's address, Meta fetches the card, and one more request makes it public. Its
id is remembered between tries, and its status says whether that request was carried out.
"""

import time
from abc import abstractmethod
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import ClassVar, Literal

import regex
from pydantic import AliasChoices, Field

from syndication.errors import CannotTell, DeliveryError, NotSent, Refused, Unauthorized, Unknown
from syndication.models import Draft, Receipt, WebUrl, Window
from syndication.networks.auth import Bearer
from syndication.networks.base import Connector, Secret, Verdict
from syndication.networks.graph import CARD_HINT, Gone, Made, NotReady, exchange, find_post, judge, usage
from syndication.networks.http import Http, Shape
from syndication.networks.life import Life
from syndication.networks.transport import Answer

_DAY = 86_400.0
_RENEWED = 30 * _DAY
"""Seconds before its end from which on a token of 60 days is renewed."""

_PAUSES = (5.0, 10.0, 20.0, 30.0)  # Threads advises half a minute; images are there after a few seconds

_NAMED = regex.compile(
    r"\b[A-Z]+(?:_[A-Z]+)+\b|\b[0-9]{5,9}\b"
)  # of an error's words, what is the same in any language


class _Container(Shape):
    status: Literal["IN_PROGRESS", "FINISHED", "PUBLISHED", "ERROR", "EXPIRED"] = Field(
        validation_alias=AliasChoices("status_code", "status")
    )
    why: str = Field("", validation_alias=AliasChoices("error_message", "status"))


class _Seen(Shape):
    permalink: WebUrl


class Containers(Connector):
    """A network whose posts are containers first."""

    made_at: ClassVar[str]
    """Where containers are made, and posts listed."""

    answers_at: ClassVar[str] = ""
    """Where posts that answer others are listed, if apart."""

    published_at: ClassVar[str]
    """Where containers are published."""

    asked: ClassVar[str]
    """The fields of a container."""

    listed: ClassVar[str]
    """The fields of a post."""

    # The list of posts lags behind, and a container may be on its way to being published.
    settle: ClassVar[timedelta] = timedelta(seconds=30)

    @abstractmethod
    def url(self, http: Http, path: str) -> str:
        """A path of the Graph that the account lives in."""

    @abstractmethod
    def facts(self, draft: Draft) -> dict[str, str]:
        """What the container is made of. Raises Refused for a draft that the network would not take."""

    def refine(self, answer: Answer) -> Verdict | None:
        """By the codes of the Graph."""
        return judge(answer)

    def windows(self, answer: Answer, kind: str) -> Iterator[Window]:
        """As the Graph tells them, in percent."""
        return usage(answer)

    def life(self, secret: Secret) -> Life:
        """Of a token of 60 days; a Page's has no end."""
        if "expires_at" not in secret:
            return Life()
        over = float(secret["expires_at"])
        return Life(ends=over, renew=over - _RENEWED, moves=True)

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """The container of an earlier try if it lives, else a new one; then the request that makes it public."""
        facts = self.facts(draft)
        state = self._state(http)
        if state == "PUBLISHED":
            try:
                if found := self.find(http, draft):
                    return found
            except CannotTell as doubt:
                raise Unknown(doubt.message) from None
            raise Unknown(f"{self.title} published it, and says so no more")
        if state not in ("FINISHED", "IN_PROGRESS"):
            made = http.read(Made, "POST", self._own(http, self.made_at), data=facts)
            http.remember(container=made.id)
        said = {"creation_id": self._filled(http)}
        try:
            posted = http.create(Made, "POST", self._own(http, self.published_at), data=said)
        except NotReady:
            http.remember(container="")  # the next try makes a new one
            raise
        return self.receipt(http, posted.id)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """Among the account's posts; that it is not there is sure if its container was not published."""
        state = self._state(http)
        place = (draft.reply_to and self.answers_at) or self.made_at
        if post := find_post(http, self._own(http, place), self.listed, draft):
            return self.receipt(http, post.id)
        if state == "PUBLISHED":
            raise CannotTell(f"{self.title} says that it was published, and does not list it")
        if state == "IN_PROGRESS":
            raise NotSent(f"{self.title} is still at work on it")
        return None

    def receipt(self, http: Http, post: str) -> Receipt:
        """The post's address is asked for apart; the post stands even if that is not answered."""
        try:
            seen = http.read(_Seen, "GET", self.url(http, f"/{post}"), params={"fields": "permalink"})
        except DeliveryError:
            return Receipt(id=post, url="")
        return Receipt(id=post, url=seen.permalink)

    def _own(self, http: Http, edge: str) -> str:
        return self.url(http, f"/{http.secret['user']}/{edge}")

    def _look(self, http: Http) -> _Container:
        url = self.url(http, f"/{http.progress['container']}")
        return http.read(_Container, "GET", url, params={"fields": self.asked})

    def _state(self, http: Http) -> str:
        """The status of the container of an earlier try; empty where there is none."""
        if not http.progress.get("container"):
            return ""
        try:
            return self._look(http).status
        except Gone:
            return "EXPIRED"

    def _filled(self, http: Http) -> str:
        """Wait until the container can be published; its id."""
        for pause in (*_PAUSES, 0.0):
            found = self._look(http)
            if found.status == "FINISHED":
                return http.progress["container"]
            if found.status != "IN_PROGRESS":
                http.remember(container="")
                why = " ".join(_NAMED.findall(found.why)[:3]) or found.status
                hint = f"See that the card's address is public and answers at once. {CARD_HINT}"
                raise Refused(f"{self.title} could not use the card: {why}", hint)
            http.wait(pause)
        raise NotSent(f"{self.title} has not finished with the card", retry_after=60)

    def card_url(self, draft: Draft, *, narrowest: float, widest: float, kinds: Collection[str]) -> str:
        """The public address of the card. Raises Refused for one that Meta could not fetch or would not take."""
        card = draft.card
        if card is None:
            raise Refused(f"this post on {self.title} is an image, and the story has no card")
        if not draft.image_url:
            raise Refused(
                f"{self.title} fetches the card from a public address, and it has none",
                "Set [cards] base_url to where the card folder is served from.",
            )
        # The 1.91:1 of Meta's words are the 1200x630 of its examples, which are 1.905:1.
        shape = round(card.width / card.height, 2)
        if card.mime not in kinds or card.size > self.limits.image_bytes or not narrowest <= shape <= widest:
            raise Refused(
                f"{self.title} does not take this card: {card.mime}, {card.width}x{card.height}, {card.size:,} bytes",
                CARD_HINT,
            )
        return draft.image_url


def stay_fresh(http: Http, url: str, grant: str) -> None:
    """Renew a 60-day token in the second half of its life.

    Meta renews one from its second day until its end, then never: for weeks a failure may be passed over, as the token
    still serves. Raises Unauthorized once it is over.
    """
    secret = http.secret
    left = float(secret.get("expires_at", "inf")) - time.time()
    if left > _RENEWED:
        return
    try:
        renewed = exchange(http, url, {"grant_type": grant, "access_token": secret["access_token"]})
    except DeliveryError as error:
        if left > _DAY:
            return
        if left > 0 and isinstance(error, NotSent):
            raise
        hint = "Connect the account again: syndicate connect"
        raise Unauthorized(f"the token is not renewed: {error.message}", hint, status=error.status) from None
    http.renew({**secret, **renewed}, Bearer(renewed["access_token"]))

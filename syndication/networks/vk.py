"""VK, by its API 5.199 (VKCOM/vk-api-schema of 2025-01-21, read 2026-11; never run against VK).

Only a community's own token may post since VK ID: a user's is refused with code 1051 (postiz-app#1408, 2026-07). By the
schema such a token may neither read, change nor remove what stands on the wall, nor upload pictures (code 27,
vk-api-schema#242, 2026-04): these are tried, and where VK says so, left to people. What sanctions forbid, the
newsroom must know.
"""

from datetime import timedelta
from typing import ClassVar

from pydantic import Field
from requests.auth import AuthBase

from syndication.errors import (
    CannotTell,
    RateLimited,
    Refused,
    Unauthorized,
    Unknown,
    Unsupported,
)
from syndication.models import Draft, Form, Limits, Receipt
from syndication.networks.auth import Bearer
from syndication.networks.base import Connector, Dialogue, Secret, Verdict
from syndication.networks.http import Http, Shape, open_http
from syndication.networks.transport import Answer
from syndication.text.same import same

_VERSION = "5.199"
_PAGE = 100
_PAGES = 5
_CLOCKS_APART = timedelta(minutes=2)


class _NotOurs(Unauthorized):
    """A community's token may not do this."""


class _Missing(Refused):
    """There is no such post."""


_RECONNECT = (
    "Make a new key (community, Manage, API usage), and connect the account again: syndicate connect vk"
)
_RIGHTS = "The community's key needs the right `wall`; the community must not be closed or blocked."
# errors.json of the schema. A code that is not here is about what was posted.
_ERRORS: dict[int, Verdict] = {
    **dict.fromkeys((1, 10, 13, 36), Verdict(Unknown)),
    **dict.fromkeys((4, 5, 28), Verdict(Unauthorized, hint=_RECONNECT)),
    6: Verdict(RateLimited, retry_after=1.0),
    **dict.fromkeys((9, 29, 103, 601), Verdict(RateLimited, retry_after=3600.0)),
    **dict.fromkeys((7, 17, 18, 20, 21, 24, 25, 37, 203), Verdict(Unauthorized, hint=_RIGHTS)),
    14: Verdict(
        Unauthorized, hint="VK wants a captcha: post something there by hand, then resume the account."
    ),
    **dict.fromkeys((15, 27, 1051), Verdict(_NotOurs, hint=_RIGHTS)),
    104: Verdict(_Missing),
}


class _Community(Shape):
    id: str = Field(pattern=r"^\d{1,20}$")
    screen_name: str = Field(pattern=r"^[\w.-]{1,64}$")


class _Communities(Shape):
    groups: tuple[_Community, ...] = Field(min_length=1)


class _Made(Shape):
    post_id: str = Field(pattern=r"^\d{1,20}$")


class _Post(Shape):
    id: str = Field(pattern=r"^\d{1,20}$")
    date: float
    text: str = ""


class _Wall(Shape):
    items: tuple[_Post, ...]


class _CommunitiesTold(Shape):
    response: _Communities


class _MadeTold(Shape):
    response: _Made


class _WallTold(Shape):
    response: _Wall


class VK(Connector):
    """Posts on a community's wall with the link attached, for which VK shows the page's own card."""

    name: ClassVar[str] = "vk"
    title: ClassVar[str] = "VK"
    leave: ClassVar[str] = "Delete the key: community, Manage, API usage."
    steady: ClassVar[tuple[str, ...]] = ("community",)
    server: ClassVar[str] = "https://api.vk.com"
    forms: ClassVar[tuple[Form, ...]] = ("crawled",)
    lasts: ClassVar[frozenset[str]] = frozenset({"image"})
    # The schema gives no bound; VK's own clients stop shortly above this.
    limits: ClassVar[Limits] = Limits(
        text=15_000, unit="character", link_in_text=False, alt=0, image_bytes=50_000_000, hashtags=10
    )
    # `guid` is sent, but nothing says for how long VK knows one: `replay` stays zero.

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By a key of the community."""
        desk.say(
            "A key is made in the community itself: Manage, API usage, Access tokens, with the right `wall`."
        )
        secret = {"access_token": desk.ask("Access token", hidden=True)}
        with open_http(self, server, secret) as http:
            return {**secret, "community": _community(http).id}

    def auth(self, secret: Secret) -> AuthBase:
        """The community's key, which does not end."""
        return Bearer(secret.get("access_token", ""))

    def refine(self, answer: Answer) -> Verdict | None:
        """VK refuses with a 200, by a number."""
        said = answer.json()
        error = said.get("error") if isinstance(said, dict) else None
        if not isinstance(error, dict):
            return None
        code = error.get("error_code")
        return _ERRORS.get(code, Verdict(Refused)) if isinstance(code, int) else Verdict(Unknown)

    def identify(self, http: Http) -> str:
        """`vk.com/name`."""
        return f"vk.com/{_community(http).screen_name}"

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """As the community, under the draft's own key."""
        form = {**_wall(http), **_words(draft), "from_group": "1", "guid": draft.key}
        return _receipt(http, http.create(_MadeTold, "POST", "/method/wall.post", data=form).response.post_id)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """On the wall since the draft was made; what is pinned stands first whatever its age."""
        since = (draft.created - _CLOCKS_APART).timestamp()
        for number in range(_PAGES):
            asked = {**_wall(http), "count": _PAGE, "offset": number * _PAGE}
            try:
                posts = http.read(_WallTold, "GET", "/method/wall.get", params=asked).response.items
            except _NotOurs:
                raise CannotTell("VK does not show a community's wall to its own key") from None
            for post in posts:
                if post.date >= since and same(post.text, draft.text):
                    return _receipt(http, post.id)
            if len(posts) < _PAGE or posts[-1].date < since:
                return None
        raise CannotTell(f"the community has posted more than {_PAGE * _PAGES} times since")

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """Text and link, where VK lets a community's key do that."""
        form = {**_wall(http), **_words(draft), "post_id": _post_id(receipt)}
        try:
            http.call("POST", "/method/wall.edit", data=form)
        except _NotOurs:
            raise Unsupported(
                "VK lets no community's key change a post", "Change it by hand there."
            ) from None
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Where VK lets a community's key do that."""
        try:
            http.call("POST", "/method/wall.delete", data={**_wall(http), "post_id": _post_id(receipt)})
        except _Missing:
            return
        except _NotOurs:
            raise Unsupported(
                "VK lets no community's key remove a post", "Remove it by hand there."
            ) from None


def _community(http: Http) -> _Community:
    return http.read(
        _CommunitiesTold, "GET", "/method/groups.getById", params={"v": _VERSION}
    ).response.groups[0]


def _wall(http: Http) -> dict[str, str | int]:
    return {"v": _VERSION, "owner_id": f"-{http.secret['community']}"}


def _words(draft: Draft) -> dict[str, str]:
    return {"message": draft.text, "attachments": draft.link}


def _receipt(http: Http, post: str) -> Receipt:
    place = f"-{http.secret['community']}_{post}"
    return Receipt(id=place, url=f"https://vk.com/wall{place}")


def _post_id(receipt: Receipt) -> str:
    return receipt.id.rpartition("_")[2]

"""Facebook Pages, by Meta's Graph API (developers.facebook.com/docs/pages-api, read 2026-11; never run against it).

Personal profiles and groups cannot be posted to by anyone's app.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, ClassVar

from pydantic import Field
from requests.auth import AuthBase

from syndication.models import Draft, Form, Limits, Receipt, Window
from syndication.networks.base import Connector, Dialogue, Secret, Shown, Verdict
from syndication.networks.graph import (
    GRAPH,
    GRAPH_ENDS,
    GRAPH_HOST,
    Done,
    Proven,
    allow_pages,
    delete,
    find_post,
    judge,
    usage,
)
from syndication.networks.http import Http, Shape
from syndication.networks.login import choose
from syndication.networks.transport import Answer
from syndication.text import clip

_SCOPES = {
    "pages_manage_posts": "post, change and remove",
    "pages_read_engagement": "look for its posts",
    "pages_show_list": "see whose Pages it may post to",
}
_POST = r"^[0-9]{1,40}_[0-9]{1,40}$"


class _Posted(Shape):
    id: str = Field(pattern=_POST)


class _PhotoPosted(Shape):
    post_id: str = Field(pattern=_POST)


class _Media(Shape):
    image: dict[str, Any] | None = None


class _Attached(Shape):
    title: str = ""
    unshimmed_url: str = ""
    media_type: str = ""
    media: _Media = _Media()


class _Attachments(Shape):
    data: tuple[_Attached, ...] = ()


class _Seen(Shape):
    message: str = ""
    attachments: _Attachments = _Attachments()


class _Page(Shape):
    name: str = Field(min_length=1)


class Facebook(Connector):
    """A Page's posts show the card of the linked page, or the card itself as a photo with its description."""

    name: ClassVar[str] = "facebook"
    title: ClassVar[str] = "Facebook"
    leave: ClassVar[str] = "End it at Facebook: Settings, Business integrations; for all its Pages at once."
    steady: ClassVar[tuple[str, ...]] = ("page",)
    server: ClassVar[str] = GRAPH_HOST
    ends: ClassVar[date | None] = GRAPH_ENDS
    forms: ClassVar[tuple[Form, ...]] = ("crawled", "image")
    rereads: ClassVar[bool] = True
    recrawls: ClassVar[bool] = True
    lasts: ClassVar[frozenset[str]] = frozenset({"link", "image"})
    scopes: ClassVar[Mapping[str, str]] = _SCOPES
    # 63,206 characters is what other clients use, and is not in Meta's documents; so is the length of `alt`.
    limits: ClassVar[Limits] = Limits(
        text=63_206, unit="utf16", link_in_text=False, alt=1000, image_bytes=4_000_000, hashtags=3
    )

    def connect(self, desk: Dialogue, server: str) -> Secret:
        """By the newsroom's own app; the token of a Page has no end."""
        app, pages = allow_pages(desk, server, tuple(_SCOPES))
        page = choose(desk, "Page", [(page.id, page.name) for page in pages])
        token = next(each.access_token for each in pages if each.id == page)
        return {**app, "access_token": token, "page": page}

    def auth(self, secret: Secret) -> AuthBase:
        """The Page's token, with proof that the app is ours."""
        return Proven(secret)

    def refine(self, answer: Answer) -> Verdict | None:
        """By the codes of the Graph."""
        return judge(answer)

    def windows(self, answer: Answer, kind: str) -> Iterator[Window]:
        """As the Graph tells them, in percent."""
        return usage(answer)

    def identify(self, http: Http) -> str:
        """The Page's name."""
        asked = {"fields": "name"}
        return http.read(_Page, "GET", f"/{GRAPH}/{http.secret['page']}", params=asked).name

    def limits_of(self, limits: Limits, form: Form) -> Limits:
        """A photo leaves no room for a link's card, so that the link stands in the text."""
        return limits.model_copy(update={"link_in_text": form == "image"})

    def publish(self, http: Http, draft: Draft, image: bytes | None) -> Receipt:
        """A photo, or a link whose page Facebook has been told to read first: else the first share shows no image."""
        page = f"/{GRAPH}/{http.secret['page']}"
        if draft.form == "image" and (file := self.card_file(draft, image)):
            said = {"caption": draft.text, "alt_text_custom": clip(draft.alt, self.limits.alt)}
            photo = http.create(_PhotoPosted, "POST", f"{page}/photos", data=said, files={"source": file})
            return _receipt(photo.post_id)
        _scrape(http, draft)
        said = {"message": draft.text, "link": draft.link}
        return _receipt(http.create(_Posted, "POST", f"{page}/feed", data=said).id)

    def find(self, http: Http, draft: Draft) -> Receipt | None:
        """Among the Page's posts since the draft was made, the one that says the same."""
        url = f"/{GRAPH}/{http.secret['page']}/published_posts"
        post = find_post(http, url, "id,message,created_time", draft)
        return _receipt(post.id) if post else None

    def read(self, http: Http, receipt: Receipt) -> Shown | None:
        """Its text, and the first thing attached: the photo, or the card of the linked page."""
        fields = "message,attachments{title,unshimmed_url,media_type,media}"
        # One that is gone is refused, as one that the login does not see: Meta does not tell these apart.
        seen = http.read(_Seen, "GET", f"/{GRAPH}/{receipt.id}", params={"fields": fields})
        if not seen.attachments.data:
            return Shown(seen.message, link="", image=False)
        first = seen.attachments.data[0]
        pictured = first.media.image is not None
        if first.media_type == "photo":
            return Shown(seen.message, image=pictured)
        return Shown(seen.message, first.unshimmed_url or None, first.title or None, pictured)

    def edit(self, http: Http, receipt: Receipt, draft: Draft, image: bytes | None) -> Receipt:
        """Its text, and what Facebook knows of the page; link and photo stay as they were."""
        if draft.form != "image":
            _scrape(http, draft)
        http.read(Done, "POST", f"/{GRAPH}/{receipt.id}", data={"message": draft.text})
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        """Meta does not tell a post that is gone from one that the login does not see."""
        delete(http, f"/{GRAPH}/{receipt.id}")


def _scrape(http: Http, draft: Draft) -> None:
    """Have Facebook read the page anew: it keeps what it read for a day or more."""
    http.call("POST", f"/{GRAPH}/", data={"id": draft.link, "scrape": "true"})


def _receipt(post: str) -> Receipt:
    page, _, own = post.partition("_")
    return Receipt(id=post, url=f"https://www.facebook.com/{page}/posts/{own}")

"""One story on one page, before it goes out: its cards and crops, each account's post, the page's tags.

The same page is served to a browser on this machine and written as files that open from a folder, offline. It
loads nothing but its own style sheet and cards, and runs no script.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from babel import dates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from selectolax.lexbor import LexborHTMLParser
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from syndication.cards import views
from syndication.cards.checks import Fault
from syndication.cards.clean import LARGE
from syndication.config import Brand
from syndication.errors import InputError, SyndicationError
from syndication.models import Card, Priority, PublishEvent
from syndication.studio.crops import crops_of
from syndication.text import links

GENERATOR = "syndicate preview"
"""What marks a folder's index.html as ours, so that it may be written again."""

CARD_BYTES = 300 * 1024
"""What a card may weigh: WhatsApp's advice is the strictest (read 2026-11)."""

# What X shows of a link card's title and description (its last published card reference, 2026-02).
_TITLE_SHOWN = 70
_DESCRIPTION_SHOWN = 200

_LINK_SHOWN = 30  # Mastodon hides the scheme and all after so many letters (app/lib/text_formatter.rb)

_HERE = Path(__file__).parent
_STYLE = _HERE / "static" / "preview.css"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class PostPreview:
    """One account's post as it would go out.

    `network` is the network's name as people write it; `count` and `limit` are in the network's own measure;
    `link_in_text` says that the text holds the link and the card hangs on it as a picture, else the card is the
    thumb of a link card. `notes` say what will hurt.
    """

    account: str
    network: str
    handle: str
    text: str
    count: int
    limit: int
    link: str
    link_in_text: bool
    title: str
    description: str
    card: Card | None
    alt: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """All that the page shows. `not_going` holds (account, why); `tags_html` is the source of the page's tags.

    `crops` are of the photo alone, for search engines. `faults` are those of the card that was asked for, `problems`
    what became of it, and `held` whether the story would wait for an editor because of it.
    """

    event: PublishEvent
    cards: tuple[Card, ...]
    crops: tuple[Card, ...]
    posts: tuple[PostPreview, ...]
    not_going: tuple[tuple[str, str], ...]
    tags_html: str
    brand: Brand
    faults: tuple[Fault, ...] = ()
    problems: tuple[str, ...] = ()
    held: bool = False


class Check(NamedTuple):
    """One thing looked at. `level` is good, warn or bad; `remedy` says what to do, empty where all is well."""

    level: str
    text: str
    remedy: str = ""


class Piece(NamedTuple):
    """A stretch of a post: as it is shown, and its address where it is a link."""

    text: str
    url: str = ""


def checks(page: Page) -> list[Check]:
    """What can be said of the story before it goes out, in the order an editor asks."""
    return [
        *_card_checks(page),
        *_fault_checks(page),
        _image_tag_check(page),
        *_crop_check(page),
        *(_length_check(post) for post in page.posts),
        *_word_checks(page.event),
    ]


def write_preview(page: Page, cards_folder: Path, out: Path) -> Path:
    """Write the page, its style sheet and copies of its cards into `out`; returns the path of index.html.

    Raises InputError if `out` holds anything but an earlier preview, or cannot be written.
    """
    index = out / "index.html"
    try:
        _refuse_foreign(out, index)
        (out / "cards").mkdir(parents=True, exist_ok=True)
        for card in (*page.cards, *page.crops):
            shutil.copyfile(cards_folder / card.file, out / "cards" / card.file)
        shutil.copyfile(_STYLE, out / _STYLE.name)
        # Last and whole: whoever opens the index finds all that it names.
        draft = out / ".index.html.new"
        draft.write_text(_render(page), encoding="utf-8")
        draft.replace(index)
    except OSError as error:
        place = error.filename or out
        raise InputError(
            f"{place}: the preview cannot be written: {error.strerror}", "Choose another --out."
        ) from None
    return index


def preview_app(build: Callable[[], tuple[Page, Path]]) -> Starlette:
    """The page as a web application for this machine's own browser.

    `build` is called for each look at the page, one at a time, and returns it with the folder of its cards. An
    error meant for people is shown as a page. Only cards that a page has shown are served.
    """
    building = threading.Lock()
    shown: dict[str, Path] = {}

    def index(_: Request) -> Response:
        try:
            with building:
                page, folder = build()
        except SyndicationError as error:
            return HTMLResponse(_TEMPLATES.get_template("trouble.html").render(error=error), headers=_HEADERS)
        shown.update({card.file: folder / card.file for card in (*page.cards, *page.crops)})
        return HTMLResponse(_render(page), headers=_HEADERS)

    def card(request: Request) -> Response:
        path = shown.get(request.path_params["file"])
        if path is None or not path.is_file():
            return PlainTextResponse("This preview has no such card.", status_code=404, headers=_HEADERS)
        return FileResponse(path, headers=_HEADERS)

    def style(_: Request) -> Response:
        return FileResponse(_STYLE, headers=_HEADERS)

    return Starlette(
        routes=[
            Route("/", index),
            Route("/cards/{file}", card),
            Route(f"/{_STYLE.name}", style),
        ],
        # A foreign page that points its own name at this machine must not read a story under embargo.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def _render(page: Page) -> str:
    return _TEMPLATES.get_template("preview.html").render(
        page=page,
        event=page.event,
        checks=checks(page),
        accent=_accent(page),
        direction="rtl" if page.event.rtl else "ltr",
        seen=list(crops_of(page.cards)),
        wide=_wide(page.cards),
        named=_named(page),
    )


def _refuse_foreign(out: Path, index: Path) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    mark = f'<meta name="generator" content="{GENERATOR}">'
    if not index.is_file() or mark not in index.read_text(encoding="utf-8", errors="replace")[:2000]:
        raise InputError(
            f"{out}: holds something that is no preview", "Name an empty or a new folder with --out."
        )


def _wide(cards: tuple[Card, ...]) -> Card | None:
    return max(cards, key=lambda card: card.width / card.height, default=None)


def _accent(page: Page) -> str:
    colors, section = page.brand.colors, page.brand.sections.get(page.event.section)
    if page.event.priority is Priority.BREAKING:
        return colors.alarm
    return section.accent if section else colors.accent


def _card_checks(page: Page) -> Iterator[Check]:
    image = page.event.image
    if not page.cards:
        yield Check("bad", "No card was drawn", "Posts go out without a picture.")
    for card in page.cards:
        told = f"{card.width}×{card.height} card has {_kilobytes(card.size)}"
        if card.size <= CARD_BYTES:
            yield Check("good", told)
        else:
            limit = _kilobytes(CARD_BYTES)
            yield Check(
                "warn", told, f"Over {limit} WhatsApp may leave it out. A calmer photo makes it smaller."
            )
    if image is None:
        yield Check(
            "warn", "The story has no photo", "Its card is words on plain paper. Add image to the event."
        )
    elif not image.alt:
        yield Check("warn", "The photo has no alt text", "Say in one sentence what it shows, in image.alt.")
    else:
        yield Check("good", f"Alt text of the photo has {_characters(image.alt)}")


def _fault_checks(page: Page) -> Iterator[Check]:
    """What is wrong with the card, each box and check once with all the places that show it so."""
    if page.held:
        yield Check(
            "bad", "The story would be held", "Mend its card, or say what else to do in check of [cards]."
        )
    found = dict[tuple[str, str], list[Fault]]()
    for fault in page.faults:
        found.setdefault((fault.box, fault.check), []).append(fault)
    for (box, check), faults in found.items():
        places = ", ".join(dict.fromkeys(fault.view for fault in faults))
        one = faults[0]
        yield Check("bad", f"{box}: {check} {one.found}, wanted {one.wanted} ({places})", one.remedy)
    drawn = {card.template for card in page.cards}
    if page.problems and not page.faults:
        yield from (Check("warn", problem.rstrip(".")) for problem in page.problems)
    elif page.faults and page.problems and page.problems[0].endswith("instead."):
        yield Check("warn", f"The card is drawn as {', '.join(sorted(drawn))} instead")
    elif page.cards and not page.faults:
        seen = {view for card in page.cards for view in views.of(card.width, card.height)}
        yield Check("good", f"The card can be read at {sum(not view.thumbnail for view in seen)} places")


def _image_tag_check(page: Page) -> Check:
    tags, named = _tags(page), _named(page)
    if "og:image" not in tags:
        return Check("warn", "The page names no og:image", "Set base_url in [cards] of syndicate.toml.")
    declared = (tags.get("og:image:width"), tags.get("og:image:height"))
    if named is None or declared != (str(named.width), str(named.height)):
        return Check(
            "bad",
            "og:image is no picture of this story",
            "Write the page's tags anew: syndicate meta --into.",
        )
    what = "the photo" if named.is_clean else "the card"
    return Check("good", f"og:image is {what}, {named.width}×{named.height}, as declared")


def _named(page: Page) -> Card | None:
    """The picture of the story that og:image names."""
    address = _tags(page).get("og:image", "")
    return next((one for one in (*page.cards, *page.crops) if address.endswith(quote(one.file))), None)


def _crop_check(page: Page) -> Iterator[Check]:
    if page.event.image is None:
        return
    widest = max((crop.width for crop in page.crops), default=0)
    if widest >= LARGE:
        yield Check("good", f"Search engines get the photo without words, up to {widest:,} pixels wide")
    else:
        told = f"is {widest:,} pixels wide" if widest else "is too small for them"
        yield Check(
            "warn",
            f"The photo for search engines {told}",
            f"Google Discover shows one large from {LARGE:,} on.",
        )


def _tags(page: Page) -> dict[str, str]:
    """The page's Open Graph tags, read back from their source as a network reads them."""
    nodes = LexborHTMLParser(page.tags_html).css("meta[property][content]")
    return {node.attributes["property"] or "": node.attributes["content"] or "" for node in nodes}


def _length_check(post: PostPreview) -> Check:
    name = f"{post.network} {post.handle}"
    if post.count > post.limit:
        over = f"{post.count - post.limit:,} over the {post.limit:,}"
        return Check("bad", f"{name} is {over} it takes", "Shorten its text in overrides.")
    return Check("good", f"{name} fits: {post.count:,} of {post.limit:,}")


def _word_checks(event: PublishEvent) -> Iterator[Check]:
    if len(event.headline) > _TITLE_SHOWN:
        yield Check(
            "warn",
            f"Headline has {_characters(event.headline)}",
            f"Link cards cut titles after about {_TITLE_SHOWN}; the first words must carry it.",
        )
    if not event.summary:
        yield Check("warn", "There is no summary", "Posts say the body's first sentences instead.")
    elif len(event.summary) > _DESCRIPTION_SHOWN:
        yield Check(
            "warn",
            f"Summary has {_characters(event.summary)}",
            f"Link cards cut descriptions after about {_DESCRIPTION_SHOWN}.",
        )


def _characters(text: str) -> str:
    return f"{len(text):,} character{'s' if len(text) != 1 else ''}"


def _kilobytes(size: int) -> str:
    return f"{size / 1024:.0f} KB"


def _pieces(text: str, short: bool) -> list[Piece]:
    """A post's text with its links told apart; `short` shows them as Mastodon does, for the eye only."""
    pieces, at = [], 0
    for start, end, url in links(text):
        address = url.partition("://")[2].removeprefix("www.") if short else url
        cut = short and len(address) > _LINK_SHOWN
        pieces += [Piece(text[at:start]), Piece(address[:_LINK_SHOWN] + "…" if cut else address, url)]
        at = end
    return [piece for piece in [*pieces, Piece(text[at:])] if piece.text]


def _moment(when: datetime, zone: str) -> str:
    """A time in the brand's zone, in the page's English: `20 November 2026, 08:00 UTC`."""
    told: str = dates.format_datetime(
        when, "d MMMM y, HH:mm z", tzinfo=dates.get_timezone(zone), locale="en_GB"
    )
    return told


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["generator"] = GENERATOR
    environment.filters.update(
        kilobytes=_kilobytes,
        pieces=_pieces,
        moment=_moment,
        domain=lambda url: urlsplit(url).netloc.removeprefix("www."),
    )
    return environment


_TEMPLATES = _environment()

"""How each place shows a card: what it cuts off, what it lays over, how small it gets. Facts, and sums on them.

Networks document little of this. In `source`, "documented" is the network's own word, "code" the source of its client,
"observed" what people report and anyone can see, and "arithmetic" follows from these; all as read in November 2026.
Nothing is known of sizes that are not told. What differs from one app or year to the next is told at its worst.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from syndication.cards.ops import Rect

Share = tuple[float, float, float, float]


class Laid(NamedTuple):
    """What a network lays over a picture: its name, and its box as shares of the view: left, top, right, bottom.

    A play button, over cards of videos alone, is a `disc` in the middle instead: its width as a share of the view's.
    """

    name: str
    box: Share = (0, 0, 0, 0)
    disc: float = 0


class View(NamedTuple):
    """One way in which a network shows a card.

    `shapes` are the cards that it is for, from the least to the greatest width for a height of 1. `aspect` is the
    same of the part that is shown, cut from the middle; None shows all. `width` is the least at which it is shown and
    `radius` that of its corners there, both in CSS pixels. `least` is the smallest picture that it takes, in pixels,
    and `formats` are the kinds.
    A `thumbnail` shows a square of a wide picture: no headline can be kept whole in it, and none is asked to.
    `handheld`: so small that names, dates and sources cannot be read anyway, and may be laid over.
    """

    name: str
    source: str
    shapes: tuple[float, float]
    width: int
    aspect: float | None = None
    radius: int = 0
    laid: tuple[Laid, ...] = ()
    max_bytes: int | None = None
    least: tuple[int, int] = (1, 1)
    formats: tuple[str, ...] = ("image/jpeg", "image/png")
    thumbnail: bool = False
    handheld: bool = False

    def shown(self, width: int, height: int) -> Rect:
        """The part of a card of that size, in pixels, that is shown."""
        if self.aspect is None:
            return Rect(0, 0, width, height)
        across, down = min(width, height * self.aspect), min(height, width / self.aspect)
        return Rect((width - across) / 2, (height - down) / 2, across, down)


_LINK, _FEED, _PIN, _STORY = (1.5, 2.1), (0.75, 1.1), (0.6, 0.75), (0.5, 0.6)

# Facebook, Telegram, Discord and Slack lay one over pages that hold a video for their players: observed, 56 of 506.
_PLAY = Laid("the play button", disc=0.11)

VIEWS = (
    # Since January 2024 the label at the bottom left holds the page's title, as much as the width has room for, and
    # no longer its domain. It is 20 CSS pixels high and stands 12 from the edge, at any width of the picture.
    View(
        "X",
        "2:1, 300x157, 5 MB: its last card reference, 2026-02; label, corners, width: observed; 15 pixels: arithmetic",
        _LINK,
        506,
        2.0,
        16,
        (Laid("the title", (0, 0.873, 1, 1)), _PLAY),
        5_000_000,
        (300, 157),
    ),
    View(
        "X on a phone",
        "as X; width: arithmetic, the column of a screen of 400",
        _LINK,
        320,
        2.0,
        16,
        (Laid("the title", (0, 0.8, 1, 1)),),
        handheld=True,
    ),
    View(
        "Facebook",
        "1.91:1, 600x315, 8 MB: documented; width: observed",
        _LINK,
        360,
        1.91,
        0,
        (_PLAY,),
        8_000_000,
        (600, 315),
    ),
    View("Threads", "as Facebook, whose crawler it shares; width, corners: observed", _LINK, 300, 1.91, 12),
    View(
        "LinkedIn",
        "1.91:1, 401 wide, 5 MB: documented; width: observed",
        _LINK,
        350,
        1.91,
        0,
        (),
        5_000_000,
        (401, 1),
    ),
    View(
        "Bluesky",
        "1.91:1, corners: code of its app, ExternalEmbed; bytes: documented; width: observed",
        _LINK,
        300,
        1.91,
        12,
        (),
        1_000_000,
    ),
    View(
        "Mastodon",
        "whole, 2 MB before 4.4: code of the server; width, corners: observed",
        _LINK,
        310,
        None,
        8,
        (_PLAY,),
        2_000_000,
    ),
    View("Telegram", "whole, width, corners: observed", _LINK, 270, None, 6, (_PLAY,)),
    View(
        "WhatsApp",
        "300 wide, 600 KB: documented; 300 KB is what others advise; 1.91:1, width: observed",
        _LINK,
        260,
        1.91,
        8,
        (),
        300 * 1024,
        (300, 1),
    ),
    View(
        "WhatsApp’s square", "observed: which of the two, its app decides", _LINK, 70, 1.0, 4, thumbnail=True
    ),
    View("Slack", "whole, at most 360 wide, corners: observed", _LINK, 300, None, 8, (_PLAY,)),
    View("Slack’s square", "observed", _LINK, 75, 1.0, 4, thumbnail=True),
    View("Discord", "whole, at most 400x300, corners: observed", _LINK, 300, None, 4, (_PLAY,)),
    View("iMessage", "whole, width, corners: observed", _LINK, 250, None, 18),
    View(
        "Instagram",
        "at most 8 MB, JPEG: documented; width: arithmetic",
        _FEED,
        375,
        None,
        0,
        (),
        8_000_000,
        formats=("image/jpeg",),
    ),
    View("Instagram’s grid", "3:4 since January 2025: observed", _FEED, 125, 0.75, thumbnail=True),
    View(
        "Pinterest",
        "2:3: documented; two columns on a screen of 390: arithmetic; corners: observed",
        _PIN,
        180,
        2 / 3,
        16,
    ),
    View(
        "Instagram’s stories",
        "14 and 20 percent: documented for advertisements, whose frame is the widest; width: arithmetic",
        _STORY,
        360,
        9 / 16,
        0,
        (Laid("the name bar", (0, 0, 1, 0.14)), Laid("the reply bar", (0, 0.8, 1, 1))),
        30_000_000,
        (500, 1),
    ),
)


@lru_cache(maxsize=64)
def of(width: int, height: int) -> tuple[View, ...]:
    """The views of a card of that size in pixels."""
    return tuple(view for view in VIEWS if view.shapes[0] <= width / height <= view.shapes[1])


@lru_cache(maxsize=64)
def safe(width: int, height: int) -> Rect:
    """The part of a card of that size, in pixels, that every view shows and where none lays anything across.

    What stands in the middle of a picture, or over its corners, does not count: see `checks`.
    """
    left, top, right, bottom = 0.0, 0.0, float(width), float(height)
    for view in of(width, height):
        if view.thumbnail:
            continue
        shown = view.shown(width, height)
        left, top = max(left, shown.x), max(top, shown.y)
        right, bottom = min(right, shown.right), min(bottom, shown.bottom)
        for laid, box in overlays(view, shown):
            if laid.disc or view.handheld:
                continue
            if box.y > shown.y:
                bottom = min(bottom, box.y)
            else:
                top = max(top, box.bottom)
    return Rect(left, top, right - left, bottom - top)


@lru_cache(maxsize=64)
def smallest(width: int, height: int) -> tuple[View, float] | None:
    """The view that shows a card of that size smallest, and at what scale; None if nothing is known of such cards."""
    scales = [
        (view, view.width / view.shown(width, height).width)
        for view in of(width, height)
        if not view.thumbnail
    ]
    return min(scales, key=lambda one: one[1], default=None)


def middle(width: int, height: int) -> Rect:
    """Where a play button stands on a card of that size, in pixels."""
    side = _PLAY.disc * width
    return Rect((width - side) / 2, (height - side) / 2, side, side)


def overlays(view: View, shown: Rect, *, video: bool = False) -> Iterator[tuple[Laid, Rect]]:
    """What a view lays over a card, and where: in the card's pixels. `video`: whether the card is of a video."""
    for laid in view.laid:
        if laid.disc and video:
            side = laid.disc * shown.width
            middle = shown.x + (shown.width - side) / 2, shown.y + (shown.height - side) / 2
            yield laid, Rect(*middle, side, side)
        elif not laid.disc:
            left, top, right, bottom = laid.box
            across, down = (right - left) * shown.width, (bottom - top) * shown.height
            yield laid, Rect(shown.x + left * shown.width, shown.y + top * shown.height, across, down)

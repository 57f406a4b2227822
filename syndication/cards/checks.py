"""What is wrong with a finished card: each fault with its box, the place that shows it so, its number and a remedy.

Contrast is measured on the card's pixels as they stand behind its words; all else follows from where things stand.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from syndication.cards import contrast, views
from syndication.cards.brand import Brand, Rgb, palette
from syndication.cards.ops import LogoOp, Op, PhotoOp, Rect, TextOp
from syndication.config import Config
from syndication.models import Card

EVERYWHERE = "everywhere"

_SMALL_PRINT = frozenset({"byline", "date", "moment", "note", "role", "credit", "source"})
"""What a reader of the picture looks for only where it is large enough; the post and the page tell it too."""

_LEAST = 2.7
_LEAST_SMALL = 4.1
"""CSS pixels of a capital's height, or of a letter like it in scripts without capitals, where a card is shown smallest.

A phone's are about 0.16 mm. At 30 cm a normal eye tells letters of five minutes of arc (ISO 8596): 0.44 mm, 2.7 pixels.
Of headlines the small letters, where there are any, are to be as high: they are two thirds of capitals.
"""

_TINY = 7.0  # CSS pixels of letters' size

_ANOTHER_LOGO = "Another logo in [brand] (`logo` is for photos and the night, `logo_dark` for paper)"

_ANOTHER = {
    "white": "A darker colour behind it in [brand.colors]",
    "black": "A lighter colour behind it in [brand.colors]",
    "accent": "The template's `accent_deep` for these words",
}

_HAIR = 1.0  # pixels: what rounding may do


class Fault(NamedTuple):
    """One thing wrong: in which box (`headline`), by which check, in which view, what was found and what is wanted.

    A `note` refuses nothing: it tells what a thumbnail leaves out, or a crop of the photo.
    """

    box: str
    check: str
    view: str
    found: str
    wanted: str
    remedy: str
    note: bool = False

    def __str__(self) -> str:
        told = f"{self.box}, {self.view}: {self.check} {self.found}, wanted {self.wanted}"
        return f"{told}. {self.remedy}" if self.remedy else told


Words = TextOp | LogoOp


def check(ops: Sequence[Op], ground: contrast.Ground, brand: Brand, card: Card) -> tuple[Fault, ...]:
    """Everything that is wrong with a card: `ground` is what it was before its words were painted."""
    words, size = words_of(ops), (card.width, card.height)
    found = [
        *weak_contrasts(words, ground, brand, card.width),
        *_overflows(words, Rect(0, 0, *size)),
        *_cut_short(words),
        *_collisions([*words, *(op for op in ops if isinstance(op, PhotoOp) and op.round)]),
    ]
    around = _around([op.rect for op in words])
    for view in views.of(*size):
        shown = view.shown(*size)
        found += _refused(view, card)
        found += (
            _cut_to_thumbnail(view, words, shown) if view.thumbnail else _hidden(view, words, around, shown)
        )
    return tuple(dict.fromkeys([*found, *_too_small(words, size)]))


def words_of(ops: Sequence[Op]) -> list[Words]:
    """The words and logos among what is painted."""
    return [op for op in ops if isinstance(op, LogoOp) or (isinstance(op, TextOp) and op.block)]


def weak_contrasts(
    words: Sequence[Words], ground: contrast.Ground, brand: Brand, width: int
) -> Iterator[Fault]:
    """Words and logos that cannot be told well enough from what stands behind them; the worst line of each."""
    for op in words:
        color, alpha = brand.ink(op) if isinstance(op, LogoOp) else brand.color(op.color)
        # A pill is drawn around capitals, and a line of tall letters is higher than that: there the ink counts.
        boxes = [op.ink] if isinstance(op, TextOp) and op.boxed else op.lines()
        found = min(contrast.least(ground.under(box.pixels()), color, alpha) for box in boxes)
        if isinstance(op, LogoOp):
            found = max(found, brand.contrast_within(op))
        if found < (wanted := contrast.wanted(op, width)):
            role = op.color.partition(" ")[0]
            another = _ANOTHER.get(role, f"Another {role} in [brand.colors]")
            remedy = (
                f"{_ANOTHER_LOGO if isinstance(op, LogoOp) else another}, or another ground in the template."
            )
            told = f"{int(found * 100) / 100} to 1"  # cut, not rounded: 4.499 is no 4.5
            yield Fault(name_of(op), "contrast", EVERYWHERE, told, f"{wanted} to 1", remedy)


def lacks(fields: Iterable[str], template: str) -> Iterator[Fault]:
    """What a story has nothing to say for, on a template that is for it."""
    for field in fields:
        remedy = "Tell it in the event, or take another template."
        yield Fault(field, "content", EVERYWHERE, "missing", f"on each {template} card", remedy)


def left_out(size: tuple[int, int]) -> Fault:
    """A note that a card does without its photo, as that is too small for any place on it: its pixels."""
    found = f"{size[0]}x{size[1]} pixels, too small to be shown"
    return Fault("photo", "size", EVERYWHERE, found, "more", "A larger photo.", note=True)


def _overflows(words: Sequence[Words], card: Rect) -> Iterator[Fault]:
    for op in words:
        if (out := _beyond(op, card)) > _HAIR:
            yield Fault(
                name_of(op),
                "overflow",
                EVERYWHERE,
                f"{out:.0f} pixels off the card",
                "none",
                "A larger margin.",
            )


def _cut_short(words: Sequence[Words]) -> Iterator[Fault]:
    """A headline that ends in an ellipsis; of other words it is no fault, as the page has them."""
    for op in words:
        if isinstance(op, TextOp) and op.name == "headline" and op.block and op.block.cut:
            remedy = "Fewer words, or a plainer template."
            yield Fault("headline", "length", EVERYWHERE, f"{op.block.cut} letters too many", "none", remedy)


def _collisions(boxes: Sequence[Op]) -> Iterator[Fault]:
    for one, other in combinations(boxes, 2):
        if _overlap(one.rect, other.rect) and (common := _overlap(one.ink, other.ink)):
            names = f"{name_of(one)} and {name_of(other)}"
            told = f"{common:.0f} pixels of one over the other"
            yield Fault(
                names, "collision", EVERYWHERE, told, "none", "A gap between them, or less of either."
            )


def _refused(view: views.View, card: Card) -> Iterator[Fault]:
    """What keeps a network from taking the card at all."""
    if view.max_bytes is not None and card.size > view.max_bytes:
        found, wanted = f"{card.size:,}", f"at most {view.max_bytes:,}"
        yield Fault("card", "bytes", view.name, found, wanted, "A smaller size, or JPEG.")
    if card.mime not in view.formats:
        yield Fault(
            "card", "format", view.name, card.mime, " or ".join(view.formats), "JPEG, as is the default."
        )
    if card.width < view.least[0] or card.height < view.least[1]:
        found, wanted = f"{card.width}x{card.height}", f"at least {view.least[0]}x{view.least[1]}"
        yield Fault("card", "pixels", view.name, found, wanted, "A larger size.")


def _hidden(view: views.View, words: Sequence[Words], around: Rect, shown: Rect) -> Iterator[Fault]:
    """Words and logos that a view cuts off, rounds off or lays something over; `around` is the box of all."""
    video = any(isinstance(op, TextOp) and op.name == "video" for op in words)
    laid = list(views.overlays(view, shown, video=video))
    radius = view.radius * shown.width / view.width
    # What the box around all of them is clear of, each is: so it is with most views of most cards.
    far = max(_reach(around, shown), _rounded_off(around, shown, radius))
    if max(far, *(_overlap(around, box) for _, box in laid), 0) <= _HAIR:
        return
    for op in words:
        name = name_of(op)
        if (out := _beyond(op, shown)) > _HAIR:
            yield Fault(name, "crop", view.name, f"{out:.0f} pixels cut off", "none", "A larger margin.")
        elif (out := _rounded_off(op.rect, shown, radius)) > _HAIR and _rounded_off(
            op.ink, shown, radius
        ) > _HAIR:
            yield Fault(
                name, "corner", view.name, f"{out:.0f} pixels rounded off", "none", "A larger margin."
            )
        for over, box in laid:
            if _overlap(op.rect, box) <= _HAIR or (view.handheld and _illegible(op, view, shown)):
                continue
            if (deep := _overlap(op.ink, box)) > _HAIR:
                told = f"{deep:.0f} pixels under {over.name}"
                yield Fault(name, "overlay", view.name, told, "none", _remedy(over))


def _illegible(op: Words, view: views.View, shown: Rect) -> bool:
    """Whether words, or an agency's logo beside them, are so small in a view that nothing is lost under what is over.

    Our own logo counts whatever its size.
    """
    if isinstance(op, LogoOp):
        high = op.rect.height if op.agency else math.inf
    else:
        high = op.block.size if op.block else math.inf
    return high * view.width / shown.width < _TINY


def _remedy(over: views.Laid) -> str:
    if over.disc:
        return "Fewer words, or a template that keeps the middle free."
    return "Fewer words, or a template whose words stand further from the edge."


def _cut_to_thumbnail(view: views.View, words: Sequence[Words], shown: Rect) -> Iterator[Fault]:
    """A note of what a thumbnail cuts through or leaves out: the post beside it has to say that."""
    if cut := list(dict.fromkeys(name_of(op) for op in words if _beyond(op, shown) > _HAIR)):
        yield Fault(", ".join(cut), "thumbnail", view.name, "cut", "whole", "", note=True)


def cut_subjects(subjects: Iterable[tuple[str, Rect, Rect]], card: Card) -> Iterator[Fault]:
    """A note of each focal point and face that a view cuts, or the card itself: each with its box and its photo's."""
    size = card.width, card.height
    for name, box, frame in subjects:
        if lost := _lost(box, frame):
            yield Fault(name, "crop", EVERYWHERE, lost, "whole", "Tell another `focal` point.", note=True)
            continue
        for view in views.of(*size):
            if lost := _lost(box, view.shown(*size)):
                remedy = "A template whose photo stands in the middle, or a `focal` point nearer to it."
                check = "thumbnail" if view.thumbnail else "crop"
                yield Fault(name, check, view.name, lost, "whole", remedy, note=True)


def _lost(box: Rect, frame: Rect) -> str:
    """How much of a box a frame leaves out, in words; nothing if all of it is in."""
    if (far := _reach(box, frame)) <= _HAIR:
        return ""
    across = max(min(box.right, frame.right) - max(box.x, frame.x), 0)
    down = max(min(box.bottom, frame.bottom) - max(box.y, frame.y), 0)
    area = box.width * box.height
    return f"{1 - across * down / area:.0%} cut off" if area else f"{far:.0f} pixels outside"


def _too_small(words: Sequence[Words], size: tuple[int, int]) -> Iterator[Fault]:
    for op in words:
        if isinstance(op, TextOp) and (small := too_small(op, size)):
            view, high, least = small
            found, wanted = f"{int(high * 10) / 10} pixels high", f"at least {least}"
            remedy = "Fewer words, so that they are set larger."
            yield Fault(name_of(op), "legibility", view, found, wanted, remedy)


def too_small(op: TextOp, size: tuple[int, int]) -> tuple[str, float, float] | None:
    """Where a card of that size is shown smallest, its letters' height there, and what is wanted, in CSS pixels.

    None if they can be read there.
    """
    if not op.block or op.name in _SMALL_PRINT or not (smallest := views.smallest(*size)):
        return None
    view, scale = smallest
    small = op.name == "headline" and not op.block.capitals
    high, least = op.block.capital * scale, _LEAST_SMALL if small else _LEAST
    return (view.name, high, least) if high < least else None


def name_of(op: Op) -> str:
    """What a box is called."""
    if isinstance(op, TextOp):
        return "logo" if op.name == "brand" else op.name
    if isinstance(op, LogoOp):
        return "agency" if op.agency else "logo"
    return "portrait"


def _beyond(op: Words, frame: Rect) -> float:
    """How far words or a logo reach out of a frame, in pixels; measured by their ink where their box does."""
    far = _reach(op.rect, frame)
    return _reach(op.ink, frame) if far > _HAIR else far


def _reach(rect: Rect, frame: Rect) -> float:
    return max(frame.x - rect.x, frame.y - rect.y, rect.right - frame.right, rect.bottom - frame.bottom, 0)


def _around(boxes: Sequence[Rect]) -> Rect:
    """The least box that holds some; an empty one for none."""
    if not boxes:
        return Rect(0, 0, 0, 0)
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    return Rect(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


def _rounded_off(rect: Rect, frame: Rect, radius: float) -> float:
    """How far the corner of a box that is nearest to one of the frame's reaches over its rounding, in pixels."""
    across = radius - min(rect.x - frame.x, frame.right - rect.right)
    down = radius - min(rect.y - frame.y, frame.bottom - rect.bottom)
    return math.hypot(across, down) - radius if min(across, down) > 0 else 0


def _overlap(one: Rect, other: Rect) -> float:
    """How deep two boxes reach into each other, in pixels; 0 if they do not."""
    across = min(one.right, other.right) - max(one.x, other.x)
    down = min(one.bottom, other.bottom) - max(one.y, other.y)
    return max(min(across, down), 0)


def weak_colors(config: Config) -> list[str]:
    """The config's colours that cannot be read on what templates set them on, each in one line."""
    colors = {**palette(config.brand.colors, config.brand.colors.accent, dark=False)}
    paper, night, white = colors["paper"], colors["night"], colors["white"]
    pairs = [
        ("colors.ink on paper", colors["ink"], paper),
        ("70 % of colors.ink on paper, as small words are,", _mixed(colors["ink"], paper, 0.7), paper),
        ("paper on colors.night", paper, night),
        ("70 % of paper on colors.night, as small words are,", _mixed(paper, night, 0.7), night),
        ("white on colors.night", white, night),
        ("white on colors.alarm", white, colors["alarm"]),
        ("black on colors.age", colors["black"], colors["age"]),
    ]
    found = [(name, contrast.ratio(*map(contrast.luminance, pair))) for name, *pair in pairs]
    return [
        f"{name} has {int(one * 100) / 100} to 1, wanted {contrast.SMALL} to 1 (see [brand] in syndicate.toml)"
        for name, one in found
        if one < contrast.SMALL
    ]


def _mixed(color: Rgb, ground: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in zip(color, ground, strict=True))
    return red, green, blue

"""What there is to paint on a card, as the layout says it and `draw` does it."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from syndication.cards.typeset import Block


class Rect(NamedTuple):
    """A box in pixels from the card's top left."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x after its last pixel."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y after its last pixel."""
        return self.y + self.height

    def within(self, other: "Rect") -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of what lies in another, as shares of that; None if nothing does."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        if left >= right or top >= bottom:
            return None
        return (
            (left - other.x) / other.width,
            (top - other.y) / other.height,
            (right - other.x) / other.width,
            (bottom - other.y) / other.height,
        )

    def pixels(self) -> tuple[int, int, int, int]:
        """Its edges on whole pixels, left, top, right and bottom; at least one pixel each way."""
        left, top = round(self.x), round(self.y)
        return left, top, max(round(self.right), left + 1), max(round(self.bottom), top + 1)


@dataclass(frozen=True)
class Op:
    """Something to paint. `color` is a brand role, with a share where it is not opaque (`white 80%`)."""

    rect: Rect
    color: str = ""

    @cached_property
    def ink(self) -> Rect:
        """The box of what is painted."""
        return self.rect


@dataclass(frozen=True)
class FillOp(Op):
    """A flat colour; `fade` is the width in pixels over which it eases to nothing at the side `towards`."""

    fade: float = 0
    towards: str = "right"


@dataclass(frozen=True)
class PhotoOp(Op):
    """The photo, covering the box, or cut round in it."""

    round: bool = False


@dataclass(frozen=True)
class ScrimOp(Op):
    """The colour over a photo in `rect`, as deep as light `words` on it need, from an edge to nothing.

    It is deepest where words start: at the left, or at the right if `rtl`.
    """

    edge: str = "bottom"
    words: "tuple[TextOp | LogoOp, ...]" = ()
    rtl: bool = False


@dataclass(frozen=True)
class TextOp(Op):
    """Set words in the box of their lines. `name` is the field's or the template's word's.

    `boxed` words stand on a box of their own, not on the photo.
    """

    block: Block | None = None
    name: str = ""
    rtl: bool = False
    boxed: bool = False

    def lines(self) -> list[Rect]:
        """The box of each line."""
        return (
            [
                Rect(
                    self.rect.right - line.width if self.rtl else self.rect.x,
                    self.rect.y + index * self.block.pitch,
                    line.width,
                    self.block.pitch,
                )
                for index, line in enumerate(self.block.lines)
            ]
            if self.block
            else []
        )

    @cached_property
    def ink(self) -> Rect:
        """The box of the outlines of its letters, which may be far smaller than their lines', or larger."""
        boxes = []
        for index, box in enumerate(self.lines()):
            assert self.block  # noqa: S101 - it has lines
            base = self.rect.y + self.block.baseline + index * self.block.pitch
            if ink := self.block.lines[index].ink:
                boxes.append((box.x + ink[0], base - ink[1], box.x + ink[2], base - ink[3]))
        if not boxes:
            return self.rect
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return Rect(min(lefts), min(tops), max(rights) - min(lefts), max(bottoms) - min(tops))


@dataclass(frozen=True)
class LogoOp(Op):
    """The brand's logo picture, or the agency's; `color` is what its words would be set in.

    A `boxed` one stands on a box of its own, not on the photo.
    """

    agency: bool = False
    boxed: bool = False

    def lines(self) -> list[Rect]:
        """Its box, as if it were a line of words."""
        return [self.rect]

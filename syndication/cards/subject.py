"""What is laid out: a story's words, the shapes of its photo and logos; and the error where they have no room."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from syndication.cards.ops import Rect
from syndication.errors import CardError

# How much larger than its own pixels a photo may be drawn. Networks show a card of 1200 pixels 500 to 600 wide (CSS),
# so that a third more is lost again on most screens; beyond it, the photo looks soft beside the sharp words.
_MOST_ENLARGED = 1.35
_LEAST_SHOWN = 0.6
"""Of a photo that covers a card: less of an upright or a square one is a chin, or a headline over a face, and much more
of it can be seen beside the words."""
_MOST_SMALL = 1.6  # of one that stands by itself, with no words on it to be compared with


class NoRoom(CardError):
    """A template leaves no room for words. `place` is where in its file their least size stands."""

    def __init__(self, message: str, place: str) -> None:
        super().__init__(
            message,
            "Make the margin, a gap, what is kept clear or the least size smaller, or leave out another layer.",
        )
        self.place = place


class Subject(NamedTuple):
    """What is laid out: the story's words, their language and direction, and the logos' shapes if they are pictures.

    Shapes are told as the width for a height of 1; the paper's logo may have one for each colour of words.
    `photo` is its upright size in pixels, and `small` whether the template's layers for small photos are to show it.
    `white`: whether the photo is white where words would stand on it: there they keep to one side if they can.
    `aside`: whether words are to keep to one side of a wide card, whatever the photo; `tight`: whether names and
    credits are to be cut rather than take more than a line, and no logo is to take more than it is asked to.
    `facts` are the points of a list, each after its place in digits; `fonts` the folder of the newsroom's own.
    """

    values: Mapping[str, str]
    language: str
    rtl: bool
    photo: tuple[int, int] | None
    small: bool = False
    white: bool = False
    aside: bool = False
    tight: bool = False
    logo_aspect: Callable[[str], float | None] = lambda _: None
    agency_aspect: float | None = None
    facts: tuple[tuple[str, str], ...] = ()
    fonts: str = ""

    @property
    def most_enlarged(self) -> float:
        """How much larger than its own pixels the photo may be drawn."""
        return _MOST_SMALL if self.small else _MOST_ENLARGED

    def upright(self, card: Rect) -> bool:
        """Whether a card is so flat that it would leave little of its photo, were that to cover it."""
        across, down = self.photo or (1, 1)
        return across / down < _LEAST_SHOWN * card.width / card.height

    def sharp(self, box: Rect) -> bool:
        """Whether the photo is large enough to cover a box."""
        across, down = self.photo or (0, 0)
        most = self.most_enlarged
        return box.width <= across * most + 1 and box.height <= down * most + 1

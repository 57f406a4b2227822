"""The cards as each network shows them: what is cut off, what is laid over, for the preview to draw."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from syndication.cards import views
from syndication.cards.ops import Rect
from syndication.models import Card

_WHOLE = 0.995  # of a card: as good as all of it


class Crop(NamedTuple):
    """A part of a card that some networks show: which, the part in the card's pixels, and what they lay over it.

    A `thumbnail` is one that all of them show no larger than a stamp.
    """

    card: Card
    places: tuple[str, ...]
    shown: Rect
    radius: float
    laid: tuple[tuple[str, Rect], ...]
    whole: bool
    thumbnail: bool = False

    @property
    def about(self) -> str:
        """The part in words."""
        if self.whole:
            return f"{self.card.width}×{self.card.height}"
        return f"{self.shown.width:.0f}×{self.shown.height:.0f} of it"


def crops_of(cards: Sequence[Card]) -> Iterator[Crop]:
    """Every way in which the cards are shown, those that differ by nothing to be seen told together."""
    for card in cards:
        size, found = (card.width, card.height), dict[tuple[object, ...], Crop]()
        for view in views.of(*size):
            shown = view.shown(*size)
            whole = shown.width * shown.height > _WHOLE * card.width * card.height
            shown = Rect(0, 0, *size) if whole else shown
            laid = tuple((over.name, box) for over, box in views.overlays(view, shown))
            radius = view.radius * shown.width / view.width
            same = found.get((shown, laid))
            places = (*(same.places if same else ()), view.name)
            radius = max(radius, same.radius if same else 0)
            thumbnail = view.thumbnail and (same is None or same.thumbnail)
            found[shown, laid] = Crop(card, places, shown, radius, laid, whole, thumbnail)
        if not found:
            found[()] = Crop(card, (), Rect(0, 0, *size), 0, (), whole=True)
        yield from found.values()

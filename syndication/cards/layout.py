"""A template and a story's words -> where everything stands on a card of one size, before any pixel is drawn.

Layout is by flow and in reading direction: x runs from the start edge, and is turned round at the very end where the
story is written from right to left. All lengths here are pixels.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from syndication.cards import checks, views
from syndication.cards.measure import Measure
from syndication.cards.ops import FillOp, LogoOp, Op, PhotoOp, Rect, ScrimOp, TextOp
from syndication.cards.pieces import moved
from syndication.cards.subject import NoRoom, Subject
from syndication.cards.template import Area, Fill, Layer, Photo, Template

__all__ = ["NoRoom", "Subject", "lay_out"]

# On tall cards the words' block leaves at least this share to the photo.
_PHOTO_SHARE = 0.42
_AIR = 6  # units between a play button and words


class _Flow(NamedTuple):
    parts: tuple[Op, ...]
    block: Rect


def lay_out(template: Template, subject: Subject, size: tuple[int, int]) -> tuple[Op, ...]:
    """Everything to paint on a card of `size` (pixels), in order. Raises NoRoom if words have none.

    A photo that its place would enlarge too much gives way: to the template's layers for small ones, then to none.
    Where a headline is cut or too small to be read, words keep to one side, and names are cut, if it is better off so.
    """
    ways = [subject]
    if subject.photo and "small" in template.conditions():
        ways.append(subject._replace(small=True))
    if subject.photo:
        ways.append(subject._replace(photo=None, values={**subject.values, "credit": ""}))
    for way in ways:
        ops = _placed(template, way, size)
        if all(way.sharp(op.rect) for op in ops if isinstance(op, PhotoOp)):
            break
    return ops


def _placed(template: Template, way: Subject, size: tuple[int, int]) -> tuple[Op, ...]:
    """A subject laid out as its headline is best read: across the card; aside; and both with names cut short."""
    ways = [way, way._replace(aside=True)] if "aside" in template.conditions() else [way]
    if way.white and way.photo and not way.small:
        ways.reverse()
    placed, lacking = list[tuple[Op, ...]](), list[NoRoom]()
    for one in (*ways, *(each._replace(tight=True) for each in ways)):
        try:
            ops = tuple(_Layout(template, one, size).ops())
        except NoRoom as error:
            lacking.append(error)
            continue
        if not any(_unread(ops, size)):
            return ops
        placed.append(ops)
    if not placed:
        raise lacking[0]
    return min(placed, key=lambda ops: _unread(ops, size))


def _unread(ops: Sequence[Op], size: tuple[int, int]) -> tuple[int, bool]:
    """How many letters of the headline are cut off, and whether it is too small to be read."""
    headlines = [op for op in ops if isinstance(op, TextOp) and op.name == "headline" and op.block]
    cut = sum(op.block.cut for op in headlines if op.block)
    return cut, any(checks.too_small(op, size) for op in headlines)


class _Layout:
    """One card being laid out: flows are measured and placed first, then photos get what they leave."""

    def __init__(self, template: Template, subject: Subject, size: tuple[int, int]) -> None:
        self.template, self.subject = template, subject
        self.measure = Measure(template, subject, size)
        self.card, self.unit, self.tall = self.measure.card, self.measure.unit, self.measure.tall
        self.aside = "aside" in self.measure.terms
        self.layers = self.measure.present(template.layers)
        self.covered = subject.photo is not None and any(isinstance(layer, Photo) for layer in self.layers)

    def ops(self) -> Iterator[Op]:
        layers = self.layers
        flows = {id(layer): self.flow(layer) for layer in layers if not isinstance(layer, Fill | Photo)}
        blocks = [flows[id(layer)].block for layer in layers if self.is_block(layer)]
        floor = min((block.y for block in blocks if block.height), default=self.card.height)
        for layer in layers:
            area = self.area(layer.area)
            if isinstance(layer, Fill):
                fade = layer.fade * area.width
                towards = "left" if self.subject.rtl else "right"
                yield self.turned(FillOp(area, self.measure.color(layer.fill), fade, towards))
            elif isinstance(layer, Photo) and self.subject.photo:
                area = area._replace(height=min(area.bottom, floor) - area.y)
                yield self.turned(PhotoOp(area, round=layer.photo == "round"))
                yield from self.scrims(area, layers, flows)
        for layer in layers:
            if flow := flows.get(id(layer)):
                if layer.block and self.is_block(layer) and flow.parts:
                    yield FillOp(flow.block, self.measure.color(layer.block))
                yield from map(self.turned, flow.parts)

    def scrims(self, area: Rect, layers: Sequence[Layer], flows: Mapping[int, "_Flow"]) -> Iterator[Op]:
        """What darkens a photo in `area` behind the words that ask for it."""
        for layer in layers:
            if layer.scrim and not self.is_block(layer):
                parts = [self.turned(part) for part in flows[id(layer)].parts]
                yield ScrimOp(
                    self.turned(Op(area)).rect,
                    self.measure.color(layer.scrim),
                    rtl=self.subject.rtl,
                    edge="top" if self.hang(layer) == "top" else "bottom",
                    words=tuple(
                        part for part in parts if isinstance(part, LogoOp | TextOp) and not part.boxed
                    ),
                )

    def flow(self, layer: Layer) -> "_Flow":
        """A placed layer's parts where they belong, and the box of its block should it be one."""
        margin, area = self.template.margin * self.unit, self.area(layer.area)
        inside = self.inside(area, margin)
        clear = self.clear(layer, inside)
        room = inside.height - clear * (2 if self.hang(layer) == "middle" else 1)
        if self.is_block(layer):
            below = self.card.height - inside.bottom
            room = min(room, self.card.height * (1 - _PHOTO_SHARE) - margin - below)
        if inside.width <= 0 or room <= 0:
            told, place = "inside its margins", "margin"
            if clear and min(inside.width, inside.height) > 0:
                # Some layers are left out of a card, so this one is looked for among all.
                index = next(at for at, one in enumerate(self.template.layers) if one is layer)
                told = f"where a layer keeps {clear:.0f} of {inside.height:.0f} clear"
                place = f"layers[{index}].clear"
            raise NoRoom(f"a card of {self.card.width}x{self.card.height} pixels has no room {told}", place)
        aside = self.is_block(layer) or (self.aside and layer.area.aside)
        self.measure.on_photo = bool(layer.scrim and self.covered and not aside)
        box = self.measure.layer(layer, inside.width, room)
        if box is None:
            return _Flow((), self.card._replace(height=0))
        y = {
            "top": inside.y,
            "middle": inside.y + (inside.height - box.height) / 2,
            "bottom": inside.bottom - box.height,
        }[self.hang(layer)]
        block = self.card._replace(y=y - margin, height=self.card.height - y + margin)
        return _Flow(tuple(moved(part, inside.x, y) for part in box.parts), block)

    def inside(self, area: Rect, margin: float) -> Rect:
        """Where words and logos may stand in an area: within the margin, and where all networks leave them free."""
        safe = views.safe(round(self.card.width), round(self.card.height))
        left, top = max(area.x + margin, safe.x), max(area.y + margin, safe.y)
        right, bottom = min(area.right - margin, safe.right), min(area.bottom - margin, safe.bottom)
        return Rect(left, top, right - left, bottom - top)

    def clear(self, layer: Layer, inside: Rect) -> float:
        """How much a layer leaves free across from where it hangs."""
        told = layer.clear
        asked = told.tall if self.tall else told.wide if not self.aside or told.aside is None else told.aside
        if not isinstance(asked, str):
            return asked * self.unit + (self.measure.higher(*self.layers) if asked else 0)
        button, air = views.middle(round(self.card.width), round(self.card.height)), _AIR * self.unit
        return inside.bottom - button.y + air if self.hang(layer) == "top" else button.bottom - inside.y + air

    def hang(self, layer: Layer) -> str:
        return layer.at.tall if self.tall else layer.at.wide

    def is_block(self, layer: Layer) -> bool:
        return bool(layer.block) and self.tall and self.covered

    def area(self, area: Area) -> Rect:
        place = area.tall if self.tall else area.aside if self.aside and area.aside else area.wide
        side, _, share = place.partition(" ")
        card, part = self.card, float(share.rstrip("%") or 100) / 100
        width, height = card.width * part, card.height * part
        match side:
            case "start":
                return card._replace(width=width)
            case "end":
                return card._replace(x=card.width - width, width=width)
            case "top":
                return card._replace(height=height)
            case "bottom":
                return card._replace(y=card.height - height, height=height)
        return card

    def turned(self, op: Op) -> Op:
        """The operation at its place on the card, from the left."""
        if not self.subject.rtl:
            return op
        return replace(op, rect=op.rect._replace(x=self.card.width - op.rect.right))

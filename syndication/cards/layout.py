"""A template and a story's words -> where everything stands on a card of one size, before any pixel is drawn.

Layout is by flow and in reading direction: x runs from the start edge, and is turned round at the very end where the
story is written from right to left. All lengths here are pixels.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from syndication.cards import typeset
from syndication.cards.ops import FillOp, LogoOp, Op, PhotoOp, Rect, ScrimOp, TextOp
from syndication.cards.template import (
    Agency,
    Area,
    Bar,
    Column,
    Each,
    Fill,
    Layer,
    Logo,
    Photo,
    Row,
    Style,
    Template,
    Text,
)
from syndication.errors import CardError

# On tall cards the words' block leaves at least this share to the photo.
_PHOTO_SHARE = 0.42
_PILL = 0.6  # room around a pill's words, in shares of their size
_RULE = 2  # thickness of a row's divider, units


class NoRoom(CardError):
    """A template leaves no room for words. `place` is where in its file their least size stands."""

    def __init__(self, message: str, place: str) -> None:
        super().__init__(
            message, "Make the margin, a gap or the least size smaller, or leave out another layer."
        )
        self.place = place


@dataclass(frozen=True)
class Subject:
    """What is laid out: the story's words, their language and direction, and the logos' shapes if they are pictures.

    `facts` are the points of a list, each after its place in digits; `fonts` the folder of the newsroom's own.
    """

    values: Mapping[str, str]
    language: str
    rtl: bool
    photo: bool
    logo_aspect: float | None = None
    agency_aspect: float | None = None
    facts: tuple[tuple[str, str], ...] = ()
    fonts: str = ""


@dataclass(frozen=True)
class _Box:
    """A measured layer: its size, the things in it at their place, and the line it stands on if it has one."""

    width: float
    height: float
    parts: tuple[Op, ...]
    baseline: float | None = None
    capital: float = 0
    centred: bool = False  # bars and rules: they stand in the middle of a row's capitals


@dataclass(frozen=True)
class _Flow:
    parts: tuple[Op, ...]
    block: Rect


def lay_out(template: Template, subject: Subject, size: tuple[int, int]) -> tuple[Op, ...]:
    """Everything to paint on a card of `size` (pixels), in order. Raises NoRoom if words have none."""
    return tuple(_Layout(template, subject, size).ops())


class _Layout:
    """One card being laid out: flows are measured and placed first, then photos get what they leave."""

    def __init__(self, template: Template, subject: Subject, size: tuple[int, int]) -> None:
        self.template, self.subject = template, subject
        self.card = Rect(0, 0, *size)
        # The words' measure follows the shorter way: 1 at 1200x630 and at 1080x1080 alike.
        self.unit = max(size[0] / 1200, min(size) / 1080)
        self.tall = size[1] > size[0] * 0.9
        self.values = dict(subject.values)
        self.caps = dict[str, int]()  # the largest size of a field's words, where several agree on one
        self.terms = {"photo" if subject.photo else "plain", "tall" if self.tall else "wide"}

    def ops(self) -> Iterator[Op]:
        layers = self.present(self.template.layers)
        flows = {id(layer): self.flow(layer) for layer in layers if not isinstance(layer, Fill | Photo)}
        blocks = [flows[id(layer)].block for layer in layers if self.is_block(layer)]
        floor = min((block.y for block in blocks if block.height), default=self.card.height)
        for layer in layers:
            area = self.area(layer.area)
            if isinstance(layer, Fill):
                fade = layer.fade * area.width
                towards = "left" if self.subject.rtl else "right"
                yield self.turned(FillOp(area, self.color(layer.fill), fade, towards))
            elif isinstance(layer, Photo) and self.subject.photo:
                area = replace(area, height=min(area.bottom, floor) - area.y)
                yield self.turned(PhotoOp(area, round=layer.photo == "round"))
                yield from self.scrims(area, layers, flows)
        for layer in layers:
            if flow := flows.get(id(layer)):
                if layer.block and self.is_block(layer) and flow.parts:
                    yield FillOp(flow.block, self.color(layer.block))
                yield from map(self.turned, flow.parts)

    def scrims(self, area: Rect, layers: Sequence[Layer], flows: Mapping[int, "_Flow"]) -> Iterator[Op]:
        """What darkens a photo in `area` behind the words that ask for it."""
        for layer in layers:
            if layer.scrim and not self.is_block(layer):
                parts = [self.turned(part) for part in flows[id(layer)].parts]
                yield ScrimOp(
                    self.turned(Op(area)).rect,
                    self.color(layer.scrim),
                    rtl=self.subject.rtl,
                    edge="top" if self.hang(layer) == "top" else "bottom",
                    words=tuple(
                        part
                        for part in parts
                        if isinstance(part, LogoOp) or (isinstance(part, TextOp) and not part.boxed)
                    ),
                )

    def flow(self, layer: Layer) -> "_Flow":
        """A placed layer's parts where they belong, and the box of its block should it be one."""
        margin, clear = self.template.margin * self.unit, layer.clear * self.unit
        area = self.area(layer.area)
        inside = Rect(area.x + margin, area.y + margin, area.width - 2 * margin, area.height - 2 * margin)
        room = inside.height - clear
        if self.is_block(layer):
            room = min(room, self.card.height * (1 - _PHOTO_SHARE) - 2 * margin)
        if inside.width <= 0 or room <= 0:
            raise NoRoom(
                f"a card of {self.card.width}x{self.card.height} pixels has no room inside its margins",
                "margin",
            )
        box = self.measure(layer, inside.width, room)
        if box is None:
            return _Flow((), replace(self.card, height=0))
        y = {
            "top": inside.y,
            "middle": inside.y + (room - box.height) / 2,
            "bottom": inside.bottom - box.height,
        }[self.hang(layer)]
        block = replace(self.card, y=y - margin, height=self.card.height - y + margin)
        return _Flow(tuple(_moved(part, inside.x, y) for part in box.parts), block)

    def hang(self, layer: Layer) -> str:
        return layer.at.tall if self.tall else layer.at.wide

    def is_block(self, layer: Layer) -> bool:
        return bool(layer.block) and self.tall and self.subject.photo

    def present(self, layers: Sequence[Layer]) -> list[Layer]:
        return [layer for layer in layers if set(layer.when) <= self.terms]

    def area(self, area: Area) -> Rect:
        place = area.tall if self.tall else area.wide
        side, _, share = place.partition(" ")
        card, part = self.card, float(share.rstrip("%") or 100) / 100
        width, height = card.width * part, card.height * part
        return {
            "card": card,
            "start": replace(card, width=width),
            "end": replace(card, x=card.width - width, width=width),
            "top": replace(card, height=height),
            "bottom": replace(card, y=card.height - height, height=height),
        }[side]

    def turned(self, op: Op) -> Op:
        """The operation at its place on the card, from the left."""
        if not self.subject.rtl:
            return op
        return replace(op, rect=replace(op.rect, x=self.card.width - op.rect.right))

    def color(self, name: str) -> str:
        return self.template.role(name, photo=self.subject.photo)

    def measure(self, layer: Layer, width: float, height: float) -> _Box | None:
        """A layer within a width and height; None if the story has nothing for it."""
        match layer:
            case Text():
                box = self.text(layer, width, height)
                return box and self.at_least(box, min(layer.across * self.unit, width))
            case Column():
                return self.column(layer, width, height)
            case Row():
                return self.row(layer, width, height)
            case Logo():
                return self.logo(layer, width, height)
            case Agency():
                return self.agency(layer, width, height)
            case Each():
                return self.each(layer, width, height)
            case Bar():
                across, down = layer.bar[0] * self.unit, layer.bar[1] * self.unit
                return _Box(
                    across, down, (FillOp(Rect(0, 0, across, down), self.color(layer.color)),), centred=True
                )
            case Photo():
                side = min(layer.size * self.unit, width, height)
                rect = Rect(0, 0, side, side)
                return _Box(side, side, (PhotoOp(rect, round=True),)) if self.subject.photo else None
        raise TypeError(f"{type(layer).__name__} does not flow")  # refused when the template was read

    def words(self, name: str) -> str:
        own = self.template.word(name, self.subject.language)
        return typeset.clean(own) if own is not None else self.values.get(name, "")

    def text(self, layer: Text, width: float, height: float) -> _Box | None:
        text, style = self.words(layer.text), self.style(layer)
        if not text:
            return None
        if style.case == "upper":
            text = typeset.upper(text, self.subject.language)
        if style.tight:
            return self.ornament(layer, text, style, width, height)
        pad = style.size[1] * self.unit * _PILL if style.pill else 0
        block = self.fit(text, layer, width - 2 * pad, height - 2 * pad)
        color = self.color(style.color)
        if not style.pill:
            op = TextOp(Rect(0, 0, block.width, block.height), color, block, layer.text, self.subject.rtl)
            return _Box(block.width, block.height, (op,), block.baseline, block.capital)
        pad = block.size * _PILL
        rise = block.baseline - block.capital  # the pill stands evenly around the capitals
        rect = Rect(pad, pad - rise, block.width, block.height)
        frame = Rect(
            0, 0, block.width + 2 * pad, block.capital + 2 * pad + (len(block.lines) - 1) * block.pitch
        )
        op = TextOp(rect, color, block, layer.text, self.subject.rtl, boxed=True)
        return _Box(
            frame.width,
            frame.height,
            (FillOp(frame, self.color(style.pill)), op),
            pad + block.capital,
            block.capital,
        )

    def at_least(self, box: _Box, width: float) -> _Box:
        return replace(box, width=max(box.width, width))

    def ornament(self, layer: Text, text: str, style: Style, width: float, height: float) -> _Box:
        """Words whose box is that of their ink."""
        block = self.fit(text, layer, width, max(height, style.size[1] * self.unit * style.leading))
        left, top, right, bottom = block.ink()
        x = block.width - right if self.subject.rtl else left
        op = TextOp(
            Rect(-x, -top, block.width, block.height),
            self.color(style.color),
            block,
            layer.text,
            self.subject.rtl,
        )
        return _Box(right - left, bottom - top, (op,), block.baseline - top, block.capital)

    def style(self, layer: Text) -> Style:
        return self.template.text[layer.style or layer.text]

    def fit(self, text: str, layer: Text, width: float, height: float) -> typeset.Block:
        style = self.style(layer)
        face = typeset.Face(
            style.font,
            style.weight,
            style.leading,
            style.tracking,
            self.subject.language,
            self.subject.rtl,
            self.subject.fonts,
        )
        smallest, largest = (max(1, round(size * self.unit)) for size in style.size)
        if width < smallest or height + 0.01 < smallest * style.leading:
            raise NoRoom(
                f"{max(width, 0):.0f}x{max(height, 0):.0f} pixels are left for {layer.text} on a card of"
                f" {self.card.width}x{self.card.height}, and one line of its least size is {smallest} high",
                f"text.{layer.style or layer.text}.size",
            )
        largest = max(smallest, min(largest, self.caps.get(layer.text, largest)))
        return typeset.fit(text, face, width, height, (smallest, largest), style.lines)

    def logo(self, layer: Logo, width: float, height: float) -> _Box | None:
        tall, color = layer.logo * self.unit, self.color(layer.color)
        if self.subject.logo_aspect is not None:
            tall = min(tall, width / self.subject.logo_aspect, height)
            rect = Rect(0, 0, tall * self.subject.logo_aspect, tall)
            return _Box(rect.width, tall, (LogoOp(rect, color),), tall)
        name = self.values.get("brand", "")
        if not name:
            return None
        face = typeset.Face(
            "serif", 700, 1.0, -0.012, self.subject.language, rtl=False, own=self.subject.fonts
        )
        block = typeset.fit(name, face, width, height, (max(1, round(tall / 2)), max(1, round(tall))), 1)
        op = TextOp(Rect(0, 0, block.width, block.height), color, block, "brand")
        return _Box(block.width, block.height, (op,), block.baseline, block.capital)

    def agency(self, layer: Agency, width: float, height: float) -> _Box | None:
        if self.subject.agency_aspect is None or not self.subject.photo:
            return None
        tall = min(layer.agency * self.unit, width / self.subject.agency_aspect, height)
        rect = Rect(0, 0, tall * self.subject.agency_aspect, tall)
        return _Box(rect.width, tall, (LogoOp(rect, "white", agency=True),), tall)

    def each(self, layer: Each, width: float, height: float) -> _Box | None:
        """The facts in rows of one height each, their words in the size that suits the longest."""
        facts, gap, rule = self.subject.facts, layer.between * self.unit, _RULE * self.unit
        if not facts:
            return None
        room = height / len(facts) - 2 * gap
        boxes = self.repeated(layer, width, room)
        for op in (part for box in boxes for part in box.parts):
            if isinstance(op, TextOp) and op.block:
                self.caps[op.name] = min(self.caps.get(op.name, op.block.size), op.block.size)
        y, parts = 0.0, list[Op]()
        for box in self.repeated(layer, width, room):
            if layer.rule:
                parts.append(FillOp(Rect(0, y, width, rule), self.color(layer.rule)))
            parts += [_moved(part, 0, y + gap) for part in box.parts]
            y += box.height + 2 * gap
        return _Box(width, y, tuple(parts))

    def repeated(self, layer: Each, width: float, height: float) -> list[_Box]:
        boxes = []
        for place, fact in self.subject.facts:
            self.values |= {"place": place, "fact": fact}
            if box := self.measure(layer.each, width, height):
                boxes.append(box)
        return boxes

    def grows(self, layer: Layer) -> bool:
        """Whether a layer's height depends on the room it gets."""
        if isinstance(layer, Text):
            return self.style(layer).lines > 1
        if isinstance(layer, Each):
            return True
        children = layer.column if isinstance(layer, Column) else layer.row if isinstance(layer, Row) else ()
        return any(self.grows(child) for child in self.present(children))

    def column(self, layer: Column, width: float, height: float) -> _Box | None:
        children = self.present(layer.column)
        boxes: dict[int, _Box] = {}
        for growing in (False, True):
            for index, child in enumerate(children):
                if self.grows(child) == growing:
                    room = height - self.taken(children, boxes, index, "height")
                    if box := self.measure(child, width, room):
                        boxes[index] = box
        if not boxes:
            return None
        y, parts, first = 0.0, list[Op](), min(boxes)
        spare = max(0.0, height - self.taken(children, boxes, None, "height"))
        for index, box in sorted(boxes.items()):
            if index != first:
                y += children[index].gap * self.unit + (spare if children[index].spring else 0)
            parts += [_moved(part, 0, y) for part in box.parts]
            y += box.height
        return _Box(max(box.width for box in boxes.values()), y, tuple(parts))

    def taken(
        self, children: Sequence[Layer], boxes: Mapping[int, _Box], extra: int | None, side: str
    ) -> float:
        """What measured boxes use of their row or column, gaps included; `extra` is one about to join them."""
        shown = sorted({*boxes, *([] if extra is None else [extra])})
        gaps = sum(children[index].gap * self.unit for index in shown[1:])
        return gaps + sum(float(getattr(box, side)) for box in boxes.values())

    def row(self, layer: Row, width: float, height: float) -> _Box | None:
        children = self.present(layer.row)
        boxes: dict[int, _Box] = {}
        for growing in (False, True):
            for index, child in enumerate(children):
                if self.grows(child) == growing:
                    room = width - self.taken(children, boxes, index, "width") if growing else width
                    if box := self.measure(child, room, height):
                        boxes[index] = box
        if not any(part for box in boxes.values() if not box.centred for part in box.parts):
            return None  # bars alone say nothing
        self.squeeze(children, boxes, width, height)
        return self.side_by_side(layer, children, boxes, width)

    def squeeze(self, children: Sequence[Layer], boxes: dict[int, _Box], width: float, height: float) -> None:
        """Take from the widest until the row fits: each gets what it asks for, or an equal share if that is more."""
        room = width - self.taken(children, boxes, None, "width") + sum(box.width for box in boxes.values())
        if sum(box.width for box in boxes.values()) <= room + 0.01:
            return
        left = len(boxes)
        for index, box in sorted(boxes.items(), key=lambda entry: entry[1].width):
            share = room / left
            if box.width > share and (narrow := self.measure(children[index], share, height)):
                boxes[index] = narrow
            room -= boxes[index].width
            left -= 1

    def side_by_side(
        self, layer: Row, children: Sequence[Layer], boxes: Mapping[int, _Box], width: float
    ) -> _Box:
        standing = [box for box in boxes.values() if not box.centred]
        on_line = all(box.baseline is not None for box in standing)
        line = max((box.baseline or 0 for box in standing), default=0)
        below = max(box.height - (box.baseline or 0) for box in standing)
        height = line + below if on_line else max(box.height for box in boxes.values())
        capital = max(box.capital for box in standing)
        middle = line - capital / 2 if on_line else height / 2
        spare = max(0.0, width - self.taken(children, boxes, None, "width"))
        x, parts, edges = 0.0, list[Op](), list[tuple[float, float]]()
        for index, box in sorted(boxes.items()):
            if edges:
                x += children[index].gap * self.unit
            if children[index].spring:
                x += spare
            y = line - (box.baseline or 0) if on_line and not box.centred else middle - box.height / 2
            parts += [_moved(part, x, y) for part in box.parts]
            edges.append((x, x + box.width))
            x += box.width
        if layer.divider:
            rule, reach = _RULE * self.unit, capital * 1.5
            color = self.color(layer.divider)
            for (_, left), (right, _) in pairwise(edges):
                rect = Rect((left + right - rule) / 2, middle - reach / 2, rule, reach)
                parts.append(FillOp(rect, color))
        return _Box(x, height, tuple(parts), line if on_line else None, capital)


def _moved(op: Op, x: float, y: float) -> Op:
    return replace(op, rect=replace(op.rect, x=op.rect.x + x, y=op.rect.y + y))

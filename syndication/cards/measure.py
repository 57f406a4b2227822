"""How much room a template's layers take: words fitted, rows and columns filled, in reading direction, in pixels."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from syndication.cards import typeset
from syndication.cards.ops import FillOp, LogoOp, Op, PhotoOp, Rect, TextOp
from syndication.cards.subject import NoRoom, Subject
from syndication.cards.template import (
    Agency,
    Bar,
    Column,
    Each,
    Layer,
    Logo,
    Photo,
    Row,
    Style,
    Template,
    Text,
)
from syndication.errors import MissingGlyph

_PILL = 0.6  # room around a pill's words, in shares of their size
_CHIP = 0.35  # room around an agency's logo, in shares of its height
_INK = 0.4  # of that room: the least around their ink
_MOST_GAP = 0.15  # of a fact's share of the height, over it and under it
_HANG = 0.75  # of the margin: how far quotation marks may hang into it
_BANNER, _MOST_LOGO = 4, 1.75
"""How wide for its height a logo is that is drawn as high as is asked; one that is less wide is drawn higher, so
that it covers as much, but no more than so many times as high."""
_RULE = 2  # thickness of a row's divider, units
_FLATTEST = 2.6  # of a band, for a height of 1
_ALMOST = (
    0.75  # of what is asked: a band that cannot be as wide is no wider, and so does not look like a mistake
)


class Box(NamedTuple):
    """A measured layer: its size, the things in it at their place, and the line it stands on if it has one."""

    width: float
    height: float
    parts: tuple[Op, ...]
    baseline: float | None = None
    capital: float = 0
    centred: bool = False  # bars and rules: they stand in the middle of a row's capitals


def _around(capitals: tuple[float, float], ink: tuple[float, float], pad: float) -> tuple[float, float]:
    """Top and bottom of a box: evenly around capitals, and further where letters are taller or hang lower, as
    Nastaliq's; each told by its top and bottom."""
    return min(capitals[0] - pad, ink[0] - pad * _INK), max(capitals[1] + pad, ink[1] + pad * _INK)


def _children(layer: Layer) -> Sequence[Layer]:
    return layer.column if isinstance(layer, Column) else layer.row if isinstance(layer, Row) else ()


def _crowded(op: Op) -> bool:
    """Whether words are cut, or broken into lines."""
    return isinstance(op, TextOp) and op.block is not None and (op.block.cut > 0 or len(op.block.lines) > 1)


def moved(op: Op, x: float, y: float) -> Op:
    """The operation at another place."""
    return replace(op, rect=Rect(op.rect.x + x, op.rect.y + y, op.rect.width, op.rect.height))


class Measure:
    """Measures the layers of a template for one story and size."""

    def __init__(self, template: Template, subject: Subject, size: tuple[int, int]) -> None:
        self.template, self.subject = template, subject
        self.card = Rect(0, 0, *size)
        # The words' measure follows the shorter way: 1 at 1200x630 and at 1080x1080 alike.
        self.unit = max(size[0] / 1200, min(size) / 1080)
        self.tall = size[1] > size[0] * 0.9
        self.values = dict(subject.values)
        self.on_photo = False  # whether what is measured is to stand on the photo itself
        self.caps = dict[str, int]()  # the largest size of a field's words, where several agree on one
        self.terms = {"tall" if self.tall else "wide"}
        self.terms |= {"photo", "small" if subject.small else "large"} if subject.photo else {"plain"}
        upright = "large" in self.terms and subject.upright(self.card)
        if not self.tall:
            self.terms.add("aside" if subject.aside or upright else "across")

    def present(self, layers: Sequence[Layer]) -> list[Layer]:
        """Those of the layers that are for this story and size."""
        return [layer for layer in layers if set(layer.when) <= self.terms]

    def color(self, name: str) -> str:
        """A colour role of the template as a brand role."""
        return self.template.role(name, photo=self.subject.photo is not None)

    def layer(self, layer: Layer, width: float, height: float) -> Box | None:
        """A layer within a width and height; None if the story has nothing for it."""
        match layer:
            case Text():
                box = self._text(layer, width, height)
                return box and self._at_least(box, min(layer.across * self.unit, width))
            case Column():
                return self._column(layer, width, height)
            case Row():
                return self._row(layer, width, height)
            case Logo():
                return self._logo(layer, width, height)
            case Agency():
                return self._agency(layer, width, height)
            case Each():
                return self._each(layer, width, height)
            case Bar():
                across, down = layer.bar[0] * self.unit, layer.bar[1] * self.unit
                return Box(
                    across, down, (FillOp(Rect(0, 0, across, down), self.color(layer.color)),), centred=True
                )
            case Photo():
                return self._photo(layer, width, height)
        raise TypeError(f"{type(layer).__name__} does not flow")  # refused when the template was read

    def _words(self, name: str) -> str:
        own = self.template.word(name, self.subject.language)
        return typeset.clean(own) if own is not None else self.values.get(name, "")

    def _text(self, layer: Text, width: float, height: float) -> Box | None:
        text, style = self._words(layer.text), self._style(layer)
        if not text:
            return None
        if style.case == "upper":
            text = typeset.upper(text, self.subject.language)
        if style.tight:
            return self._ornament(layer, text, style, width, height)
        pad = style.size[1] * self.unit * _PILL if style.pill else 0
        block = self._fit(text, layer, width - 2 * pad, height - 2 * pad)
        color = self.color(style.color)
        if not style.pill:
            # Letters that rise above their line, as a hamza on an alef does, keep off what stands there if they can.
            rise = min(max(-block.ink()[1], 0), max(height - block.height, 0)) if style.wraps else 0
            op = TextOp(Rect(0, rise, block.width, block.height), color, block, layer.text, self.subject.rtl)
            return Box(block.width, block.height + rise, (op,), block.baseline + rise, block.capital)
        pad = block.size * _PILL
        _, ink_top, _, ink_bottom = block.ink()
        last = block.baseline + (len(block.lines) - 1) * block.pitch
        top, bottom = _around((block.baseline - block.capital, last), (ink_top, ink_bottom), pad)
        frame = Rect(0, 0, block.width + 2 * pad, bottom - top)
        rect = Rect(pad, -top, block.width, block.height)
        op = TextOp(rect, color, block, layer.text, self.subject.rtl, boxed=True)
        fill = FillOp(frame, self.color(style.pill))
        return Box(frame.width, frame.height, (fill, op), block.baseline - top, block.capital)

    def _at_least(self, box: Box, width: float) -> Box:
        return box._replace(width=max(box.width, width))

    def _ornament(self, layer: Text, text: str, style: Style, width: float, height: float) -> Box:
        """Words whose box is that of their ink."""
        block = self._fit(text, layer, width, max(height, style.size[1] * self.unit * style.leading))
        left, top, right, bottom = block.ink()
        x = block.width - right if self.subject.rtl else left
        op = TextOp(
            Rect(-x, -top, block.width, block.height),
            self.color(style.color),
            block,
            layer.text,
            self.subject.rtl,
        )
        return Box(right - left, bottom - top, (op,), block.baseline - top, block.capital)

    def _style(self, layer: Text) -> Style:
        return self.template.text[layer.style or layer.text]

    def _fit(self, text: str, layer: Text, width: float, height: float) -> typeset.Block:
        style = self._style(layer)
        face = typeset.Face(
            style.font,
            style.weight,
            style.leading,
            style.tracking,
            self.subject.language,
            self.subject.rtl,
            self.subject.fonts,
            self.template.margin * self.unit * _HANG if style.wraps and not style.pill else 0,
        )
        smallest, largest = (max(1, round(size * self.unit)) for size in style.size)
        least = round(style.least * self.unit) or smallest
        place = f"text.{layer.style or layer.text}.size"
        if width < least or height + 0.01 < least * style.leading:
            raise NoRoom(
                f"{max(width, 0):.0f}x{max(height, 0):.0f} pixels are left for {layer.text} on a card of"
                f" {self.card.width}x{self.card.height}, and one line of its least size is {least} high",
                place,
            )
        largest = max(smallest, min(largest, self.caps.get(layer.text, largest)))
        lines, most = style.lines
        if self.subject.tight and not style.wraps:
            most = lines
        try:
            return typeset.fit(text, face, width, height, (smallest, largest), lines, most, least)
        except typeset.Cramped as error:
            raise NoRoom(f"{layer.text}: {error.message}", place) from None
        except MissingGlyph as error:
            raise MissingGlyph(f"{layer.text}: {error.message}", error.hint) from None

    def _logo(self, layer: Logo, width: float, height: float) -> Box | None:
        tall, color = layer.logo * self.unit, self.color(layer.color)
        if aspect := self.subject.logo_aspect(color):
            asked, tall = tall, tall + self.higher(layer)
            tall = min(tall, width / aspect, height)
            rect = Rect(0, 0, tall * aspect, tall)
            # Words beside it stand as beside one that is as high as is asked, in its middle.
            return Box(rect.width, tall, (LogoOp(rect, color),), min((tall + asked) / 2, tall))
        name = self.values.get("brand", "")
        if not name:
            return None
        face = typeset.Face(
            "serif", 700, 1.0, -0.012, self.subject.language, rtl=False, own=self.subject.fonts
        )
        block = typeset.fit(name, face, width, height, (max(1, round(tall / 2)), max(1, round(tall))), 1)
        op = TextOp(Rect(0, 0, block.width, block.height), color, block, "brand")
        return Box(block.width, block.height, (op,), block.baseline, block.capital)

    def higher(self, *layers: Layer) -> float:
        """By how much a logo in one of the layers is drawn higher than is asked, as it is not wide."""
        most = 0.0
        for layer in layers:
            if isinstance(layer, Logo) and (aspect := self.subject.logo_aspect(self.color(layer.color))):
                times = min((_BANNER / aspect) ** 0.5, _MOST_LOGO)
                most = max(most, layer.logo * self.unit * (times - 1))
            elif isinstance(layer, Column | Row):
                most = max(most, self.higher(*self.present(_children(layer))))
        return most

    def _photo(self, layer: Photo, width: float, height: float) -> Box | None:
        if self.subject.photo is None:
            return None
        size = layer.size * self.unit
        if layer.photo == "round":
            side = min(size, width, height)
            return Box(side, side, (PhotoOp(Rect(0, 0, side, side), round=True),))
        across, down = self.subject.photo
        # One too small for half of what is asked is left too large here, and the layout does without it.
        if layer.photo == "band":
            asked, most = min(size, width, height * _FLATTEST), self.subject.most_enlarged
            wide = max(min(asked, across * most), asked / 2)
            wide = min(wide, asked * _ALMOST) if wide < asked else asked
            rect = Rect(0, 0, wide, min(height, max(down * most, wide * down / across)))
            return Box(rect.width, rect.height, (PhotoOp(rect),))
        asked = min(min(size, width) / across, min(size, height) / down)
        scale = max(min(asked, self.subject.most_enlarged), asked / 2)
        rect = Rect(0, 0, across * scale, down * scale)
        return Box(rect.width, rect.height, (PhotoOp(rect),))

    def _agency(self, layer: Agency, width: float, height: float) -> Box | None:
        if self.subject.agency_aspect is None or not self.subject.photo:
            return None
        tall = min(layer.agency * self.unit, width / self.subject.agency_aspect, height)
        pad = tall * _CHIP if layer.chip else 0
        logo = LogoOp(Rect(pad, pad, tall * self.subject.agency_aspect, tall), "white", agency=True)
        frame = Rect(0, 0, logo.rect.width + 2 * pad, tall + 2 * pad)
        chip = (FillOp(frame, self.color(layer.chip)),) if layer.chip else ()
        return Box(frame.width, frame.height, (*chip, logo), pad + tall)

    def _each(self, layer: Each, width: float, height: float) -> Box | None:
        """The facts in rows of one height each, their words in the size that suits the longest."""
        facts, rule = self.subject.facts, _RULE * self.unit
        if not facts:
            return None
        share = height / len(facts)
        gap = min(layer.between * self.unit, share * _MOST_GAP)
        room = share - 2 * gap
        asked = room
        while True:
            for op in (part for box in self._repeated(layer, width, asked) for part in box.parts):
                if isinstance(op, TextOp) and op.block:
                    self.caps[op.name] = min(self.caps.get(op.name, op.block.size), op.block.size)
            boxes = self._repeated(layer, width, asked)
            # Standing on one line with a larger place, words hang lower than they were measured.
            lower = max(box.height for box in boxes) - room
            if lower <= 1:
                break
            asked -= lower
        y, parts = 0.0, list[Op]()
        for box in boxes:
            if layer.rule:
                parts.append(FillOp(Rect(0, y, width, rule), self.color(layer.rule)))
            parts += [moved(part, 0, y + gap) for part in box.parts]
            y += box.height + 2 * gap
        return Box(width, y, tuple(parts))

    def _repeated(self, layer: Each, width: float, height: float) -> list[Box]:
        boxes = []
        for place, fact in self.subject.facts:
            self.values |= {"place": place, "fact": fact}
            if box := self.layer(layer.each, width, height):
                boxes.append(box)
        return boxes

    def _grows(self, layer: Layer) -> bool:
        """Whether a layer's height depends on the room it gets."""
        if isinstance(layer, Text):
            return self._style(layer).wraps
        if isinstance(layer, Each):
            return True
        return any(self._grows(child) for child in self.present(_children(layer)))

    def _column(self, layer: Column, width: float, height: float) -> Box | None:
        children = self.present(layer.column)
        boxes: dict[int, Box] = {}
        words = any(map(self._grows, children))
        for growing in (False, True):
            fixed = dict(boxes)
            # Photos come after what else does not grow, as they take what they get.
            for index, child in sorted(enumerate(children), key=lambda each: isinstance(each[1], Photo)):
                if self._grows(child) == growing:
                    beside = fixed if growing else boxes
                    room = height - self._taken(children, beside, index, "height")
                    if isinstance(child, Photo) and words:
                        room /= 2  # it leaves as much to them
                    if box := self.layer(child, width, room):
                        boxes[index] = box
        if not boxes:
            return None
        asking = boxes.keys() - fixed.keys()
        self._share(
            children, boxes, asking, height, "height", lambda child, room: self.layer(child, width, room)
        )
        for index, child in enumerate(children):
            if words and isinstance(child, Photo) and index in boxes:  # words have what they need by now
                room = height - self._taken(children, boxes, None, "height") + boxes[index].height
                boxes[index] = self.layer(child, width, room) or boxes[index]
        y, parts, first = 0.0, list[Op](), min(boxes)
        spare = max(0.0, height - self._taken(children, boxes, None, "height"))
        springs = sum(children[index].spring for index in boxes if index != first)
        for index, box in sorted(boxes.items()):
            if index != first:
                y += children[index].gap * self.unit + (spare / springs if children[index].spring else 0)
            parts += [moved(part, 0, y) for part in box.parts]
            y += box.height
        return Box(max(box.width for box in boxes.values()), y, tuple(parts))

    def _taken(
        self, children: Sequence[Layer], boxes: Mapping[int, Box], extra: int | None, side: str
    ) -> float:
        """What measured boxes use of their row or column, gaps included; `extra` is one about to join them."""
        shown = sorted({*boxes, *([] if extra is None else [extra])})
        gaps = sum(children[index].gap * self.unit for index in shown[1:])
        return gaps + sum(float(getattr(box, side)) for box in boxes.values())

    def _row(self, layer: Row, width: float, height: float) -> Box | None:
        box = self._in_one_line(layer, width, height)
        if box and layer.under is not None and not self.subject.tight and any(map(_crowded, box.parts)):
            return self._in_two_lines(layer, layer.under, width, height)
        return box

    def _in_two_lines(self, layer: Row, under: float, width: float, height: float) -> Box | None:
        """A row whose last layer stands under the others; its line is that layer's."""
        *first, last = self.present(layer.row)
        above = self._in_one_line(layer.model_copy(update={"row": tuple(first)}), width, height)
        gap = under * self.unit if above else 0
        below = self.layer(last, width, height - (above.height + gap if above else 0))
        if not (above and below):
            return above or below
        y = above.height + gap
        parts = (*above.parts, *(moved(part, 0, y) for part in below.parts))
        line = None if below.baseline is None else y + below.baseline
        return Box(max(above.width, below.width), y + below.height, parts, line, below.capital)

    def _in_one_line(self, layer: Row, width: float, height: float) -> Box | None:
        children = self.present(layer.row)
        boxes: dict[int, Box] = {}
        for growing in (False, True):
            for index, child in enumerate(children):
                if self._grows(child) == growing:
                    room = width - self._taken(children, boxes, index, "width") if growing else width
                    if box := self.layer(child, room, height):
                        boxes[index] = box
        if not any(part for box in boxes.values() if not box.centred for part in box.parts):
            return None  # bars alone say nothing
        pad = self._padding(boxes.values()) if layer.chip and self.on_photo else 0
        inside = width - 2 * pad
        self._share(
            children,
            boxes,
            boxes.keys(),
            inside,
            "width",
            lambda child, room: self.layer(child, room, height),
        )
        box = self._side_by_side(layer, children, boxes, inside)
        return self._chip(box, self.color(layer.chip), pad) if layer.chip and pad else box

    def _padding(self, boxes: Collection[Box]) -> float:
        """The room around a chip's words: as around a pill's."""
        sizes = [op.block.size for box in boxes for op in box.parts if isinstance(op, TextOp) and op.block]
        return max(sizes, default=0) * _PILL

    def _chip(self, box: Box, color: str, pad: float) -> Box:
        """A row in a box of a colour."""
        inks, line = [op.ink for op in box.parts if isinstance(op, TextOp)], box.baseline or 0
        reach = min(ink.y for ink in inks), max(ink.bottom for ink in inks)
        top, bottom = _around((line - box.capital, line), reach, pad)
        frame = Rect(0, 0, box.width + 2 * pad, bottom - top)
        parts = [moved(op, pad, -top) for op in box.parts]
        boxed = [replace(op, boxed=True) if isinstance(op, TextOp) else op for op in parts]
        return Box(frame.width, frame.height, (FillOp(frame, color), *boxed), line - top, box.capital)

    def _share(
        self,
        children: Sequence[Layer],
        boxes: dict[int, Box],
        asking: Collection[int],
        whole: float,
        side: str,
        measure: Callable[[Layer, float], Box | None],
    ) -> None:
        """Take from the largest until all fit: each gets what it asks for, or an equal share if that is more."""

        def size(index: int) -> float:
            return float(getattr(boxes[index], side))

        wanted = sum(map(size, asking))
        room = whole - self._taken(children, boxes, None, side) + wanted
        if wanted <= room + 0.01:
            return
        for left, index in zip(range(len(asking), 0, -1), sorted(asking, key=size), strict=True):
            if size(index) > room / left and (less := measure(children[index], room / left)):
                boxes[index] = less
            room -= size(index)

    def _side_by_side(
        self, layer: Row, children: Sequence[Layer], boxes: Mapping[int, Box], width: float
    ) -> Box:
        standing = [box for box in boxes.values() if not box.centred]
        on_line = all(box.baseline is not None for box in standing)
        line = max((box.baseline or 0 for box in standing), default=0)
        below = max(box.height - (box.baseline or 0) for box in standing)
        height = line + below if on_line else max(box.height for box in boxes.values())
        capital = max(box.capital for box in standing)
        middle = line - capital / 2 if on_line else height / 2
        spare = max(0.0, width - self._taken(children, boxes, None, "width"))
        x, parts, edges = 0.0, list[Op](), list[tuple[float, float]]()
        for index, box in sorted(boxes.items()):
            if edges:
                x += children[index].gap * self.unit
            if children[index].spring:
                x += spare
            y = line - (box.baseline or 0) if on_line and not box.centred else middle - box.height / 2
            parts += [moved(part, x, y) for part in box.parts]
            edges.append((x, x + box.width))
            x += box.width
        if layer.divider:
            rule, reach = _RULE * self.unit, capital * 1.5
            color = self.color(layer.divider)
            for (_, left), (right, _) in pairwise(edges):
                rect = Rect((left + right - rule) / 2, middle - reach / 2, rule, reach)
                parts.append(FillOp(rect, color))
        return Box(x, height, tuple(parts), line if on_line else None, capital)

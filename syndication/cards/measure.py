"""How much room a template's layers take: rows and columns filled, in reading direction, in pixels."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from syndication.cards.ops import FillOp, Op, Rect, TextOp
from syndication.cards.pieces import PILL, Box, Pieces, around, inner, moved
from syndication.cards.template import Agency, Bar, Column, Each, Layer, Logo, Photo, Row, Text

_MOST_GAP = 0.15  # of a fact's share of the height, over it and under it
_RULE = 2  # thickness of a row's divider, units


def _crowded(op: Op) -> bool:
    """Whether words are cut, or broken into lines."""
    return isinstance(op, TextOp) and op.block is not None and (op.block.cut > 0 or len(op.block.lines) > 1)


class Measure(Pieces):
    """Measures the layers of a template for one story and size."""

    def layer(self, layer: Layer, width: float, height: float) -> Box | None:
        """A layer within a width and height; None if the story has nothing for it."""
        match layer:
            case Text():
                box = self.text(layer, width, height)
                return box and box._replace(width=max(box.width, min(layer.across * self.unit, width)))
            case Column():
                return self._column(layer, width, height)
            case Row():
                return self._row(layer, width, height)
            case Logo():
                return self.logo(layer, width, height)
            case Agency():
                return self.agency(layer, width, height)
            case Each():
                return self._each(layer, width, height)
            case Bar():
                return self.bar(layer)
            case Photo():
                return self.photo(layer, width, height)
        raise TypeError(f"{type(layer).__name__} does not flow")  # refused when the template was read

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
            return self.style(layer).wraps
        if isinstance(layer, Each):
            return True
        return any(self._grows(child) for child in self.present(inner(layer)))

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
        return max(sizes, default=0) * PILL

    def _chip(self, box: Box, color: str, pad: float) -> Box:
        """A row in a box of a colour."""
        inks, line = [op.ink for op in box.parts if isinstance(op, TextOp)], box.baseline or 0
        reach = min(ink.y for ink in inks), max(ink.bottom for ink in inks)
        top, bottom = around((line - box.capital, line), reach, pad)
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

"""How much room the layers of a template take that hold no others: words, logos, photos and bars, in pixels."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from syndication.cards import typeset
from syndication.cards.ops import FillOp, LogoOp, Op, PhotoOp, Rect, TextOp
from syndication.cards.subject import NoRoom, Subject
from syndication.cards.template import Agency, Bar, Column, Layer, Logo, Photo, Row, Style, Template, Text
from syndication.errors import MissingGlyph

PILL = 0.6  # room around a pill's words, in shares of their size
_CHIP = 0.35  # room around an agency's logo, in shares of its height
_INK = 0.4  # of that room: the least around their ink
_HANG = 0.75  # of the margin: how far quotation marks may hang into it
_BANNER, _MOST_LOGO = 4, 1.75
"""How wide for its height a logo is that is drawn as high as is asked; one that is less wide is drawn higher, so
that it covers as much, but no more than so many times as high."""
_WIDEST = 0.4  # of the card's width: a long name in one line is no headline
_FLATTEST = 2.6  # of a band, for a height of 1
# Of what is asked: a band that cannot be as wide is no wider, and so does not look like a mistake.
_ALMOST = 0.75


class Box(NamedTuple):
    """A measured layer: its size, the things in it at their place, and the line it stands on if it has one."""

    width: float
    height: float
    parts: tuple[Op, ...]
    baseline: float | None = None
    capital: float = 0
    centred: bool = False  # bars and rules: they stand in the middle of a row's capitals


def around(capitals: tuple[float, float], ink: tuple[float, float], pad: float) -> tuple[float, float]:
    """Top and bottom of a box: evenly around capitals, and further where letters are taller or hang lower, as
    Nastaliq's; each told by its top and bottom."""
    return min(capitals[0] - pad, ink[0] - pad * _INK), max(capitals[1] + pad, ink[1] + pad * _INK)


def inner(layer: Layer) -> Sequence[Layer]:
    """The layers that a column or a row is made of."""
    return layer.column if isinstance(layer, Column) else layer.row if isinstance(layer, Row) else ()


def moved(op: Op, x: float, y: float) -> Op:
    """The operation at another place."""
    return replace(op, rect=Rect(op.rect.x + x, op.rect.y + y, op.rect.width, op.rect.height))


class Pieces:
    """Measures what stands alone, for one story and size."""

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

    def _words(self, name: str) -> str:
        own = self.template.word(name, self.subject.language)
        return typeset.clean(own) if own is not None else self.values.get(name, "")

    def text(self, layer: Text, width: float, height: float) -> Box | None:
        """Words in their size and lines, a pill around them if they have one; None if the story has none."""
        text, style = self._words(layer.text), self.style(layer)
        if not text:
            return None
        if style.case == "upper":
            text = typeset.upper(text, self.subject.language)
        if style.tight:
            return self._ornament(layer, text, style, width, height)
        pad = style.size[1] * self.unit * PILL if style.pill else 0
        block = self._fit(text, layer, width - 2 * pad, height - 2 * pad)
        color = self.color(style.color)
        if not style.pill:
            # Letters that rise above their line, as a hamza on an alef does, keep off what stands there if they can.
            rise = min(max(-block.ink()[1], 0), max(height - block.height, 0)) if style.wraps else 0
            op = TextOp(Rect(0, rise, block.width, block.height), color, block, layer.text, self.subject.rtl)
            return Box(block.width, block.height + rise, (op,), block.baseline + rise, block.capital)
        pad = block.size * PILL
        _, ink_top, _, ink_bottom = block.ink()
        last = block.baseline + (len(block.lines) - 1) * block.pitch
        top, bottom = around((block.baseline - block.capital, last), (ink_top, ink_bottom), pad)
        frame = Rect(0, 0, block.width + 2 * pad, bottom - top)
        rect = Rect(pad, -top, block.width, block.height)
        op = TextOp(rect, color, block, layer.text, self.subject.rtl, boxed=True)
        fill = FillOp(frame, self.color(style.pill))
        return Box(frame.width, frame.height, (fill, op), block.baseline - top, block.capital)

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

    def style(self, layer: Text) -> Style:
        """How a layer's words are set."""
        return self.template.text[layer.style or layer.text]

    def _fit(self, text: str, layer: Text, width: float, height: float) -> typeset.Block:
        style = self.style(layer)
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

    def logo(self, layer: Logo, width: float, height: float) -> Box | None:
        """The logo, or the brand's name in its place; None if there is neither."""
        tall, color = layer.logo * self.unit, self.color(layer.color)
        if aspect := self.subject.logo_aspect(color):
            asked, tall = tall, tall + self.higher(layer)
            tall = min(tall, min(width, self.card.width * _WIDEST) / aspect, height)
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
        """By how much a logo in one of the layers is drawn higher than is asked, as it is not wide.

        By nothing where words need the room.
        """
        if self.subject.tight:
            return 0.0
        most = 0.0
        for layer in layers:
            if isinstance(layer, Logo) and (aspect := self.subject.logo_aspect(self.color(layer.color))):
                times = min((_BANNER / aspect) ** 0.5, _MOST_LOGO)
                most = max(most, layer.logo * self.unit * (times - 1))
            elif isinstance(layer, Column | Row):
                most = max(most, self.higher(*self.present(inner(layer))))
        return most

    def photo(self, layer: Photo, width: float, height: float) -> Box | None:
        """A photo within others, cut as is asked and enlarged no more than it bears."""
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

    def agency(self, layer: Agency, width: float, height: float) -> Box | None:
        """The logo that the photo's licence asks for, on its chip."""
        if self.subject.agency_aspect is None or not self.subject.photo:
            return None
        tall = min(layer.agency * self.unit, width / self.subject.agency_aspect, height)
        pad = tall * _CHIP if layer.chip else 0
        logo = LogoOp(
            Rect(pad, pad, tall * self.subject.agency_aspect, tall),
            "white",
            agency=True,
            boxed=bool(layer.chip),
        )
        frame = Rect(0, 0, logo.rect.width + 2 * pad, tall + 2 * pad)
        chip = (FillOp(frame, self.color(layer.chip)),) if layer.chip else ()
        return Box(frame.width, frame.height, (*chip, logo), pad + tall)

    def bar(self, layer: Bar) -> Box:
        """A bar, which stands in the middle of its row."""
        across, down = layer.bar[0] * self.unit, layer.bar[1] * self.unit
        return Box(across, down, (FillOp(Rect(0, 0, across, down), self.color(layer.color)),), centred=True)

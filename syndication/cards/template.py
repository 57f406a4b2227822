"""What a card's TOML file may say: `Template`, its layers that flow, and the styles of their words.

A template's `layers` are a tree. Each layer is known by its own key: `fill`, `photo`, `logo`, `agency`, `bar`,
`text`, `column`, `row` or `each`. Lengths are card units: pixels at 1200x630 and 1080x1080, in proportion at other
sizes. "Start" is the left of a story written from left to right and the right of one written from right to left.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    StrictBool,
    Tag,
    field_validator,
    model_validator,
)

from syndication.config import Colors

# What a story can put on a card: `syndication.cards.words` and `labels` fill them. The last two, a fact and its
# place, stand only in the layer that is repeated for each of the `facts`.
_STORY = "headline summary label byline date moment credit brand"
_LABELS = "age year breaking live opinion correction video audio gallery note number source role"
EACH = ("place", "fact")
FIELDS = (*_STORY.split(), *_LABELS.split(), *EACH)
BRAND_COLORS = (*Colors.model_fields, "accent_bright", "accent_deep", "white", "black")

# Of a story with a photo, `large` if it can cover its place, `small` if it would be enlarged too much for that. And
# `aside` on a wide card on which words keep to one side, as it would leave little of a large photo that is upright or
# square, or as its headline has no room `across`.
Condition = Literal["photo", "large", "small", "plain", "wide", "across", "aside", "tall"]
Units = Annotated[float, Field(ge=0, le=2000, strict=True)]
Lines = Annotated[int, Field(ge=1, le=12, strict=True)]


def _of_form(pattern: str, expected: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(expected)
        return value

    return AfterValidator(check)


_SHARE = r"(100|[1-9]?[0-9])%"
Place = Annotated[
    str,
    _of_form(rf"card|(start|end|top|bottom) {_SHARE}", '"card", or a share of it such as "start 60%"'),
]
Role = Annotated[
    str, _of_form(rf"[a-z_]+( {_SHARE})?", 'a colour\'s name, or a share of it such as "ink 70%"')
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class _ByShape(_Strict):
    @model_validator(mode="before")
    @classmethod
    def _same_for_both(cls, data: object) -> object:
        return {"wide": data, "tall": data} if isinstance(data, str | int | float) else data


class Area(_ByShape):
    """Where a layer stands, by the card's shape: the whole `card`, or a share of it such as `start 60%`.

    `aside` is its place on a wide card whose words keep to one side, if that is another.
    """

    wide: Place = "card"
    tall: Place = "card"
    aside: Place | None = None


class Hang(_ByShape):
    """From which side of its area a layer hangs, by the card's shape."""

    wide: Literal["top", "middle", "bottom"] = "top"
    tall: Literal["top", "middle", "bottom"] = "top"


def _room(value: object) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value == "middle" or (number and 0 <= float(str(value)) <= 2000):
        return value
    raise ValueError('a number from 0 to 2000, or "middle"')


Room = Annotated[float | str, PlainValidator(_room)]


class Clear(_ByShape):
    """How much of its area a layer leaves free, by the card's shape. `middle`: as far as a play button."""

    wide: Room = 0
    tall: Room = 0
    aside: Room | None = None


class Layer(_Strict):
    """What every layer may say. `gap` is the space before it in its row or column; a `spring` takes what is left,
    and several in a column share it."""

    when: tuple[Condition, ...] = ()
    gap: Units = 0
    spring: StrictBool = False
    area: Area = Area.model_construct()
    at: Hang = Hang.model_construct()
    clear: Clear = Field(
        Clear.model_construct(), description="Kept free across from `at`; above and below in the middle."
    )
    scrim: Role | None = Field(None, description="Darkens the photo behind its words, as far as they need.")
    block: Role | None = Field(None, description="On tall cards a block of its own below the photo.")


class Fill(Layer):
    """A flat colour; with `fade`, that share of it eases to nothing towards the end."""

    fill: Role
    fade: Annotated[float, Field(ge=0, le=1, strict=True)] = 0


class Photo(Layer):
    """The story's photo: cropped to cover its area, cut round at `size`, or whole, no larger than `size` each way.

    A `band` is up to `size` wide and takes the height that is left, as far as it stays sharp, so that nothing stands
    empty around it.

    A template whose photos are all round shows the portrait of who writes or is quoted, where the story has one.
    """

    photo: Literal["cover", "round", "whole", "band"]
    size: Units = 0


class Logo(Layer):
    """The brand's logo at this height, or its name set in the serif."""

    logo: Units
    color: Role


class Agency(Layer):
    """The logo, at this height, of the agency whose licence asks for it beside the photo's credit.

    It is light, as for photos: on paper `chip` is the colour of a box around it.
    """

    agency: Units
    chip: Role | None = None


class Bar(Layer):
    """A small bar, width by height."""

    bar: tuple[Units, Units]
    color: Role


class Text(Layer):
    """A field of the story, or one of the template's own words, in the style of that name or another."""

    text: str
    style: str = ""
    across: Units = Field(
        0, description="Its least width, so that what follows it in several rows is aligned."
    )


class Column(Layer):
    """Layers one under the other."""

    column: tuple["Node", ...]


class Row(Layer):
    """Layers side by side from the start, on one baseline; `divider` is the colour of the rule between them.

    Where it stands on the photo itself, `chip` is the colour of a box around it: small words would else ask for a
    darker photo than the headline does.
    """

    row: tuple["Node", ...]
    under: Units | None = Field(
        None,
        description="Where words would be cut side by side: the space over the last one, on a line of its own.",
    )
    divider: Role | None = None
    chip: Role | None = None


class Each(Layer):
    """For each of the story's facts this layer, one under the other, with rules of a colour above them."""

    each: "Node"
    between: Units = Field(0, description="The room over and under each, less where there are many.")
    rule: Role | None = None


KINDS: dict[str, type[Layer]] = {
    "fill": Fill,
    "photo": Photo,
    "logo": Logo,
    "agency": Agency,
    "bar": Bar,
    "text": Text,
    "column": Column,
    "row": Row,
    "each": Each,
}


def _kind(data: object) -> str | None:
    keys = data if isinstance(data, Mapping) else vars(data)
    return next((f"<{kind}>" for kind in KINDS if kind in keys), None)


Node = Annotated[
    Annotated[Fill, Tag("<fill>")]
    | Annotated[Photo, Tag("<photo>")]
    | Annotated[Logo, Tag("<logo>")]
    | Annotated[Agency, Tag("<agency>")]
    | Annotated[Bar, Tag("<bar>")]
    | Annotated[Text, Tag("<text>")]
    | Annotated[Column, Tag("<column>")]
    | Annotated[Row, Tag("<row>")]
    | Annotated[Each, Tag("<each>")],
    Discriminator(
        _kind,
        custom_error_type="layer",
        custom_error_message=f"a layer with one of the keys {', '.join(KINDS)}",
    ),
]


class Style(_Strict):
    """How words are set: in the largest `size` of a range at which they fit in so many `lines`, as `4`.

    `[4, 6]`: two lines more at the smallest size, where words would else be lost; and sizes down to `least` where they
    still would.
    """

    font: Literal["serif", "sans"]
    weight: Annotated[int, Field(ge=100, le=900, strict=True)] = 400
    size: tuple[Units, Units]
    least: Units = Field(0, description="The least size, where words would else be cut; 0 for the smallest.")
    lines: tuple[Lines, Lines] = (1, 1)
    leading: Annotated[float, Field(ge=0.8, le=3, strict=True)] = 1.2
    tracking: Annotated[float, Field(ge=-0.1, le=0.5, strict=True, description="In shares of the size.")] = 0
    case: Literal["as written", "upper"] = "as written"
    color: Role
    pill: Role | None = Field(None, description="The colour of a box around the words.")
    tight: StrictBool = Field(
        False, description="For ornaments: the box is that of the ink, not of the line."
    )

    @field_validator("size", mode="wrap")
    @classmethod
    def _range(cls, value: object, read: Callable[[object], tuple[float, float]]) -> tuple[float, float]:
        least, most = read(value if isinstance(value, list | tuple) else (value, value))
        if not 4 <= least <= most:
            raise ValueError("[smallest, largest], or one size, from 4 up")
        return least, most

    @field_validator("lines", mode="wrap")
    @classmethod
    def _rows(cls, value: object, read: Callable[[object], tuple[int, int]]) -> tuple[int, int]:
        wanted, most = read(value if isinstance(value, list | tuple) else (value, value))
        if wanted > most:
            raise ValueError("a number of lines, or [as a rule, at most]")
        return wanted, most

    @model_validator(mode="after")
    def _least_is_least(self) -> "Style":
        if self.least > self.size[0]:
            raise ValueError(f"a least size of at most {self.size[0]:g}, the smallest")
        return self

    @property
    def wraps(self) -> bool:
        """Whether its words stand in several lines as a rule."""
        return self.lines[0] > 1


class Palette(_Strict):
    """The template's own colour names: for any card, then for cards with a photo or without."""

    any: dict[str, Role] = Field(default_factory=dict)
    photo: dict[str, Role] = Field(default_factory=dict)
    plain: dict[str, Role] = Field(default_factory=dict)


class Template(_Strict):
    """A card's design. `words` are its own literals by language; `en` stands in for languages not told."""

    margin: Units = 64
    credit: Literal["shown", "metadata"] = Field(
        "shown", description="Where a photo's credit stands: on the card, or in its metadata alone."
    )
    needs: tuple[str, ...] = Field((), description="Fields that it is for: a card without one is at fault.")
    layers: tuple[Node, ...]
    colors: Palette = Palette.model_construct()
    text: dict[str, Style] = Field(default_factory=dict)
    words: dict[str, dict[str, str]] = Field(default_factory=dict)

    def word(self, name: str, language: str) -> str | None:
        """The template's own words of that name for a BCP 47 language, None if it has none."""
        forms = self.words.get(name)
        return forms.get(language.lower().replace("_", "-").split("-")[0], forms["en"]) if forms else None

    def role(self, name: str, *, photo: bool) -> str:
        """A colour role of this template as a brand role, its share kept: `soft` -> `white 78%`."""
        base, _, share = name.partition(" ")
        own = {**self.colors.any, **(self.colors.photo if photo else self.colors.plain)}
        return f"{own.get(base, base)} {share}".strip()

    @property
    def shows_portrait(self) -> bool:
        """Whether its photos are all cut round."""
        return self.photos() == {"round"}

    def photos(self) -> set[str]:
        """Every way in which it shows the photo: `cover`, `round`, `whole`, `band`."""
        return {node.photo for _, node in walk(self.layers) if isinstance(node, Photo)}

    def conditions(self) -> frozenset[str]:
        """Every condition that a layer of it names."""
        return frozenset(condition for _, node in walk(self.layers) for condition in node.when)

    def fields(self) -> frozenset[str]:
        """The story's fields that this template can show."""
        return self._fields

    @cached_property
    def _fields(self) -> frozenset[str]:
        return frozenset(node.text for _, node in walk(self.layers) if isinstance(node, Text)) & set(FIELDS)


def walk(nodes: tuple[Layer, ...], path: str = "layers") -> Iterator[tuple[str, Layer]]:
    """Every layer of a tree, from the outermost in, with its place such as `layers[1].column[0]`."""
    for index, node in enumerate(nodes):
        here = f"{path}[{index}]"
        yield here, node
        if isinstance(node, Column | Row):
            kind = "column" if isinstance(node, Column) else "row"
            yield from walk(getattr(node, kind), f"{here}.{kind}")
        elif isinstance(node, Each):
            yield from walk((node.each,), f"{here}.each")

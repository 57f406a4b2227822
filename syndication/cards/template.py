"""One TOML file -> `Template`: layers that flow, and the styles of their words, every name checked when read.

A template's `layers` are a tree. Each layer is known by its own key: `fill`, `photo`, `logo`, `agency`, `bar`,
`text`, `column`, `row` or `each`. Lengths are card units: pixels at 1200x630 and 1080x1080, in proportion at other
sizes. "Start" is the left of a story written from left to right and the right of one written from right to left.
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, cached_property, lru_cache
from importlib import resources
from itertools import takewhile
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from syndication.cards.lines import line_of
from syndication.config import Colors, Config
from syndication.errors import TemplateError

# What a story can put on a card: `syndication.cards.words` and `labels` fill them. The last two, a fact and its
# place, stand only in the layer that is repeated for each of the `facts`.
_STORY = "headline summary label byline date moment credit brand"
_LABELS = "age year breaking live opinion correction video audio gallery note number source role"
_EACH = ("place", "fact")
FIELDS = (*_STORY.split(), *_LABELS.split(), *_EACH)
BRAND_COLORS = (*Colors.model_fields, "accent_bright", "white", "black")  # the accent as it is on the night

# Of a story with a photo, `large` if it can cover its place, `small` if it would be enlarged too much for that.
Condition = Literal["photo", "large", "small", "plain", "wide", "tall"]
Units = Annotated[float, Field(ge=0, le=2000)]
Place = Annotated[str, Field(pattern=r"^(card|(start|end|top|bottom) (100|[1-9]?[0-9])%)$")]
Role = Annotated[
    str, Field(pattern=r"^[a-z_]+( (100|[1-9]?[0-9])%)?$", description="A colour, or a share of it.")
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class _ByShape(_Strict):
    @model_validator(mode="before")
    @classmethod
    def _same_for_both(cls, data: object) -> object:
        return {"wide": data, "tall": data} if isinstance(data, str) else data


class Area(_ByShape):
    """Where a layer stands, by the card's shape: the whole `card`, or a share of it such as `start 60%`."""

    wide: Place = "card"
    tall: Place = "card"


class Hang(_ByShape):
    """From which side of its area a layer hangs, by the card's shape."""

    wide: Literal["top", "middle", "bottom"] = "top"
    tall: Literal["top", "middle", "bottom"] = "top"


class Layer(_Strict):
    """What every layer may say. `gap` is the space before it in its row or column; a `spring` takes what is left."""

    when: tuple[Condition, ...] = ()
    gap: Units = 0
    spring: bool = False
    area: Area = Area()
    at: Hang = Hang()
    clear: Units | Literal["middle"] = Field(
        0,
        description="Kept free across from `at`; above and below in the middle. `middle`: as far as a play button.",
    )
    scrim: Role | None = Field(None, description="Darkens the photo behind its words, as far as they need.")
    block: Role | None = Field(None, description="On tall cards a block of its own below the photo.")


class Fill(Layer):
    """A flat colour; with `fade`, that share of it eases to nothing towards the end."""

    fill: Role
    fade: Annotated[float, Field(ge=0, le=1)] = 0


class Photo(Layer):
    """The story's photo: cropped to cover its area, cut round at `size`, or whole, no larger than `size` each way.

    A template whose photos are all round shows the portrait of who writes or is quoted, where the story has one.
    """

    photo: Literal["cover", "round", "whole"]
    size: Units = 0


class Logo(Layer):
    """The brand's logo at this height, or its name set in the serif."""

    logo: Units
    color: Role


class Agency(Layer):
    """The logo, at this height, of the agency whose licence asks for it beside the photo's credit."""

    agency: Units


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
    """Layers side by side from the start, on one baseline; `divider` is the colour of the rule between them."""

    row: tuple["Node", ...]
    divider: Role | None = None


class Each(Layer):
    """For each of the story's facts this layer, one under the other, with rules of a colour above them."""

    each: "Node"
    between: Units = Field(0, description="The room over and under each, less where there are many.")
    rule: Role | None = None


_KINDS: dict[str, type[Layer]] = {
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
    return next((f"<{kind}>" for kind in _KINDS if kind in keys), None)


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
        custom_error_message=f"a layer with one of the keys {', '.join(_KINDS)}",
    ),
]


class Style(_Strict):
    """How words are set. `size` is the range that the engine may choose from so that they fit in `lines`."""

    font: Literal["serif", "sans"]
    weight: Annotated[int, Field(ge=100, le=900)] = 400
    size: tuple[Units, Units]
    lines: Annotated[int, Field(ge=1, le=12)] = 1
    leading: Annotated[float, Field(ge=0.8, le=3)] = 1.2
    tracking: Annotated[float, Field(ge=-0.1, le=0.5, description="In shares of the size.")] = 0
    case: Literal["as written", "upper"] = "as written"
    color: Role
    pill: Role | None = Field(None, description="The colour of a box around the words.")
    tight: bool = Field(False, description="For ornaments: the box is that of the ink, not of the line.")

    @model_validator(mode="before")
    @classmethod
    def _one_size(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("size"), int | float):
            data = {**data, "size": (data["size"], data["size"])}
        return data

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 4 <= self.size[0] <= self.size[1]:
            raise ValueError("size: [smallest, largest], from 4 up")
        return self


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
    layers: tuple[Node, ...]
    colors: Palette = Palette()
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
        photos = {node.photo for _, node in _walk(self.layers) if isinstance(node, Photo)}
        return photos == {"round"}

    def conditions(self) -> frozenset[str]:
        """Every condition that a layer of it names."""
        return frozenset(condition for _, node in _walk(self.layers) for condition in node.when)

    def fields(self) -> frozenset[str]:
        """The story's fields that this template can show."""
        return self._fields

    @cached_property
    def _fields(self) -> frozenset[str]:
        return frozenset(node.text for _, node in _walk(self.layers) if isinstance(node, Text)) & set(FIELDS)


def names(config: Config) -> list[str]:
    """Every template there is, the newsroom's own and ours, in order of name."""
    return sorted({file.name.removesuffix(".toml") for folder in _folders(config) for file in _files(folder)})


def read(name: str, config: Config) -> tuple[Template, bytes]:
    """The template of that name and its bytes. Raises TemplateError, naming every fault in it."""
    for folder in _folders(config):
        for file in _files(folder):
            if file.name == f"{name}.toml":
                try:
                    data = file.read_bytes()
                except OSError as error:
                    raise TemplateError(f"{file}: cannot be read: {error.strerror}") from None
                return parse(data, str(file)), data
    known = names(config)
    raise TemplateError(f"no card template is named {name!r}", _advice(name, known))


def about(name: str, config: Config) -> str:
    """What a template is for: the first sentence of the comment that its file begins with."""
    _, data = read(name, config)
    lines = takewhile(lambda line: line.startswith("#"), data.decode().splitlines())
    comment = " ".join(line.lstrip("# ") for line in lines)
    return comment.partition(". ")[0].rstrip(".")


@lru_cache(maxsize=64)
def parse(data: bytes, file: str) -> Template:
    """Read a template's bytes; `file` is for messages. Raises TemplateError with every fault, its layer and field."""
    try:
        template = Template.model_validate(tomllib.loads(data.decode()))
    except UnicodeDecodeError:
        raise TemplateError(f"{file}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(f"{file}: not valid TOML: {error}") from None
    except ValidationError as error:
        faults = [_explain(fault) for fault in error.errors()]
    else:
        faults = list(_dangling(template))
    if faults:
        text = data.decode()
        placed = [f"line {line_of(text, fault.partition(': ')[0])}: {fault}" for fault in faults]
        raise TemplateError("\n  ".join([f"{file}:", *placed]))
    return template


def _folders(config: Config) -> list[Any]:
    own = [config.at(config.cards.templates)] if config.cards.templates else []
    return [*own, _ours()]


@cache
def _ours() -> Any:
    return resources.files("card_templates")


def _files(folder: Any) -> list[Any]:
    try:
        return [file for file in folder.iterdir() if file.name.endswith(".toml")]
    except OSError as error:
        raise TemplateError(
            f"{folder}: cannot be read: {error.strerror}", "See `templates` in [cards]."
        ) from None


def _walk(nodes: tuple[Layer, ...], path: str = "layers") -> Iterator[tuple[str, Layer]]:
    for index, node in enumerate(nodes):
        here = f"{path}[{index}]"
        yield here, node
        if isinstance(node, Column | Row):
            kind = "column" if isinstance(node, Column) else "row"
            yield from _walk(getattr(node, kind), f"{here}.{kind}")
        elif isinstance(node, Each):
            yield from _walk((node.each,), f"{here}.each")


def _dangling(template: Template) -> Iterator[str]:
    """Names that lead nowhere, and placements where nothing is placed."""
    own = {**template.colors.any, **template.colors.photo, **template.colors.plain}
    one_sided = set(template.colors.photo) ^ set(template.colors.plain)
    for name in sorted(one_sided - set(template.colors.any)):
        yield f"colors: {name!r}: told for cards with a photo or without, but not for both"
    for name, brand_role in own.items():
        yield from _unknown(f"colors: {name}", "colour", brand_role.partition(" ")[0], BRAND_COLORS)
    shows_photo = any(isinstance(node, Photo) for _, node in _walk(template.layers))
    if shows_photo and template.credit == "shown" and "credit" not in template.fields():
        yield 'layers: a photo stands with its credit: add { text = "credit" }, or say credit = "metadata"'
    for name, forms in template.words.items():
        if "en" not in forms:
            yield f"words.{name}: no form for en, which stands in for other languages"
    colors = (*own, *BRAND_COLORS)
    for name, style in template.text.items():
        for key in ("color", "pill"):
            if role := getattr(style, key):
                yield from _unknown(f"text.{name}.{key}", "colour", role.partition(" ")[0], colors)
    for path, node in _walk(template.layers):
        for key in ("fill", "color", "scrim", "block", "divider", "rule"):
            if role := getattr(node, key, None):
                yield from _unknown(f"{path}.{key}", "colour", role.partition(" ")[0], colors)
        if isinstance(node, Text):
            yield from _unknown(f"{path}.text", "field", node.text, (*FIELDS, *template.words))
            if node.text in _EACH and ".each" not in path:
                yield f"{path}.text: {node.text!r} stands only inside `each`, which repeats it for every fact"
            yield from _unknown(f"{path}.style", "style", node.style or node.text, tuple(template.text))
        yield from _misplaced(path, node)


def _misplaced(path: str, node: Layer) -> Iterator[str]:
    """What a layer says that has no meaning where it stands."""
    told = node.model_fields_set
    if path.count("[") > 1:
        for key in sorted(told & {"area", "at", "clear", "scrim", "block"}):
            yield f"{path}.{key}: only for the outermost layers; inside a row or column things flow"
        if isinstance(node, Fill) or (isinstance(node, Photo) and (node.photo == "cover" or not node.size)):
            yield f"{path}: a fill or a covering photo is an outermost layer; a round or whole one needs a size"
    elif isinstance(node, Fill | Photo):
        for key in sorted(told & {"at", "clear", "scrim", "block", "size"}):
            yield f"{path}.{key}: only for layers that flow; this one fills its area"
        if isinstance(node, Photo) and node.photo != "cover":
            yield f"{path}.photo: a {node.photo} photo stands in a row or column"
    elif node.block and node.at.tall != "bottom":
        yield f'{path}.block: a block is at the bottom of tall cards; add at = "bottom"'


def _unknown(path: str, what: str, name: str, known: tuple[str, ...]) -> Iterator[str]:
    if name not in known:
        yield f"{path}: unknown {what} {name!r}; {_advice(name, known)}"


def _advice(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"


def _explain(fault: Any) -> str:
    path = ""
    model: type[BaseModel] = Template
    for part in fault["loc"]:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.startswith("<"):
            model = _KINDS[part.strip("<>")]
        else:
            path += f".{part}" if path else part
    if fault["type"] != "extra_forbidden":
        return f"{path}: {repr(fault['input'])[:80]}: {fault['msg']}"
    if fault["loc"][0] == "text":
        model = Style
    return f"{path}: unknown key; {_advice(str(fault['loc'][-1]), list(model.model_fields))}"

"""One TOML file -> `Template`, found by its name; every name in it is checked, and each fault told with its line."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from itertools import takewhile
from typing import Any

from pydantic import BaseModel, ValidationError

from syndication.cards.lines import line_of
from syndication.cards.template import (
    BRAND_COLORS,
    EACH,
    FIELDS,
    KINDS,
    Fill,
    Layer,
    Photo,
    Style,
    Template,
    Text,
    walk,
)
from syndication.config import Config
from syndication.config.faults import invalid, told
from syndication.errors import TemplateError

_NAME = re.compile(r"[^/\\:\0]+")  # what a CMS tells leads to no other folder


def names(config: Config) -> list[str]:
    """Every template there is, the newsroom's own and ours, in order of name."""
    return sorted({file.name.removesuffix(".toml") for folder in _folders(config) for file in _files(folder)})


def read(name: str, config: Config) -> tuple[Template, bytes]:
    """The template of that name and its bytes. Raises TemplateError, naming every fault in it."""
    for folder in _folders(config) if _NAME.fullmatch(name) else ():
        file = folder / f"{name}.toml"
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            _files(folder)  # which says so where there is no such folder
            continue
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
        raise TemplateError(f"{file}: {invalid(error)}") from None
    except ValidationError as error:
        faults = list(_once([_explain(fault) for fault in error.errors()]))
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


def _dangling(template: Template) -> Iterator[str]:
    """Names that lead nowhere, and placements where nothing is placed."""
    if not template.layers:
        yield "layers: found [], expected one layer or more"
    for name in template.needs:
        yield from _unknown("needs", "field", name, FIELDS)
    own = {**template.colors.any, **template.colors.photo, **template.colors.plain}
    one_sided = set(template.colors.photo) ^ set(template.colors.plain)
    for name in sorted(one_sided - set(template.colors.any)):
        yield f"colors: {name!r}: told for cards with a photo or without, but not for both"
    for name, brand_role in own.items():
        yield from _unknown(f"colors: {name}", "colour", brand_role.partition(" ")[0], BRAND_COLORS)
    shows_photo = any(isinstance(node, Photo) for _, node in walk(template.layers))
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
    for path, node in walk(template.layers):
        for key in ("fill", "color", "scrim", "block", "divider", "chip", "rule"):
            if role := getattr(node, key, None):
                yield from _unknown(f"{path}.{key}", "colour", role.partition(" ")[0], colors)
        if isinstance(node, Text):
            unknown = list(_unknown(f"{path}.text", "field", node.text, (*FIELDS, *template.words)))
            yield from unknown
            if node.text in EACH and ".each" not in path:
                yield f"{path}.text: {node.text!r} stands only inside `each`, which repeats it for every fact"
            if node.style or not unknown:
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
    import difflib  # not paid for by those that are found

    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"


def _once(faults: list[str]) -> Iterator[str]:
    """What is wrong for both shapes of cards, as where one place is told for both, told once."""
    for fault in faults:
        where, wide, what = fault.partition(".wide: ")
        if wide and f"{where}.tall: {what}" in faults:
            yield f"{where}: {what}"
        elif wide or fault.replace(".tall: ", ".wide: ", 1) not in {*faults} - {fault}:
            yield fault


def _explain(fault: Any) -> str:
    path = ""
    model: type[BaseModel] = Template
    for part in fault["loc"]:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.startswith("<"):
            model = KINDS[part.strip("<>")]
        else:
            path += f".{part}" if path else part
    if fault["type"] == "layer" and isinstance(fault["input"], dict):
        unknown = fault["input"].keys() - Layer.model_fields.keys()
        if len(unknown) == 1:
            return f"{path}: unknown layer {(key := unknown.pop())!r}; {_advice(key, list(KINDS))}"
    if fault["type"] != "extra_forbidden":
        return told(path, fault)
    if fault["loc"][0] == "text":
        model = Style
    return f"{path}: unknown key; {_advice(str(fault['loc'][-1]), list(model.model_fields))}"

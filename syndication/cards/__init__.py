"""Share cards: a story and a template become pictures, each under a name that carries its content's hash."""

import hashlib
import json
import math
import os
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, Required, TypedDict, TypeVar, Unpack

from PIL import Image

from syndication.cards import (
    checks,
    contrast,
    crop,
    draw,
    encode,
    fonts,
    labels,
    layout,
    memory,
    photo,
    rights,
    templates,
    words,
)
from syndication.cards.brand import Brand, palette
from syndication.cards.lines import line_of
from syndication.cards.ops import Op, PhotoOp, ScrimOp
from syndication.config import Config, Section
from syndication.errors import CardError, PhotoError, TemplateError
from syndication.files import write_whole
from syndication.models import Card, Priority, PublishEvent

__all__ = [
    "SIZES",
    "Drawn",
    "Format",
    "Wish",
    "choose_template",
    "make_cards",
    "render_cards",
    "template_names",
]

SIZES = ((1200, 630), (1080, 1080))
SIDES = (200, 4000)
"""Pixels that each side of a card may have, at least and at most."""

# Counts up with each change of the engine that changes what is in a file: older cards then get new names.
_ENGINE = 9
_DEEPER = (0.0, 0.1, 0.2, 0.4, 0.8)  # of a scrim, where the first does not do
_SUFFIXES = {"jpeg": "jpg", "png": "png"}

Format = Literal["jpeg", "png"]
T = TypeVar("T")


class Drawn(NamedTuple):
    """A card just drawn: what it is, its file's bytes, what was painted on which canvas, and what is wrong with it."""

    card: Card
    data: bytes
    ops: tuple[Op, ...]
    canvas: Image.Image
    faults: tuple[checks.Fault, ...]


class Wish(TypedDict, total=False):
    """How a story's cards are wanted: what may be left out is as newsrooms mostly want it.

    There is one of each of the `sizes` (pixels), SIZES if none are told. A template that cuts its photo round takes the
    `portrait` where there is one. `now` is what a story's age is told by, this moment if None. If `outlined`, every box
    is outlined and named. So many `threads` draw side by side: as many as this process may use processors, if not told.
    """

    config: Required[Config]
    photo: Required[Path | None]
    portrait: Path | None
    template: str | None
    sizes: Sequence[tuple[int, int]]
    now: datetime | None
    outlined: bool
    format: Format
    threads: int


def render_cards(event: PublishEvent, **wish: Unpack[Wish]) -> tuple[Drawn, ...]:
    """Draw a story's cards in memory; no file is written. Raises CardError, TemplateError or PhotoError."""
    return _Maker(event, wish).render(wish.get("sizes", SIZES))


def make_cards(event: PublishEvent, *, folder: Path, **wish: Unpack[Wish]) -> tuple[Card, ...]:
    """Draw a story's cards into `folder` as `render_cards` does, and say what they are.

    A card whose content has not changed is not drawn again. Files appear whole or not at all. Raises CardError,
    TemplateError or PhotoError, each before a file is written.
    """
    maker = _Maker(event, wish)
    files = {size: folder / maker.file_name(size) for size in wish.get("sizes", SIZES)}
    there = {size: file.read_bytes() for size, file in files.items() if file.exists()}
    cards = {size: maker.card(size, data, maker.lay_out(size)) for size, data in there.items()}
    drawn = maker.render([size for size in files if size not in cards])
    cards |= {(card.width, card.height): card for card in keep(drawn, folder)}
    return tuple(cards[size] for size in files)


Note = Callable[[Sequence[str]], None]
"""Told the names of all the files that a story's pictures have in their folder, before one is written."""


def keep(drawn: Sequence[Drawn], folder: Path, note: Note | None = None) -> tuple[Card, ...]:
    """Write cards into a folder, each whole or not at all; one whose file is there stays as it is, and is told so."""
    if note:
        note([one.card.file for one in drawn])
    folder.mkdir(parents=True, exist_ok=True)
    cards = []
    for one in drawn:
        if (file := folder / one.card.file).exists():
            cards.append(one.card.model_copy(update=_told(file.read_bytes())))
        else:
            write_whole(file, one.data)
            cards.append(one.card)
    return tuple(cards)


def _told(data: bytes) -> dict[str, str | int]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def choose_template(event: PublishEvent, config: Config) -> str:
    """The template for a story: what its event says, else by its priority."""
    if event.card.template:
        return event.card.template
    if event.priority is Priority.BREAKING:
        return config.cards.breaking_template
    return config.cards.template


def template_names(config: Config) -> list[str]:
    """Every template a card can be drawn with: the newsroom's own and ours."""
    return templates.names(config)


class _Maker:
    """All that the cards of one story share."""

    def __init__(self, event: PublishEvent, wish: Wish) -> None:
        config, path, now = wish["config"], wish["photo"], wish.get("now") or datetime.now(UTC)
        self.name = wish.get("template") or choose_template(event, config)
        self.template, self.design = templates.read(self.name, config)
        if (portrait := wish.get("portrait")) and self.template.shows_portrait:
            event, path = event.model_copy(update={"image": event.card.portrait}), portrait
        self.event, self.path = event, path
        self.outlined, self.form = wish.get("outlined", False), wish.get("format", "jpeg")
        self.threads = wish.get("threads") or _processors()
        told = words.fields(event, config, photo=path is not None, shown=self.template.fields())
        if "mark" in self.template.words:  # it sets quotation marks of its own
            told["headline"] = words.unquoted(told["headline"])
        self.values = told | labels.fields(event, config, now)
        self.facts = labels.facts(event) if "fact" in self.template.fields() else ()
        self.photo_size: tuple[int, int] | None = None
        self.xmp = b""
        if path:
            self.photo_size, self.xmp = rights.told_by(path, event)
        self.focal = event.image.focal if event.image else None
        section = _named(config.brand.sections, lambda name: name == event.section.casefold())
        self.brand = _brand(event, config, section)
        own = (section and section.fonts) or config.brand.fonts
        self.fonts = str(config.at(own)) if own else ""
        shown = self.template.fields() & self.values.keys()
        used = {field: self.values[field] for field in sorted(shown | {"brand"})}
        content = [
            _ENGINE,
            hashlib.sha256(self.design).hexdigest(),
            used,
            self.facts,
            event.language,
            self.brand.colors,
            fonts.version(self.fonts),
            [logo and hashlib.sha256(logo).hexdigest() for logo in self.brand.logos],
            path and [photo.digest(path), self.focal or crop.finds_faces(), self.xmp.decode()],
        ]
        self.content = json.dumps(content).encode()

    def render(self, sizes: Sequence[tuple[int, int]]) -> tuple[Drawn, ...]:
        memory.keep()
        laid_out = {size: self.lay_out(size) for size in sizes}
        source = self.load_photo([op for ops in laid_out.values() for op in ops])
        if source and "headline" in self.template.fields() and source.is_white():
            laid_out = {size: self.lay_out(size, white=True) for size in sizes}
        # Pixels are scaled, painted and packed without Python's lock: two threads take two thirds of the time of one.
        if (threads := min(self.threads, len(laid_out))) < 2:
            return tuple(self.draw(ops, size, source) for size, ops in laid_out.items())
        from concurrent.futures import ThreadPoolExecutor  # not paid for by a first card that is alone

        largest = sorted(laid_out, key=math.prod, reverse=True)  # what takes longest is not begun last
        with ThreadPoolExecutor(threads) as pool:
            drawn = pool.map(lambda size: self.draw(laid_out[size], size, source, unlocked=True), largest)
            cards = dict(zip(largest, drawn, strict=True))
        return tuple(cards[size] for size in laid_out)

    def file_name(self, size: tuple[int, int]) -> str:
        digest = hashlib.sha256(self.content + repr(tuple(size)).encode()).hexdigest()[:16]
        slug = _slug(self.event.headline) or _slug(self.event.id) or "card"
        return (
            f"{slug}-{digest}-{size[0]}x{size[1]}{'-debug' if self.outlined else ''}.{_SUFFIXES[self.form]}"
        )

    def lay_out(self, size: tuple[int, int], *, white: bool = False) -> tuple[Op, ...]:
        low, high = SIDES
        if not all(low <= side <= high for side in size):
            raise CardError(f"a card cannot be {size[0]}x{size[1]} pixels; each side is from {low} to {high}")
        subject = layout.Subject(
            values=self.values,
            language=self.event.language,
            rtl=self.event.rtl,
            photo=self.photo_size,
            white=white,
            logo_aspect=self.brand.logo_aspect,
            agency_aspect=self.brand.agency_aspect(),
            facts=self.facts,
            fonts=self.fonts,
        )
        try:
            return layout.lay_out(self.template, subject, size)
        except layout.NoRoom as error:
            line = line_of(self.design.decode(), error.place)
            raise TemplateError(f"{self.name}.toml: line {line}: {error.message}", error.hint) from None

    def draw(
        self,
        ops: tuple[Op, ...],
        size: tuple[int, int],
        source: photo.Source | None,
        *,
        unlocked: bool = False,
    ) -> Drawn:
        canvas, ground = self.ground(ops, size, source)
        draw.words(canvas, ops, self.brand)
        if self.outlined:
            from syndication.cards import debug  # not paid for by cards that go out

            debug.outline(canvas, ops)
        shown = _shows_photo(ops)
        xmp = self.xmp if shown else b""
        if self.form == "png":
            data = encode.png(canvas, xmp, flat=not shown)
        else:
            data = encode.jpeg(canvas, xmp, unlocked=unlocked)
        card = self.card(size, data, ops)
        faults = checks.check(ops, ground, self.brand, card)
        lacking = (name for name in self.template.needs if not (self.values | {"fact": self.facts})[name])
        faults += tuple(checks.lacks(lacking, self.name))
        faults += tuple(checks.cut_subjects(draw.subjects(ops, source), card))
        if self.photo_size and not shown and self.template.photos():
            faults += (checks.left_out(self.photo_size),)
        return Drawn(card, data, ops, canvas, faults)

    def ground(
        self, ops: Sequence[Op], size: tuple[int, int], source: photo.Source | None
    ) -> tuple[Image.Image, contrast.Ground]:
        """What words stand on, scrims deepened until they can be read, and its measure."""
        over_photo = [word for op in ops if isinstance(op, ScrimOp) for word in op.words]
        boxes = [word.rect.pixels() for word in checks.words_of(ops)]
        for deeper in _DEEPER:
            canvas = draw.ground(ops, size, self.brand, source, deeper)
            ground = contrast.Ground(canvas, boxes)
            if not any(checks.weak_contrasts(over_photo, ground, self.brand, size[0])):
                break
        return canvas, ground

    def load_photo(self, ops: Sequence[Op]) -> photo.Source | None:
        boxes = [op.rect.pixels() for op in ops if isinstance(op, PhotoOp)]
        if not (self.path and boxes):
            return None
        targets = [(right - left, bottom - top) for left, top, right, bottom in boxes]
        return photo.load(self.path, targets, self.brand.colors["paper"], self.focal)

    def more_words(self) -> list[str]:
        """What this template shows besides what every card does."""
        shown = self.template.fields()
        return [self.values[name] for name in ("number", "age", "year") if name in shown] + [
            fact for _, fact in self.facts
        ]

    def card(self, size: tuple[int, int], data: bytes, ops: Sequence[Op]) -> Card:
        return Card(
            template=self.name,
            width=size[0],
            height=size[1],
            file=self.file_name(size),
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            mime="image/png" if self.form == "png" else "image/jpeg",
            alt=words.alt(
                self.values,
                self.event,
                photo=_shows_photo(ops),
                fields=self.template.fields(),
                more=self.more_words(),
            ),
        )


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _shows_photo(ops: Sequence[Op]) -> bool:
    return any(isinstance(op, PhotoOp) for op in ops)


def _brand(event: PublishEvent, config: Config, section: Section | None) -> Brand:
    brand, dark = config.brand, config.cards.look == "dark"
    logo, logo_dark = brand.logo, brand.logo_dark
    if section and (section.logo or section.logo_dark):
        logo, logo_dark = section.logo, section.logo_dark
    credit = event.image.credit.casefold() if event.image else ""
    agency = _named(brand.agencies, lambda name: name in credit)
    colors = palette(brand.colors, section.accent if section else brand.colors.accent, dark=dark)
    files = [config.at(path) if path else None for path in (logo, logo_dark, agency and agency.logo)]
    return Brand(colors, *map(_logo, files))


def _named(tables: Mapping[str, T], matches: Callable[[str], bool]) -> T | None:
    """The first table of the config whose name matches, whatever its case."""
    return next((table for name, table in tables.items() if matches(name.casefold())), None)


def _logo(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        found = path.stat()
        return _read_logo(path, found.st_mtime_ns, found.st_size)
    except (PhotoError, OSError) as error:
        why = error.message if isinstance(error, PhotoError) else f"{path}: {error.strerror}"
        raise CardError(f"a logo cannot be used: {why}", "See the logos in [brand]; a PNG is best.") from None


@lru_cache(maxsize=32)
def _read_logo(path: Path, changed: int, size: int) -> bytes:
    """A logo's bytes, read again when its file has changed. Raises PhotoError or OSError."""
    photo.probe(path)
    return path.read_bytes()


def _slug(text: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
    if len(words) > 40:
        words = words[:41].rpartition("-")[0] or words[:40]
    return words

"""Every template on one sheet, with a sample story: wide and tall, light and dark, and mirrored."""

import io
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from syndication.cards import make_cards, template_names, templates
from syndication.config import Config
from syndication.errors import InputError
from syndication.files import write_whole
from syndication.models import PublishEvent

_HEIGHT, _GAP, _HEAD = 252, 16, 40  # pixels of a picture on the sheet, between pictures, over a row
_NOW = datetime(2026, 11, 22, tzinfo=UTC)
_SQUARE, _WIDE, _PORTRAIT, _STORY = (1080, 1080), (1200, 630), (1080, 1350), (1080, 1920)
_COLUMNS = (
    ("en", "light", True, _WIDE),
    ("ar", "light", True, _WIDE),
    ("en", "dark", False, _WIDE),
    ("en", "light", True, _SQUARE),
    ("ar", "dark", True, _PORTRAIT),
    ("en", "light", True, _STORY),
)

_CARD = {"live": True, "number": "1 in 7", "seconds": 222, "pictures": 12}
_SAMPLES: dict[str, dict[str, Any]] = {
    "en": {
        "headline": "The sea took the road twice. Now the island must choose what to keep",
        "summary": "An earlier version said that the island had lost 400 homes. It has lost 40.",
        "kicker": "Climate",
        "byline": "Ines Varga",
        "image": {"path": "sea.jpg", "credit": "Photo: Mara Osei", "focal": (0.62, 0.5)},
        "card": {
            **_CARD,
            "role": "harbour master, Port Ellis",
            "source": "Source: Coastal Survey 2026",
            "facts": [
                "The outer road is given up",
                "Forty homes move inland",
                "The school stays, behind a dike",
            ],
        },
    },
    "ar": {
        "headline": "البحر أخذ الطريق مرتين، وعلى الجزيرة أن تختار ما تبقيه",
        "summary": "ذكرت نسخة سابقة أن الجزيرة فقدت أربعمئة منزل، والصحيح أنها فقدت أربعين.",
        "kicker": "مناخ",
        "byline": "ليلى حداد",
        "image": {"path": "desert.jpg", "credit": "تصوير: م. عمر"},
        "card": {
            **_CARD,
            "number": "٧٢٪",
            "role": "مديرة الميناء",
            "source": "المصدر: مسح السواحل ٢٠٢٦",
            "facts": ["يُترك الطريق الخارجي", "تنتقل أربعون دارًا إلى الداخل", "تبقى المدرسة خلف السد"],
        },
    },
}


def contact_sheet(config: Config) -> Image.Image:
    """Every template there is, the newsroom's own and ours, each in a row under its name and what it is for.

    Raises CardError or TemplateError if one of them cannot be drawn.
    """
    rows = {name: _row(name, config) for name in template_names(config)}
    width = max(sum(picture.width + _GAP for picture in row) for row in rows.values()) + _GAP
    sheet = Image.new("RGB", (width, len(rows) * (_HEAD + _HEIGHT + _GAP) + _GAP), "#d8d6d0")
    pen = ImageDraw.Draw(sheet)
    for index, (name, row) in enumerate(rows.items()):
        x, y = _GAP, _GAP + index * (_HEAD + _HEIGHT + _GAP)
        pen.text((x, y + _HEAD / 2), name, "#17181c", ImageFont.load_default(22), anchor="lm")
        about = templates.about(name, config)
        pen.text((x + 170, y + _HEAD / 2), about, "#55565a", ImageFont.load_default(17), anchor="lm")
        for picture in row:
            sheet.paste(picture, (x, y + _HEAD))
            x += picture.width + _GAP
    return sheet


def write_sheet(config: Config, file: Path) -> None:
    """Write the contact sheet to a PNG or JPEG file, by its name's ending. Raises InputError for any other ending."""
    kind = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}.get(file.suffix.lower())
    if kind is None:
        raise InputError(f"{file}: a sheet is a PNG or JPEG file", "Name one such as templates.png.")
    out = io.BytesIO()
    contact_sheet(config).save(out, kind)
    write_whole(file, out.getvalue())


def _row(name: str, config: Config) -> list[Image.Image]:
    pictures = []
    with TemporaryDirectory(prefix="syndicate-sheet-") as folder:
        for language, look, with_photo, size in _COLUMNS:
            event = sample(language)
            looks = config.model_copy(update={"cards": config.cards.model_copy(update={"look": look})})
            photos = resources.files("syndication") / "samples" / "photos"
            with resources.as_file(photos / str(_SAMPLES[language]["image"]["path"])) as photo:
                (card,) = make_cards(
                    event,
                    config=looks,
                    photo=photo if with_photo else None,
                    folder=Path(folder),
                    template=name,
                    sizes=[size],
                    now=_NOW,
                )
            with Image.open(Path(folder) / card.file) as image:
                pictures.append(
                    image.resize((_HEIGHT * size[0] // size[1], _HEIGHT), Image.Resampling.LANCZOS)
                )
    return pictures


def sample(language: str) -> PublishEvent:
    """A story that has all that a card can show, in English or Arabic."""
    facts = {"url": "https://news.example/island", "published": "2026-11-20T08:12:00Z", "language": language}
    return PublishEvent.model_validate({**facts, **_SAMPLES[language]})

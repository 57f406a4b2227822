"""The specimen sheet: headlines of `headlines.toml`, drawn as cards draw them, to `docs/pictures/specimen.png`.

python benchmarks/specimen.py
"""

import tomllib
from pathlib import Path
from typing import Any

from PIL import Image

from syndication.cards import glyphs, typeset

HERE = Path(__file__).parent
PICTURE = HERE.parent / "docs" / "pictures" / "specimen.png"
WIDTH, HEIGHT, GAP = 660, 124, 30  # of a headline's box, and between boxes, pixels
INK, PAPER, LABEL = (23, 24, 28), (247, 244, 238), (150, 140, 126)
RTL = {"ar", "fa", "he", "ur"}


def headlines() -> list[dict[str, Any]]:
    """Every headline, with its language and role."""
    return list(tomllib.loads((HERE / "headlines.toml").read_text(encoding="utf-8"))["headline"])


def face(headline: dict[str, Any]) -> typeset.Face:
    """How a headline is set, as the article card does."""
    language, role = headline["language"], headline.get("role", "serif")
    return typeset.Face(role, 700, 1.1, 0.0, language, rtl=language in RTL)


def draw() -> Image.Image:
    """The sheet, in two columns."""
    told = headlines()
    rows = -(-len(told) // 2)
    sheet = Image.new("RGB", (2 * WIDTH + 3 * GAP, rows * (HEIGHT + GAP) + GAP), PAPER)
    small = typeset.Face("sans", 500, 1.2, 0.02, "en", rtl=False)
    for index, headline in enumerate(told):
        left = GAP + index // rows * (WIDTH + GAP)
        top = GAP + index % rows * (HEIGHT + GAP)
        name = typeset.fit(headline["language"], small, WIDTH, 20, (13, 13), 1)
        glyphs.paint(sheet, name.lines[0], left, round(top + name.baseline), LABEL, 1)
        style = face(headline)._replace(hang=GAP)
        block = typeset.fit(typeset.clean(headline["text"]), style, WIDTH, HEIGHT - 18, (20, 38), 2)
        for number, line in enumerate(block.lines):
            x = left + WIDTH - line.width if style.rtl else left
            glyphs.paint(sheet, line, x, round(top + 18 + block.baseline + number * block.pitch), INK, 1)
    return sheet


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    draw().save(PICTURE, optimize=True)
    print(f"{PICTURE}: {len(headlines())} headlines, {PICTURE.stat().st_size // 1024} KB")

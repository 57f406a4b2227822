"""The specimen's headlines against Chromium: each in one line, with the same font files, in the same order.

    python benchmarks/specimen_chromium.py [SHEET.png]

What is compared, for each headline of `headlines.toml` at 40 pixels: the advance width that our shaping gives with
what the browser's `getBoundingClientRect` says, and the ink, both pictures laid over each other where they agree best
within two pixels: the share of ink that both have (intersection over union of grey values). The browser has its own
bidirectional order, font fallback by cluster, shaping and rasteriser (Skia), so agreement is not a matter of course;
letters in the right places give 0.8 to 0.95, as the two smooth edges differently, and a wrong letter or order gives
far less. Two things are told to the browser, not left to it: which line is mostly of which script, by the order of the
fonts, and that Latin letters are not drawn by the fonts of other scripts, by `unicode-range`. @font-face names a file
and no font in a collection: of the CJK collection each is taken out by fontTools first (`pip install fonttools`).
SHEET.png gets both drawings of each headline, ours above, to look at.

Seen on 2026-11-22 with Chromium 156: 41 of 41 agree; widths by 0.22 pixels or less, ink from 0.88 to 0.95.
"""

import html
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont
from PIL import Image, ImageChops, ImageStat
from specimen import face, headlines

from syndication.cards import fonts, glyphs, shape, typeset

SIZE, ROW, MARGIN, WIDTH = 40, 120, 60, 2400  # pixels; a row for each headline
BASELINE = 75  # from a row's top
LEAST = 0.8
LATIN = frozenset({"Inter", "Source Serif 4"})
NO_LETTERS = "; unicode-range: U+0-40, U+5B-60, U+7B-10FFFF"


def ours(headline: dict[str, Any]) -> tuple[Image.Image, float]:
    """A headline in one line, black on white, and its width in pixels."""
    block = typeset.fit(typeset.clean(headline["text"]), face(headline), 9e9, 9e9, (SIZE, SIZE), 1)
    picture = Image.new("RGB", (WIDTH, ROW), "white")
    glyphs.paint(picture, block.lines[0], MARGIN, BASELINE, (0, 0, 0), 1)
    return picture, block.lines[0].width


def file_for(one: fonts.Face, folder: Path) -> Path:
    """A face's file, as Chromium can read it."""
    if not one.path.endswith(".ttc"):
        return Path(one.path)
    out = folder / f"{one.family}-{one.index}.otf"
    if not out.exists():
        TTFont(one.path, fontNumber=one.index, lazy=True).save(out)
    return out


def page(folder: Path) -> str:
    """All headlines as a page, one in each row, that tells their widths once the fonts are there."""
    rules, rows = dict[str, str](), []
    for index, headline in enumerate(headlines()):
        style, text = face(headline), typeset.clean(headline["text"])
        script = shape.main_script(text)
        role = fonts.role_of(style.role, script)
        stack = dict.fromkeys(
            [
                *fonts.stack(role, style.weight, script, style.language, ""),
                *fonts.stack(role, style.weight, "Latn", style.language, ""),
                fonts.emoji(),
            ]
        )
        used = {item.face for item in typeset._Paragraph(text, style).items}
        names = []
        for one in stack:
            if one not in used:
                continue
            name = f"{one.family} {one.index} {one.scale}"
            url = file_for(one, folder).as_uri()
            rules[name] = (
                f"@font-face {{ font-family: '{name}'; src: url('{url}'); font-weight: 100 900;"
                f" size-adjust: {one.scale * 100:g}%{'' if one.family in LATIN else NO_LETTERS} }}"
            )
            names.append(f"'{name}'")
        rows.append(
            f'<div style="top:{index * ROW}px"><i></i><span lang="{headline["language"]}"'
            f' dir="{"rtl" if style.rtl else "ltr"}" style="font-family:{",".join(names)}">'
            f"{html.escape(text)}</span></div>"
        )
    return (
        "<!doctype html><meta charset=utf-8><style>"
        + "\n".join(rules.values())
        + f"""
        body {{ margin: 0; background: white }}
        div {{ position: absolute; left: {MARGIN}px; height: {ROW}px; white-space: nowrap; line-height: 0 }}
        i {{ display: inline-block; height: {BASELINE}px }}
        span {{ font-size: {SIZE}px; font-weight: 700; font-synthesis: none; display: inline-block;
                vertical-align: baseline; unicode-bidi: isolate }}
        </style>{"".join(rows)}<script>
        document.fonts.ready.then(() => {{
          const widths = [...document.querySelectorAll("span")].map(s => s.getBoundingClientRect().width)
          document.title = JSON.stringify(widths)
        }})</script>"""
    )


def chromium(folder: Path) -> tuple[Image.Image, list[float]]:
    """The page as the browser draws it, and the widths it tells."""
    (folder / "page.html").write_text(page(folder), encoding="utf-8")
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--font-render-hinting=none",
        "--disable-lcd-text",
        "--allow-file-access-from-files",
        f"--user-data-dir={folder}/profile",
        f"--window-size={WIDTH},{len(headlines()) * ROW}",
        "--virtual-time-budget=20000",
    ]
    address = (folder / "page.html").as_uri()
    dom = subprocess.run(
        [*command, "--dump-dom", address], capture_output=True, text=True, timeout=120, check=True
    ).stdout
    subprocess.run(
        [*command, f"--screenshot={folder}/page.png", address], capture_output=True, timeout=120, check=True
    )
    told = re.search(r"<title>(.*?)</title>", dom)
    assert told, "the page told no widths"
    return Image.open(folder / "page.png").convert("RGB"), json.loads(told[1])


def agreement(one: Image.Image, other: Image.Image) -> float:
    """The share of ink that two drawings have in common, at the best of small shifts."""
    inks = [ImageChops.invert(picture.convert("L")) for picture in (one, other)]
    best = 0.0
    for across in range(-2, 3):
        for down in range(-2, 3):
            moved = ImageChops.offset(inks[1], across, down)
            both, either = ImageChops.darker(inks[0], moved), ImageChops.lighter(inks[0], moved)
            best = max(best, ImageStat.Stat(both).sum[0] / ImageStat.Stat(either).sum[0])
    return best


def main() -> int:
    """Compare, print a line for each headline, and fail if one differs."""
    told, bad = headlines(), 0
    with tempfile.TemporaryDirectory() as folder:
        picture, widths = chromium(Path(folder))
    sheet = Image.new("RGB", (WIDTH, 2 * ROW * len(told)), "white")
    for index, (headline, width) in enumerate(zip(told, widths, strict=True)):
        mine, own = ours(headline)
        theirs = picture.crop((0, index * ROW, WIDTH, (index + 1) * ROW))
        share = agreement(mine, theirs)
        wrong = share < LEAST or abs(own - width) > 1
        bad += wrong
        print(
            f"{headline['language']:8} width {own:8.2f} / {width:8.2f}   ink {share:.3f} {'<--' if wrong else ''}"
        )
        sheet.paste(mine, (0, 2 * index * ROW))
        sheet.paste(theirs, (0, (2 * index + 1) * ROW))
    if len(sys.argv) > 1:
        sheet.save(sys.argv[1])
    print(f"{len(told) - bad} of {len(told)} agree")
    return bad


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))

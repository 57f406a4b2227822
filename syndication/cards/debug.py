"""Where everything stands, drawn over a card: for the author of a template."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from syndication.cards.ops import FillOp, LogoOp, Op, PhotoOp, ScrimOp, TextOp

_COLORS: dict[type[Op], str] = {
    TextOp: "#ff00d4",
    LogoOp: "#00a2ff",
    PhotoOp: "#00c853",
    ScrimOp: "#8d6e63",
    FillOp: "#ff9100",
}


def outline(canvas: Image.Image, ops: Sequence[Op]) -> None:
    """Outline every box on `canvas`, and say what it is: its name, its letters' size in pixels, its lines."""
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(max(11, canvas.width // 85))
    for op in ops:
        color = _COLORS[type(op)]
        left, top, right, bottom = op.rect.pixels()
        pen.rectangle((left, top, right - 1, bottom - 1), outline=color, width=2)
        words = describe(op)
        x0, y0, x1, y1 = pen.textbbox((left, top), words, font, anchor="lb")
        # Above its box, but never off the card; what fills the card names itself inside.
        x, y = min(left, canvas.width - (x1 - x0) - 4), (top if y0 >= 0 else top + (y1 - y0) + 4)
        pen.rectangle(pen.textbbox((x + 2, y - 2), words, font, anchor="lb"), fill="#ffffff")
        pen.text((x + 2, y - 2), words, color, font, anchor="lb")


def describe(op: Op) -> str:
    """An operation in a few words: `headline 66 px, 2 lines`."""
    kind = type(op).__name__.removesuffix("Op").lower()
    if isinstance(op, TextOp) and op.block:
        lines = len(op.block.lines)
        cut = ", cut" if op.block.cut else ""
        return f"{op.name} {op.block.size} px, {lines} line{'s' if lines != 1 else ''}{cut}"
    if isinstance(op, LogoOp) and op.agency:
        kind = "agency"
    return f"{kind} {op.rect.width:.0f}x{op.rect.height:.0f}"

"""The specimen sheet: every script as it was when somebody last looked at it.

After a change that is meant to be seen: `python benchmarks/specimen.py`, then look at `docs/pictures/specimen.png`.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image, ImageChops, ImageStat

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "specimen.py"
LIMIT = 7.0  # root mean square of a box's difference, of 255: what another processor's rounding may do


@pytest.fixture
def specimen() -> ModuleType:
    """The script that draws it."""
    spec = importlib.util.spec_from_file_location("specimen", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_script_looks_as_it_did(specimen: ModuleType) -> None:
    """No headline of the sheet differs from the picture that was looked at, and each has its own place in it."""
    drawn = specimen.draw()
    with Image.open(specimen.PICTURE) as picture:
        assert picture.size == drawn.size
        delta = ImageChops.difference(drawn, picture.convert("RGB"))
    tile = 60
    worst = max(
        max(ImageStat.Stat(delta.crop((x, y, x + tile, y + tile))).rms)
        for y in range(0, delta.height - tile, tile)
        for x in range(0, delta.width - tile, tile)
    )
    assert worst < LIMIT
    assert len(specimen.headlines()) >= 40
    assert len({headline["language"] for headline in specimen.headlines()}) >= 30

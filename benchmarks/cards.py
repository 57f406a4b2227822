"""Draws the cards of a race against other renderers, through the public API and as the pipeline draws them.

    python benchmarks/cards.py JOBS.json

JOBS.json is `{"case": "photo" | "plain", "format": "jpeg" | "png", "jobs": [{"photo": path or null, "headline",
"kicker", "byline", "logo", "format", "out"}, ...]}`. Each job is a story of its own with a photo of its own. It is
drawn, its `out` is written, and the last line printed is `{"seconds": [...]}`: what each took from the photo's file to
encoded bytes in memory, with all that the pipeline does: hash, rights, crop, fonts, lines, scrims by need, checks.
"""

import json
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

from syndication import process

process.tune()  # as `syndicate` does

from syndication import Config, PublishEvent, render_cards  # noqa: E402 - nothing large before that
from syndication.config import parse  # noqa: E402

HERE = Path(__file__).parent
NEWSROOM = """
[brand]
name = "Daily"
logo = "{logo}"
[brand.colors]
accent = "#c8102e"
night = "#16213e"
[cards]
templates = "{here}/race"
template = "race"
"""


def main(path: Path) -> None:
    """Draw the file's jobs in order, and print what each took."""
    seconds = []
    for job in json.loads(path.read_text(encoding="utf-8"))["jobs"]:
        start = time.perf_counter()
        data = draw(job)
        seconds.append(time.perf_counter() - start)
        Path(job["out"]).write_bytes(data)
    print(json.dumps({"seconds": seconds}))


def draw(job: dict[str, Any]) -> bytes:
    """The card of one job."""
    (card,) = render_cards(
        story(job),
        config=newsroom(job["logo"]),
        photo=Path(job["photo"]) if job["photo"] else None,
        sizes=[(1200, 630)],
        format=job["format"],
    )
    return card.data


def story(job: dict[str, Any]) -> PublishEvent:
    """The event that a CMS would send of a job."""
    return PublishEvent.model_validate(
        {
            "url": "https://daily.example/world/1",
            "headline": job["headline"],
            "kicker": job["kicker"],
            "byline": [job["byline"]],
            "published": "2026-11-20T08:12:00Z",
            "image": {"path": job["photo"]} if job["photo"] else None,
        }
    )


@cache
def newsroom(logo: str) -> Config:
    """The newsroom's config: read once, as a worker reads it."""
    return parse(NEWSROOM.format(logo=logo, here=HERE), HERE / "syndicate.toml")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

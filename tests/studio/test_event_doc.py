"""What docs/event.md tells the author of a CMS, held against the code."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from syndication.config import Config
from syndication.errors import EventError
from syndication.events import parse_event
from syndication.models import CardData, Image, PublishEvent
from syndication.pipeline.accept import Verdict
from syndication.store import Store
from syndication.studio.app import make_app

DOC = (Path(__file__).parents[2] / "docs" / "event.md").read_text(encoding="utf-8")
SECRET = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", DOC, re.MULTILINE | re.DOTALL)


def rows() -> dict[str, list[str]]:
    """The tables' rows by field: what it holds, and what counts if it is left out."""
    found = re.findall(r"^\| `([a-z.]+)` \| (.*) \| (.*) \|$", DOC, re.MULTILINE)
    return {name: [told, default] for name, told, default in found}


@pytest.fixture
def door(store: Store, config: Config, browse: Callable[[Starlette], Any]) -> Any:
    """A door that takes events."""
    return browse(make_app(store, config, lambda: True, [SECRET]))


def test_every_field_is_documented() -> None:
    """The tables name each field of an event, its image and its card, and nothing else."""
    fields = {
        *PublishEvent.model_fields,
        *(f"image.{name}" for name in Image.model_fields),
        *(f"card.{name}" for name in CardData.model_fields),
    }
    assert set(rows()) == fields


def test_required_and_default_are_told_rightly() -> None:
    """A field is called required exactly where an event without it is refused, and plain defaults are the model's."""
    for name, field in PublishEvent.model_fields.items():
        default = rows()[name][1]
        assert (default == "**required**") == field.is_required(), name
    for name in ("kind", "revision", "language", "priority"):
        assert rows()[name][1] == f"`{PublishEvent.model_fields[name].default}`"


def test_limits_are_told_rightly() -> None:
    """Where the table gives a number of characters, one more is refused and told in the same number."""
    found = {
        name: match[1] for name, (told, _) in rows().items() if (match := re.search(r"([\d,]+) char", told))
    }
    assert {"id", "url", "headline", "summary", "body", "tags", "image.alt", "image.credit"} <= set(found)
    for name, limit in found.items():
        text = ("https://news.example/" if name == "url" else "").ljust(int(limit.replace(",", "")) + 1, "x")
        value: Any = [text] if name in ("tags", "byline", "card.facts") else text
        event: dict[str, Any] = json.loads(blocks("json")[0]) | {"id": "cms-1"}
        if name.startswith("image."):
            event["image"] = {"url": "https://news.example/a.jpg", name.removeprefix("image."): value}
        elif name.startswith("card."):
            event["card"] = {name.removeprefix("card."): value}
        else:
            event[name] = value
        with pytest.raises(EventError) as caught:
            parse_event(json.dumps(event).encode())
        (fault,) = caught.value.faults
        assert fault.field.startswith(name)
        shorter = json.dumps(event).replace(text, text[:-1])
        assert parse_event(shorter.encode()).headline


def test_the_examples_are_events() -> None:
    """Both example events can be published as they stand, and the full one uses every field."""
    smallest, full = (json.loads(text) for text in blocks("json")[:2])
    assert parse_event(json.dumps(smallest).encode()).id == smallest["url"]
    assert set(full) == set(PublishEvent.model_fields)
    assert parse_event(json.dumps(full).encode()).revision == 3


def test_the_listed_faults_are_what_is_said() -> None:
    """The faults of the example are those an event with these mistakes gets, word for word."""
    mistaken = b'{"url": "https://news.example/1", "published": "20 November", "headlin": "x"}'
    with pytest.raises(EventError) as caught:
        parse_event(mistaken)
    told = json.loads(blocks("json")[-1])["faults"]
    assert sorted(told, key=str) == sorted((fault._asdict() for fault in caught.value.faults), key=str)


def test_every_result_is_documented() -> None:
    """The answers name each verdict there is."""
    section = DOC[DOC.index("A 202 says") :].partition("```")[0]
    assert set(re.findall(r"`([a-z]+)`", section)) - {"result"} == set(Verdict)


def test_the_signing_example_is_taken_in(door: Any) -> None:
    """The Python example, run as it stands, gets the documented 202; with another secret it gets 401."""
    (program,) = blocks("python")

    def run(secret: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "EVENTS": f"{door.address}/events", "SYNDICATE_WEBHOOK_SECRET": secret}
        return subprocess.run(
            [sys.executable, "-c", program],
            input=blocks("json")[1],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    first = run(SECRET)
    assert first.stdout == '202 {"story":"cms-4711","result":"new"}\n', first.stderr
    assert json.loads(first.stdout[4:]) == json.loads(blocks("json")[2])
    assert json.loads(run(SECRET).stdout[4:])["result"] == "unchanged"
    assert "401" in run("whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZA==").stderr


def test_too_large_is_413(door: Any, config: Config) -> None:
    """A body over the documented limit is refused before it is read."""
    assert f"{config.serve.max_bytes:,} unless set" in DOC
    size = str(config.serve.max_bytes + 1)
    assert door("/events", "POST", **{"Content-Length": size}).status == 413

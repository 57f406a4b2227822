"""Events as JSON: what is taken, and how everything else is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.errors import EventError, PhotoError
from syndication.events import event_schema, parse_event
from syndication.models import PublishEvent

STORY = {
    "url": "https://news.example/world/1",
    "headline": "Harbour towns vote to let the sea back in",
    "published": "2026-11-20T08:00:00Z",
}
SAMPLES = Path(__file__).parents[2] / "syndication" / "samples" / "stories"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def read(**changes: Any) -> PublishEvent:
    fields = {name: value for name, value in {**STORY, **changes}.items() if value is not ...}
    return parse_event(json.dumps(fields).encode())


def faults(raw: bytes | dict[str, Any], **options: Any) -> dict[str, str]:
    body = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    with pytest.raises(EventError) as caught:
        parse_event(body, **options)
    return {fault.field: f"{fault.found} | {fault.expected}" for fault in caught.value.faults}


def test_three_fields_are_enough() -> None:
    """Only url, headline and published are required; the id is the URL unless given."""
    event = read()
    assert (event.id, event.kind, event.revision, event.language) == (STORY["url"], "publish", 1, "en")


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_samples_are_right_events(file: Path) -> None:
    """Every sample story that ships is an event without fault, its photo beside it."""
    event = parse_event(file.read_bytes(), folder=file.parent)
    assert event.image is not None and Path(event.image.path or "").is_file()


def test_every_fault_at_once() -> None:
    """A bad event is refused once, with the path of each fault, what was found and what belongs there."""
    bad = {
        "url": "file:///etc/passwd",
        "published": "yesterday",
        "modified": 1700000000,
        "revision": True,
        "priority": "urgent",
        "hedline": "x",
        "byline": 5,
        "image": {"url": "https://x.example/a.jpg", "focal": [0.5, 1.5], "fokal": 1},
        "overrides": {"bluesky": ""},
    }
    found = faults(bad)
    assert set(found) == {
        "url", "published", "modified", "revision", "priority", "headline", "hedline", "byline",
        "image.focal[1]", "image.fokal", "overrides.bluesky",
    }  # fmt: skip
    assert "headline" in found["hedline"] and "focal" in found["image.fokal"]
    assert found["published"] == ("'yesterday' | a date and time with its zone, such as 2026-11-20T08:00:00Z")
    assert found["headline"].startswith("nothing")


@pytest.mark.parametrize(
    "moment", ["2026-11-20T08:00:00", "2026-11-20", "20/11/2026", 1, "0001-01-01T00:00:00Z", ""]
)
def test_times_carry_a_zone(moment: object) -> None:
    """A time without a zone, a number or a date by itself is a fault, not a guess."""
    assert "zone" in faults({**STORY, "published": moment})["published"]


def test_expiry_after_embargo() -> None:
    """A story that expires before its embargo ends could never go out, so it is refused."""
    both = {"embargo": "2026-11-21T08:00:00Z", "expires": "2026-11-21T08:00:00+01:00"}
    assert "after the embargo" in faults({**STORY, **both})["expires"]


def test_remote_events_name_no_files() -> None:
    """An event from elsewhere can name no file of this machine, by path or by file URL."""
    assert "elsewhere" in faults({**STORY, "image": {"path": "/etc/passwd"}})["image.path"]
    assert "https://" in faults({**STORY, "image": {"url": "file:///etc/passwd"}})["image.url"]


def test_photo_is_checked_with_the_rest(tmp_path: Path) -> None:
    """A missing or damaged photo is a fault among the others, and a good one comes back absolute."""

    def check(path: Path) -> None:
        if path.read_bytes() != b"photo":
            raise PhotoError("not an image")

    (tmp_path / "good.jpg").write_bytes(b"photo")
    (tmp_path / "bad.jpg").write_bytes(b"text")
    options = {"folder": tmp_path, "check_photo": check}
    found = faults({**STORY, "headline": "", "image": {"path": "bad.jpg"}}, **options)
    assert "not an image" in found["image.path"] and "headline" in found
    assert "exists" in faults({**STORY, "image": {"path": "none.jpg"}}, **options)["image.path"]
    raw = json.dumps({**STORY, "image": {"path": "good.jpg"}}).encode()
    image = parse_event(raw, folder=tmp_path, check_photo=check).image
    assert image is not None and image.path == str(tmp_path / "good.jpg")


def test_a_portrait_is_checked_as_the_photo_is(tmp_path: Path) -> None:
    """What is wrong with a portrait is told at its own place, and a good one comes back absolute."""
    told = {"path": "none.jpg", "focal": [2, 0], "credt": ""}
    found = faults({**STORY, "card": {"portrait": told}}, folder=tmp_path)
    assert "exists" in found["card.portrait.path"]
    assert "a number from 0 to 1" in found["card.portrait.focal[0]"]
    assert "credit, perhaps" in found["card.portrait.credt"]
    assert "one of the two" in faults({**STORY, "card": {"portrait": {}}})["card.portrait"]
    assert (
        "elsewhere" in faults({**STORY, "card": {"portrait": {"path": "/etc/passwd"}}})["card.portrait.path"]
    )
    assert "https://" in faults({**STORY, "card": {"portrait": {"url": "file:///a"}}})["card.portrait.url"]
    (tmp_path / "good.jpg").write_bytes(b"photo")
    raw = json.dumps({**STORY, "card": {"portrait": {"path": "good.jpg"}}}).encode()
    portrait = parse_event(raw, folder=tmp_path).card.portrait
    assert portrait is not None and portrait.path == str(tmp_path / "good.jpg")


@pytest.mark.parametrize("image", [{}, {"alt": "x"}, {"path": "a.jpg", "url": "https://x.example/a.jpg"}])
def test_one_source_of_the_photo(image: dict[str, str], tmp_path: Path) -> None:
    """An image is a path or a URL: neither and both are faults."""
    (tmp_path / "a.jpg").write_bytes(b"photo")
    assert "one of the two" in faults({**STORY, "image": image}, folder=tmp_path)["image"]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "event"),
        (b"\xef\xbb\xbf \n", "event"),
        (b"{", "line 1, column 2"),
        (b"\xff\xfe{}", "event"),
        (b"[" * 100_000, "event"),
        (b'{"a":' * 5000, "event"),
        (b"[]", "event"),
        (b" " * 9_000_000, "event"),
        (b'{"url": "https://a.example/", "url": "https://b.example/"}', "url"),
        (b'{"headline": "\\ud800"}', "headline"),
        (b'{"summary": "a\\u0000b"}', "summary"),
        (b'{"revision": ' + b"9" * 5000 + b"}", "revision"),
        (b'{"revision": NaN}', "revision"),
        (b'{"tags": ' + json.dumps(["x"] * 200).encode() + b"}", "tags"),
        (b'{"image": {"alt": {"a": {"a": {"a": {"a": {"a": {"a": {"a": 1}}}}}}}}}', "image.alt.a.a.a.a.a.a"),
        (b'{"url": "https://user:secret@news.example/"}', "url"),
        (b'{"url": "http://[::1"}', "url"),
        (b'{"headline": "\\u200b\\u200e"}', "headline"),
    ],
)
def test_hostile_json(raw: bytes, field: str) -> None:
    """JSON made to hurt is refused with a fault in a known place."""
    assert field in faults(raw)


def test_faults_are_bounded_and_printable() -> None:
    """However many and strange the faults are, the message stays short and safe to print."""
    many = {f"field{number}\x1b[31m": number for number in range(90)}
    with pytest.raises(EventError) as caught:
        parse_event(json.dumps(many).encode())
    assert len(caught.value.faults) <= 51 and "\x1b" not in str(caught.value)


def test_secrets_of_an_address_are_not_repeated() -> None:
    """A password in an address is refused without being printed."""
    assert "hunter2" not in str(faults(b'{"url": "https://user:hunter2@news.example/"}'))


def test_one_line_fields_are_one_line() -> None:
    """Line breaks in a headline count as spaces, and non-breaking spaces stay."""
    assert read(headline="Two\n  lines\u00a0: one").headline == "Two lines\u00a0: one"


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    """Whatever bytes come, the answer is an EventError with faults, never a traceback."""
    assert faults(raw)


@given(json_values)
def test_any_json(value: Any) -> None:
    """Whatever JSON comes, the answer is an EventError with faults: none of it is a story."""
    assert faults(json.dumps(value).encode())


@given(st.dictionaries(st.sampled_from(sorted(PublishEvent.model_fields)), json_values))
def test_any_values_in_known_fields(values: dict[str, Any]) -> None:
    """Known fields with any values give an event or an EventError, and what is accepted reads the same again."""
    raw = json.dumps({**STORY, **values}).encode()
    try:
        event = parse_event(raw)
    except EventError as error:
        assert error.faults
    else:
        assert parse_event(event.model_dump_json().encode()) == event


def test_schema_tells_the_truth() -> None:
    """The schema names every field, what is required, and examples that are accepted."""
    schema = event_schema()
    assert schema["required"] == ["url", "headline", "published"]
    assert set(schema["properties"]) == set(PublishEvent.model_fields)
    for example in schema["examples"]:
        remote = {**example, "image": {"url": "https://x.example/photo.jpg"}}
        assert parse_event(json.dumps(remote).encode()).headline

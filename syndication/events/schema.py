"""The JSON Schema of an event, for those who write the CMS's side."""

from typing import Any

from syndication.models import PublishEvent

_EXAMPLE = {
    "id": "cms-4711",
    "kind": "publish",
    "revision": 3,
    "url": "https://news.example/world/4711",
    "headline": "Harbour towns vote to let the sea back in",
    "summary": "Three councils will open their dikes and turn farmland into salt marsh.",
    "body": "<p>Three councils voted on Thursday to open their dikes.</p>",
    "section": "Climate",
    "desk": "World",
    "kicker": "Coast",
    "byline": ["Ines Varga", "Tomas Lind"],
    "language": "en",
    "image": {
        "path": "photo.jpg",
        "alt": "A sea wall with a gap, water on both sides",
        "credit": "Photo: Mara Osei",
        "focal": [0.5, 0.4],
    },
    "card": {"template": "article", "note": "updated"},
    "published": "2026-11-20T08:00:00Z",
    "modified": "2026-11-20T09:30:00Z",
    "tags": ["sea level", "coast"],
    "priority": "normal",
    "embargo": None,
    "expires": None,
    "overrides": {"bluesky": "They are letting the sea back in."},
}


def event_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what `parse_event` takes, with descriptions and examples."""
    schema = PublishEvent.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    smallest = {name: _EXAMPLE[name] for name in ("url", "headline", "published")}
    schema["examples"] = [_EXAMPLE, smallest]
    fields = schema["properties"]
    fields["byline"] = {
        "title": "Byline",
        "description": "Who wrote it: a name, or a list of names.",
        "default": [],
        "anyOf": [
            {"type": "string", "maxLength": 300},
            {"type": "array", "items": fields["byline"]["items"]},
        ],
    }
    fields["headline"]["description"] = "One line; line breaks count as spaces."
    for name in ("published", "modified", "embargo", "expires"):
        fields[name]["examples"] = [_EXAMPLE["published"]]
        told = fields[name].get("description", f"When the story was {name}.")
        fields[name]["description"] = f"{told} ISO 8601 with its zone."
    schema["$defs"]["Image"]["oneOf"] = [
        {"required": ["path"], "properties": {"path": {"type": "string"}, "url": {"type": "null"}}},
        {"required": ["url"], "properties": {"url": {"type": "string"}, "path": {"type": "null"}}},
    ]
    return schema

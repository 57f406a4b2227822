"""Requests held against a network's own specification.

`tests/samples/NETWORK/spec.json` is what we use of it: `source`, and for each request, as "METHOD /path" with names in
braces for what differs, the JSON Schema of its body (of its query, for a GET); `$defs` are the schemas they share. What
the specification does not name is refused: its schemas were closed when they were taken out.
"""

import json
import re
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator, FormatChecker

SAMPLES = Path(__file__).parent.parent / "samples"


def check(network, asked):
    """Fails unless the specification knows each of the requests, and its body has the form told there."""
    spec = json.loads((SAMPLES / network / "spec.json").read_text(encoding="utf-8"))
    for each in asked:
        known = [what for what in spec["requests"] if re.fullmatch(_pattern(what), each.what)]
        assert known, f"{each.what} is not in the specification"
        schema = {**spec["requests"][known[0]], "$defs": spec.get("$defs", {})}
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(said(each, schema))


def said(asked, schema):
    """What a request says; the text of a form's field as what the schema takes it for. A file is its name."""
    kind = asked.headers.get("Content-Type", "")
    if asked.what.startswith("GET "):
        return {name: _read(value, name, schema) for name, value in parse_qsl(asked.query)}
    if kind.startswith("application/json"):
        return json.loads(asked.body)
    if kind.startswith("application/x-www-form-urlencoded"):
        return {name: _read(value, name, schema) for name, value in parse_qsl(asked.body.decode())}
    if not kind.startswith("multipart/form-data"):
        return {}
    form = message_from_bytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + asked.body, policy=policy.HTTP
    )
    told = {}
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if file := part.get_filename():
            told[name] = file
        elif name == "payload_json":  # Discord's way to say the rest
            told |= json.loads(part.get_payload(decode=True))
        else:
            told[name] = _read(part.get_payload(decode=True).decode(), name, schema)
    return told


def _pattern(what):
    return "".join(
        "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", what)
    )


def _read(value, name, schema):
    """Numbers, lists and objects stand as JSON in a form's field."""
    types = schema.get("properties", {}).get(name, {}).get("type", "string")
    if "string" in ([types] if isinstance(types, str) else types):
        return value
    return json.loads(value)

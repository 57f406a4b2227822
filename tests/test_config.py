"""The config file: every fault at once, in words, with the nearest known key; and a template that tells the truth."""

import re
import tomllib
from pathlib import Path
from typing import get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from syndication.cli.setup import _CONFIG
from syndication.config import Config, load, parse
from syndication.errors import ConfigError

# A line of the template: a key that is commented out, its value, and what is said of it.
LINE = re.compile(r"^# (?P<key>\w+) = (?P<value>[^#]+|\"[^\"]*\")(?:\s+# (?P<words>.*))?$")


def uncommented():
    """The template with every key in force."""
    lines = [re.sub(r"^# (?=\[|\w+ = )", "", line) for line in _CONFIG.splitlines()[2:]]
    return "\n".join(lines)


def described(model, path=()):
    """Every key of the config: (its path, its default)."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from described(inner, (*path, name))
        elif get_origin(inner) is not dict and (*path, name) != ("folder",):
            yield (*path, name), field.get_default(call_default_factory=True)


def test_the_template_is_valid_as_it_is_and_uncommented():
    """What `init` writes is read without a fault, also with every comment taken away."""
    assert parse(_CONFIG) == parse("")
    full = parse(uncommented())
    assert full.brand.sections["Climate"].accent == "#1f7a4d"
    assert full.accounts["desk"].publish is True


def test_the_template_shows_every_key_and_true_defaults():
    """Each key of the config stands in the template, with its default unless the line says that it is an example."""
    values = tomllib.loads(uncommented())
    examples = {
        match["key"]
        for line in _CONFIG.splitlines()
        if (match := LINE.match(line)) and (match["words"] or "").startswith("example")
    }
    assert examples == {
        *("logo", "logo_dark", "fonts", "accent", "templates", "fragments"),
        *("breaking", "from"),
        *(f"{what}_per_{span}" for what in ("posts", "calls", "dollars") for span in ("day", "month")),
    }
    for path, default in described(Config):
        shown = values
        for part in path:
            assert part in shown, f"{'.'.join(path)} is not in the template"
            shown = shown[part]
        if path[-1] in examples and path[0] != "late" and path[-2:] != ("colors", "accent"):
            assert default is None, f"{'.'.join(path)} has a default to show"
        else:
            assert (Path(shown) if isinstance(default, Path) else shown) == (
                [*default] if isinstance(default, tuple) else default
            )


def test_every_fault_is_told_at_once():
    """An operator mends the file in one go: each fault has its place, what was found and what is expected."""
    wrong = """
        brnd = 1
        [brand]
        naem = "x"
        timezone = "Mars"
        site = "news.example"
        [brand.colors]
        accent = "red"
        [brand.sections.World]
        acent = "#ffffff"
        [serve]
        port = 70000
        max_bytes = "many"
        [delivery]
        lease = 1
        sweep = 0
        [fetch]
        allow = ["10.0.0.0/8", "everywhere", "10.0.0.1/8"]
        [queue]
        redis = "127.0.0.1:6379"
        [accounts.desk]
        publish = "perhaps"
        [cards]
        check = true
        [links]
        utm = { sorce = "x" }
    """
    with pytest.raises(ConfigError) as told:
        parse(wrong, Path("room/syndicate.toml"))
    head, *faults = told.value.message.split("\n")
    assert head == "room/syndicate.toml:"
    for said in (
        "brnd: unknown key; did you mean brand?",
        "brand.naem: unknown key; did you mean name?",
        "brand.timezone: found 'Mars', expected an IANA time zone such as Europe/London",
        "brand.site: found 'news.example', expected an address such as https://news.example/",
        "brand.colors.accent: found 'red', expected a colour such as #1f7a4d",
        "brand.sections.World.acent: unknown key; did you mean accent?",
        "brand.sections.World.accent: is missing",
        "serve.port: found 70000, expected at most 65535",
        "serve.max_bytes: found 'many', expected a whole number",
        "delivery.lease: found 1, expected at least 3",
        "delivery.sweep: found 0, expected more than 0",
        "fetch.allow.1: found 'everywhere', expected a network such as 10.1.2.0/24",
        "fetch.allow.2: found '10.0.0.1/8', expected a network such as 10.1.2.0/24",
        "queue.redis: found '127.0.0.1:6379', expected an address such as redis://127.0.0.1:6379/0",
        "accounts.desk.publish: found 'perhaps', expected true or false",
        "cards.check: found true, expected 'warn', 'repair' or 'refuse'",
        "links.utm.sorce: found 'sorce', expected 'source', 'medium', 'campaign', 'term', 'content' or 'id'",
    ):
        assert f"  {said}" in faults
    assert len(faults) == 17


@pytest.mark.parametrize("pages", ["static.html", "{slug}.html", "{path}/{year}", "{}"])
def test_pages_that_would_all_be_one_are_refused(pages):
    """Where a story's page lies follows from its address or id; anything else is told before a story comes."""
    with pytest.raises(
        ConfigError, match=r"metadata\.pages: found .*, expected a path with \{path\} or \{id\}"
    ):
        parse(f'[metadata]\npages = "{pages}"\n')


def test_a_key_far_from_any_is_answered_with_those_there_are():
    """Where nothing is near, the known keys of that table are told."""
    with pytest.raises(
        ConfigError, match=r"serve\.zzz: unknown key; known here: host, port, public, max_bytes"
    ):
        parse("[serve]\nzzz = 1\n")
    with pytest.raises(ConfigError, match=r"folder in|\[store\]"):
        parse('folder = "x"\n')


def test_a_password_in_an_address_is_not_repeated():
    """A value that is told back has no password in it, and is cut to a line."""
    with pytest.raises(ConfigError) as told:
        parse('[queue]\nredis = "http://user:pass-of-the-test@127.0.0.1/"\n')
    assert "pass-of-the-test" not in str(told.value)
    with pytest.raises(ConfigError) as told:
        parse(f'[brand]\ntimezone = "{"x" * 5000}"\n')
    assert len(str(told.value)) < 300


NAMES = st.text("ab.-", min_size=1, max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc/:@. ", max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {toml(one)}' for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return '""' if value is None else str(value) if isinstance(value, int) else f'"{value}"'


@given(st.sampled_from([path for path, _ in described(Config)]), VALUES)
def test_any_value_is_taken_or_told(path, value):
    """Whatever stands at a key, it is read or refused in words that name the key; nothing else is raised."""
    *table, key = path
    text = f"[{'.'.join(table)}]\n{key} = {toml(value)}\n"
    try:
        assert parse(text).folder.is_absolute()
    except ConfigError as error:
        assert ".".join(path) in error.message or "not valid TOML" in error.message


def test_paths_start_at_the_file(tmp_path):
    """A relative path is the file's neighbour, whatever folder the command runs in; an absolute one stays."""
    room = tmp_path / "غرفة a"
    room.mkdir()
    config = parse('[store]\nfolder = "d"\n[cards]\nfolder = "/srv/cards"\n', room / "syndicate.toml")
    assert config.data == room / "d"
    assert config.at(config.cards.folder) == Path("/srv/cards")
    assert config.store_url == f"sqlite:///{room / 'd' / 'syndication.db'}"


def test_a_file_is_found_by_argument_then_environment_then_folder(tmp_path, monkeypatch):
    """The named file wins over SYNDICATE_CONFIG, and that over ./syndicate.toml; none of them is told with a remedy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNDICATE_CONFIG", raising=False)
    with pytest.raises(ConfigError) as told:
        load()
    assert "syndicate init" in told.value.hint
    for name in ("syndicate", "environment", "named"):
        (tmp_path / f"{name}.toml").write_text(f'[brand]\nname = "{name}"\n')
    assert load().brand.name == "syndicate"
    monkeypatch.setenv("SYNDICATE_CONFIG", str(tmp_path / "environment.toml"))
    assert load().brand.name == "environment"
    assert load(tmp_path / "named.toml").brand.name == "named"
    (tmp_path / "named.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "named.toml")


def test_addresses_with_passwords_come_from_the_environment(tmp_path, monkeypatch):
    """SYNDICATE_REDIS and SYNDICATE_STORE win over the file, so that no password need stand in it."""
    config = parse('[queue]\nredis = "redis://127.0.0.1/1"\n', tmp_path / "syndicate.toml")
    assert config.redis_url == "redis://127.0.0.1/1"
    monkeypatch.setenv("SYNDICATE_REDIS", "redis://:word@127.0.0.1/2")
    monkeypatch.setenv("SYNDICATE_STORE", "postgresql+psycopg://u:word@h/d")
    assert config.redis_url == "redis://:word@127.0.0.1/2"
    assert config.store_url == "postgresql+psycopg://u:word@h/d"

"""`syndicate.toml` -> `Config`: every key has a default, every unknown key is an error naming the nearest known one.

Paths are relative to the file's folder. Secrets never stand in the file: they come from the environment or
from key files that only their owner can read.
"""

import difflib
import os
import re
import string
import tomllib
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from syndication.errors import ConfigError
from syndication.models import POST_FIELDS, Form

FILE_NAME = "syndicate.toml"


def _web(value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise ValueError("an address such as https://news.example/")
    return value


def _network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError:
        raise ValueError("a network such as 10.1.2.0/24") from None
    return value


def _filled_from(*fields: str) -> AfterValidator:
    """Text with {fields}, none of them unknown."""

    def check(value: str) -> str:
        try:
            parts = [part for _, *part in string.Formatter().parse(value)]
        except ValueError:
            raise ValueError("text whose braces come in pairs, around the name of a field") from None
        for field, form, conversion in parts:
            if field is not None and (field not in fields or form or conversion):
                near = difflib.get_close_matches(field, fields, n=1)
                advice = f"did you mean {{{near[0]}}}?" if near else f"known: {', '.join(fields)}"
                raise ValueError(f"text with fields; {{{field}}} is none, {advice}")
        return value

    return AfterValidator(check)


Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
WebAddress = Annotated[str, AfterValidator(_web)]
Network = Annotated[str, AfterValidator(_network)]
Hours = Annotated[float, Field(gt=0, le=24 * 365)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


class Colors(_Table):
    """The brand's colour roles, `#rrggbb`. Red is for breaking and yellow for age, nothing else.

    Each can be read on what it stands on: the accent on paper as small words are, 4.5 to 1.
    """

    accent: Color = "#cf3038"
    paper: Color = "#f7f4ee"
    ink: Color = "#17181c"
    night: Color = "#14161a"
    alarm: Color = "#b4131b"
    age: Color = "#ffd24a"


class Section(_Table):
    """What one section of the paper has of its own."""

    accent: Color
    logo: Path | None = Field(None, description="As the brand's, for this section alone.")
    logo_dark: Path | None = None
    fonts: Path | None = Field(None, description="A folder as the brand's, in its place for this section.")


Word = Literal[
    "breaking", "live", "opinion", "correction", "video", "audio", "gallery", "updated", "corrected", "from"
]
Script = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?$")]


class Agency(_Table):
    """A picture agency whose licence asks for its logo beside the credit."""

    logo: Path = Field(description="PNG with transparency, light: it stands on photos.")


class Brand(_Table):
    """Who speaks."""

    name: str = "The Meridian"
    site: WebAddress = Field(
        "", description="The paper's front page; used as the publisher's address in JSON-LD."
    )
    logo: Path | None = Field(
        None, description="PNG with transparency; without one the name is set in the serif."
    )
    logo_dark: Path | None = Field(None, description="The logo for light paper, if it differs.")
    fonts: Path | None = Field(
        None,
        description="The paper's own fonts, asked before ours: files in folders `serif`, `sans`, or a language's "
        "tag such as `ur`. Read once by each process.",
    )
    twitter: str = Field("", description="The paper's @name, for twitter:site.")
    timezone: str = Field("UTC", description="In which dates on cards are told; an IANA name.")
    colors: Colors = Colors()
    sections: dict[str, Section] = Field(default_factory=dict)
    words: dict[Script, dict[Word, Annotated[str, Field(min_length=1, max_length=60)]]] = Field(
        default_factory=dict,
        description="What the house says on cards, by language (`sw`, `sr-Latn`), before our own words. `from` holds "
        "{year}.",
    )
    agencies: dict[str, Agency] = Field(
        default_factory=dict, description="By the name that a photo's credit holds."
    )

    @field_validator("words")
    @classmethod
    def _year(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        if any("{year}" not in told.get("from", "{year}") for told in value.values()):
            raise ValueError("a `from` that holds {year}")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a name too long for a file
            raise ValueError("an IANA time zone such as Europe/London") from error
        return value


class StoreTable(_Table):
    """Where rows, photos and keys live."""

    folder: Path = Field(
        Path("data"), description="The store's own folder; shared if several hosts work together."
    )
    url: str = Field("", description="SQLAlchemy URL; empty for SQLite in the folder.")


class Queue(_Table):
    """The broker that carries nudges."""

    redis: str = Field("", description="redis://host:port/db; empty for a Redis of our own, run by `worker`.")

    @field_validator("redis")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://")):
            raise ValueError("an address such as redis://127.0.0.1:6379/0")
        return value


class Cards(_Table):
    """Where cards are written and how the world reaches them."""

    folder: Path = Path("data/cards")
    base_url: WebAddress = Field("", description="The public address of that folder; needed for og:image.")
    template: str = Field("article", description="For stories that are not breaking.")
    breaking_template: str = "breaking"
    templates: Path | None = Field(None, description="A folder of your own templates, looked in first.")
    look: Literal["light", "dark"] = Field(
        "light", description="Dark: cards without a photo are of the night."
    )
    old_after: Annotated[int, Field(ge=1, le=36_500)] = Field(
        365, description="Days after which a story's card carries its year."
    )
    check: Literal["warn", "repair", "refuse"] = Field(
        "repair",
        description="A card with a fault goes out and is told of, is drawn more plainly, or waits for an editor.",
    )
    missing: Literal["text-free", "refuse"] = Field(
        "text-free", description="A story with a letter that no font has: a card without words, or it waits."
    )


class Metadata(_Table):
    """Where a story's tags go on publish."""

    pages: str = Field(
        "", description="The story's page file, from {path} of its URL or {id}; rewritten in place."
    )
    fragments: Path | None = Field(
        None, description="A folder that gets <id>.html and <id>.json for each story."
    )
    image: Literal["card", "photo"] = Field(
        "card",
        description="What og:image names: the card, for feeds; or the clean photo, for Google Discover.",
    )


class Serve(_Table):
    """The HTTP door that a CMS knocks at."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8750
    max_bytes: Annotated[int, Field(ge=1000, le=50_000_000)] = 2_000_000


class DeliveryTable(_Table):
    """How long things may take."""

    lease: Annotated[float, Field(ge=3, le=3600)] = Field(
        300, description="Seconds until work that a worker took and never finished is done by another."
    )
    give_up: Hours = Field(24, description="Hours after which a post that never went out is given up.")
    sweep: Annotated[float, Field(gt=0, le=60)] = Field(
        2, description="Seconds between two looks for what is due."
    )

    @property
    def lease_time(self) -> timedelta:
        """The lease; every time limit below it is a share of it, so that none outlives it."""
        return timedelta(seconds=self.lease)

    @property
    def hard_limit(self) -> float:
        """Seconds after which a task is killed: well inside the lease, so its successor starts alone."""
        return self.lease * 0.8

    @property
    def task_budget(self) -> float:
        """Seconds after which a task takes nothing new."""
        return self.lease * 0.4

    @property
    def deed_limit(self) -> float:
        """Seconds all requests of one try may take: one that starts at the task's last moment still ends in time."""
        return self.lease * 0.35

    @property
    def request_limit(self) -> float:
        """Seconds one request to a network may take in all."""
        return min(60.0, self.lease * 0.2)


class Fetch(_Table):
    """Reading what a story's URLs name."""

    allow: tuple[Network, ...] = Field(
        (), description="Networks (CIDR) inside that pages and photos may come from."
    )
    max_bytes: Annotated[int, Field(ge=1000, le=200_000_000)] = 40_000_000
    seconds: Annotated[float, Field(gt=0, le=300)] = 15


PostText = Annotated[str, Field(max_length=500), _filled_from(*POST_FIELDS)]
Tracking = Annotated[str, Field(max_length=100), _filled_from("network", "account", "section", "id")]


class Links(_Table):
    """What is added to the links of posts, so that the paper's statistics tell where readers came from."""

    utm: dict[Literal["source", "medium", "campaign", "term", "content", "id"], Tracking] = Field(
        default_factory=dict,
        description="Parameters such as `source`, of text and {network}, {account}, {section}, {id}.",
    )


Correct = Literal["edit", "repost", "tell"]


class AccountTable(_Table):
    """What one connected account does by itself; the account is made by `syndicate connect`."""

    publish: bool = Field(True, description="Post each published story; False: only what an editor shares.")
    text: PostText = Field("", description="How its posts read; empty: the summary, the link, the hashtags.")
    hashtags: Annotated[int, Field(ge=0, le=30)] = Field(
        0, description="How many of a story's tags a post carries, as far as the network takes them."
    )
    correct: Correct = Field(
        "edit",
        description="How a post that is out follows its story: edited where the network can, else an editor is told; "
        "`repost`: else removed and posted again; `tell`: an editor does it.",
    )
    form: Form | None = Field(
        None,
        description="How a post carries the card, where the network leaves a choice; its usual way if not told.",
    )


class Config(_Table):
    """All of `syndicate.toml`."""

    folder: Path = Field(
        Path(), exclude=True, description="Where the file lies; every other path starts here."
    )
    brand: Brand = Brand()
    store: StoreTable = StoreTable()
    queue: Queue = Queue()
    cards: Cards = Cards()
    metadata: Metadata = Metadata()
    serve: Serve = Serve()
    delivery: DeliveryTable = DeliveryTable()
    fetch: Fetch = Fetch()
    links: Links = Links()
    accounts: dict[str, AccountTable] = Field(default_factory=dict)
    mentions: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="Whom {mentions} names: a byline's name, and how each network writes that person.",
    )

    def at(self, path: Path) -> Path:
        """A path of the file, made absolute."""
        return (self.folder / path.expanduser()).absolute()

    @property
    def data(self) -> Path:
        """The store's own folder."""
        return self.at(self.store.folder)

    @property
    def store_url(self) -> str:
        """The store's SQLAlchemy URL: from SYNDICATE_STORE, where it may hold a password, else as configured."""
        named = os.environ.get("SYNDICATE_STORE") or self.store.url
        return named or f"sqlite:///{self.data / 'syndication.db'}"

    @property
    def redis_url(self) -> str:
        """The broker: from SYNDICATE_REDIS, where it may hold a password, else as configured. Empty: our own."""
        return os.environ.get("SYNDICATE_REDIS") or self.queue.redis

    @property
    def photos(self) -> Path:
        """Where photos are kept, each under its content hash."""
        return self.data / "photos"


def load(path: Path | None = None) -> Config:
    """Read `path`, else the file that SYNDICATE_CONFIG names, else `syndicate.toml` here.

    Raises ConfigError, naming the file and every fault, or saying how to get a file.
    """
    named = path or (Path(env) if (env := os.environ.get("SYNDICATE_CONFIG")) else None)
    file = named or Path(FILE_NAME)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"{file}: no such file", "Run `syndicate init` to make one, or name one with --config."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{file}: cannot be read: {why}", "Name a config file with --config.") from None
    return parse(text, file)


def parse(text: str, file: Path = Path(FILE_NAME)) -> Config:
    """Read the text of a config file that lies at `file`. Raises ConfigError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None
    if "folder" in data:
        raise ConfigError(f"{file}: folder: unknown key", "The data folder is `folder` in [store].")
    try:
        return Config.model_validate({**data, "folder": file.parent.absolute()})
    except ValidationError as error:
        faults = "\n".join(f"  {_explain(fault)}" for fault in error.errors(include_url=False))
        raise ConfigError(f"{file}:\n{faults}") from None


# What pydantic's errors mean to people; a colour is the only text with a pattern.
_EXPECTED = {
    "string_type": "text in quotes",
    "string_pattern_mismatch": "a colour such as #1f7a4d",
    "path_type": "a path in quotes",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "tuple_type": "a list in square brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than_equal": "at most {le:g}",
    "literal_error": "{expected}",
}


def _explain(fault: Any) -> str:
    path, kind = ".".join(str(part) for part in fault["loc"]), fault["type"]
    if kind == "missing":
        return f"{path}: is missing"
    if kind != "extra_forbidden":
        context = fault.get("ctx", {})
        if kind == "value_error":
            expected = str(context["error"])
        else:
            expected = _EXPECTED.get(kind, "").format(**context) or fault["msg"]
        return f"{path}: found {_shown(fault['input'])}, expected {expected}"
    *parents, key = fault["loc"]
    known = _keys_at(parents)
    near = difflib.get_close_matches(str(key), known, n=1)
    advice = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"{path}: unknown key; {advice}"


def _shown(value: object) -> str:
    """A value of the file in a few words; an address may hold a password, which is not shown."""
    return re.sub(r"//[^/@\s]*@", "//…@", repr(value))[:80]


def _keys_at(path: list[Any]) -> list[str]:
    model: Any = Config
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = model.model_fields[part].annotation
        else:  # a dict of tables: any name leads to its value's table
            model = get_args(model)[1]
    return [name for name in model.model_fields if name != "folder" or model is not Config]

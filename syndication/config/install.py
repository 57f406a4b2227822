"""Where an installation keeps things, and which doors it has."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from syndication.config.base import ConfigTable, Network, PublicAddress


class StoreTable(ConfigTable):
    """Where rows, photos and keys live."""

    folder: Path = Field(
        Path("data"), description="The store's own folder; shared if several hosts work together."
    )
    url: str = Field("", description="SQLAlchemy URL; empty for SQLite in the folder.")


class Queue(ConfigTable):
    """The broker that carries nudges."""

    redis: str = Field("", description="redis://host:port/db; empty for a Redis of our own, run by `worker`.")

    @field_validator("redis")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://")):
            raise ValueError("an address such as redis://127.0.0.1:6379/0")
        return value


class Metadata(ConfigTable):
    """Where a story's tags go on publish."""

    pages: str = Field(
        "", description="The story's page file, from {path} of its URL or {id}; rewritten in place."
    )
    fragments: Path | None = Field(
        None, description="A folder that gets <id>.html and <id>.json for each story."
    )

    @field_validator("pages")
    @classmethod
    def _pages(cls, value: str) -> str:
        fields = re.findall(r"\{[^{}]*\}", value)
        if value and not (fields and {*fields} <= {"{path}", "{id}"}):
            raise ValueError("a path with {path} or {id} in it, such as public/{path}.html")
        return value

    image: Literal["card", "photo"] = Field(
        "card",
        description="What og:image names: the card, for feeds; or the clean photo, for Google Discover.",
    )


class Serve(ConfigTable):
    """The HTTP door that a CMS knocks at."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8750
    public: PublicAddress = Field(
        "",
        description="Where the world reaches this door, such as https://desk.news.example; for Bluesky's OAuth.",
    )
    max_bytes: Annotated[int, Field(ge=1000, le=50_000_000)] = 2_000_000


class Fetch(ConfigTable):
    """Reading what a story's URLs name."""

    allow: tuple[Network, ...] = Field(
        (), description="Networks (CIDR) inside that pages and photos may come from."
    )
    max_bytes: Annotated[int, Field(ge=1000, le=200_000_000)] = 40_000_000
    seconds: Annotated[float, Field(gt=0, le=300)] = 15

"""How the paper and its cards look."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from syndication.config.base import Color, ConfigTable, WebAddress


class Colors(ConfigTable):
    """The brand's colour roles, `#rrggbb`. Red is for breaking and yellow for age, nothing else.

    Ink can be read on paper and white on night and alarm, 4.5 to 1. Words in the accent are deepened on paper, and
    lightened on the night, as far as they need.
    """

    accent: Color = "#cf3038"
    paper: Color = "#f7f4ee"
    ink: Color = "#17181c"
    night: Color = "#14161a"
    alarm: Color = "#b4131b"
    age: Color = "#ffd24a"


class Section(ConfigTable):
    """What one section of the paper has of its own."""

    accent: Color
    logo: Path | None = Field(None, description="As the brand's, for this section alone.")
    logo_dark: Path | None = None
    fonts: Path | None = Field(None, description="A folder as the brand's, in its place for this section.")


Word = Literal[
    "breaking", "live", "opinion", "correction", "video", "audio", "gallery", "updated", "corrected", "from"
]
Script = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?$")]


class Agency(ConfigTable):
    """A picture agency whose licence asks for its logo beside the credit."""

    logo: Path = Field(description="PNG with transparency, light: it stands on photos.")


class Brand(ConfigTable):
    """Who speaks."""

    name: str = "The Meridian"
    site: WebAddress = Field(
        "", description="The paper's front page; used as the publisher's address in JSON-LD."
    )
    logo: Path | None = Field(
        None,
        description="PNG with transparency, light: it stands on photos and the night. Without one that can be read "
        "there the name is set in the serif.",
    )
    logo_dark: Path | None = Field(
        None, description="The logo for light paper; without one, `logo` if it can be read there."
    )
    fonts: Path | None = Field(
        None,
        description="The paper's own fonts, asked before ours: files in folders `serif`, `sans`, or a language's "
        "tag such as `ur`. Read once by each process.",
    )
    twitter: str = Field("", description="The paper's @name, for twitter:site.")
    timezone: str = Field("UTC", description="In which dates on cards are told; an IANA name.")
    colors: Colors = Colors.model_construct()
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


class Cards(ConfigTable):
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

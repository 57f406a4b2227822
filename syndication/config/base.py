"""What every table of `syndicate.toml` is made of."""

import string
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _web(value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise ValueError("an address such as https://news.example/")
    return value


def _public(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme != "https" or not parts.netloc or parts.path not in ("", "/") or parts.query):
        raise ValueError("the https address of a host alone, such as https://desk.news.example")
    return value.rstrip("/")


def _network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError:
        raise ValueError("a network such as 10.1.2.0/24") from None
    return value


def filled_from(*fields: str) -> AfterValidator:
    """Text with {fields}, none of them unknown."""

    def check(value: str) -> str:
        try:
            parts = [part for _, *part in string.Formatter().parse(value)]
        except ValueError:
            raise ValueError("text whose braces come in pairs, around the name of a field") from None
        for field, form, conversion in parts:
            if field is not None and (field not in fields or form or conversion):
                import difflib  # not paid for by files without a fault

                near = difflib.get_close_matches(field, fields, n=1)
                advice = f"did you mean {{{near[0]}}}?" if near else f"known: {', '.join(fields)}"
                raise ValueError(f"text with fields; {{{field}}} is none, {advice}")
        return value

    return AfterValidator(check)


Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
WebAddress = Annotated[str, AfterValidator(_web)]
PublicAddress = Annotated[str, AfterValidator(_public)]
Network = Annotated[str, AfterValidator(_network)]
Hours = Annotated[float, Field(gt=0, le=24 * 365)]


class ConfigTable(BaseModel):
    """One table: unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)

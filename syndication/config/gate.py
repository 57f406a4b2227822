"""What is looked at around a post: the story's page before it, the post itself after it."""

from typing import Annotated, Literal

from pydantic import Field

from syndication.config.base import ConfigTable


class Gate(ConfigTable):
    """When networks that read the story's page, or fetch its card, get the post; and whether posts are read back."""

    wait: Annotated[float, Field(ge=0, le=3600)] = Field(
        120,
        description="Seconds that a post waits at the most for its page and card; breaking stories a quarter of it; "
        "0: nothing is looked at.",
    )
    then: Literal["post", "ask"] = Field(
        "post", description="After that time: posted all the same, and told so; or held for an editor."
    )
    read_back: bool = Field(
        True, description="Read posts back once they are out, where the network shows them."
    )

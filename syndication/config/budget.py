"""How much may be posted and spent before an editor is asked."""

from typing import Annotated

from pydantic import Field

from syndication.config.base import ConfigTable

Count = Annotated[int, Field(ge=0, le=10**9)]
Dollars = Annotated[float, Field(ge=0, le=10**9)]


class Budget(ConfigTable):
    """What one account, or the newsroom, may use in a day and in a month by the paper's clock; unlimited if not told.

    A post beyond it is held for an editor.
    """

    posts_per_day: Count | None = None
    posts_per_month: Count | None = None
    calls_per_day: Count | None = Field(
        None, description="Requests to the network, of which a post needs one to ten."
    )
    calls_per_month: Count | None = None
    dollars_per_day: Dollars | None = Field(
        None, description="US dollars, where the network charges for posts."
    )
    dollars_per_month: Dollars | None = None

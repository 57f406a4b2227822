"""How posts go out: in what time, in whose words."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from syndication.config import rules
from syndication.config.base import ConfigTable, Hours, filled_from
from syndication.config.budget import Budget
from syndication.models import POST_FIELDS, Form, Priority


class DeliveryTable(ConfigTable):
    """How long things may take."""

    lease: Annotated[float, Field(ge=3, le=3600)] = Field(
        300, description="Seconds until work that a worker took and never finished is done by another."
    )
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
    def look_limit(self) -> float:
        """Seconds that one look at a story's page, or at its card, may take before a post goes out."""
        return min(5.0, self.lease * 0.02)

    @property
    def request_limit(self) -> float:
        """Seconds one request to a network may take in all."""
        return min(60.0, self.lease * 0.2)


class Late(ConfigTable):
    """What is too late to go out, and how the rest is spread that is."""

    breaking: Hours = Field(1, description="Hours in which a post of a breaking story must go out.")
    normal: Hours = 24
    evergreen: Hours = 72
    then: Literal["drop", "ask"] = Field(
        "drop", description="A post that did not is dropped, with the reason; or it waits for an editor."
    )
    spacing: Annotated[float, Field(ge=0, le=86_400)] = Field(
        300, description="Seconds between two posts of an account that go out late, or are released."
    )
    review: Hours = Field(
        48, description="Hours after which a post that is held, and nobody releases, is dropped."
    )
    too_old: Annotated[float, Field(gt=0, le=36_500)] = Field(
        7, description="Days: a story older than that when we first see it is filed, and announced by nobody."
    )

    def patience(self, priority: Priority) -> int:
        """Milliseconds in which a post of that priority must go out."""
        hours = {Priority.BREAKING: self.breaking, Priority.EVERGREEN: self.evergreen}
        return int(hours.get(priority, self.normal) * 3_600_000)

    @property
    def pace(self) -> int:
        """Milliseconds between two late posts of an account."""
        return int(self.spacing * 1000)

    @property
    def review_time(self) -> int:
        """Milliseconds that a held post may wait for an editor."""
        return int(self.review * 3_600_000)


PostText = Annotated[str, Field(max_length=500), filled_from(*POST_FIELDS)]
Tracking = Annotated[str, Field(max_length=100), filled_from("network", "account", "section", "id")]


class Links(ConfigTable):
    """What is added to the links of posts, so that the paper's statistics tell where readers came from."""

    utm: dict[Literal["source", "medium", "campaign", "term", "content", "id"], Tracking] = Field(
        default_factory=dict,
        description="Parameters such as `source`, of text and {network}, {account}, {section}, {id}.",
    )


Correct = Literal["edit", "reply", "repost", "tell"]


class AccountTable(ConfigTable):
    """What one connected account does by itself; the account is made by `syndicate connect`."""

    publish: bool = Field(True, description="Post each published story; False: only what an editor shares.")
    takes: rules.Stories = Field(
        rules.Stories.model_construct(),
        description="What it posts: stories with one of the names under each key told here.",
    )
    skips: rules.Stories = Field(
        rules.Stories.model_construct(),
        description="What it leaves out of that: stories with any of the names told here.",
    )
    hours: rules.Hours = Field(
        None,
        description="When it posts by itself, by the paper's clock; breaking stories do not wait for it.",
    )
    template: str = Field(
        "", max_length=100, description="Its posts' card, where the event names none; empty: the story's own."
    )
    text: PostText = Field("", description="How its posts read; empty: the summary, the link, the hashtags.")
    hashtags: Annotated[int, Field(ge=0, le=30)] = Field(
        0, description="How many of a story's tags a post carries, as far as the network takes them."
    )
    budget: Budget = Budget.model_construct()
    correct: Correct = Field(
        "edit",
        description="How a post that is out follows its story: edited where the network can, else an editor is told; "
        "`reply`: left as it is and answered by a correction, where the network has answers; `repost`: edited, else "
        "removed and posted again; `tell`: an editor does it.",
    )
    form: Form | None = Field(
        None,
        description="How a post carries the card, where the network leaves a choice; its usual way if not told.",
    )

    record: bool = Field(
        False,
        description="Keep a record of each story beside its posts, so that these show the paper and the date: at "
        "Bluesky (standard.site), for stories whose address begins with `site` of [brand].",
    )

    @property
    def has_rules(self) -> bool:
        """Whether it takes some stories and not others, or not at every hour."""
        none = rules.Stories()
        return (self.takes, self.skips, self.hours) != (none, none, None)

    @model_validator(mode="after")
    def _takes_something(self) -> Self:
        if key := rules.contradiction(self.takes, self.skips):
            raise ValueError(f"an account that can take something: it skips all of its {key}")
        return self

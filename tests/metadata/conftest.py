"""Stories and tags for the metadata tests."""

from collections.abc import Callable
from typing import Any

import pytest

from syndication.config import Brand
from syndication.metadata import HeadTags, head_tags
from syndication.models import Card, PublishEvent

BASE_URL = "https://cdn.example/cards/"


def card(width: int = 1200, height: int = 630, file: str = "wide card.jpg", **more: Any) -> Card:
    values = {"template": "article", "sha256": "0" * 64, "size": 9, "alt": "A card", **more}
    return Card(width=width, height=height, file=file, **values)


@pytest.fixture
def make_tags(event: Callable[..., PublishEvent]) -> Callable[..., HeadTags]:
    """Tags of a story with these fields, with two cards unless told otherwise."""

    def make(
        *, cards: Any = None, base_url: str = BASE_URL, brand: Brand | None = None, **fields: Any
    ) -> HeadTags:
        drawn = [card(1080, 1080, "square.jpg"), card()] if cards is None else cards
        return head_tags(event(**fields), drawn, brand=brand or Brand(twitter="@meridian"), base_url=base_url)

    return make

"""Stories in five languages, and the photos of the samples."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import syndication
from syndication.models import PublishEvent

PHOTOS = Path(syndication.__file__).parent / "samples" / "photos"

STORIES: dict[str, dict[str, Any]] = {
    "en": {
        "headline": "The sea took the road twice. Now the island must choose what to keep",
        "kicker": "Climate",
        "byline": ["Ines Okafor"],
        "language": "en-GB",
        "image": {
            "path": "sea.jpg",
            "alt": "Low sun over a calm sea",
            "credit": "Photo: Leo Brandt",
            "focal": [0.62, 0.5],
        },
    },
    "ar": {
        "headline": "أرباح Meridian ترتفع 12% رغم الجفاف، والمزارعون يطالبون بخطة لإعادة المياه",
        "kicker": "مياه",
        "byline": ["ليلى حداد"],
        "language": "ar",
        "image": {"path": "desert.jpg", "alt": "كثبان", "credit": "تصوير: م. عمر"},
    },
    "he": {
        "headline": "הים לקח את הכביש פעמיים. עכשיו האי צריך לבחור על מה לשמור",
        "kicker": "אקלים",
        "byline": ["נועה לוין"],
        "language": "he",
        "image": {"path": "mountains.jpg", "alt": "הרים", "credit": "צילום: א. כהן"},
    },
    "ru": {
        "headline": "Море дважды забрало дорогу. Теперь остров решает, что сохранить",
        "kicker": "Климат",
        "byline": ["Анна Орлова", "Пётр Ким"],
        "language": "ru",
        "image": {"path": "mountains.jpg", "alt": "Горы в дымке", "credit": "Фото: И. Лебедев"},
    },
    "el": {
        "headline": "Η θάλασσα πήρε τον δρόμο δύο φορές. Τώρα το νησί πρέπει να διαλέξει",
        "kicker": "Κλίμα",
        "byline": ["Ελένη Παπά"],
        "language": "el",
        "image": {"path": "sea.jpg", "alt": "Θάλασσα", "credit": "Φωτογραφία: Ν. Βέης", "focal": [0.62, 0.5]},
    },
}


@pytest.fixture
def story() -> Callable[..., PublishEvent]:
    """A story in one of the five languages, with changes."""

    def make(name: str = "en", /, **changes: Any) -> PublishEvent:
        facts = {"url": "https://news.example/world/1", "published": "2026-11-20T08:12:00Z"}
        return PublishEvent.model_validate({**facts, **STORIES[name], **changes})

    return make


@pytest.fixture
def photos() -> Path:
    """The folder of the sample photos."""
    return PHOTOS

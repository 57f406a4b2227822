"""Stories in five languages, and the photos of the samples."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import syndication
from syndication import cards
from syndication.config import Config
from syndication.models import Card, PublishEvent

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

# What the cards of each template show besides, in a language of each direction.
CARDS: dict[str, dict[str, dict[str, Any]]] = {
    "en": {
        "live": {"live": True},
        "opinion": {"role": "Writes on the coast"},
        "quote": {"role": "harbour master, Port Ellis"},
        "number": {"number": "1 in 7", "source": "Source: Coastal Survey 2026, 41,200 homes"},
        "list": {
            "facts": [
                "Deposits are capped at one month’s rent",
                "Repairs must start within fourteen days of a complaint",
                "No notice in winter without a court’s decision",
            ]
        },
        "video": {"seconds": 222},
        "audio": {"seconds": 3725},
        "gallery": {"pictures": 12},
        "correction": {"note": "corrected"},
        "plain": {"note": "updated"},
    },
    "ar": {
        "live": {"live": True},
        "opinion": {"role": "تكتب عن الماء"},
        "quote": {"role": "مديرة الميناء"},
        "number": {"number": "٧٢٪", "source": "المصدر: مسح السواحل"},
        "list": {
            "facts": [
                "لا تزيد التأمينات على إيجار شهر واحد",
                "تبدأ الإصلاحات خلال أربعة عشر يومًا من الشكوى",
                "لا إخلاء في الشتاء من دون حكم قضائي",
            ]
        },
        "video": {"seconds": 222},
        "audio": {"seconds": 3725},
        "gallery": {"pictures": 12},
        "correction": {"note": "corrected"},
        "plain": {"note": "updated"},
    },
}
SUMMARIES = {
    "en": "An earlier version of this story said that the island had lost 400 homes. It has lost 40.",
    "ar": "ذكرت نسخة سابقة من هذا الخبر أن الجزيرة فقدت أربعمئة منزل، والصحيح أنها فقدت أربعين منزلًا.",
}


@pytest.fixture
def full_story(story: Callable[..., PublishEvent]) -> Callable[..., PublishEvent]:
    """A story in English or Arabic with all that the template of that name can show, with changes."""

    def make(name: str, template: str, /, **changes: Any) -> PublishEvent:
        told = {"summary": SUMMARIES[name], "card": CARDS[name].get(template, {})}
        return story(name, **{**told, **changes})

    return make


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


@pytest.fixture
def make(tmp_path: Path, photos: Path, story: Callable[..., PublishEvent]) -> Callable[..., tuple[Card, ...]]:
    """Cards of the English story in `tmp_path/cards`, with changes to the event and to the call."""

    def make(event: PublishEvent | None = None, **call: object) -> tuple[Card, ...]:
        options = {
            "config": Config(),
            "photo": photos / "sea.jpg",
            "folder": tmp_path / "cards",
            "sizes": ((1200, 630),),
        }
        return cards.make_cards(event or story(), **{**options, **call})

    return make

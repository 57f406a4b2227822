"""Checks on finished cards: what they find and what they let pass."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from syndication.cards import Drawn, checks, contrast, photo, render_cards, template_names, views
from syndication.cards.brand import Brand as Look
from syndication.cards.checks import Fault
from syndication.cards.ops import FillOp, LogoOp, Op, Rect, TextOp
from syndication.cards.typeset import Face, fit
from syndication.config import Cards, Config, parse
from syndication.models import Card, PublishEvent

Make = Callable[..., PublishEvent]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
WIDE, SQUARE, STORY = (1200, 630), (1080, 1080), (1080, 1920)
ALL_SIZES = (WIDE, SQUARE, (1080, 1350), STORY, (1000, 1500), (1600, 900))
COLORS = {"white": (255, 255, 255), "black": (0, 0, 0), "grey": (119, 119, 119), "paper": (247, 244, 238)}


def faults(drawn: Drawn) -> list[Fault]:
    return [fault for fault in drawn.faults if not fault.note]


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("template", template_names(Config()))
def test_no_sample_card_has_a_fault(template: str, look: str, full_story: Make, photos: Path) -> None:
    """Each template passes in all sizes and both directions, with a photo and without, light and dark."""
    config = Config(cards=Cards.model_validate({"look": look}))
    for language in ("en", "ar"):
        event = full_story(language, template)
        for path in (photos / "mountains.jpg", None):
            for drawn in render_cards(
                event, config=config, photo=path, template=template, sizes=ALL_SIZES, now=NOW
            ):
                assert faults(drawn) == []


def test_no_agencys_logo_is_a_fault(full_story: Make, photos: Path, tmp_path: Path) -> None:
    """The logo beside a credit is small print as the credit is: no template's card fails for it."""
    Image.new("RGBA", (240, 60), "white").save(tmp_path / "agency.png")
    told = '[brand.agencies."North Light"]\nlogo = "agency.png"\n'
    config, seen = parse(told, tmp_path / "syndicate.toml"), 0
    image = {"path": "mountains.jpg", "credit": "Photo: Ines Varga / North Light"}
    for template in template_names(config):
        event = full_story("en", template, image=image)
        for drawn in render_cards(
            event,
            config=config,
            photo=photos / "mountains.jpg",
            template=template,
            sizes=(WIDE, STORY),
            now=NOW,
        ):
            assert faults(drawn) == [], template
            seen += any(isinstance(op, LogoOp) and op.agency for op in drawn.ops)
    assert seen > 10


def words(
    text: str, rect: tuple[float, float], color: str = "black", size: int = 40, name: str = "headline"
) -> TextOp:
    block = fit(text, Face("sans", 700, 1.2, 0, "en", rtl=False), 5000, 5000, (size, size), 1)
    return TextOp(Rect(*rect, block.width, block.height), color, block, name)


def checked(ops: list[Op], size: tuple[int, int] = WIDE, weight: int = 9) -> list[Fault]:
    """The faults of words on white, on a card of so many bytes."""
    card = Card(template="t", width=size[0], height=size[1], file="f", sha256="0", size=weight)
    found = checks.check(ops, contrast.Ground(Image.new("RGB", size, "white")), Look(COLORS), card)
    return [fault for fault in found if not fault.note]


def kinds(found: list[Fault]) -> set[tuple[str, str, str]]:
    return {(fault.box, fault.check, fault.view) for fault in found}


def test_words_in_the_free_part_of_a_card_pass() -> None:
    """What is large, dark on white and inside all crops has no fault."""
    assert checked([words("Harbour", (64, 100))]) == []


def test_each_geometric_fault_is_found() -> None:
    """Off the card, over each other, cut by X's crop, under its label, in a rounded corner, under a play button."""
    assert ("headline", "overflow", "everywhere") in kinds(checked([words("Harbour", (1100, 300))]))
    collided = kinds(checked([words("Harbour", (64, 300)), words("Ferry", (100, 310), name="label")]))
    assert collided == {("headline and label", "collision", "everywhere")}
    assert ("headline", "crop", "X") in kinds(checked([words("Harbour", (300, -4))]))
    under = checked([words("Harbour", (300, 560))])
    assert ("headline", "overlay", "X") in kinds(under)
    assert next(fault for fault in under if fault.view == "X").found.endswith("pixels under the title")
    assert ("headline", "corner", "iMessage") in kinds(checked([words("Harbour", (0, 15))]))
    video = [words("Video", (64, 100), name="video"), words("Harbour", (540, 290))]
    assert ("headline", "overlay", "Facebook") in kinds(checked(video))
    assert checked(video[1:]) == []


@given(st.lists(st.tuples(st.integers(-40, 1150), st.integers(-40, 620)), min_size=2, max_size=4))
def test_what_hides_words_is_told_whatever_stands_beside_them(places: list[tuple[int, int]]) -> None:
    """Each box has the faults that it has alone, though views that all boxes are clear of are looked at once."""
    boxes = [words("Ferry", place, name=f"box {number}") for number, place in enumerate(places)]
    together = {fault for fault in checked([*boxes]) if fault.check != "collision"}
    assert together == {fault for box in boxes for fault in checked([box])}


def test_on_a_phone_only_words_that_can_be_read_there_must_be_clear() -> None:
    """X's label takes a fifth of a phone's picture: a date of 25 pixels may stand there, a headline may not."""
    date = words("20 November 2026", (64, 505), size=25, name="date")
    assert checked([date]) == []
    assert kinds(checked([words("Harbour", (64, 490))])) == {("headline", "overlay", "X on a phone")}


def test_what_cannot_be_read_where_it_is_smallest_is_a_fault() -> None:
    """A headline of 20 pixels is 2.9 high in iMessage's bubble; a credit is not asked to be read there."""
    small = checked([words("Harbour", (64, 100), size=20)])
    assert [(fault.check, fault.view, fault.wanted) for fault in small] == [
        ("legibility", "iMessage", "at least 4.1")
    ]
    assert small[0].found == "3.0 pixels high"
    assert checked([words("Photo: Mara Osei", (64, 100), size=18, name="credit")]) == []
    assert checked([words("HARBOUR", (64, 100), size=20)]) == []  # it has no small letters


def test_bytes_and_pixels_are_held_to_each_networks_limit() -> None:
    """A card that a network would not take names the network and its limit."""
    heavy = checked([], weight=1_500_000)
    assert kinds(heavy) == {("card", "bytes", "Bluesky"), ("card", "bytes", "WhatsApp")}
    assert {fault.wanted for fault in heavy} == {"at most 1,000,000", "at most 307,200"}
    assert ("card", "pixels", "LinkedIn") in kinds(checked([], size=(400, 210)))


def test_a_format_that_a_network_does_not_take_is_told(story: Make) -> None:
    """Instagram takes no PNG; the networks of wide cards do."""
    square, wide = render_cards(
        story(), config=Config(), photo=None, sizes=[SQUARE, WIDE], now=NOW, format="png"
    )
    assert [(fault.check, fault.view, fault.found) for fault in faults(square)] == [
        ("format", "Instagram", "image/png")
    ]
    assert faults(wide) == []


LONG = (
    "The harbour towns of the western coast voted on Sunday by a wide margin to give up the outer road and to let the"
    " sea back in behind the old dikes, a decision that engineers had asked for since 2019"
)


@pytest.mark.parametrize("size", ALL_SIZES)
def test_a_list_of_five_leaves_room_for_a_long_headline(size: tuple[int, int], story: Make) -> None:
    """Two hundred characters stand whole over five facts, on a card of any size."""
    told = {
        "facts": [
            f"The {place} part of the road is given up" for place in ("outer", "old", "new", "far", "low")
        ]
    }
    event = story(headline=LONG, card=told)
    (drawn,) = render_cards(event, config=Config(), photo=None, template="list", sizes=[size], now=NOW)
    assert faults(drawn) == []


def test_a_headline_that_is_cut_is_a_fault(story: Make) -> None:
    """What not even the least size holds ends in an ellipsis, and an editor is told."""
    (drawn,) = render_cards(
        story(headline=f"{LONG}, and more, {LONG}"),
        config=Config(),
        photo=None,
        template="list",
        sizes=[WIDE],
        now=NOW,
    )
    (told,) = (fault for fault in faults(drawn) if fault.check == "length")
    assert re.fullmatch(
        r"headline, everywhere: length \d+ letters too many, wanted none\. Fewer .*", str(told)
    )


@pytest.mark.parametrize(
    ("template", "lacks", "told"),
    [("number", "number", {"number": "1 in 7"}), ("list", "fact", {"facts": ["One"]})],
)
def test_a_card_without_what_it_is_for_is_a_fault(
    template: str, lacks: str, told: dict[str, object], story: Make
) -> None:
    """A number's card without a number and a list without a fact are told, and so are drawn more plainly."""
    for card, found in (({}, {(lacks, "content", "everywhere")}), (told, set())):
        (drawn,) = render_cards(
            story(card=card), config=Config(), photo=None, template=template, sizes=[WIDE], now=NOW
        )
        assert kinds(faults(drawn)) == found


def test_a_photo_that_is_too_small_is_missed(story: Make, tmp_path: Path) -> None:
    """Whoever sent a photo and finds none on the card is told why; not where the template shows none."""
    Image.new("RGB", (120, 80)).save(tmp_path / "tiny.png")
    for template, told in (("article", ["120x80 pixels, too small to be shown"]), ("plain", [])):
        event, photo = story(), tmp_path / "tiny.png"
        (drawn,) = render_cards(event, config=Config(), photo=photo, template=template, sizes=[(1200, 630)])
        assert [fault.found for fault in drawn.faults if fault.box == "photo"] == told


def test_a_thumbnail_cuts_words_and_that_is_a_note(story: Make) -> None:
    """No wide headline is whole in WhatsApp's square: it is told, and nothing is refused for it."""
    (drawn,) = render_cards(story(), config=Config(), photo=None, sizes=[WIDE], now=NOW)
    notes = [fault for fault in drawn.faults if fault.note]
    assert {fault.view for fault in notes} == {"WhatsApp’s square", "Slack’s square"}
    assert all("headline" in fault.box for fault in notes)
    assert faults(drawn) == []


def test_a_focal_point_that_a_square_leaves_out_is_told(story: Make, photos: Path) -> None:
    """An editor's point at the photo's edge is named with each square that has it outside, and by how many pixels."""

    def notes(focal: list[float]) -> dict[str, str]:
        event = story(image={"path": "sea.jpg", "credit": "Photo: Leo Brandt", "focal": focal})
        (drawn,) = render_cards(event, config=Config(), photo=photos / "sea.jpg", sizes=[WIDE], now=NOW)
        assert faults(drawn) == []
        return {fault.view: fault.found for fault in drawn.faults if fault.box == "focal point"}

    assert notes([0.5, 0.5]) == {}
    outside = "201 pixels outside"  # 0.93 of 1200 is 1116; the square ends at 915
    assert notes([0.93, 0.5]) == {"WhatsApp’s square": outside, "Slack’s square": outside}


def test_a_face_that_is_cut_is_told_with_its_share() -> None:
    """Of a face, that share is told which a view leaves out; one that its photo cuts is told once, for everywhere."""
    card = Card(template="t", width=1200, height=630, file="f", sha256="0", size=9)
    frame = Rect(0, 0, *WIDE)
    faces = [Rect(865, 100, 100, 100), Rect(500, 300, 100, 100), Rect(-25, 100, 100, 100)]
    told = list(checks.cut_subjects([("face", face, frame) for face in faces], card))
    assert [(fault.view, fault.found) for fault in told] == [
        ("WhatsApp’s square", "50% cut off"),
        ("Slack’s square", "50% cut off"),
        ("everywhere", "25% cut off"),
    ]
    assert all(fault.note for fault in told)


@pytest.mark.parametrize("focal", [(0.1, 0.9), (0.5, 0.5), (1.0, 0.0)])
def test_a_focal_point_is_found_where_it_was_drawn(focal: tuple[float, float], tmp_path: Path) -> None:
    """What is said of a point's place on a card is where its pixel stands there."""
    picture = Image.new("RGB", (1600, 1067), "black")
    x, y = (round(share * (side - 1)) for share, side in zip(focal, picture.size, strict=True))
    picture.paste((255, 255, 255), (x - 20, y - 20, x + 20, y + 20))
    picture.save(tmp_path / "dot.png")
    source = photo.load(tmp_path / "dot.png", [WIDE], (0, 0, 0), focal)
    ((name, box),) = source.subjects(WIDE)
    lit = source.cover(WIDE).convert("L").point([255 * (v > 128) for v in range(256)]).getbbox()
    assert name == "focal point"
    assert lit
    assert lit[0] - 2 <= box[0] * WIDE[0] <= lit[2] + 2
    assert lit[1] - 2 <= box[1] * WIDE[1] <= lit[3] + 2


@given(st.integers(900, 2000), st.integers(400, 2000))
def test_what_layout_keeps_free_is_free_in_every_view(width: int, height: int) -> None:
    """The safe part of any card lies in every view but thumbnails, and under nothing that is laid across."""
    safe = views.safe(width, height)
    for view in views.of(width, height):
        if not view.thumbnail:
            shown = view.shown(width, height)
            assert shown.x - 0.01 <= safe.x
            assert shown.y - 0.01 <= safe.y
            assert safe.right <= shown.right + 0.01
            assert safe.bottom <= shown.bottom + 0.01
            if not view.handheld:
                for _, box in views.overlays(view, shown):
                    assert box.bottom <= safe.y + 0.01 or safe.bottom <= box.y + 0.01


def test_every_view_says_where_it_is_known_from() -> None:
    """Each number of the table is documented, in code, observed or arithmetic, and its card shapes are some card's."""
    for view in views.VIEWS:
        assert any(
            word in view.source for word in ("documented", "code", "observed", "arithmetic", "as Facebook")
        ), view.name
        assert any(view in views.of(*size) for size in ALL_SIZES), view.name
    assert len({view.name for view in views.VIEWS}) == len(views.VIEWS)


def test_pills_are_fills_and_collide_with_nothing() -> None:
    """A box behind words is part of them, not another box in their way."""
    pill = FillOp(Rect(60, 90, 300, 80), "paper")
    assert checked([pill, words("Harbour", (64, 100))]) == []


@pytest.mark.parametrize("template", ["breaking", "correction", "video"])
@pytest.mark.parametrize(
    ("language", "headline"),
    [("ur", "سمندر نے دو بار سڑک بہا دی"), ("my", "ပင်လယ်က လမ်းကို နှစ်ကြိမ် ယူသွားသည်"), ("th", "ทะเลพาถนนไปสองครั้ง")],
)
def test_pills_hold_all_of_tall_letters(language: str, headline: str, template: str, story: Make) -> None:
    """Badges and years of scripts that rise high or hang low stand whole on their box, also in an old story."""
    event = story(
        language=language, headline=headline, published="2020-11-20T08:12:00Z", card={"seconds": 90}
    )
    for drawn in render_cards(
        event, config=Config(), photo=None, template=template, sizes=(WIDE, SQUARE), now=NOW
    ):
        assert faults(drawn) == []


def test_a_badge_of_signs_that_draw_nothing_is_no_crash(story: Make) -> None:
    """A kicker without ink takes its room and is nothing else."""
    event = story(kicker="\u2060")
    (drawn,) = render_cards(event, config=Config(), photo=None, template="breaking", sizes=[WIDE], now=NOW)
    assert drawn.card.width == 1200

"""Where a crop stands: the editor's word, else whole faces, else what there is to see."""

import math
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pictures import PAPER, face, saved
from PIL import Image, ImageDraw

from syndication.cards import crop, photo
from syndication.cards.crop import Interest

SIZES = [(1200, 630), (1080, 1080), (1080, 1350), (1080, 1920), (1000, 1500), (1600, 900)]

needs_faces = pytest.mark.skipif(find_spec("cv2") is None, reason="the extra `faces` is not installed")

shares = st.floats(0, 1)
photo_sizes = st.tuples(st.integers(40, 9000), st.integers(40, 9000))


@st.composite
def boxes(draw: st.DrawFn) -> crop.Box:
    """A box in a photo, as shares of it."""
    width, height = draw(st.floats(0.02, 0.9)), draw(st.floats(0.02, 0.9))
    left, top = draw(shares) * (1 - width), draw(shares) * (1 - height)
    return left, top, left + width, top + height


profiles = st.lists(st.floats(0, 1), min_size=48, max_size=48).map(tuple)
interests = st.builds(
    Interest,
    st.none() | st.tuples(shares, shares),
    st.lists(boxes(), max_size=4).map(tuple),
    profiles,
    profiles,
)


@given(photo_sizes, st.sampled_from(SIZES), interests, st.lists(boxes(), max_size=3))
def test_a_window_lies_in_the_photo_and_has_the_shape_asked_for(
    size: tuple[int, int], target: tuple[int, int], interest: Interest, covered: list[crop.Box]
) -> None:
    """Whatever is of interest, the window is as large as can be, of the card's shape, and inside the photo."""
    left, top, right, bottom = crop.window(size, target, interest, covered)
    assert -1e-6 <= left < right <= size[0] + 1e-6
    assert -1e-6 <= top < bottom <= size[1] + 1e-6
    assert math.isclose((right - left) / (bottom - top), target[0] / target[1], rel_tol=1e-6)
    assert math.isclose(right - left, size[0]) or math.isclose(bottom - top, size[1])


@given(photo_sizes, st.sampled_from(SIZES), boxes(), st.lists(boxes(), max_size=3))
def test_a_face_that_fits_is_never_cut(
    size: tuple[int, int], target: tuple[int, int], one: crop.Box, covered: list[crop.Box]
) -> None:
    """The largest face is whole in every crop that has room for it, wherever words stand."""
    left, top, right, bottom = crop.window(size, target, Interest(faces=(one,)), covered)
    window = left / size[0], top / size[1], right / size[0], bottom / size[1]
    for axis in (0, 1):
        if one[axis + 2] - one[axis] <= (window[axis + 2] - window[axis]) / 1.45:  # with its hair and chin
            assert window[axis] <= one[axis] + 1e-6
            assert window[axis + 2] >= one[axis + 2] - 1e-6


@given(boxes(), boxes(), st.sampled_from(SIZES))
def test_several_faces_are_kept_where_all_fit(
    one: crop.Box, other: crop.Box, target: tuple[int, int]
) -> None:
    """Two faces that one crop has room for are both whole in it."""
    size = 3000, 2000
    _, _, width, height = crop.window(size, target, Interest(focal=(0, 0)))
    first = [
        min(
            one[axis] - 0.35 * (one[axis + 2] - one[axis]),
            other[axis] - 0.35 * (other[axis + 2] - other[axis]),
        )
        for axis in (0, 1)
    ]
    last = [
        max(
            one[axis + 2] + 0.2 * (one[axis + 2] - one[axis]),
            other[axis + 2] + 0.2 * (other[axis + 2] - other[axis]),
        )
        for axis in (0, 1)
    ]
    assume(last[0] - first[0] <= width / size[0] and last[1] - first[1] <= height / size[1])
    left, top, right, bottom = crop.window(size, target, Interest(faces=(one, other)))
    for box in (one, other):
        assert left <= box[0] * size[0] + 1e-3 and box[2] * size[0] <= right + 1e-3
        assert top <= box[1] * size[1] + 1e-3 and box[3] * size[1] <= bottom + 1e-3


def test_the_editors_word_alone_counts() -> None:
    """A focal point is kept in the middle of the crop as far as the photo goes, whatever else is in it."""
    seen = Interest(focal=(0.5, 0.3), faces=((0.1, 0.8, 0.2, 0.9),), down=(0.0,) * 47 + (1.0,))
    left, top, right, bottom = crop.window((2000, 3000), (1200, 630), seen)
    assert math.isclose((top + bottom) / 2, 900)
    assert (left, right) == (0, 2000)


def test_words_move_a_focal_point_no_further_than_they_need() -> None:
    """What an editor points at comes out above the words, still near the middle; beside them it stays there."""
    seen = Interest(focal=(0.5, 0.5))
    size, target = (2000, 2000), (1200, 630)
    for words, moves in (((0.05, 0.55, 0.7, 0.95), True), ((0.05, 0.75, 0.7, 0.95), False)):
        _, top, _, bottom = crop.window(size, target, seen, [words])
        at = (1000 - top) / (bottom - top)
        assert 0.3 - 1e-9 <= at < 0.45 if moves else math.isclose(at, 0.5)


@given(photo_sizes, st.sampled_from(SIZES), st.tuples(shares, shares), st.lists(boxes(), max_size=3))
def test_what_an_editor_points_at_is_in_the_crop(
    size: tuple[int, int], target: tuple[int, int], focal: tuple[float, float], covered: list[crop.Box]
) -> None:
    """A focal point is shown wherever it is and wherever words stand: it is not moved off the card to clear them."""
    left, top, right, bottom = crop.window(size, target, Interest(focal=focal), covered)
    assert left - 1e-6 <= focal[0] * size[0] <= right + 1e-6
    assert top - 1e-6 <= focal[1] * size[1] <= bottom + 1e-6


def test_faces_stand_clear_of_words() -> None:
    """Where the photo can be moved under the words, the face comes out above them."""
    words = [(0.05, 0.55, 0.7, 0.95)]
    seen = Interest(faces=((0.3, 0.55, 0.45, 0.7),))
    _, top, _, bottom = crop.window((2000, 2000), (1200, 630), seen, words)
    chin = (0.7 * 2000 - top) / (bottom - top)
    _, top, _, bottom = crop.window((2000, 2000), (1200, 630), seen)
    assert chin <= 0.56 < (0.7 * 2000 - top) / (bottom - top)


def test_of_a_head_too_large_for_the_card_the_face_stays() -> None:
    """Where hair and chin do not fit, the crop is from brow to chin; where not even that does, within it."""
    for box, whole in (((0.3, 0.2, 0.7, 0.5), True), ((0.1, 0.2, 0.9, 0.8), False)):
        _, top, _, bottom = crop.window((1200, 1600), (1200, 630), Interest(faces=(box,)))
        brow, chin = box[1] * 1600, box[3] * 1600
        assert (top <= brow + 1e-6 and chin <= bottom + 1e-6) is whole
        assert whole or (brow <= top + 1e-6 and bottom <= chin + 1e-6)


def test_the_larger_of_two_faces_stays() -> None:
    """Of two faces that do not fit together, the larger is whole, and the other is not cut but left out."""
    faces = ((0.7, 0.3, 0.85, 0.6), (0.2, 0.3, 0.3, 0.5))
    left, _, right, _ = crop.window((3000, 1000), (1080, 1080), Interest(faces=faces))
    assert left <= 0.7 * 3000 and right >= 0.85 * 3000
    assert left >= 0.3 * 3000


def subject(place: tuple[float, float], size: tuple[int, int]) -> Image.Image:
    """A sky over land with one red boat whose middle is at `place`, as shares."""
    image = Image.linear_gradient("L").resize(size).point(lambda v: 150 + v // 4).convert("RGB")
    x, y, r = round(place[0] * size[0]), round(place[1] * size[1]), min(size) // 9
    ImageDraw.Draw(image).polygon([(x - r, y + r), (x + r, y + r), (x, y - r)], (190, 40, 30))
    return image


@pytest.fixture
def no_faces(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where the extra is not installed."""
    monkeypatch.setattr(crop, "finds_faces", lambda: False)
    yield


@pytest.mark.usefixtures("no_faces")
@pytest.mark.parametrize("place", [(0.2, 0.5), (0.8, 0.5), (0.5, 0.2), (0.5, 0.8), (0.35, 0.7)])
@pytest.mark.parametrize("target", SIZES)
def test_what_there_is_to_see_is_kept(place: tuple[float, float], target: tuple[int, int]) -> None:
    """With no word of an editor and no face, the one thing in the photo is whole in every crop."""
    for size in ((1500, 1000), (1000, 1500), (1000, 1000)):
        left, top, right, bottom = crop.window(size, target, crop.look(subject(place, size)))
        reach = min(size) / 9 - 1
        assert left <= place[0] * size[0] - reach and place[0] * size[0] + reach <= right
        assert top <= place[1] * size[1] - reach and place[1] * size[1] + reach <= bottom


@pytest.mark.usefixtures("no_faces")
@pytest.mark.parametrize("target", SIZES)
def test_a_wide_sky_is_not_what_there_is_to_see(target: tuple[int, int]) -> None:
    """However blue it is and however much of an upright photo it takes, the ridge under it is in the crop."""
    image = Image.new("RGB", (800, 1600), (70, 120, 190))
    ImageDraw.Draw(image).polygon([(0, 1000), (300, 860), (800, 1020), (800, 1600), (0, 1600)], (90, 95, 90))
    _, top, _, bottom = crop.window(image.size, target, crop.look(image))
    assert top + 20 < 860 < 1020 < bottom - 20


@pytest.mark.usefixtures("no_faces")
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2), (5000, 40)])
def test_a_photo_of_nothing_is_cropped_in_its_middle(mode: str, size: tuple[int, int]) -> None:
    """A photo of one colour is cropped about its middle, higher where heads would be: most of all an upright one."""
    seen = crop.look(Image.new(mode, size))
    left, top, right, bottom = crop.window(size, (1080, 1080), seen)
    assert abs((left + right) / 2 / size[0] - 0.5) < 0.1
    assert abs((top + bottom) / 2 / size[1] - (0.35 if size == (1, 900) else 0.45)) < 0.1


@pytest.mark.usefixtures("no_faces")
def test_looking_takes_milliseconds(photos: Path) -> None:
    """Looking at a photo of two megapixels takes 3 ms; here with room for a busy machine."""
    with Image.open(photos / "sea.jpg") as image:
        image.load()
        took = []
        for _ in range(9):
            begun = time.thread_time()
            crop.look(image)
            took.append(time.thread_time() - begun)
    assert min(took) < 0.006


@needs_faces
@pytest.mark.parametrize("target", SIZES)
@pytest.mark.parametrize("place", [(60, 40), (1300, 600), (700, 640), (60, 640)])
def test_a_found_face_is_whole_on_every_card(
    place: tuple[int, int], target: tuple[int, int], tmp_path: Path
) -> None:
    """A drawn face near any edge of a photo is found, and whole in the crop of every size, hair and chin too."""
    image = Image.new("RGB", (1600, 1067), (110, 150, 180))
    image.paste(face(240), place)
    (tmp_path / "photo").write_bytes(saved(image, "JPEG", quality=92))
    source = photo.load(tmp_path / "photo", [target], PAPER)
    assert len(source.interest.faces) == 1
    left, top, right, bottom = crop.window(image.size, target, source.interest)
    assert left <= place[0] + 38 and place[0] + 202 <= right
    assert top <= place[1] + 40 and place[1] + 300 <= bottom


@needs_faces
def test_the_samples_have_no_faces(photos: Path) -> None:
    """In photos of sea, sand and hills nobody is seen."""
    for name in ("sea", "desert", "mountains"):
        with Image.open(photos / f"{name}.jpg") as image:
            assert crop.look(image).faces == ()


def test_cards_differ_by_who_can_see_faces(
    story: Callable[..., object], photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card drawn where faces are found has another name than one drawn without; a told focal point makes them one."""
    from syndication import cards
    from syndication.config import Config

    names: dict[bool, set[str]] = {True: set(), False: set()}
    for told in (True, False):
        image = {"path": "sea.jpg"} | ({"focal": [0.6, 0.5]} if told else {})
        for able in (True, False):
            with monkeypatch.context() as patch:
                patch.setattr(crop, "finds_faces", lambda able=able: able)
                patch.setattr(crop, "_faces", lambda photo: ())
                (card,) = cards.make_cards(
                    story(image=image),
                    config=Config(),
                    photo=photos / "sea.jpg",
                    folder=tmp_path,
                    sizes=[(600, 600)],
                )
                names[told].add(card.file)
    assert (len(names[True]), len(names[False])) == (1, 2)

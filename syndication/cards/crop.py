"""Where a crop of a photo stands: on the editor's focal point, else on faces, else where there is most to see.

A photo is looked at once, on a thumbnail, and what was found serves every size. Positions are shares of the photo's
width and height, from its top left, until `window` makes pixels of them.
"""

import importlib
import math
import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, NamedTuple

from PIL import Image, ImageChops, ImageFilter

from syndication.cards import pixels

Box = tuple[float, float, float, float]
Size = tuple[int, int]

LARGEST = (
    400  # pixels: of the thumbnail that is searched for faces, in 30 ms; more of a photo is never looked at
)
_LEAST_FACE = 0.08  # of its shorter side: smaller ones are a crowd, which no crop can keep
_LOOK_SIDE = 96  # pixels: of the one whose subject is looked for
_AROUND_IT = 24  # pixels there, each way: what a place is compared with
_BINS = 48
_STEPS = 32
_PULL = 0.5  # towards the photo's middle, where it is unclear what there is to see
# Along x and y: where a subject stands best in a crop. Heads are above the middle.
_ANCHOR = (0.5, 0.42)
# Most photos that are no wider than high are of people, from head to waist or foot: a flat crop of one is more strongly
# drawn to where heads are.
_HEADS, _HEADS_PULL = 0.25, 0.8
_AROUND = 0.12  # each way of a focal point: what words are kept clear of, in shares of the photo
_ASIDE = 0.2  # of the window: how far a focal point may stand from its middle for that
# What belongs to a face beyond the box that is found from brow to chin, in shares of the box: hair, chin and cheeks
# are never cut; the air around them may be, if there is no other way.
_BARE = ((0.0, 0.0), (0.0, 0.0))  # of a head that no window holds, the face is kept
_HEAD = ((0.08, 0.08), (0.3, 0.1))
_AIR = ((0.35, 0.35), (0.6, 0.5))
# Skin of every shade lies between these values of the two colour channels (Chai and Ngan, "Face segmentation using
# skin-color map", IEEE TCSVT 1999), here as what it adds to a pixel.
_SKIN = [[60 if low <= v <= high else 0 for v in range(256)] for low, high in ((77, 127), (133, 173))]


_HALF = [value // 2 for value in range(256)]


class Interest(NamedTuple):
    """What a crop is to keep of a photo.

    A `focal` point that an editor told counts alone; else faces, boxes from brow to chin, the largest first; else
    `across` and `down`, which say how much there is to see in each column and row of equal width.
    """

    focal: tuple[float, float] | None = None
    faces: tuple[Box, ...] = ()
    across: tuple[float, ...] = ()
    down: tuple[float, ...] = ()


@lru_cache(maxsize=1)
def finds_faces() -> bool:
    """Whether the extra that finds faces is installed. OpenCV 5 does not count: it has lost the detector used here."""
    return find_spec("cv2") is not None and hasattr(_cv2(), "CascadeClassifier")


def look(photo: Image.Image) -> Interest:
    """What there is to keep in a photo (RGB or L, any size)."""
    if finds_faces() and (faces := _faces(photo)):
        return Interest(faces=faces)
    seen = _salience(photo)
    return Interest(across=_profile(seen, 0), down=_profile(seen, 1))


def window(size: Size, target: Size, interest: Interest, covered: Sequence[Box] = ()) -> Box:
    """The part of a photo of `size` that covers `target` (both in pixels): left, top, right and bottom in its pixels.

    `covered` are the boxes that words will cover, as shares of the target: faces stand clear of them where they can.
    """
    scale = max(target[0] / size[0], target[1] / size[1])
    shares = tuple(min(1.0, wanted / scale / side) for wanted, side in zip(target, size, strict=True))
    people = size[0] <= size[1]
    left, top = (_start(axis, share, interest, covered, people) for axis, share in enumerate(shares))
    return left * size[0], top * size[1], (left + shares[0]) * size[0], (top + shares[1]) * size[1]


def _start(axis: int, share: float, interest: Interest, covered: Sequence[Box], people: bool) -> float:
    """Where the window begins along x (axis 0) or y (1), on which it shows a share of the photo.

    `people`: whether the photo has the shape that photos of people have.
    """
    free = 1 - share
    if free < 1e-9:
        return 0.0
    if interest.focal:
        return _start_at(interest.focal, axis, share, covered)
    starts = {step / _STEPS * free for step in range(_STEPS + 1)}
    for face in interest.faces:
        for room in (_BARE, _HEAD, _AIR):
            first, last = _span(face, axis, room)
            starts |= {min(max(edge, 0.0), free) for edge in (first, last - share)}
    if interest.faces:
        return min(sorted(starts), key=lambda start: _harm(axis, start, share, interest.faces, covered))
    profile = interest.down if axis else interest.across
    seen, anchor, pull = _seen_parts(axis, covered), _ANCHOR[axis], _PULL
    if people and axis:
        anchor, pull = _HEADS, _HEADS_PULL

    def worth(start: float) -> float:
        aside = start / free - anchor
        return _worth(profile, start, share, seen) * (1 - pull * aside * aside)

    return max(sorted(starts), key=worth)


def _start_at(focal: tuple[float, float], axis: int, share: float, covered: Sequence[Box]) -> float:
    """Where a window begins that has the focal point in its middle, or near it where words would cover it."""
    (left, top), (right, bottom) = ([at + reach for at in focal] for reach in (-_AROUND, _AROUND))
    middle = min(max(focal[axis] - share / 2, 0.0), 1 - share)
    shifts = [step / _STEPS * _ASIDE * share for step in range(-_STEPS, _STEPS + 1)]
    # As far to either side as what is around the point is still shown, or as the photo goes.
    first = min(max((right, bottom)[axis] - share, 0.0), middle)
    last = max(min((left, top)[axis], 1 - share), middle)
    starts = {min(max(middle + shift, first), last) for shift in shifts}

    def harm(start: float) -> tuple[float, float]:
        hidden = _hidden((left, top, right, bottom), axis, start, share, covered)
        return round(hidden, 2), abs(start - middle)

    return min(sorted(starts), key=harm)


def _span(face: Box, axis: int, room: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """A face with room around it along an axis, as far as the photo goes."""
    first, last = face[axis], face[axis + 2]
    before, after = room[axis]
    return max(first - before * (last - first), 0.0), min(last + after * (last - first), 1.0)


def _harm(
    axis: int, start: float, share: float, faces: Sequence[Box], covered: Sequence[Box]
) -> tuple[Any, ...]:
    """How bad a window is for the faces, the worst first: whom it loses, whom it cuts, who is pressed or covered."""
    end = start + share
    lost, cut, pressed = list[bool](), 0.0, 0.0
    for face in faces:
        first, last = _span(face, axis, _HEAD)
        if last - first > share:
            first, last = _span(face, axis, _BARE)
        shown = max(0.0, min(last, end) - max(first, start))
        lost.append(shown < min(last - first, share) - 1e-9)
        cut += shown / (last - first) if lost[-1] else 0
        first, last = _span(face, axis, _AIR)
        pressed += 1 - max(0.0, min(last, end) - max(first, start)) / (last - first)
        pressed += 2 * _hidden(face, axis, start, share, covered)
    first, last = min(face[axis] for face in faces), max(face[axis + 2] for face in faces)
    return lost, round(cut, 3), round(pressed, 2), abs((first + last) / 2 - start - share * _ANCHOR[axis])


def _hidden(face: Box, axis: int, start: float, share: float, covered: Sequence[Box]) -> float:
    """The share of a face that words cover."""
    box = list(face)
    box[axis], box[axis + 2] = (face[axis] - start) / share, (face[axis + 2] - start) / share
    area = (box[2] - box[0]) * (box[3] - box[1])
    hidden = 0.0
    for left, top, right, bottom in covered:
        width, height = min(box[2], right) - max(box[0], left), min(box[3], bottom) - max(box[1], top)
        hidden += max(0.0, width) * max(0.0, height) / area
    return min(hidden, 1.0)


def _seen_parts(axis: int, covered: Sequence[Box]) -> list[float]:
    """Along an axis of the window, how well each of its parts is seen: best at its anchor, and clear of words."""
    parts = [1.0] * _BINS
    for box in covered:
        first, last = box[axis], box[axis + 2]
        breadth = box[3 - axis] - box[1 - axis]
        for index in range(_BINS):
            if first <= (index + 0.5) / _BINS < last:
                parts[index] = max(0.0, parts[index] - breadth)
    seen = [part * (1 - ((index + 0.5) / _BINS - _ANCHOR[axis]) ** 2) for index, part in enumerate(parts)]
    return [*seen, seen[-1]]  # where the window ends belongs to its last part


def _worth(profile: Sequence[float], start: float, share: float, seen: Sequence[float]) -> float:
    """How much a window shows where it is seen well."""
    count = len(profile)
    first, last = math.ceil(start * count - 0.5), math.ceil((start + share) * count - 0.5)
    step, place = _BINS / count / share, ((first + 0.5) / count - start) / share * _BINS
    shown = enumerate(profile[first:last])
    return sum([amount * seen[int(place + index * step)] for index, amount in shown])


def fitting(size: Size, side: int) -> Size:
    """The size within a square, never larger than it was."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _salience(photo: Image.Image) -> Image.Image:
    """How much each part of a photo draws the eye, 0 to 255, on a thumbnail.

    What differs in colour from what is far around it does (as Achanta et al., "Frequency-tuned salient region
    detection", CVPR 2009, have it of the whole picture: a wide sky would then count as much as what stands before it),
    and so do detail and skin.
    """
    small = photo.resize(fitting(photo.size, 4 * _LOOK_SIDE), Image.Resampling.NEAREST)
    small = small.reduce((min(4, small.width), min(4, small.height)))
    light, blue, red = small.convert("RGB").convert("YCbCr").split()
    seen = ImageChops.difference(light, light.filter(ImageFilter.BoxBlur(3))).filter(ImageFilter.BoxBlur(2))
    seen = ImageChops.add(ImageChops.add(seen, seen), seen)
    for band in (light, blue, red):
        around = band.filter(ImageFilter.BoxBlur(_AROUND_IT))
        apart = ImageChops.difference(band.filter(ImageFilter.BoxBlur(1)), around)
        # Colour counts four times what light does.
        apart = pixels.mapped(apart, _HALF) if band is light else ImageChops.add(apart, apart)
        seen = ImageChops.add(seen, apart)
    skin = ImageChops.darker(pixels.mapped(blue, _SKIN[0]), pixels.mapped(red, _SKIN[1]))
    return ImageChops.add(seen, skin)


def _profile(seen: Image.Image, axis: int) -> tuple[float, ...]:
    """How much there is to see along x or y, in all 1; less towards the edges, where subjects rarely are."""
    size = (_BINS, 1) if axis == 0 else (1, _BINS)
    amounts = seen.convert("F").resize(size, Image.Resampling.BOX).get_flattened_data()
    weighted = [
        (float(amount) + 1) * (1 - 1.2 * ((index + 0.5) / _BINS - _ANCHOR[axis]) ** 2)  # type: ignore[arg-type]
        for index, amount in enumerate(amounts)
    ]
    whole = sum(weighted)
    return tuple(amount / whole for amount in weighted)


_detecting = threading.Lock()  # a detector keeps its state while it works


def _faces(photo: Image.Image) -> tuple[Box, ...]:
    """The faces that look at us, from brow to chin, the largest first."""
    grey = photo.resize(fitting(photo.size, LARGEST), Image.Resampling.BOX).convert("L")
    width, height = grey.size
    least = max(20, round(_LEAST_FACE * min(grey.size)))
    with _detecting:
        found = _detector().detectMultiScale(
            _pixels(grey), scaleFactor=1.1, minNeighbors=5, minSize=(least, least)
        )
    boxes = [tuple(float(number) for number in box) for box in found]
    boxes.sort(key=lambda box: -box[2] * box[3])
    return tuple((x / width, y / height, (x + w) / width, (y + h) / height) for x, y, w, h in boxes)


def _pixels(grey: Image.Image) -> Any:
    numpy = importlib.import_module("numpy")
    return numpy.asarray(grey)


@lru_cache(maxsize=1)
def _detector() -> Any:
    cv2 = _cv2()
    cv2.setNumThreads(1)  # a worker is one of many on its machine
    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_alt2.xml")


def _cv2() -> Any:
    return importlib.import_module("cv2")

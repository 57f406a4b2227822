"""The bidirectional algorithm (UAX #9): embedding levels of a text's characters, and the visual order of a line.

`bidi.algorithm` does the rules but for bracket pairs (N0), which are here: without them the brackets of
"Apple (AAPL)" come apart in an Arabic headline.
"""

import unicodedata
from collections.abc import Sequence
from typing import Any

from syndication.cards import patterns

# For characters that are younger than this Python's own tables, such as the emoji of the last years.
_YOUNGER = (
    r"(?s)(?P<ON>\p{bc=ON})|(?P<NSM>\p{bc=NSM})|(?P<AL>\p{bc=AL})|(?P<R>\p{bc=R})|(?P<AN>\p{bc=AN})|(?P<EN>\p{bc=EN})"
    r"|(?P<L>.)"
)
# Without any of these all of a text that runs from left to right is of level 0.
_RIGHTWARD = r"[\p{bc=R}\p{bc=AL}\p{bc=AN}\p{bc=RLE}\p{bc=RLO}\p{bc=LRE}\p{bc=LRO}\p{Cn}]"
_FIRST_RIGHTWARD = "\u0590"  # Hebrew: all letters before it run to the right
_STRONG = {"L": "L", "R": "R", "EN": "R", "AN": "R"}  # numbers count as right-to-left here


def levels(text: str, *, rtl: bool) -> list[int]:
    """Embedding level of each character of one paragraph. The text must hold no isolates."""
    base = int(rtl)
    if not rtl and (
        max(text, default="") < _FIRST_RIGHTWARD or not patterns.compiled(_RIGHTWARD).search(text)
    ):
        return [0] * len(text)
    from bidi import algorithm  # not paid for by what all runs to the right

    storage = algorithm.get_empty_storage()
    storage["base_level"], storage["base_dir"] = base, "LR"[base]
    algorithm.get_embedding_levels(text, storage)
    for index, character in enumerate(storage["chars"]):
        character["index"] = index
        if not character["type"]:
            match = patterns.compiled(_YOUNGER).match(character["ch"])
            character["type"] = character["orig"] = match.lastgroup if match else "L"
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    for run in storage["runs"]:
        _resolve_brackets(storage["chars"][run["start"] : run["start"] + run["length"]], run["sor"])
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    resolved = {character["index"]: character["level"] for character in storage["chars"]}
    result: list[int] = []
    for index in range(
        len(text)
    ):  # joiners are not in the result (rule X9): they go with what stands before them
        result.append(resolved.get(index, result[-1] if result else base))
    return result


def visual(run_levels: Sequence[int]) -> list[int]:
    """The indexes of a line's runs from left to right, by their levels (rule L2)."""
    order = list(range(len(run_levels)))
    for level in range(max(run_levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and run_levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = max(end, start + 1)
    return order


def _resolve_brackets(run: list[dict[str, Any]], before: str) -> None:
    """Rule N0 on the characters of one level run; `before` is the direction it starts from."""
    embedding = "LR"[run[0]["level"] % 2]
    for opening, closing in _bracket_pairs(run):
        inside = {_STRONG.get(character["type"]) for character in run[opening + 1 : closing]} - {None}
        if not inside:
            continue
        direction = embedding
        if embedding not in inside:
            strong = [
                _STRONG[character["type"]] for character in run[:opening] if character["type"] in _STRONG
            ]
            direction = [before, *strong][-1]
        for index in (opening, closing):
            run[index]["type"] = direction
            for follower in run[index + 1 :]:  # marks on a bracket go with it
                if follower["orig"] != "NSM":
                    break
                follower["type"] = direction


def _bracket_pairs(run: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Matching brackets of a run as indexes (rule BD16), in the order of their opening."""
    from bidi.mirror import MIRRORED

    pairs, opened = [], list[tuple[str, int]]()
    for index, character in enumerate(run):
        if character["type"] != "ON" or character["ch"] not in MIRRORED:
            continue
        kind = unicodedata.category(character["ch"])
        if kind == "Ps":
            if len(opened) == 63:
                return []
            opened.append((MIRRORED[character["ch"]], index))
        elif kind == "Pe":
            at = next((at for at in reversed(range(len(opened))) if opened[at][0] == character["ch"]), None)
            if at is not None:
                pairs.append((opened[at][1], index))
                del opened[at:]
    return sorted(pairs)

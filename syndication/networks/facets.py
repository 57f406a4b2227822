"""What makes links, hashtags and mentions of a text clickable at Bluesky (app.bsky.richtext.facet, read 2026-11)."""

import re
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from syndication.text import hashtags, links

TAG = 64
"""Graphemes that a hashtag has at the most."""

_FACET = "app.bsky.richtext.facet"
_MENTION = re.compile(
    r"(?<![\w@/.])@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*)(?![\w@])"
)


def facets(text: str, whose: Callable[[str], str] = lambda handle: "") -> list[dict[str, Any]]:
    """What makes links, hashtags and mentions clickable: their places in UTF-8 bytes, end exclusive, in order.

    `whose` tells the DID of a handle; empty where nobody has it.
    """
    marked = [(start, end, {"$type": f"{_FACET}#link", "uri": url}) for start, end, url in links(text)]
    taken = [range(start, end) for start, end, _ in marked]
    marked += [
        (start, end, {"$type": f"{_FACET}#tag", "tag": word})
        for start, end, word in hashtags(text)
        if len(word) <= TAG
    ]
    for match in _MENTION.finditer(text):
        if not any(match.start() in link for link in taken) and (did := whose(match[1].lower())):
            marked.append((*match.span(), {"$type": f"{_FACET}#mention", "did": did}))
    return [
        {"index": _bytes(text, *place), "features": [what]}
        for *place, what in sorted(marked, key=itemgetter(0))
    ]


def _bytes(text: str, start: int, end: int) -> dict[str, int]:
    first = len(text[:start].encode())
    return {"byteStart": first, "byteEnd": first + len(text[start:end].encode())}

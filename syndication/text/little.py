"""LinkedIn's "little text": what a post's commentary is written in (learn.microsoft.com, read 2026-11)."""

import regex

from syndication.text.count import links

# One of these without a backslash ends the post right there, and LinkedIn says nothing (n8n-io/n8n#10179).
_RESERVED = regex.compile(r"[\\|{}@\[\]()<>#*_~]")
_HASHTAG = regex.compile(r"(?<![\p{L}\p{M}\p{N}_&#])#([\p{L}\p{M}\p{N}_]*\p{L}[\p{L}\p{M}\p{N}_]*)")
_MARKED = regex.compile(r"\{hashtag\|\\#\|((?:\\.|[^\\}])*)\}|\\(.)", regex.DOTALL)


def little(text: str) -> str:
    """The text as a post's commentary: what LinkedIn reads as marks has a backslash, hashtags are told as such."""
    parts, at, addresses = [], 0, [(start, end) for start, end, _ in links(text)]
    for tag in _HASHTAG.finditer(text):
        if not any(start <= tag.start() < end for start, end in addresses):
            parts += [_escaped(text[at : tag.start()]), "{hashtag|\\#|", _escaped(tag[1]), "}"]
            at = tag.end()
    return "".join([*parts, _escaped(text[at:])])


def shown(commentary: str) -> str:
    """What people see of a commentary: the reverse of `little`."""
    return _MARKED.sub(lambda mark: mark[2] or "#" + _MARKED.sub(r"\2", mark[1]), commentary)


def _escaped(text: str) -> str:
    return _RESERVED.sub(r"\\\g<0>", text)

"""On which line of a TOML file each of its values stands, which the standard library's reader does not tell."""

import re
from collections.abc import Iterator

Path = tuple[str, ...]

_TOKENS = re.compile(
    r"""(?P<skip>[ \t\r]+|\#[^\n]*)"""
    r"""|(?P<text>\"{3}.*?(?<!\\)\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
    r"""|(?P<mark>[\[\]{},=.\n])|(?P<bare>[^\s\[\]{},=.\#"']+)""",
    re.DOTALL,
)


def line_of(text: str, place: str) -> int:
    """The line, from 1, of the value at a place such as `layers[1].column[0].at`, or of what holds it.

    `text` must be valid TOML.
    """
    path: Path = tuple(re.findall(r"[^.\[\]]+", place))
    known: dict[Path, int] = {}
    for found, line in _Reader(text).document():
        for end in range(1, len(found) + 1):
            known.setdefault(found[:end], line)
    return next((known[path[:end]] for end in range(len(path), 0, -1) if path[:end] in known), 1)


class _Reader:
    """Reads valid TOML only as far as to know where its keys and values are."""

    def __init__(self, text: str) -> None:
        self.tokens = [
            (match[0], text.count("\n", 0, match.start()) + 1)
            for match in _TOKENS.finditer(text)
            if match.lastgroup != "skip"
        ]
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][0]

    @property
    def line(self) -> int:
        return self.tokens[min(self.at, len(self.tokens) - 1)][1]

    def document(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        counts: dict[Path, int] = {}
        while self.peek():
            if self.peek() == "\n":
                self.take()
            elif self.peek() == "[":
                line, table = self.line, self.header(counts)
                yield table, line
            else:
                yield from self.pair(table)

    def header(self, counts: dict[Path, int]) -> Path:
        self.take()
        several = self.peek() == "["
        if several:
            self.take()
        path = self.key("]")
        while self.peek() == "]":
            self.take()
        if several:
            counts[path] = counts.get(path, -1) + 1
            path = (*path, str(counts[path]))
        return path

    def key(self, end: str) -> Path:
        parts = []
        while self.peek() not in (end, ""):
            if (token := self.take()) != ".":
                parts.append(token.strip("\"'"))
        return tuple(parts)

    def pair(self, table: Path) -> Iterator[tuple[Path, int]]:
        line = self.line
        path = (*table, *self.key("="))
        yield path, line
        self.take()
        yield from self.value(path)

    def value(self, path: Path) -> Iterator[tuple[Path, int]]:
        yield path, self.line
        if self.peek() not in ("[", "{"):
            while self.peek() not in (",", "]", "}", "\n", ""):
                self.take()
            return
        kind, index = self.take(), 0
        while self.peek() not in ("]", "}", ""):
            if self.peek() in (",", "\n"):
                self.take()
            elif kind == "[":
                yield from self.value((*path, str(index)))
                index += 1
            else:
                yield from self.pair(path)
        self.take()

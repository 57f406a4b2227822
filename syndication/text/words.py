"""The words of a post: an editor's own, or the story's in an account's voice, cut to what the network takes."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import regex

from syndication.models import Limits, PublishEvent
from syndication.text.count import fits, hashtags, links
from syndication.text.prose import lead, tidy, whole_sentences, whole_words

PLAIN = "{summary}\n\n{link}\n\n{hashtags}"
"""How a post reads unless its account says otherwise."""

_TAG = regex.compile(r"[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(?![a-z0-9])", regex.IGNORECASE)
_WORDS = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_CASED = regex.compile(r"\p{Lu}|\p{Ll}")
_JOINED = regex.compile(
    r"[\p{Script=Han}\p{Script=Hira}\p{Script=Kana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmr}]"
)
_LONGEST_TAG = 100  # characters; what is longer is a sentence


@dataclass(frozen=True)
class Voice:
    """How an account speaks. `template` has the fields of `models.POST_FIELDS`; `link` stands for the story's URL.

    `hashtags` is how many of the story's tags a post carries, `mentions` whom it names, as the network writes them.
    """

    template: str = PLAIN
    hashtags: int = 0
    mentions: tuple[str, ...] = ()
    link: str = ""


def compose(event: PublishEvent, *, limits: Limits, override: str = "", voice: Voice = Voice()) -> str:
    """The text of a post for a story, ready to be frozen.

    The editor's `override` if there is one; else what the voice's template says, its `summary` being the story's, the
    first sentences of the body, or the headline. The link stands where the network has none beside the text, unless
    the override says it already. What is too long loses sentences of the summary, then hashtags, then words.
    Nothing is left of the words where the link alone takes all there is.
    """
    link, words = voice.link or event.url, tidy(override)
    if said := [*_places(link, words), *_places(event.url, words)]:
        if fits(words, limits):
            return words
        for start in sorted(set(said), reverse=True):
            words = words[:start] + words[start:].removeprefix(link).removeprefix(event.url)
        words = tidy(words)
    values = {"link": link if limits.link_in_text else ""}
    if words:
        return _Post("{summary}\n\n{link}", {**values, "summary": words}, (), limits, event.language).text()
    values |= {
        "headline": tidy(event.headline),
        "summary": _told(event, limits),
        "kicker": tidy(event.kicker or event.section),
        "section": tidy(event.section),
        "byline": tidy(", ".join(event.byline)),
        "mentions": " ".join(voice.mentions),
    }
    tags = make_hashtags(event.tags, min(voice.hashtags, limits.hashtags))
    return _Post(voice.template, values, tags, limits, event.language).text()


class _Post:
    """A template with its values, made to fit."""

    def __init__(
        self, template: str, values: Mapping[str, str], tags: tuple[str, ...], limits: Limits, language: str
    ) -> None:
        self.parts = [(text, field or "") for text, field, _, _ in string.Formatter().parse(template)]
        self.values, self.tags, self.limits, self.language = dict(values), tags, limits, language
        told = [field for _, field in self.parts if self.values.get(field)]
        # What gives way: the summary, else the headline, else whatever else there is in words.
        self.elastic = next((one for one in ("summary", "headline", "byline", "kicker") if one in told), "")

    def text(self) -> str:
        """Whole if it fits; else whole sentences, with as many hashtags as leave room for one; else words."""
        words = self.values.get(self.elastic, "")
        for count in range(len(self.tags), -1, -1):
            if self.good(words, count):
                return self.said(words, count)
            if kept := whole_sentences(words, lambda kept: self.good(kept, count), self.language):  # noqa: B023
                return self.said(kept, count)
        for spared in ("mentions", "byline", "section", "kicker"):
            if self.elastic == spared or not self.values.get(spared):
                continue
            if not whole_words(words, lambda kept: self.good(kept, 0)):
                self.values[spared] = ""
        return self.said(whole_words(words, lambda kept: self.good(kept, 0)), 0)

    def good(self, words: str, count: int) -> bool:
        return fits(self.said(words, count), self.limits)

    def said(self, words: str, count: int) -> str:
        """The template with its fields; what stands before an empty one, or after it at the end, goes with it."""
        values = {**self.values, self.elastic: words}
        if tags := self.tags[:count]:
            standing = " ".join(values.values()).casefold()
            values["hashtags"] = " ".join(tag for tag in tags if tag.casefold() not in standing)
        text, value = "", ""
        for index, (before, field) in enumerate(self.parts):
            if not field:
                text += before if value else ""
            elif value := values.get(field, ""):
                text += (before if text or index == 0 else "") + value
        return tidy(text)


def make_hashtags(tags: tuple[str, ...], most: int) -> tuple[str, ...]:
    """The first of a story's tags as hashtags, each once: `climate change` -> `#ClimateChange`.

    Words of scripts without capitals are joined by an underscore, or by nothing where they are not parted by blanks.
    A tag without a letter (a year) makes none, nor one that is a sentence.
    """
    made: dict[str, str] = {}
    for tag in tags:
        words = _WORDS.findall(tidy(tag))
        if len(words) > 1 and all(_CASED.search(word) or word.isdigit() for word in words):
            joined = "".join(word[:1].upper() + word[1:] for word in words)
        else:
            joined = ("" if any(map(_JOINED.search, words)) else "_").join(words)
        hashtag = f"#{joined}"
        if len(hashtag) <= _LONGEST_TAG and hashtags(hashtag):
            made.setdefault(hashtag.casefold(), hashtag)
    return tuple(made.values())[: max(0, most)]


def tracked(url: str, rules: Mapping[Any, str], facts: Mapping[str, str]) -> str:
    """A story's link with `utm_` parameters: each rule's value with `{facts}`, the empty ones and those there left out.

    Nothing else of the address changes.
    """
    parts = urlsplit(url)
    there = {pair.partition("=")[0] for pair in parts.query.split("&")}
    said = {f"utm_{name}": value.format_map(facts) for name, value in rules.items()}
    new = [f"{name}={quote(value, safe='')}" for name, value in said.items() if value and name not in there]
    if not new:
        return url
    base, sign, fragment = url.partition("#")
    joint = "" if base.endswith(("?", "&")) else "&" if "?" in base else "?"
    return f"{base}{joint}{'&'.join(new)}{sign}{fragment}"


def language_tag(language: str) -> str:
    """A story's language as networks take it: BCP 47 with script and region, else the bare language."""
    match = _TAG.match(language.replace("_", "-"))
    return match.group() if match else language


def _places(url: str, words: str) -> list[int]:
    """Where the text says this very address, be it one that ends with a mark that links do not end with."""
    return [s for s, _, found in links(words) if len(found) <= len(url) and words.startswith(url, s)]


def _told(event: PublishEvent, limits: Limits) -> str:
    """What the story says of itself, without repeating its headline, which the card shows."""
    headline = tidy(event.headline)
    words = tidy(event.summary) or (event.body and lead(event.body, 8 * min(limits.text, 6000)))
    return _without(headline, words) if words else headline


def _without(headline: str, words: str) -> str:
    if not words.casefold().startswith(headline.casefold()):
        return words
    rest = words[len(headline) :]
    if rest[:1].isalnum():
        return words
    return rest.lstrip(" \n.:;,!?–—-|") or words

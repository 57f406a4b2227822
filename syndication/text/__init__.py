"""Text as the networks count it: links, lengths, cutting, and the words of a post."""

from syndication.text.count import fits, hashtags, hostless, links, measure
from syndication.text.prose import clip, plain
from syndication.text.words import Voice, compose, language_tag, tracked

__all__ = [
    "Voice",
    "clip",
    "compose",
    "fits",
    "hashtags",
    "hostless",
    "language_tag",
    "links",
    "measure",
    "plain",
    "tracked",
]

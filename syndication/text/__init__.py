"""Text as the networks count it: links, lengths, cutting, and the words of a post."""

from syndication.text.count import fits, hostless, links, measure
from syndication.text.words import clip, compose, language_tag, plain

__all__ = ["clip", "compose", "fits", "hostless", "language_tag", "links", "measure", "plain"]

"""Text as the networks count it: links, lengths, cutting, and the words of a post."""

from syndication.text.count import fits, links, measure
from syndication.text.words import compose, plain

__all__ = ["compose", "fits", "links", "measure", "plain"]

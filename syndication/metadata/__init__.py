"""A story's metadata: what share previews and search engines read of a page, and putting it there."""

from syndication.metadata.files import page_path, remove_fragments, rewrite_file, strip_file, write_fragments
from syndication.metadata.page import read_properties, rewrite, strip
from syndication.metadata.tags import HeadTags, card_url, head_tags

__all__ = [
    "HeadTags",
    "card_url",
    "head_tags",
    "page_path",
    "read_properties",
    "remove_fragments",
    "rewrite",
    "rewrite_file",
    "strip",
    "strip_file",
    "write_fragments",
]

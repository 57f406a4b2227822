"""A story's metadata: what share previews and search engines read of a page, and putting it there."""

from syndication.metadata.files import page_path, rewrite_file, write_fragments
from syndication.metadata.page import rewrite
from syndication.metadata.tags import HeadTags, card_url, head_tags

__all__ = ["HeadTags", "card_url", "head_tags", "page_path", "rewrite", "rewrite_file", "write_fragments"]

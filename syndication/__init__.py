"""Share cards, page metadata and social posts from one published story."""

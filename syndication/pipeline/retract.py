"""What a withdrawn story leaves behind goes out of reach: its cards, its fragments, our tags in its page."""

from sqlalchemy import Connection

from syndication.config import Config
from syndication.errors import MetadataError
from syndication.metadata import page_path, remove_fragments, strip_file
from syndication.models import PublishEvent
from syndication.store import Store, deliveries, stories, trail


def retract(store: Store, config: Config, story: stories.Story) -> str:
    """Remove what was made of a story. Doing it again is harmless. Returns in words what is still there."""
    event, table, problems = story.event, config.metadata, list[str]()
    with store.read() as tx:
        files = _drawn(tx, story)
        files -= stories.shared_files(tx, event.id, files)
        standing = stories.get(tx, event.id)
    if standing is None or standing.attempt != story.attempt:
        return ""  # published again meanwhile: these are its cards once more
    for name in sorted(files):
        try:
            (config.at(config.cards.folder) / name).unlink(missing_ok=True)
        except OSError as error:
            problems.append(f"the card {name} cannot be removed: {error.strerror}")
    try:
        if table.fragments is not None:
            remove_fragments(config.at(table.fragments), event.id)
        if table.pages:
            strip_file(page_path(table.pages, event, config.folder))
            strip_left_pages(store, config, event)
    except MetadataError as error:
        problems.append(error.message)
    return "; ".join(problems)


def strip_left_pages(store: Store, config: Config, event: PublishEvent) -> None:
    """Take our tags out of the pages at addresses that a story has left, but for those that are another's by now.

    Doing it again is harmless. Raises MetadataError.
    """
    pages = config.metadata.pages
    if not pages:
        return
    with store.read() as tx:
        left = {step.words for step in trail.of_story(tx, event.id) if step.what == "moved"} - {event.url}
        left = {url for url in left if stories.get(tx, url) is None}
    here = page_path(pages, event, config.folder)
    for url in sorted(left):
        if (there := page_path(pages, event.model_copy(update={"url": url}), config.folder)) != here:
            strip_file(there)


def _drawn(tx: Connection, story: stories.Story) -> set[str]:
    """Every picture that is known of a story, by its file's name."""
    frozen = [post.draft for post in deliveries.of_story(tx, story.event.id)]
    named = {draft.card.file for draft in frozen if draft and draft.card}
    return named | stories.pictures_of(tx, story.event.id) | {card.file for card in story.cards}

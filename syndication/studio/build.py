"""What the preview shows of one event: made by the very functions that the pipeline posts with."""

from datetime import UTC, datetime
from pathlib import Path

from syndication.config import Config
from syndication.models import Account, PublishEvent
from syndication.networks import NETWORKS, connector
from syndication.pipeline.drafts import draft, form_of, limits_of, template_for
from syndication.pipeline.drawing import Drawing, clean_crops, draw
from syndication.pipeline.prepare import tags_of
from syndication.pipeline.routes import route
from syndication.sources import photo_of, portrait_of, read_source
from syndication.store import accounts, open_store
from syndication.studio.preview import Page, PostPreview
from syndication.text import measure

_SHOWN = ("mastodon", "bluesky", "x", "linkedin")
"""The examples where no account is connected: a card attached, made by us, and crawled."""


def build_page(source: str, config: Config, folder: Path, *, url: str = "") -> Page:
    """The page of the event that `source` names; its cards are drawn into `folder`.

    Where no account is connected, one of each network is shown as an example. Raises SyndicationError.
    """
    event = read_source(source, config, url=url)
    photo, portrait = photo_of(event, config, folder), portrait_of(event, config, folder)
    connected = _connected(config)
    going, silent = list[tuple[Account, str]](), list[tuple[str, str]]()
    now = datetime.now(UTC)
    due = max(now, event.embargo or now)
    for one in connected:
        way = route(config, one.name, event, due)
        if why := f"paused: {one.paused}" if one.paused else "" if way.takes else way.why:
            silent.append((one.name, why))
        else:
            going.append((one, f"{way.why}." if way.waits_until else ""))
    if not connected:
        going = [
            (one, f"An example: no {connector(one.network).title} account is connected.")
            for one in _examples()
        ]
    drawing = draw(
        event,
        [one for one, _ in going],
        config=_lenient(config),
        photo=photo,
        portrait=portrait,
        folder=folder,
    )
    drawing = drawing._replace(crops=clean_crops(event, photo, folder)[0])
    tags = tags_of(config, event, drawing.page)
    return Page(
        event=event,
        cards=drawing.cards,
        faults=drawing.faults,
        problems=drawing.problems,
        held=bool(drawing.own.faults) and config.cards.check == "refuse",
        crops=drawing.crops,
        posts=tuple(_post(config, event, one, drawing, note) for one, note in going),
        not_going=tuple(silent),
        tags_html=tags.html(),
        brand=config.brand,
    )


def _lenient(config: Config) -> Config:
    """What the newsroom would refuse is shown here all the same, with its faults."""
    if config.cards.check != "refuse":
        return config
    return config.model_copy(update={"cards": config.cards.model_copy(update={"check": "warn"})})


def _connected(config: Config) -> list[Account]:
    if config.store_url.startswith("sqlite") and not (config.data / "syndication.db").exists():
        return []
    store = open_store(config.store_url)
    try:
        with store.read() as tx:
            return accounts.everyone(tx)
    finally:
        store.close()


def _examples() -> list[Account]:
    return [
        Account(
            name=name, network=name, server="https://example.com", handle="@meridian", limits=network.limits
        )
        for name in _SHOWN
        if (network := NETWORKS.get(name))
    ]


def _post(config: Config, event: PublishEvent, account: Account, drawing: Drawing, note: str) -> PostPreview:
    cards = drawing.of(config, event, account)
    post = draft(config, event, account, cards, key="0" * 64, created=event.published)
    limits, network = limits_of(account, form_of(config, account)), connector(account.network)
    card = post.card
    notes = [note] if note else []
    own = drawing.others.get(template_for(config, event, account))
    if own and own.faults and config.cards.check == "refuse":
        notes.append("This post would be held: its account's own card has a fault.")
    if card and card.size > limits.image_bytes:
        notes.append(f"The card has {card.size:,} bytes; {network.title} takes {limits.image_bytes:,}.")
    if network.public and not post.image_url:
        notes.append(f"{network.title} fetches the card itself: set base_url in [cards].")
    return PostPreview(
        account=account.name,
        network=network.title,
        handle=account.handle,
        text=post.text,
        count=measure(post.text, limits),
        limit=limits.text,
        link=post.link,
        link_in_text=limits.link_in_text,
        title=post.title,
        description=post.description,
        card=card,
        alt=post.alt,
        notes=tuple(notes),
    )

"""What the preview shows of one event: made by the very functions that the pipeline posts with."""

from pathlib import Path

from syndication.cards import make_cards
from syndication.config import AccountTable, Config
from syndication.models import Account, Card, PublishEvent
from syndication.networks import NETWORKS
from syndication.pipeline.pictures import clean_crops, photo_of, portrait_of
from syndication.pipeline.prepare import main_card, post_alt, post_text, tags_of
from syndication.pipeline.sources import read_source
from syndication.store import accounts, open_store
from syndication.studio.preview import Page, PostPreview
from syndication.text import measure

_BY_HAND = "posts only what an editor shares by hand"


def build_page(source: str, config: Config, folder: Path, *, url: str = "") -> Page:
    """The page of the event that `source` names; its cards are drawn into `folder`.

    Where no account is connected, one of each network is shown as an example. Raises SyndicationError.
    """
    event = read_source(source, config, url=url)
    photo, portrait = photo_of(event, config, folder), portrait_of(event, config, folder)
    cards = make_cards(event, config=config, photo=photo, portrait=portrait, folder=folder)
    crops, _ = clean_crops(event, photo, folder)
    connected = _connected(config)
    going, silent = [], []
    for one in connected:
        by_hand = not config.accounts.get(one.name, AccountTable()).publish
        if why := f"paused: {one.paused}" if one.paused else _BY_HAND if by_hand else "":
            silent.append((one.name, why))
        else:
            going.append(one)
    shown = [_post(event, one, cards, example=False) for one in going]
    if not connected:
        shown = [_post(event, one, cards, example=True) for one in _examples()]
    tags = tags_of(config, event, (*cards, *crops))
    return Page(
        event=event,
        cards=cards,
        crops=crops,
        posts=tuple(shown),
        not_going=tuple(silent),
        tags_html=tags.html(),
        brand=config.brand,
    )


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
        for name, network in NETWORKS.items()
    ]


def _post(event: PublishEvent, account: Account, cards: tuple[Card, ...], *, example: bool) -> PostPreview:
    limits, network = account.limits, NETWORKS[account.network]
    text, card = post_text(event, account), main_card(cards)
    notes = []
    if example:
        notes.append(f"An example: no {network.title} account is connected.")
    if card and card.size > limits.image_bytes:
        notes.append(f"The card has {card.size:,} bytes; {network.title} takes {limits.image_bytes:,}.")
    return PostPreview(
        account=account.name,
        network=network.title,
        handle=account.handle,
        text=text,
        count=measure(text, limits),
        limit=limits.text,
        link=event.url,
        link_in_text=limits.link_in_text,
        title=event.headline,
        description=event.summary,
        card=card,
        alt=post_alt(card, account),
        notes=tuple(notes),
    )

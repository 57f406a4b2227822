"""What an account posts of a story: words in its voice, the card that its network wants, a link that is counted."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from syndication.cards import SIZES
from syndication.cards.labels import house_word
from syndication.config import Config
from syndication.errors import ConfigError
from syndication.metadata import card_url
from syndication.models import Account, Card, Draft, Form, Limits, PublishEvent, Receipt, StoryRecord
from syndication.networks import connector
from syndication.networks.base import Connector
from syndication.text import Voice, clip, compose, tracked


def draft(
    config: Config,
    event: PublishEvent,
    account: Account,
    cards: Sequence[Card],
    *,
    key: str,
    created: datetime,
    own: str = "",
    reply_to: Receipt | None = None,
) -> Draft:
    """The post of a story for one account, as it will be sent. `own` are an editor's words for this very post.

    One that answers another says first what it is, and brings no picture of its own.
    """
    network, form = network_of(account), form_of(config, account)
    limits, card = limits_of(account, form), card_for(network, cards)
    if reply_to and form == "image":
        card = None
    return Draft(
        key=key,
        text=post_words(config, event, account, own=own, correction=reply_to is not None),
        link=_link(config, event, account),
        title=event.headline,
        description=event.summary,
        language=event.language,
        card=card,
        alt=clip(card.alt, limits.alt, event.language) if card else "",
        created=created,
        form=form,
        image_url=card_url(config.cards.base_url, card) if card and config.cards.base_url else "",
        tags=event.tags,
        reply_to=reply_to,
        record=_record(config, event, account),
    )


def post_words(
    config: Config, event: PublishEvent, account: Account, *, own: str = "", correction: bool = False
) -> str:
    """What the post of a story says, cut to what the account's server takes; a correction says first what it is."""
    override = own or event.overrides.get(account.name) or event.overrides.get(account.network, "")
    voice = _voice(config, event, account)
    if correction:
        word = house_word(event.card.note or "updated", event.language, config)
        override = override and f"{word}: {override}"
        escaped = word.replace("{", "{{").replace("}", "}}")
        voice = replace(voice, template=f"{escaped}: {voice.template}")
    limits = limits_of(account, form_of(config, account))
    return compose(event, limits=limits, override=override, voice=voice)


def form_of(config: Config, account: Account) -> Form | None:
    """How an account's posts carry the card: as configured if the network can, else its usual way."""
    network = network_of(account)
    if network is None:
        return None
    wanted = config.table(account.name).form
    return wanted if wanted in network.forms else network.forms[0]


def limits_of(account: Account, form: Form | None) -> Limits:
    """What the account's server takes of a post in that form."""
    network = network_of(account)
    return network.limits_of(account.limits, form) if network and form else account.limits


def template_for(config: Config, event: PublishEvent, account: Account) -> str:
    """The template of an account's own that its post's card is drawn with; empty for the story's own cards.

    What the event says goes first. A network that reads the card from the page shows what the page names.
    """
    if event.card.template or form_of(config, account) == "crawled":
        return ""
    return config.table(account.name).template


def sizes_for(known: Iterable[Account]) -> tuple[tuple[int, int], ...]:
    """The cards to draw for posts to these accounts, in pixels: the usual ones, and what their networks want."""
    return tuple(dict.fromkeys([*SIZES, *sizes_of(known)]))


def sizes_of(known: Iterable[Account]) -> tuple[tuple[int, int], ...]:
    """What the accounts' networks want, in pixels."""
    wanted = [network.size for account in known if (network := network_of(account))]
    return tuple(dict.fromkeys(wanted)) or SIZES[:1]


def card_for(network: Connector | None, cards: Sequence[Card]) -> Card | None:
    """The card of the size that the network wants, else the wide one. A clean crop stands in where there is no card."""
    wanted = network.size if network else SIZES[0]
    return max(
        cards,
        key=lambda card: (not card.is_clean, (card.width, card.height) == wanted, card.width / card.height),
        default=None,
    )


def _record(config: Config, event: PublishEvent, account: Account) -> StoryRecord | None:
    """What the story's own record says, where the account is to keep one and the story is the paper's own."""
    network, site = network_of(account), config.brand.site.rstrip("/")
    wanted = config.table(account.name).record
    if not (wanted and site and network and network.records) or form_of(config, account) != "made":
        return None
    if not event.url.startswith(f"{site}/"):
        return None
    return StoryRecord(
        story=hashlib.sha256(event.id.encode()).hexdigest(),
        paper=config.brand.name,
        site=site,
        path=event.url.removeprefix(site).partition("#")[0],
        published=event.published,
        modified=event.modified,
    )


def _link(config: Config, event: PublishEvent, account: Account) -> str:
    facts = {"network": account.network, "account": account.name, "section": event.section, "id": event.id}
    return tracked(event.url, config.links.utm, facts)


def _voice(config: Config, event: PublishEvent, account: Account) -> Voice:
    table = config.table(account.name)
    people = [config.mentions.get(name, {}).get(account.network, "") for name in event.byline]
    said = {"template": table.text} if table.text else {}
    link, mentions = _link(config, event, account), tuple(filter(None, people))
    return Voice(**said, hashtags=table.hashtags, mentions=mentions, link=link)


def network_of(account: Account) -> Connector | None:
    """Its connector; None if the package that brought it is gone, which its own mailbox will say."""
    try:
        return connector(account.network)
    except ConfigError:
        return None

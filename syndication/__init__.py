"""One published story becomes share cards, page metadata and social posts, once each.

The whole job, with no queue::

    from syndication import accept, load_config, open_store, read_event, run_due

    config = load_config()
    store = open_store(config.store_url)
    accept(store, config, read_event(b'{"url": …, "headline": …, "published": …}'))
    run_due(store, config)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syndication.cards import Drawn, make_cards, render_cards
    from syndication.config import Config
    from syndication.config import load as load_config
    from syndication.errors import SyndicationError
    from syndication.models import PublishEvent
    from syndication.pipeline import accept, connect_account, run_due, share
    from syndication.sources import read_event
    from syndication.store import Store, open_store

__all__ = [
    "Config",
    "Drawn",
    "PublishEvent",
    "Store",
    "SyndicationError",
    "accept",
    "connect_account",
    "load_config",
    "make_cards",
    "open_store",
    "read_event",
    "render_cards",
    "run_due",
    "share",
]

_HOMES = {
    "Config": ("config", "Config"),
    "load_config": ("config", "load"),
    "SyndicationError": ("errors", "SyndicationError"),
    "PublishEvent": ("models", "PublishEvent"),
    **{name: ("cards", name) for name in ("Drawn", "make_cards", "render_cards")},
    "read_event": ("sources", "read_event"),
    "Store": ("store", "Store"),
    "open_store": ("store", "open_store"),
    **{name: ("pipeline", name) for name in ("accept", "connect_account", "run_due", "share")},
}


def __getattr__(name: str) -> Any:
    # Looked up when used: `syndicate --help` must not pay for SQLAlchemy and Pillow.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)

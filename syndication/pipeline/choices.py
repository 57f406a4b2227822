"""What is wrong with the choices that the config makes for accounts: those that no single table can tell."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import chain

from sqlalchemy import Connection

from syndication.cards import template_names
from syndication.config import AccountTable, Config
from syndication.config.rules import fold
from syndication.errors import ConfigError
from syndication.models import Account
from syndication.networks import connector
from syndication.pipeline.drafts import form_of
from syndication.store import stories

_LOOKED_AT = 200  # of the newest stories

Known = dict[str, dict[str, str]]
"""Names that stories have, by the key of a choice; each under its folded form."""


def unconnected(config: Config, known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The accounts that stand in the config alone, and what is to be said of each."""
    names = set(known)
    for name in sorted(set(config.accounts) - names):
        near = get_close_matches(name, names, n=1)
        hint = f"; {near[0]} is: is one misspelt?" if near else f": syndicate connect NETWORK --name {name}"
        yield name, f"stands in the config but is not connected{hint}"


def unknown_networks(config: Config) -> Iterator[str]:
    """What stands in [mentions] for networks that there are not."""
    for person, named in config.mentions.items():
        for network in named:
            try:
                connector(network)
            except ConfigError as error:
                yield f'[mentions."{person}"]: {error}'


def names_of_stories(tx: Connection, config: Config) -> Known:
    """The sections and desks that the paper has: those of its newest stories, and those that the brand knows."""
    events = [story.event for story in stories.newest(tx, _LOOKED_AT)]
    sections = [*config.brand.sections, *(event.section for event in events)]
    desks = [event.desk for event in events]
    return {
        key: {fold(name): name for name in names if name}
        for key, names in (("sections", sections), ("desks", desks))
    }


def wrong_choices(config: Config, account: Account, known: Known) -> str:
    """Why an account cannot post as the config says, or will not take what it is to; empty if all is well."""
    faults = (kind(config, account) for kind in (_form, _template, _text, _record))
    return "; ".join([*chain.from_iterable(faults), *_names(config, account, known)])


def _form(config: Config, account: Account) -> Iterator[str]:
    wanted, network = _table(config, account).form, connector(account.network)
    if wanted is not None and wanted not in network.forms:
        yield f"form: {network.title} has no {wanted!r} posts; it has {', '.join(network.forms)}"


def _template(config: Config, account: Account) -> Iterator[str]:
    name = _table(config, account).template
    if not name:
        return
    if name not in (templates := template_names(config)):
        near = get_close_matches(name, templates, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(templates)}"
        yield f"template: no card template is called {name}; {hint}"
    if form_of(config, account) == "crawled":
        network = connector(account.network)
        other = next((form for form in network.forms if form != "crawled"), "")
        remedy = f'say form = "{other}" as well' if other else "leave it out"
        yield f"template: {network.title} shows the card that the page names, whatever stands here; {remedy}"


def _text(config: Config, account: Account) -> Iterator[str]:
    table, network = _table(config, account), connector(account.network)
    if "{mentions}" in table.text and not config.mentions:
        yield "text: {mentions} stays empty, as the config names nobody; say whom in [mentions], or leave it out"
    if "{hashtags}" in table.text and not account.limits.hashtags:
        yield f"text: {{hashtags}} stays empty, as {network.title} takes none; leave it out"
    elif "{hashtags}" in table.text and not table.hashtags:
        yield "text: {hashtags} stays empty; say how many as well, such as hashtags = 2, or leave it out"
    elif table.hashtags and table.text and "{hashtags}" not in table.text:
        yield "hashtags: the text has no place for them; write {hashtags} into it, or leave them out"


def _record(config: Config, account: Account) -> Iterator[str]:
    if not _table(config, account).record:
        return
    network = connector(account.network)
    if not network.records:
        yield f"record: {network.title} keeps no records of stories; leave it out"
    elif form_of(config, account) != "made":
        yield 'record: it stands beside link cards alone; say form = "made" as well'
    elif not config.brand.site:
        yield "record: it names the paper by its address; say `site` in [brand]"


def _names(config: Config, account: Account, known: Known) -> Iterator[str]:
    table = _table(config, account)
    for key, names in known.items():
        for name in (*getattr(table.takes, key), *getattr(table.skips, key)):
            near = [] if fold(name) in names else get_close_matches(fold(name), names, n=1, cutoff=0.8)
            if near:
                yield f"{key}: no story has {name}, but some have {names[near[0]]}: is one misspelt?"


def _table(config: Config, account: Account) -> AccountTable:
    return config.table(account.name)

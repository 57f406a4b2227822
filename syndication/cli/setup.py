"""The operator's commands: make a config, check an installation, connect accounts."""

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndication.cli.common import as_json, home, say, show, show_json, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from syndication.config import Config
    from syndication.store import Store

_CONFIG = """\
# syndicate.toml — every line that starts with # shows a default. Paths start at this file's folder.

[brand]
name = "The Meridian"
# site = "https://news.example"
# logo = "logo.png"               # PNG with transparency; without one the name is set in the serif
# timezone = "UTC"                # in which dates on cards are told, such as "Europe/London"
# twitter = "@meridian"

[brand.colors]
# accent = "#e5484d"              # the bar before the label
# paper = "#f7f4ee"
# ink = "#17181c"
# night = "#14161a"

# [brand.sections.Climate]        # one accent a section
# accent = "#1f7a4d"

[cards]
folder = "data/cards"
# base_url = "https://news.example/cards/"   # the folder's public address: og:image needs it
# template = "article"
# templates = "my_templates"      # a folder of your own, looked in first

[metadata]
# pages = "public/{path}.html"    # the story's page, rewritten in place on publish
# fragments = "data/fragments"    # or: <id>.html and <id>.json for your CMS to include

[store]
folder = "data"
# url = "postgresql+psycopg://user@host/syndication"   # empty: SQLite in the folder

[queue]
# redis = "redis://127.0.0.1:6379/0"   # empty: `syndicate worker` runs a Redis of its own

[serve]
# host = "127.0.0.1"
# port = 8750

[delivery]
# lease = 300                     # seconds until the work of a dead worker is done by another
# give_up = 24                    # hours after which a post that never went out is given up
# sweep = 2                       # seconds between two looks for what is due

[fetch]
# allow = ["10.0.0.0/8"]          # networks inside that photos may come from

# [accounts.desk]                 # an account made by `syndicate connect … --name desk`
# publish = false                 # posts only what an editor shares by hand
"""


@click.command()
@click.option("--dir", "folder", default=".", type=click.Path(path_type=Path), help="Where to start.  [here]")
def init(folder: Path) -> None:
    """Make a commented syndicate.toml, the store, and the keys that guard it."""
    from syndication.config import FILE_NAME, load
    from syndication.errors import ConfigError
    from syndication.store import open_store
    from syndication.studio.app import SECRET_FILE
    from syndication.vault import Vault, private_text

    file = folder / FILE_NAME
    if file.exists():
        raise ConfigError(f"{file} is there already", "Edit it, or choose another --dir.")
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(_CONFIG, encoding="utf-8")
    config = load(file)
    open_store(config.store_url).close()
    Vault(config).seal({})
    private_text(config.data / SECRET_FILE, "whsec_" + _base64(secrets.token_bytes(32)))
    say(f"Made {file}, the store in {config.data}, and two keys there that only you can read.")
    say("Next: syndicate connect mastodon --server https://…   or   syndicate preview story.json")


def _base64(data: bytes) -> str:
    from base64 import b64encode

    return b64encode(data).decode()


@click.command()
@click.option("--offline", is_flag=True, help="Ask no network: test only what is on this machine.")
@as_json
def check(offline: bool, machine: bool) -> int:
    """Test an installation: config, store, templates, queue, and each account by reading from it."""
    from syndication.errors import SyndicationError

    with home() as (store, config):
        # What was tested, and what is wrong with it; these two would have ended the command already.
        found = [("config", ""), ("store", "")]
        for name, test in _checks(config):
            try:
                found.append((name, test()))
            except SyndicationError as error:
                found.append((name, str(error)))
        found += _check_accounts(store, config, offline)
    if machine:
        show_json([{"check": name, "ok": not problem, "problem": problem} for name, problem in found])
    else:
        from rich.markup import escape

        rows = table("Check", "Result")
        for name, problem in found:
            rows.add_row(escape(name), f"[red]{escape(problem)}[/]" if problem else "[green]ok[/]")
        show(rows)
    return int(any(problem for _, problem in found))


def _checks(config: "Config") -> "list[tuple[str, Callable[[], str]]]":
    from syndication.cards import template_names
    from syndication.studio.app import webhook_secrets

    def templates() -> str:
        known = template_names(config)
        missing = {config.cards.template, config.cards.breaking_template} - set(known)
        return (
            f"no template is called {', '.join(sorted(missing))}; known: {', '.join(known)}"
            if missing
            else ""
        )

    def webhook() -> str:
        webhook_secrets(config)
        return ""

    def queue() -> str:
        from redis import Redis, RedisError

        from workers.broker import broker_url

        try:
            Redis.from_url(broker_url(config), socket_connect_timeout=2, socket_timeout=2).ping()
        except (RedisError, OSError):
            return "Redis gives no answer: posts wait until a worker runs (syndicate worker)"
        return ""

    return [
        ("card templates", templates),
        ("webhook secret", webhook),
        ("queue", queue),
    ]


def _check_accounts(store: "Store", config: "Config", offline: bool) -> list[tuple[str, str]]:
    from syndication.errors import SyndicationError
    from syndication.pipeline import read_account
    from syndication.store import accounts

    with store.read() as tx:
        known = accounts.everyone(tx)
    unknown = set(config.accounts) - {account.name for account in known}
    found = [(f"account {name}", "stands in the config but is not connected") for name in sorted(unknown)]
    for account in known:
        problem = account.paused
        if not offline and not problem:
            try:
                read_account(store, config, account.name)
            except SyndicationError as error:
                problem = str(error)
        found.append((f"account {account.name}", problem))
    return found


@click.command()
@click.argument("network", type=click.Choice(["mastodon", "bluesky"]))
@click.option("--server", help="The account's server, such as https://mastodon.example.")
@click.option("--name", help="What you call the account here.  [the network's name]")
@click.option("--handle", help="Bluesky: the account's handle, such as meridian.bsky.social.")
@click.option(
    "--no-browser", is_flag=True, help="Print the address to open, and take the code that it shows."
)
def connect(network: str, server: str | None, name: str | None, handle: str | None, no_browser: bool) -> None:
    """Connect an account of a NETWORK: log in there once, and keep the token encrypted here.

    \b
    syndicate connect mastodon --server https://mastodon.example
    syndicate connect bluesky --handle meridian.bsky.social
    """
    from syndication.networks.auth import connect_bluesky
    from syndication.pipeline import connect_account

    with home() as (store, config):
        if network == "bluesky":
            server = server or "https://bsky.social"
            who = handle or click.prompt("Handle", err=True)
            secret, _ = connect_bluesky(server, who, _password())
        elif server is None:
            raise click.UsageError("Name the account's server: --server https://…")
        else:
            secret = _allow_mastodon(server, no_browser)
        account = connect_account(store, config, network, server, secret, name or network)
    say(f"Connected {account.handle} as {account.name}: posts of up to {account.limits.text} characters.")


def _password() -> str:
    """An app password, typed unseen, or the first line of standard input where that is no terminal."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    say("Make an app password at Bluesky: Settings, Privacy and security, App passwords.")
    return str(click.prompt("App password", hide_input=True, err=True))


def _allow_mastodon(server: str, no_browser: bool) -> dict[str, str]:
    """Mastodon's OAuth dance: by the browser's return to this machine, else by a pasted code."""
    import webbrowser

    from syndication.networks.auth import (
        OUT_OF_BAND,
        Listener,
        mastodon_authorize_url,
        mastodon_register,
        mastodon_token,
    )

    if no_browser:
        app = mastodon_register(server, redirect=OUT_OF_BAND)
        url, _, verifier = mastodon_authorize_url(app)
        say(f"Open this address, allow the app, and paste the code it shows:\n{url}")
        return mastodon_token(app, click.prompt("Code", err=True), verifier)
    with Listener() as listener:
        app = mastodon_register(server, redirect=listener.redirect)
        url, state, verifier = mastodon_authorize_url(app)
        opened = webbrowser.open(url)
        say(
            f"{'Your browser asks you to allow the app' if opened else 'Open this address on this machine'}:\n{url}"
        )
        return mastodon_token(app, listener.wait(state), verifier)


@click.command()
@as_json
def accounts(machine: bool) -> None:
    """List the connected accounts, and what keeps them from posting."""
    from syndication.config import AccountTable
    from syndication.store import accounts as mailboxes

    with home() as (store, config):
        with store.read() as tx:
            known = mailboxes.everyone(tx)
        publishes = {one.name: config.accounts.get(one.name, AccountTable()).publish for one in known}
    if machine:
        show_json([{**one.model_dump(mode="json"), "publish": publishes[one.name]} for one in known])
        return
    if not known:
        say("No account is connected. Start with: syndicate connect mastodon --server https://…")
        return
    from rich.markup import escape

    rows = table("Name", "Network", "Account", "Posts", "Text", "State")
    for one in known:
        posts = "each story" if publishes[one.name] else "by hand"
        state = f"[red]paused: {escape(one.paused)}[/]" if one.paused else "[green]ready[/]"
        rows.add_row(one.name, one.network, escape(one.handle), posts, str(one.limits.text), state)
    show(rows)


@click.command()
@click.argument("what", type=click.Choice(["event"]))
def schema(what: str) -> None:
    """Print the JSON Schema of an event."""
    from syndication.events import event_schema

    show_json(event_schema())

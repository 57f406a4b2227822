"""The operator's commands: make a config, check an installation, connect accounts."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndication.cli.accounts import forecast
from syndication.cli.common import FOLDER, as_json, clean, counted, home, say, show_json, show_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from syndication.config import Config
    from syndication.models import Account
    from syndication.store import Store

_CONFIG = """\
# syndicate.toml — a line that starts with # shows a default, or an example where it says so.
# Paths start at this file's folder.

[brand]
name = "The Meridian"
# site = ""                       # the front page, such as "https://news.example"
# logo = "logo.png"               # example; PNG with transparency. Without one the name is set in the serif
# logo_dark = "logo-dark.png"     # example; the logo on light paper, if it differs
# fonts = "fonts"                 # example; a folder with own font files in serif/, sans/ or a language's, such as ur/
# twitter = ""                    # the paper's name there, such as "@meridian"
# timezone = "UTC"                # in which dates are told, such as "Europe/London"

[brand.colors]
# accent = "#cf3038"              # the bar before the label, and numbers: 4.5 to 1 on paper
# paper = "#f7f4ee"
# ink = "#17181c"
# night = "#14161a"
# alarm = "#b4131b"               # breaking news, and nothing else
# age = "#ffd24a"                 # old stories, and nothing else

# [brand.sections.Climate]        # what a section has of its own
# accent = "#1f7a4d"              # example
# logo = "climate.png"            # example; logo_dark as above
# fonts = "fonts/climate"         # example; in place of the brand's

# [brand.words.sw]                # what cards say in a language, instead of our own words or where we have none:
# breaking = "Habari mpya"        # example; also live, opinion, correction, video, audio, gallery, updated,
# from = "Ya {year}"              # example; corrected

# [brand.agencies.Sample]         # by the name that stands in a photo's credit
# logo = "sample.png"             # example; for agencies whose licence asks for it beside the credit

[cards]
# folder = "data/cards"
# base_url = ""                   # that folder's public address, such as "https://news.example/cards/":
                                  # og:image needs it
# template = "article"
# breaking_template = "breaking"
# look = "light"                  # or "dark": cards without a photo are of the night
# old_after = 365                 # days after which a story's card carries its year
# templates = "my_templates"      # example; a folder of your own templates, looked in first
# check = "repair"                # a card with a fault is drawn more plainly; "warn": it goes out as it is, and
                                  # you are told; "refuse": its story waits for you
# missing = "text-free"           # a story with a letter that no font has: a card without words;
                                  # "refuse": it waits for you

[metadata]
# pages = ""                      # the story's page, rewritten in place on publish: "public/{path}.html"
# fragments = "data/fragments"    # example; <id>.html and <id>.json go there, for your CMS to include
# image = "card"                  # what og:image names; or "photo": the photo without words, as Google Discover
                                  # wants it, which feeds and messengers then show as well

[store]
# folder = "data"
# url = ""                        # empty: SQLite in the folder. "postgresql+psycopg://user@host/syndication"

[queue]
# redis = ""                      # empty: `syndicate worker` runs one. "redis://10.0.0.5:6379/0"

[serve]
# host = "127.0.0.1"
# port = 8750
# public = ""                     # where the world reaches it by https; Bluesky's OAuth then lasts
# max_bytes = 2000000             # of one event

[delivery]
# lease = 300                     # seconds until the work of a dead worker is done by another
# sweep = 2                       # seconds between two looks for what is due

[late]
# breaking = 1                    # hours in which a post must go out, by its story's priority
# normal = 24
# evergreen = 72
# then = "drop"                   # what did not is dropped, with the reason; "ask": it waits for you
# spacing = 300                   # seconds between two posts of an account that go out late, or are released
# review = 48                     # hours after which a post that is held, and nobody releases, is dropped
# too_old = 7                     # days: an older story that we see for the first time is announced by nobody

[gate]                            # networks that read the page, or fetch the card, get the post once these are there
# wait = 120                      # seconds at the most, breaking stories a quarter; 0: nothing is looked at
# then = "post"                   # after that: posted all the same, and you are told; "ask": it waits for you
# read_back = true                # posts are read back once they are out, where the network shows them

[budget]                          # a post beyond it waits for you; one account's: [accounts.desk.budget]
# posts_per_day = 50              # example; days and months are the paper's own
# posts_per_month = 1000          # example
# calls_per_day = 500             # example; requests to networks, of which a post needs one to ten
# calls_per_month = 9000          # example
# dollars_per_day = 5.0           # example; US dollars, where a network charges for posts
# dollars_per_month = 100.0       # example

[fetch]
# allow = []                      # networks inside that pages and photos may come from: ["10.0.0.0/8"]
# max_bytes = 40000000            # of one photo
# seconds = 15                    # for one photo

[links]
# utm = { source = "{network}", medium = "social", campaign = "{section}" }   # added to the links of posts

# [accounts.desk]                 # an account made by `syndicate connect … --name desk`
# publish = true                  # false: it posts only what an editor shares by hand
# takes = { sections = ["World", "Politics"], languages = ["en"] }    # which stories; also tags, desks, priorities
# skips = { tags = ["sponsored"] }    # which of these it leaves out, by the same keys
# hours = "06:00-23:00"           # when it posts by itself; breaking stories go out at any hour
# template = "quote"              # its posts' card, where an event names none: see `syndicate templates`
# text = "{kicker}: {summary} {link} {hashtags}"    # else: the summary, the link, the hashtags
# hashtags = 2                    # how many of a story's tags a post carries
# correct = "edit"                # posts that are out follow their story where the network lets us edit them, else you
                                  # are told; "reply": answered by a correction; "repost": edited, else removed and
                                  # posted again; "tell": you are told
# form = "image"                  # how it carries the card: "crawled", "made" or "image", as the network can

# [mentions."Ada Marlowe"]        # a byline's name, for {mentions}
# mastodon = "@ada@social.example"
"""


@click.command(short_help="Make a commented syndicate.toml, the store and its keys.")
@click.option("--dir", "folder", default=".", type=FOLDER, help="Where to start.  [here]")
def init(folder: Path) -> None:
    """Make a commented syndicate.toml, the store, and the keys that guard it.

    \b
    syndicate init --dir newsroom
    """
    from syndication.config import FILE_NAME, parse
    from syndication.errors import ConfigError
    from syndication.store import open_store
    from syndication.studio.app import SECRET_FILE
    from syndication.vault import Vault, private_text

    file = folder / FILE_NAME
    if file.exists():
        raise ConfigError(f"{file} is there already", "Edit it, or choose another --dir.")
    folder.mkdir(parents=True, exist_ok=True)
    config = parse(_CONFIG, file)
    open_store(config.store_url).close()
    Vault(config).seal({})
    private_text(config.data / SECRET_FILE, "whsec_" + _base64(secrets.token_bytes(32)))
    with file.open("x", encoding="utf-8") as stream:  # last: an attempt that failed can be repeated
        stream.write(_CONFIG)
    say(f"Made {file}, the store in {config.data}, and two keys there that only you can read.")
    say("Next: syndicate connect mastodon --server https://…   or   syndicate preview story.json")


def _base64(data: bytes) -> str:
    from base64 import b64encode

    return b64encode(data).decode()


@click.command(short_help="Test an installation, and each account by reading from it.")
@click.option("--offline", is_flag=True, help="Ask no network: test only what is on this machine.")
@as_json
def check(offline: bool, machine: bool) -> int:
    """Test an installation: config, store, templates, queue, and each account by reading from it.

    \b
    syndicate check --offline
    """
    from syndication.errors import SyndicationError

    with home() as (store, config):
        # What was tested, and what is wrong with it; these two would have ended the command already.
        found = [("config", ""), ("store", "")]
        for name, test in _checks(config):
            try:
                found.append((name, test()))
            except SyndicationError as error:
                found.append((name, str(error)))
        found += [*_check_accounts(store, config, offline), ("posts", _check_posts(store))]
    if machine:
        show_json([{"check": name, "ok": not problem, "problem": problem} for name, problem in found])
    else:
        from rich.text import Text

        fine = Text("ok", style="green")
        show_rows(
            ("Check", "Result"),
            [(name, Text(clean(problem), style="red") if problem else fine) for name, problem in found],
        )
    return int(any(problem for _, problem in found))


def _checks(config: "Config") -> "list[tuple[str, Callable[[], str]]]":
    from syndication.cards.checks import weak_colors
    from syndication.studio.app import webhook_secrets

    def cards() -> str:
        from syndication.cards import trial

        return "\n".join(trial.faults(config))

    def mentions() -> str:
        from syndication.pipeline import choices

        return "\n".join(choices.unknown_networks(config))

    def colors() -> str:
        return "\n".join(weak_colors(config))

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
        ("cards", cards),
        ("colours", colors),
        ("mentions", mentions),
        ("webhook secret", webhook),
        ("queue", queue),
    ]


def _check_posts(store: "Store") -> str:
    """What only an editor can do to posts that are out, empty if there is nothing."""
    from syndication.store import deeds

    with store.read() as tx:
        left = deeds.count_left(tx)
    return f"{counted(left, 'post')} to be changed or removed by hand: syndicate resolve" if left else ""


def _ends_soon(account: "Account") -> str:
    """That the network is about to end the version of its interface that we speak; empty if it is not."""
    from datetime import UTC, datetime, timedelta

    from syndication.networks import connector

    network, today = connector(account.network), datetime.now(UTC).date()
    if network.ends is None or today < network.ends - timedelta(days=60):
        return ""
    return f"{network.title} ends the version that is spoken here on {network.ends}: bring syndication up to date"


def _check_accounts(store: "Store", config: "Config", offline: bool) -> list[tuple[str, str]]:
    from syndication.errors import SyndicationError
    from syndication.pipeline import choices, read_account
    from syndication.store import accounts

    with store.read() as tx:
        known, names = accounts.everyone(tx), choices.names_of_stories(tx, config)
    unknown = choices.unconnected(config, [account.name for account in known])
    found = [(f"account {name}", words) for name, words in unknown]
    for account in known:
        problem = account.paused or choices.wrong_choices(config, account, names) or _ends_soon(account)
        problem = problem or forecast(store, config, account)
        if not offline and not problem:
            try:
                read_account(store, config, account.name)
            except SyndicationError as error:
                problem = str(error)
        found.append((f"account {account.name}", problem))
    return found


@click.command()
@click.argument("what", type=click.Choice(["event"]))
def schema(what: str) -> None:
    """Print the JSON Schema of an event.

    \b
    syndicate schema event
    """
    from syndication.events import event_schema

    show_json(event_schema())

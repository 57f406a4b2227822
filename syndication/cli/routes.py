"""Which accounts a story goes to by itself, and why not to the others."""

from typing import TYPE_CHECKING

import click

from syndication.cli.common import as_json, home, say, show_json, show_rows
from syndication.cli.times import moment_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from syndication.models import Account
    from syndication.pipeline.routes import Route


@click.command(short_help="Which accounts a story goes to, and why not to the others.")
@click.argument("event")
@click.option("--url", default="", help="The public address of EVENT, where it is an HTML file.")
@click.option(
    "--at", metavar="TIME", help="As if it came then: 2026-11-23T23:30, by the paper's clock.  [now]"
)
@as_json
def routes(event: str, url: str, at: str | None, machine: bool) -> None:
    """Which accounts the story of an EVENT goes to by itself, and why not to the others. Nothing is posted.

    EVENT is what `publish` takes: a JSON file, an HTML file, a page's URL, or - for standard input.

    \b
    syndicate routes story.json
    syndicate routes story.json --at 2026-11-23T23:30
    """
    from syndication.pipeline.accept import known_by_url
    from syndication.pipeline.routes import route
    from syndication.pipeline.times import earliest, is_old
    from syndication.sources import read_source
    from syndication.store import accounts, milliseconds, moment, stories

    with home() as (store, config):
        story = read_source(event, config, url=url)
        came = moment_of(at, config.brand.timezone, "--at") if at else None
        comes = milliseconds(came) if came else store.now()
        due = moment(earliest(story, comes))
        with store.read() as tx:
            story = known_by_url(tx, story)
            known, old = accounts.everyone(tx), stories.get(tx, story.id)
            first = stories.first_at(tx, story.url)
    found = [(account, route(config, account.name, story, due)) for account in known]
    if machine:
        show_json([_data(account, one) for account, one in found])
        return
    if old and old.event.id == story.id:
        named = event if event != "-" else "FILE"
        say(
            f"This story is known: `syndicate plan {story.id} --event {named}` tells what becomes of its posts."
        )
    elif first and story.kind == "publish":
        say(f"{story.url} is {first} already: its posts would be held until you resume them.")
    elif story.kind != "publish":
        say(f"This is as a `publish` would go: {_OTHERWISE[story.kind.value]}")
    elif is_old(config, story, comes):
        say(
            f"This is as news would go: published {story.published:%Y-%m-%d}, "
            "it is too old to be posted ([late] too_old)."
        )
    if not known:
        say("No account is connected. Start with: syndicate connect mastodon --server https://…")
        return
    show_rows(("Account", "Network", "Goes", "Why"), [_row(account, one) for account, one in found])


_OTHERWISE = {
    "update": "an `update` of a story that is not known is posted nowhere.",
    "withdraw": "a `withdraw` is posted nowhere.",
}


def _row(account: "Account", one: "Route") -> "Sequence[str | Text]":
    from rich.text import Text

    if not one.takes:
        goes = Text("no", style="dim")
    elif one.waits_until:
        goes = Text("later", style="yellow")
    else:
        goes = Text("yes", style="green")
    paused = f"; the account is paused: {account.paused}" if account.paused else ""
    return (account.name, account.network, goes, one.why + paused)


def _data(account: "Account", one: "Route") -> dict[str, object]:
    return {
        "account": account.name,
        "network": account.network,
        "takes": one.takes,
        "why": one.why,
        "waits_until": one.waits_until.isoformat() if one.waits_until else None,
        "paused": account.paused,
    }

"""The connected accounts: what they may do, until when, and letting them go."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from syndication.cli.common import as_json, clean, clock, counted, home, say, show_json, show_rows

if TYPE_CHECKING:
    from collections.abc import Collection

    from syndication.config import Config
    from syndication.models import Account
    from syndication.store import Store


@click.command(short_help="The connected accounts, and what keeps them from posting.")
@as_json
def accounts(machine: bool) -> None:
    """List the connected accounts, until when they are let in, and what keeps them from posting.

    \b
    syndicate accounts --json
    """
    from syndication.store import accounts as mailboxes

    with home() as (store, config):
        with store.read() as tx:
            known = mailboxes.everyone(tx)
        tables = {one.name: config.table(one.name) for one in known}
        states = {one.name: _state(store, config, one) for one in known}
    if machine:
        show_json([{**one.model_dump(mode="json"), "publish": tables[one.name].publish} for one in known])
        return
    if not known:
        say("No account is connected. Start with: syndicate connect mastodon --server https://…")
        return
    from rich.text import Text

    rows = []
    for one in known:
        table = tables[one.name]
        posts = "by rule" if table.has_rules else "each story"
        posts = posts if table.publish else "by hand"
        words, color = states[one.name]
        state = Text(clean(words), style=color)
        rows.append(
            (one.name, one.network, one.handle, posts, str(one.limits.text), lasts(one, config), state)
        )
    show_rows(("Name", "Network", "Account", "Posts", "Characters", "Let in", "State"), rows)


def _state(store: "Store", config: "Config", account: "Account") -> tuple[str, str]:
    if account.paused:
        return f"paused: {account.paused}; connect it again: {again(account)}", "red"
    words = forecast(store, config, account)
    return (words, "yellow") if words else ("ready", "green")


def lasts(account: "Account", config: "Config") -> str:
    """Until when an account is let in, in few words."""
    if account.renews:
        return "renewed by itself"
    return f"until {clock(account.ends, config)}" if account.ends else "no end known"


def again(account: "Account") -> str:
    """The command that connects an account again."""
    from syndication.networks import connector

    own = f" --server {account.server}" if account.server != connector(account.network).server else ""
    named = f" --name {account.name}" if account.name != account.network else ""
    return f"syndicate connect {account.network}{own}{named}"


def forecast(store: "Store", config: "Config", account: "Account") -> str:
    """What will keep an account from posting if nobody acts, and what to do; empty if nothing is foreseen."""
    from syndication.networks import connector
    from syndication.store import deliveries, milliseconds

    notes, ends, now = [], account.ends, datetime.now(UTC)
    if account.lacks:
        notes.append(f"it was not allowed to {account.lacks}")
    if ends and ends - now < connector(account.network).notice:
        late = "was not renewed as it should be, and " if account.renews else ""
        when = "is over since" if ends <= now else f"ends in {counted((ends - now).days, 'day')}, on"
        notes.append(f"its token {late}{when} {clock(ends, config)}")
    if ends and not account.renews:
        with store.read() as tx:
            after = deliveries.count_after(tx, account.name, milliseconds(ends))
        if after:
            due = "is" if after == 1 else "are"
            notes.append(
                f"{counted(after, 'post')} {due} to go out after its token ends ({clock(ends, config)})"
            )
    return f"{'; '.join(notes)}: connect it again: {again(account)}" if notes else ""


def say_rights(account: "Account", deeds: "Collection[str]", config: "Config") -> None:
    """What a newly connected account may do, and until when."""
    can = [words for deed, words in _DEEDS.items() if deed in deeds]
    say(
        f"It may {', '.join(['post', *can])}."
        + (f" It was not allowed to {account.lacks}." if account.lacks else "")
    )
    if account.lacks:
        say(f"  → Connect it again, and allow all that is asked: {again(account)}")
    if account.renews:
        say("Its token is renewed by itself.")
    elif account.ends:
        days = counted((account.ends - datetime.now(UTC)).days, "day")
        say(f"It is let in until {clock(account.ends, config)} ({days}): connect it again before then.")
    else:
        say("Its token has no end that is known; whoever owns the account can take it back.")


_DEEDS = {
    "find": "look for a post whose answer was lost",
    "edit": "change what it posted",
    "withdraw": "remove it",
}


@click.command(short_help="Let an account go: end its access, cancel what waits for it.")
@click.argument("name")
@click.option("--offline", is_flag=True, help="Ask no network: only forget the account here.")
def disconnect(name: str, offline: bool) -> None:
    """Let the account NAME go: its network forgets the token, where it can; what waits for the account is cancelled.

    What it has posted stays known. Connecting it again under its name takes it up.

    \b
    syndicate disconnect desk
    """
    from syndication.errors import NotSent, SyndicationError
    from syndication.networks import connector
    from syndication.pipeline import disconnect_account

    with home() as (store, config):
        try:
            left = disconnect_account(store, config, name, offline=offline)
        except NotSent as error:
            raise SyndicationError(
                f"{error.message}: {name} posts nothing any more, but its token may still be good",
                f"Try again; or forget it here only: syndicate disconnect {name} --offline",
            ) from None
    say(f"{name} ({left.account.handle}) is disconnected; {counted(left.cancelled, 'post')} cancelled.")
    title = connector(left.account.network).title
    if not left.words:
        say(f"{title} takes its token no more.")
    else:
        where = f" {connector(left.account.network).leave}" if offline else ""
        say(
            f"Its token is gone here, and may still be good at {title}: {left.words}.{where}".replace(
                "..", "."
            )
        )

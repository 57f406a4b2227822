"""The editor's commands in a bad hour: stop what is about to go out, look at it, and let it go or drop it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from syndication.cli.common import (
    as_json,
    clock,
    counted,
    delivery_data,
    home,
    nudge,
    say,
    show_json,
    show_rows,
)
from syndication.cli.times import span_of, told_span, until_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syndication.config import Config
    from syndication.store.holds import Held, Hold
    from syndication.store.stories import Story


@click.command(short_help="Stop posts before they go out: by topic, section or account, or all.")
@click.option("--topic", default="", help="Stories with this tag.")
@click.option("--section", default="", help="Stories of this section.")
@click.option("--account", default="", help="Posts of this account.")
@click.option("--all", "everything", is_flag=True, help="Every post of every story.")
@click.option("--until", metavar="TIME", help="Ends by itself: 6h, 2026-11-23T18:00, or with a zone.")
@click.option("--why", default="", metavar="WORDS", help="Stands beside each post that it stops.")
@as_json
def hold(
    topic: str, section: str, account: str, everything: bool, until: str | None, why: str, machine: bool
) -> None:
    """Stop posts before they go out: those that wait now, and those that come while the hold stands.

    Cards and pages are made all the same, and posts that are out stay, and follow their stories. Of several choices
    all must fit. `syndicate holds` lists what is stopped, `syndicate resume` lets it go.

    \b
    syndicate hold --topic fire --until 6h
    syndicate hold --section World --account desk --why "people are missing"
    syndicate hold --all
    """
    from syndication.pipeline import Choice
    from syndication.pipeline import hold as put_up
    from syndication.pipeline.hold import strangers
    from syndication.store import milliseconds

    choice = Choice(topic.strip(), section.strip(), account.strip())
    if everything == any(choice):
        raise click.UsageError(
            "Say what to stop: --topic, --section, --account; or --all, and no other choice."
        )
    with home() as (store, config):
        end = until_of(until, config.brand.timezone, "--until") if until else None
        made = put_up(store, config, choice, why=why.strip(), until=milliseconds(end) if end else None)
        unknown = strangers(store, choice)
    for words in unknown:
        say(f"The hold stands, but {words}")
    if machine:
        show_json({**_hold_data(made.hold), "stopped": made.stopped, "asked_about": made.doubtful})
        return
    say(f"Hold {made.hold.id} stands: {_taken_in(made.hold)}, {_end(made.hold, config)}.")
    say(f"{counted(made.stopped, 'post')} that waited {'is' if made.stopped == 1 else 'are'} held.")
    if made.doubtful:
        say(
            f"{counted(made.doubtful, 'post')} may be out already: the network is asked, and none is sent again."
        )
    say(
        f"What nobody releases within {config.late.review:g} hours is dropped. "
        f"`syndicate holds` lists it; `syndicate resume {made.hold.id}` ends the hold."
    )


@click.command(short_help="The holds that stand, and the posts that are held.")
@as_json
def holds(machine: bool) -> None:
    """List the holds that stand, and the posts that are held, oldest first.

    \b
    syndicate holds
    """
    from syndication.store import holds as rows
    from syndication.store import stories

    with home() as (store, config), store.read() as tx:
        standing, held = rows.standing(tx), rows.held(tx)
        told = {one.delivery.story: stories.need(tx, one.delivery.story) for one in held}
    if machine:
        posts = [_held_data(one, told[one.delivery.story]) for one in held]
        show_json({"holds": [_hold_data(one) for one in standing], "held": posts})
        return
    if not standing:
        say("No hold stands.")
    else:
        rows_ = [
            (str(one.id), clock(_time(one.began_at), config), _taken_in(one), _end(one, config), one.why)
            for one in standing
        ]
        show_rows(("Hold", "Since", "Stops", "Ends", "Why"), rows_)
    if not held:
        say("No post is held.")
        return
    show_rows(
        ("No", "Account", "Held", "Dropped", "Story, and what holds it"), _held_rows(held, told, config)
    )
    say("Let them go: syndicate resume HOLD | --delivery NO … | --all; or drop them with --drop.")


@click.command(short_help="Let held posts go, one after the other; or drop them.")
@click.argument("hold", type=int, required=False)
@click.option("--delivery", multiple=True, type=int, metavar="NO", help="Only this post; may be given again.")
@click.option("--all", "everything", is_flag=True, help="End every hold, and let go all that is held.")
@click.option(
    "--every", metavar="SPAN", help="Between two posts of an account, such as 10m; else the config's."
)
@click.option("--drop", is_flag=True, help="Drop the posts instead.")
@as_json
def resume(
    hold: int | None,
    delivery: tuple[int, ...],
    everything: bool,
    every: str | None,
    drop: bool,
    machine: bool,
) -> None:
    """End a HOLD by its number and let go what it held; or let go single posts, whatever holds them.

    They are written anew from what their stories say by now, and go out one after the other, the most urgent first.

    \b
    syndicate resume 3 --every 10m
    syndicate resume --delivery 12 --delivery 15
    syndicate resume 3 --drop
    """
    from syndication.pipeline import resume as let_go

    if (hold is not None) + bool(delivery) + everything != 1:
        raise click.UsageError("Name one of: a HOLD's number, --delivery NO, --all.")
    if drop and every:
        raise click.UsageError("--every does not go with --drop: nothing goes out.")
    span = int(span_of(every, "--every").total_seconds() * 1000) if every else None
    with home() as (store, config):
        done = let_go(
            store, config, number=hold, posts=delivery, everything=everything, every=span, drop=drop
        )
        reached = drop or not done or nudge("draw")
    if machine:
        show_json([delivery_data(one.delivery) for one in done])
        return
    if hold is not None:
        say(f"Hold {hold} has ended.")
    if drop:
        say(f"{counted(len(done), 'post')} dropped.")
    for one in [] if drop else done:
        post = one.delivery
        due = post.due is None or post.due <= datetime.now(UTC)
        say(
            f"Delivery {post.id} to {post.account} goes out {'now' if due else f'at {_clock(one.due_at, config)}'}."
        )
    if not done:
        say("No post was held by it." if hold is not None else "No post is held.")
    if not reached:
        say("The queue cannot be reached: they go out when a worker runs again.")


def banner(standing: "Sequence[Hold]", held: int, config: "Config") -> str:
    """That holds stand, for whoever wonders why nothing goes out; empty if none does and nothing is held."""
    words = [f"Hold {one.id} stands: {_taken_in(one)}, {_end(one, config)}." for one in standing]
    if held:
        words.append(f"{counted(held, 'post')} held: `syndicate holds` lists them.")
    return "\n".join(words)


def _taken_in(one: "Hold") -> str:
    parts = (("the topic", one.topic), ("the section", one.section), ("the account", one.account))
    named = [f"{what} {name}" for what, name in parts if name]
    return " and ".join(named) if named else "everything"


def _end(one: "Hold", config: "Config") -> str:
    from syndication.store import NEVER

    return "until you resume it" if one.until_at == NEVER else f"until {_clock(one.until_at, config)}"


def _held_rows(held: "Sequence[Held]", told: "dict[str, Story]", config: "Config") -> "list[tuple[str, ...]]":
    now, rows = datetime.now(UTC), list[tuple[str, ...]]()
    for one in held:
        post, event = one.delivery, told[one.delivery.story].event
        since = told_span((now - _time(one.since)).total_seconds())
        words = f"{event.headline} ({post.occasion}); {post.reason}"
        rows.append((str(post.id), post.account, since, _clock(one.until, config), words))
    return rows


def _time(value: int) -> datetime:
    from syndication.store import moment

    return moment(value)


def _clock(value: int | None, config: "Config") -> str:
    return "" if value is None else clock(_time(value), config)


def _hold_data(one: "Hold") -> dict[str, object]:
    from syndication.store import NEVER

    choice = {"topic": one.topic, "section": one.section, "account": one.account}
    until = None if one.until_at == NEVER else _time(one.until_at).isoformat()
    return {
        "hold": one.id,
        **choice,
        "why": one.why,
        "began": _time(one.began_at).isoformat(),
        "until": until,
    }


def _held_data(one: "Held", told: "Story") -> dict[str, object]:
    since, until = (_time(value).isoformat() for value in (one.since, one.until))
    facts = {"headline": told.event.headline, "held_for": one.delivery.held_for}
    return {**delivery_data(one.delivery), **facts, "held_since": since, "dropped_at": until}

"""`syndicate resolve`: what only a person can settle, with what was tried, and their word on it."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syndication.cli.common import (
    POST_COLUMNS,
    as_json,
    clean,
    counted,
    delivery_data,
    home,
    nudge,
    say,
    show_json,
    show_rows,
)
from syndication.cli.desk import STEPS, post_rows, show_posts, story_words

if TYPE_CHECKING:
    from rich.text import Text

    from syndication.config import Config
    from syndication.store import Store
    from syndication.store.trail import Step


@click.command(short_help="Say what became of a post that waits for you.")
@click.argument("delivery", type=int, required=False)
@click.option("--posted", metavar="URL", default="", help="It is there, at this address.")
@click.option("--not-posted", is_flag=True, help="It is not there: send it.")
@click.option("--done", is_flag=True, help="You changed or removed it by hand, as you were asked to.")
@click.option(
    "--drop", is_flag=True, help="Leave it, or take back what is not out yet; nothing more is tried."
)
@as_json
def resolve(
    delivery: int | None, posted: str, not_posted: bool, done: bool, drop: bool, machine: bool
) -> None:
    """Say what became of a DELIVERY that waits for you, or see what was tried; without one, list them.

    It is unknown or failed, or it is out and its network lets only you change or remove it. One that is not out
    yet, such as a share for tonight, you may --drop.

    \b
    syndicate resolve
    syndicate resolve 12
    syndicate resolve 12 --posted https://mastodon.example/@meridian/1138
    syndicate resolve 12 --not-posted
    syndicate resolve 12 --done
    """
    from syndication.models import State
    from syndication.pipeline import resolve as settle

    said = sum((bool(posted), not_posted, done, drop))
    if said > (delivery is not None):
        raise click.UsageError("Name one delivery and one of --posted URL, --not-posted, --done and --drop.")
    if posted and not posted.startswith(("https://", "http://")):
        raise click.BadParameter(f"found {posted}, expected the post's address", param_hint="--posted")
    with home() as (store, config):
        if delivery is None:
            _list_waiting(store, config, machine)
            return
        if not said:
            _show_tries(store, config, delivery, machine)
            return
        settled = settle(store, delivery, posted=posted, retry=not_posted, done=done, drop=drop)
        again = settled.state in (State.READY, State.PLANNED)
        reached = not again or (nudge("draw") and nudge("deliver"))
    if machine:
        show_json(delivery_data(settled))
    else:
        say(f"Delivery {settled.id} to {settled.account} is {settled.state}.")
    if not reached:
        say("The queue cannot be reached: it goes out when a worker runs again.")


def _list_waiting(store: "Store", config: "Config", machine: bool) -> None:
    """What only a person can settle; what the network will be asked about is no work for an editor."""
    from syndication.models import State
    from syndication.store import deeds, deliveries, stories

    with store.read() as tx:
        doubtful = deliveries.unsettled(tx, 500)
        waiting = [post for post in doubtful if post.state is State.FAILED or post.due is None]
        asked_for = len(doubtful) - len(waiting)
        waiting += deeds.left_to_editors(tx, 500)
        story = {post.story: stories.need(tx, post.story) for post in waiting}
    if machine:
        show_json([delivery_data(post) for post in waiting])
        return
    if asked_for:
        there = "it is" if asked_for == 1 else "they are"
        say(f"{counted(asked_for, 'post')} in doubt: the network is asked by itself whether {there} there.")
    if not waiting:
        say("Nothing waits for you.")
        return
    rows: list[Sequence[str | Text]] = []
    for name, one in story.items():
        rows.append([story_words(one)])
        rows += post_rows(store, config, [post for post in waiting if post.story == name])
    show_rows(POST_COLUMNS, rows)
    say("What was tried: syndicate resolve NO. Look at the account, then say which it is:")
    say("syndicate resolve NO --posted URL | --not-posted | --done | --drop")


def _show_tries(store: "Store", config: "Config", number: int, machine: bool) -> None:
    """One delivery: what it says, each try and each answer, and the words that would settle it."""
    from syndication.models import State
    from syndication.store import accounts, deliveries, moment, stories, trail

    with store.read() as tx:
        post = deliveries.get(tx, number)
        one = stories.need(tx, post.story)
        account = next(known for known in accounts.ever(tx) if known.name == post.account)
        steps = [step for step in trail.of_story(tx, post.story) if step.delivery == number]
    if machine:
        tries = [{**step._asdict(), "at": moment(step.at).isoformat()} for step in steps]
        show_json({**delivery_data(post), "tries": tries})
        return
    show_posts(store, config, [post])
    click.echo(f"\n{clean(story_words(one))}\n{clean(f'{account.handle} at {account.server}')}")
    if post.draft:
        click.echo("\n" + textwrap.indent(clean(post.draft.text), "    ") + "\n")
    show_rows(_STEP_COLUMNS, [_step_row(config, step) for step in steps if step.what != "frozen"])
    left = post.pending is not None and post.pending.due is None
    if post.state in (State.UNKNOWN, State.FAILED) and post.due is None:
        say("\nLook at the account, then say which it is:")
        say(f"  syndicate resolve {number} --posted URL   it is there, at this address: nothing is sent")
        say(f"  syndicate resolve {number} --not-posted   it is not there: it is sent")
        say(f"  syndicate resolve {number} --drop         leave it: nothing more is tried")
    elif left:
        say("\nDo it by hand there, then say so:")
        say(f"  syndicate resolve {number} --done   you did it")
        say(f"  syndicate resolve {number} --drop   leave the post as it is")
    elif post.state in (State.PLANNED, State.READY, State.HELD):
        say(f"\nIt waits for its time. To take it back: syndicate resolve {number} --drop")
    else:
        say("\nIt waits for nobody.")


_STEP_COLUMNS = ("Time", "Try", "What", "Words")


def _step_row(config: "Config", step: "Step") -> list[str]:
    from zoneinfo import ZoneInfo

    from syndication.store import moment

    when = moment(step.at).astimezone(ZoneInfo(config.brand.timezone))
    words = f"({step.status}) {step.words}" if step.status else step.words
    what = STEPS.get(step.what, step.what.replace("_", " "))
    return [f"{when:%Y-%m-%d %H:%M:%S}", str(step.attempt or ""), what, words]

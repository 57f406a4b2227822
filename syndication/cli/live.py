"""The editor's commands for posts that are out: what becomes of them, and taking a story down."""

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

if TYPE_CHECKING:
    from syndication.config import Config
    from syndication.pipeline import Outlook


@click.command(short_help="What becomes of a story's posts, before it happens.")
@click.argument("story")
@click.option("--event", default="", help="A new version that is not sent yet: as SOURCE of `publish`.")
@as_json
def plan(story: str, event: str, machine: bool) -> None:
    """What becomes of each post of a STORY (its id or URL): what waits, or what an --event would do if it came now.

    \b
    syndicate plan cms-4711
    syndicate plan cms-4711 --event story.json
    """
    from syndication.pipeline import foresee
    from syndication.sources import read_source

    with home() as (store, config):
        found = foresee(store, config, story, read_source(event, config) if event else None)
    if machine:
        show_json([_data(one) for one in found])
    elif not found:
        say("No account has posted it, nor is to.")
    else:
        rows = [
            (
                str(one.delivery.id or "new"),
                one.delivery.account,
                one.delivery.occasion,
                one.delivery.state.value,
                _STEPS.get(one.step.value, one.step.value),
                _words(one, config),
            )
            for one in found
        ]
        show_rows(("No", "Account", "For", "State", "Next", "What"), rows)


# How the steps read to those who did not write the program.
_STEPS = {
    "anew": "written anew",
    "hold": "you: resume or drop",
    "repost": "remove, post again",
    "withdraw": "remove",
    "tell": "you, by hand",
}


def _words(one: "Outlook", config: "Config") -> str:
    """What changes in a post, and what else is to be said of it."""
    words, due = [", ".join(one.changed), one.words], one.delivery.due
    if one.step.value in ("send", "anew") and due and due > datetime.now(UTC):
        words.append(f"due {clock(due, config)}")
    if not any(words) and one.delivery.receipt:
        return one.delivery.receipt.url
    return "; ".join(word for word in words if word)


def _data(one: "Outlook") -> dict[str, object]:
    return {
        **delivery_data(one.delivery),
        "delivery": one.delivery.id or None,
        "step": one.step.value,
        "changed": list(one.changed),
        "words": one.words,
    }


@click.command(short_help="Take a story down: its posts, cards and tags.")
@click.argument("story")
@click.option("--now", is_flag=True, help="Do the whole job here, without the queue, and wait for it.")
@as_json
def withdraw(story: str, now: bool, machine: bool) -> int:
    """Take down a STORY (its id or URL), as a `withdraw` of its CMS does.

    What is not out is cancelled and what is out is removed; its cards, and our tags in its page, go away.

    \b
    syndicate withdraw cms-4711
    """
    from syndication.pipeline import run_due
    from syndication.pipeline import withdraw as take_down
    from syndication.store import deliveries, stories

    with home() as (store, config):
        verdict = take_down(store, story)
        if now:
            run_due(store, config)
        reached = now or (nudge("draw") and nudge("deliver"))
        with store.read() as tx:
            one = stories.need(tx, story)
            posts = deliveries.of_story(tx, one.event.id)
    still = [post for post in posts if post.state in ("sent", "sending", "unknown")]
    if machine:
        data = {
            "story": one.event.id,
            "result": verdict,
            "deliveries": [delivery_data(post) for post in posts],
        }
        show_json(data)
    else:
        done = "was withdrawn before" if verdict == "unchanged" else "withdrawn"
        left = f"{counted(len(still), 'post')} still to be removed" if still else "none of its posts is out"
        say(f"{one.event.id}: {done}; {left}. `syndicate plan {one.event.id}` shows each.")
        if not reached:
            say("The queue cannot be reached: nothing is lost, and it is done when a worker runs again.")
    return int(now and bool(still))

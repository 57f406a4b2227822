"""The editor's commands: publish, share again, look, settle."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from syndication.cli.common import (
    as_json,
    delivery_data,
    home,
    nudge,
    say,
    show,
    show_json,
    state_words,
    table,
)

if TYPE_CHECKING:
    from syndication.models import Delivery
    from syndication.store.stories import Story


@click.command()
@click.argument("source")
@click.option("--url", default="", help="The public address of SOURCE, where it is an HTML file.")
@click.option("--now", is_flag=True, help="Do the whole job here, without the queue, and wait for it.")
@as_json
def publish(source: str, url: str, now: bool, machine: bool) -> int:
    """Take in a story: SOURCE is an event's JSON file, an HTML file, a page's URL, or - for standard input.

    \b
    syndicate publish story.json
    syndicate publish page.html --url https://news.example/world/4711
    syndicate publish https://news.example/world/4711 --now
    """
    from syndication.pipeline import accept, run_due
    from syndication.pipeline.sources import read_source
    from syndication.store import deliveries

    with home() as (store, config):
        accepted = accept(store, config, read_source(source, config, url=url))
        if now:
            run_due(store, config)
        elif accepted.work and not nudge("draw"):
            say("The queue cannot be reached: the story is safe, and goes out when a worker runs again.")
        with store.read() as tx:
            posts = deliveries.of_story(tx, accepted.story)
        if machine:
            data = {"story": accepted.story, "result": accepted.verdict}
            show_json({**data, "deliveries": [delivery_data(post) for post in posts]})
        else:
            _tell(accepted.story, _VERDICTS[accepted.verdict], posts, now)
    return int(now and any(post.state not in ("sent", "cancelled") for post in posts))


_VERDICTS = {
    "new": "accepted",
    "filed": "filed: cards and metadata are made; an update of a story we did not know is not announced",
    "updated": "updated: what is not out yet is made anew",
    "withdrawn": "withdrawn: what was not out yet is cancelled",
    "unchanged": "nothing to do: this version was here before (a change needs a higher revision or a later modified)",
    "older": "nothing to do: a newer version was here before",
}


def _tell(story: str, words: str, posts: "list[Delivery]", now: bool) -> None:
    say(f"{story}: {words}")
    if not posts:
        say("No account posts it. `syndicate accounts` lists those connected; `syndicate connect` adds one.")
        return
    if now:
        _show_posts(posts)
        return
    waiting = sum(post.state in ("planned", "ready") for post in posts)
    say(f"{len(posts)} posts, {waiting} still to go out. `syndicate status {story}` shows them.")


def _show_posts(posts: "list[Delivery]") -> None:
    rows = table("No", "Account", "Occasion", "State")
    for post in posts:
        rows.add_row(str(post.id), post.account, post.occasion, state_words(post))
    show(rows)


@click.command()
@click.argument("story")
@click.option("--to", required=True, metavar="ACCOUNT,…", help="The accounts, divided by commas.")
@click.option("--text", default="", help="Your own words for this post; the story's otherwise.")
@click.option(
    "--at", metavar="TIME", help="When: 2026-11-23T08:00+01:00, or without a zone in the paper's own."
)
@click.option("--label", default="again", help="Names this share: the same label posts once.  [again]")
@as_json
def share(story: str, to: str, text: str, at: str | None, label: str, machine: bool) -> None:
    """Share a known STORY (its id or URL) again, by hand.

    \b
    syndicate share cms-4711 --to mastodon,bluesky --label evening --at 2026-11-23T18:00
    """
    from syndication.pipeline import share as share_story

    with home() as (store, config):
        moment = _moment(at, config.brand.timezone) if at else None
        names = [name.strip() for name in to.split(",") if name.strip()]
        shared = share_story(store, config, story, names, text=text, at=moment, label=label)
        if any(one.fresh for one in shared) and not nudge("draw"):
            say("The queue cannot be reached: the posts are safe, and go out when a worker runs again.")
    if machine:
        show_json([{**delivery_data(one.delivery), "new": one.fresh} for one in shared])
        return
    for one in shared:
        post = one.delivery
        where = f": {post.receipt.url}" if post.receipt else ""
        if one.fresh:
            say(f"{post.account}: planned as delivery {post.id}, for {post.due:%Y-%m-%d %H:%M} UTC")
        else:
            say(
                f"{post.account}: shared before with the label {label}: delivery {post.id} is {post.state}{where}"
            )


def _moment(value: str, zone: str) -> datetime:
    from zoneinfo import ZoneInfo

    from syndication.errors import InputError

    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise InputError(
            f"--at: found {value}, expected a time such as 2026-11-23T18:00 or …T18:00+01:00"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    if moment < datetime.now(UTC):
        raise InputError(f"--at: {value} is past", "Leave --at out to share now.")
    return moment


@click.command()
@click.argument("story", required=False)
@click.option("--count", "-n", default=20, show_default=True, help="How many of the newest stories to show.")
@as_json
def status(story: str | None, count: int, machine: bool) -> None:
    """Where the newest stories stand, or each post of one STORY (its id or URL)."""
    from syndication.store import deliveries, stories

    with home() as (store, _), store.read() as tx:
        found = [stories.need(tx, story)] if story else stories.newest(tx, count)
        posts = {one.event.id: deliveries.of_story(tx, one.event.id) for one in found}
    if machine:
        show_json([_story_data(one, posts[one.event.id]) for one in found])
        return
    if not found:
        say("No stories yet. `syndicate publish story.json` takes one in.")
        return
    for one in found if story else []:
        say(f"{one.event.headline}\n{one.event.url}\n{_story_words(one)}")
        _show_posts(posts[one.event.id])
    if not story:
        rows = table("Story", "Headline", "Cards", "Posts")
        for one in found:
            states = [f"{post.account} {state_words(post)}" for post in posts[one.event.id]]
            rows.add_row(one.event.id, one.event.headline, _story_words(one), "\n".join(states) or "none")
        show(rows)


def _story_words(one: "Story") -> str:
    if one.withdrawn:
        return "withdrawn"
    drawn = "being drawn" if one.due_at is not None else f"{len(one.cards)} cards"
    return f"{drawn}; {one.problem}" if one.problem else drawn


def _story_data(one: "Story", posts: "list[Delivery]") -> dict[str, object]:
    return {
        "story": one.event.id,
        "headline": one.event.headline,
        "url": one.event.url,
        "revision": one.event.revision,
        "withdrawn": one.withdrawn,
        "drawn": one.due_at is None and not one.withdrawn,
        "problem": one.problem,
        "cards": [card.model_dump(mode="json") for card in one.cards],
        "deliveries": [delivery_data(post) for post in posts],
    }


@click.command()
@click.argument("story")
@as_json
def why(story: str, machine: bool) -> None:
    """The trail of a STORY (its id or URL): what came in, what was planned, each try and each answer."""
    from syndication.store import deliveries, moment, stories, trail

    with home() as (store, _), store.read() as tx:
        one = stories.need(tx, story)
        steps = trail.of_story(tx, one.event.id)
        account = {post.id: post.account for post in deliveries.of_story(tx, one.event.id)}
    if machine:
        show_json([{**step._asdict(), "at": moment(step.at).isoformat()} for step in steps])
        return
    say(f"{one.event.headline}\n{one.event.url}")
    rows = table("When (UTC)", "Post", "Try", "What", "Words")
    from rich.markup import escape

    for step in steps:
        post = f"{step.delivery} {account.get(step.delivery, '')}" if step.delivery else ""
        words = f"[{step.status}] {step.words}" if step.status else step.words
        when = f"{moment(step.at):%Y-%m-%d %H:%M:%S}"
        rows.add_row(when, post, str(step.attempt or ""), step.what.replace("_", " "), escape(words))
    show(rows)


@click.command()
@click.argument("delivery", type=int, required=False)
@click.option("--posted", metavar="URL", default="", help="It is there, at this address.")
@click.option("--not-posted", is_flag=True, help="It is not there: send it.")
@click.option("--drop", is_flag=True, help="Leave it; nothing more is tried.")
@as_json
def resolve(delivery: int | None, posted: str, not_posted: bool, drop: bool, machine: bool) -> None:
    """Say what became of a DELIVERY that is unknown or failed; without one, list those that wait for you.

    \b
    syndicate resolve
    syndicate resolve 12 --posted https://mastodon.example/@meridian/1138
    syndicate resolve 12 --not-posted
    """
    from syndication.models import State
    from syndication.pipeline import resolve as settle
    from syndication.store import deliveries

    with home() as (store, _):
        if delivery is None:
            if posted or not_posted or drop:
                raise click.UsageError("Name the delivery: syndicate resolve NUMBER …")
            with store.read() as tx:
                waiting = deliveries.in_state(tx, (State.UNKNOWN, State.FAILED), 50)
            if machine:
                show_json([delivery_data(post) for post in waiting])
            elif waiting:
                _show_posts(waiting)
            else:
                say("Nothing waits for you.")
            return
        settled = settle(store, delivery, posted=posted, retry=not_posted, drop=drop)
        if settled.state in (State.READY, State.PLANNED) and not (nudge("draw") and nudge("deliver")):
            say("The queue cannot be reached: it goes out when a worker runs again.")
    if machine:
        show_json(delivery_data(settled))
    else:
        say(f"Delivery {settled.id} to {settled.account} is {settled.state}.")

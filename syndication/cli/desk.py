"""The editor's commands: publish, share again, look."""

from collections.abc import Sequence
from datetime import UTC, datetime
from textwrap import indent
from typing import TYPE_CHECKING

import click

from syndication.cli.common import (
    POST_COLUMNS,
    as_json,
    clock,
    counted,
    delivery_data,
    home,
    nudge,
    post_row,
    say,
    show_json,
    show_rows,
)
from syndication.cli.times import moment_of

if TYPE_CHECKING:
    from rich.text import Text

    from syndication.config import Config
    from syndication.models import Delivery
    from syndication.pipeline import Accepted
    from syndication.store import Store
    from syndication.store.rates import Rest
    from syndication.store.stories import Story


@click.command(short_help="Take in a story, draw its cards, post it.")
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
    from syndication.sources import read_source
    from syndication.store import deliveries, stories

    with home() as (store, config):
        accepted = accept(store, config, read_source(source, config, url=url))
        with store.read() as tx:
            story, before = stories.need(tx, accepted.story), deliveries.of_story(tx, accepted.story)
        if not machine:
            say(f"{accepted.story}: {_verdict(accepted, story, before)}")
        if now:
            run_due(store, config)
        elif accepted.work and not nudge("draw"):
            say("The queue cannot be reached: the story is safe, and goes out when a worker runs again.")
        with store.read() as tx:
            posts = deliveries.of_story(tx, accepted.story)
        stuck = [post for post in posts if _stuck(post)] if now else []
        if machine:
            data = {"story": accepted.story, "result": accepted.verdict}
            show_json({**data, "deliveries": [delivery_data(post) for post in posts]})
        elif not posts:
            say(_nobody(store, config, source, accepted))
        elif now:
            show_posts(store, config, posts)
        else:
            _say_waiting(accepted.story, posts)
    by_hand = [post for post in stuck if post.pending and not post.pending.due]
    if by_hand and not machine:
        say(
            f"{counted(len(by_hand), 'post')} to be changed or removed by you: `syndicate resolve` shows them."
        )
    if len(stuck) > len(by_hand) and not machine:
        say(
            f"Not all is out, or as it should be. `syndicate why {accepted.story}` tells more; "
            "a worker, or this command, tries again."
        )
    return int(bool(stuck))


def _nobody(store: "Store", config: "Config", source: str, accepted: "Accepted") -> str:
    """That no account posts a story, and what to do if one should."""
    from syndication.store import accounts

    if accepted.verdict == "withdrawn":
        return "It had no posts."
    with store.read() as tx:
        known = accounts.everyone(tx)
    if not known:
        return "No account is connected. `syndicate connect` adds one; then share the story by hand."
    if accepted.verdict in ("old", "filed"):
        return f"To post it all the same: syndicate share {accepted.story} --to ACCOUNT"
    named = source if source != "-" else "EVENT"
    return f"No account posts it. `syndicate routes {named}` tells which take it, and why not the others."


_VERDICTS = {
    "new": "accepted",
    "old": "filed: cards and metadata are made; it is too old to be news, so that no account posts it ([late] too_old)",
    "filed": "filed: cards and metadata are made; an update of a story we did not know is not announced",
    "updated": "updated: what is not out yet is made anew, and what is out follows (`syndicate plan` shows how)",
    "withdrawn": "withdrawn: what was not out yet is cancelled, and what is out is removed",
    "unchanged": "nothing to do: this version was here before (a change needs a higher revision or a later modified)",
    "older": "nothing to do: a newer version was here before",
}


def _verdict(accepted: "Accepted", story: "Story", posts: "list[Delivery]") -> str:
    """What an event changed."""
    if accepted.verdict != "updated":
        return _VERDICTS[accepted.verdict]
    if story.withdrawn:
        return "noted, and it stays withdrawn: only an event of the kind publish brings it back"
    live = {post.account for post in posts if post.state not in ("withdrawn", "cancelled", "failed")}
    gone = sorted({post.account for post in posts if post.state == "withdrawn"} - live)
    again = f"syndicate share {accepted.story} --to {','.join(gone)}"
    removed = f"; what was removed stays so, and to post it again: {again}" if gone else ""
    return f"{_VERDICTS[accepted.verdict]}{removed}"


def _stuck(post: "Delivery") -> bool:
    """Whether a post should be out by now, as its story is, and is not: neither done nor waiting for its time."""
    if post.state in ("planned", "ready"):
        return not (post.due and post.due > datetime.now(UTC)) or bool(post.reason)
    return post.state in ("sending", "unknown", "failed") or bool(post.pending)


def _say_waiting(story: str, posts: "list[Delivery]") -> None:
    waiting = sum(post.state in ("planned", "ready", "sending", "unknown") for post in posts)
    held = sum(post.state == "held" for post in posts)
    still = f"{waiting} still to go out" if waiting else "none of them still to go out"
    still += f", {held} held (`syndicate holds`)" if held else ""
    say(f"{counted(len(posts), 'post')}, {still}. `syndicate status {story}` shows them.")


def show_posts(store: "Store", config: "Config", posts: "Sequence[Delivery]") -> None:
    """Posts as a table."""
    show_rows(POST_COLUMNS, post_rows(store, config, posts))


def post_rows(store: "Store", config: "Config", posts: "Sequence[Delivery]") -> "list[Sequence[str | Text]]":
    """Posts as rows under POST_COLUMNS."""
    from syndication.store import accounts

    with store.read() as tx:
        paused = {one.name: one.paused for one in accounts.everyone(tx)}
    return [post_row(post, config, datetime.now(UTC), paused) for post in posts]


@click.command(short_help="Share a known story again, by hand.")
@click.argument("story")
@click.option("--to", required=True, metavar="ACCOUNT,…", help="The accounts, divided by commas.")
@click.option("--text", default="", help="Your own words for this post; the story's otherwise.")
@click.option(
    "--at", metavar="TIME", help="When: 2026-11-23T08:00+01:00, or without a zone in the paper's own."
)
@click.option("--label", default="again", help="Names this share: the same label posts once.  [again]")
@as_json
def share(story: str, to: str, text: str, at: str | None, label: str, machine: bool) -> None:
    """Share a known STORY (its id or URL) again, by hand. The same share twice posts once, and says where it is.

    \b
    syndicate share cms-4711 --to mastodon,bluesky --label evening --at 2026-11-23T18:00
    """
    from syndication.pipeline import share as share_story

    names = [name.strip() for name in to.split(",") if name.strip()]
    if not names:
        raise click.BadParameter("expected the names of accounts, such as desk,world", param_hint="--to")
    if not 0 < len(label) <= _LONGEST_LABEL:
        raise click.BadParameter(f"expected 1 to {_LONGEST_LABEL} characters", param_hint="--label")
    with home() as (store, config):
        moment = _future(at, config.brand.timezone) if at else None
        shared = share_story(store, config, story, names, text=text, at=moment, label=label)
        safe = not any(one.fresh for one in shared) or nudge("draw")
        warnings = _too_late(store, config, names, moment)
    warnings += [
        f"{one.delivery.account}: your words are too long for it, and will be cut:\n{indent(one.cut, '  ')}"
        for one in shared
        if one.cut
    ]
    if machine:
        show_json([{**delivery_data(one.delivery), "new": one.fresh} for one in shared])
    for one in [] if machine else shared:
        post = one.delivery
        if one.fresh:
            when = clock(post.due, config) if post.due else "now"
            stopped = f"; but it is held: {post.reason}" if post.state == "held" else ""
            say(f"{post.account}: planned as delivery {post.id}, for {when}{stopped}")
        else:
            where = f": {post.receipt.url}" if post.receipt else ""
            before = f"shared before with the label {label}: delivery {post.id} is {post.state}{where}"
            waits = post.state in ("planned", "ready", "held")
            first = f"`syndicate resolve {post.id} --drop` takes it back; " if waits else ""
            say(f"{post.account}: {before}")
            say(f"  → {first}another --label posts it {'anew' if waits else 'once more'}.")
    for words in warnings:
        say(words)
    if not safe:
        say("The queue cannot be reached: the posts are safe, and go out when a worker runs again.")


def _too_late(store: "Store", config: "Config", names: list[str], at: datetime | None) -> list[str]:
    """Which of these accounts must be connected again before a post of that time can go out."""
    from syndication.cli.accounts import again
    from syndication.store import accounts

    with store.read() as tx:
        known = [one for one in accounts.everyone(tx) if one.name in names]
    over = [(one, one.ends) for one in known if at and one.ends and one.ends <= at and not one.renews]
    return [
        f"{one.name}: its token ends before that, on {clock(ends, config)}. Connect it again in time: {again(one)}"
        for one, ends in over
    ]


_LONGEST_LABEL = 100


def _future(value: str, zone: str) -> datetime:
    moment = moment_of(value, zone, "--at")
    if moment < datetime.now(UTC):
        raise click.BadParameter(f"{value} is past; leave --at out to share now", param_hint="--at")
    return moment


@click.command(short_help="Where the newest stories stand, or one of them.")
@click.argument("story", required=False)
@click.option(
    "--count", "-n", default=20, show_default=True, type=click.IntRange(1), help="How many of the newest."
)
@as_json
def status(story: str | None, count: int, machine: bool) -> None:
    """Where the newest stories stand, or one STORY (its id or URL).

    \b
    syndicate status
    syndicate status cms-4711
    """
    from syndication.cli.hold import banner
    from syndication.store import deliveries, holds, rates, stories

    with home() as (store, config):
        with store.read() as tx:
            found = [stories.need(tx, story)] if story else stories.newest(tx, count)
            standing, held = holds.standing(tx), holds.count(tx)
            rests = rates.resting(tx, store.now())
            posts = {one.event.id: deliveries.of_story(tx, one.event.id) for one in found}
        if machine:
            show_json([_story_data(one, posts[one.event.id]) for one in found])
        elif not found:
            say("No stories yet. `syndicate publish story.json` takes one in.")
        else:
            rows: list[Sequence[str | Text]] = []
            for one in found:
                rows.append([story_words(one)])
                rows += post_rows(store, config, posts[one.event.id])
            show_rows(POST_COLUMNS, rows)
        for words in [] if machine else [banner(standing, held, config), *_resting(rests, config)]:
            if words:
                say(words)


def _resting(rests: "Sequence[Rest]", config: "Config") -> list[str]:
    """Until when accounts wait for their networks' limits; those that wait for the same share a line."""
    from syndication.store import moment

    alike = dict[tuple[int, bool], list[str]]()
    for rest in rests:
        alike.setdefault((rest.until, rest.breaking), []).append(rest.account)
    lines = []
    for (until, breaking), names in alike.items():
        who = f"{', '.join(names)} {'rests' if len(names) == 1 else 'rest'} until {clock(moment(until), config)}"
        what = "the network takes no more before" if breaking else "what it still takes is for breaking news"
        lines.append(f"{who}: {what} (`syndicate budget`).")
    return lines


def story_words(one: "Story") -> str:
    """A story's heading: what it is called, where it is, and what is to be said of its cards."""
    event = one.event
    cards = sum(not card.is_clean for card in one.cards)
    drawn = "being drawn" if one.due_at is not None else f"{counted(cards, 'card')} drawn"
    if one.due_at is not None and event.embargo and event.embargo > datetime.now(UTC):
        drawn = "under embargo: nothing of it is made before its time"
    stands = "withdrawn" if one.withdrawn else drawn
    named = event.headline if event.id == event.url else f"{event.id}: {event.headline}"
    return "\n".join((named, event.url, f"{stands}; {one.problem}" if one.problem else stands))


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


@click.command(short_help="The trail of a story: each try and each answer.")
@click.argument("story")
@as_json
def why(story: str, machine: bool) -> None:
    """The trail of a STORY (its id or URL): what came in, what was planned, each try and each answer.

    \b
    syndicate why cms-4711
    """
    from zoneinfo import ZoneInfo

    from syndication.store import deliveries, moment, seals, stories, trail

    with home() as (store, config), store.read() as tx:
        one = stories.need(tx, story)
        older = [kept.file for kept in seals.every_archive(tx) if kept.until > one.accepted_at]
        steps = trail.of_story(tx, one.event.id)
        account = {post.id: post.account for post in deliveries.of_story(tx, one.event.id)}
    if machine:
        show_json([{**step._asdict(), "at": moment(step.at).isoformat()} for step in steps])
        return
    rows: list[Sequence[str]] = [[story_words(one)]]
    day = ""
    for step in steps:
        when = moment(step.at).astimezone(ZoneInfo(config.brand.timezone))
        if day != (day := f"{when:%Y-%m-%d, %Z}"):
            rows.append([day])
        post = f"{step.delivery} {account.get(step.delivery, '')}" if step.delivery else ""
        words = f"({step.status}) {step.words}" if step.status else step.words
        what = STEPS.get(step.what, step.what.replace("_", " "))
        rows.append([f"{when:%H:%M:%S}", post, str(step.attempt or ""), what, words])
    show_rows(("Time", "Post", "Try", "What", "Words"), rows)
    if older:
        say(f"Older steps may stand in {', '.join(older)}.")


# How the trail's words read to those who did not write the program.
STEPS = {
    "frozen": "written",
    "intent": "sending",
    "waits": "waits for you",
    "follows": "to follow",
    "told": "by hand, by you",
    "retracted": "cards and tags removed",
    "unready": "page not ready",
    "looked": "read back",
    "answered": "its correction was planned as a reply",
    "moved": "the story left its address",
}

"""What runs for long: the door for a CMS, the workers, and the sandbox network."""

import os

import click

from syndication.cli.cards import listening_at, serve_local, until_told
from syndication.cli.common import PORT, home, nudge, say

_PROCESSES = click.IntRange(1, 256)


@click.command(short_help="Take in events over HTTP, as a CMS sends them.")
@click.option("--host", help="The address to listen at; else the config's, 127.0.0.1 by default.")
@click.option(
    "--port", type=PORT, help="The port to listen at; else the config's, 8750 by default. 0: any free one."
)
def serve(host: str | None, port: int | None) -> None:
    """Take in events over HTTP: POST /events, signed after Standard Webhooks.

    \b
    syndicate serve --port 8750
    """
    from syndication.log import start_logging
    from syndication.studio.app import make_app, webhook_secrets

    start_logging()
    with home() as (store, config):
        app = make_app(store, config, lambda: nudge("draw"), webhook_secrets(config))
        where = host or config.serve.host, config.serve.port if port is None else port
        serve_local(app, *where, "Taking events at {url}/events — Ctrl-C ends it.")


@click.command(short_help="Run the workers, the sweep and, if none is named, a Redis.")
@click.option(
    "--only", multiple=True, metavar="ROLE", help="redis, draw, deliver, bulk or sweep; may be given again."
)
@click.option("--draw", default=1, type=_PROCESSES, show_default=True, help="Processes that draw news.")
@click.option("--deliver", default=2, type=_PROCESSES, show_default=True, help="Processes that deliver news.")
@click.option("--bulk", default=1, type=_PROCESSES, show_default=True, help="Processes for what may wait.")
def worker(only: tuple[str, ...], **processes: int) -> None:
    """Run all that one machine needs, and start again what dies; or only a part of it.

    \b
    syndicate worker
    syndicate worker --only deliver --deliver 4

    Evergreen stories and `syndicate render --all` are drawn and posted by `bulk`, whose processes give way to all
    others, so that news finds those free. Where each part runs by itself, one machine at least must run it.
    """
    from syndication.config import load
    from syndication.log import start_logging

    config = load()
    # The processes started from here read the same file, whatever folder they start in.
    os.environ.setdefault("SYNDICATE_CONFIG", str(config.folder / "syndicate.toml"))
    from workers.supervisor import ROLES, run

    unknown = [name for name in only if name not in ROLES]
    if unknown:
        raise click.BadParameter(f"found {unknown[0]}, expected {', '.join(ROLES)}", param_hint="--only")
    start_logging()
    say(f"Working on {config.data} — Ctrl-C ends it.")
    if os.geteuid() == 0:
        say("This runs as root; give it a user of its own, to whom the store's folder belongs.")
    run(config, only, **processes)


@click.command(short_help="Run a stand-in network on this machine, for trying things out.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port", default=8760, type=PORT, show_default=True, help="The port to listen at. 0: any free one."
)
def sandbox(host: str, port: int) -> None:
    """Run a stand-in network on this machine: it keeps what it is sent and shows it as a timeline.

    It speaks the part of the Mastodon API that posting needs, and misbehaves when told to: see /sandbox/faults.

    \b
    syndicate sandbox --port 8760
    """
    from syndication.sandbox import run

    with until_told(), listening_at(host, port):
        run(host, port)

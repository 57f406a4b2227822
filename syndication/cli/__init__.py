"""The `syndicate` command: it reads arguments, calls the library and tells people what came of it.

Messages go to stderr and data to stdout. Exit status: 0 done, 1 something failed, 2 wrong input. Only click is
imported here and at the top of the commands' files, so that `--help` answers at once.
"""

import os
import signal
import sys

import click

from syndication import process
from syndication.cli import (
    accounts,
    budget,
    cards,
    checks,
    connect,
    demo,
    desk,
    doctor,
    hold,
    keys,
    live,
    resolve,
    routes,
    run,
    setup,
    trail,
)
from syndication.cli.common import end, say, told_to_end
from syndication.errors import SyndicationError


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a reader of our output who has seen enough is no failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Keeps the interpreter from flushing into the closed pipe at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="syndication", prog_name="syndicate")
@click.option(
    "--config", "-c", metavar="FILE", help="The config file; else SYNDICATE_CONFIG, else ./syndicate.toml."
)
def cli(config: str | None) -> None:
    """One published story becomes share cards, page metadata and social posts, once each.

    \b
    Start:    syndicate init && syndicate connect mastodon --server https://mastodon.example
    Publish:  syndicate publish story.json
    Look:     syndicate preview story.json
    """
    if config:
        os.environ["SYNDICATE_CONFIG"] = os.path.abspath(config)  # noqa: PTH100 - workers read it from here


for _command in (
    *(
        setup.init,
        setup.check,
        connect.connect,
        accounts.accounts,
        accounts.disconnect,
        keys.keys,
        setup.schema,
    ),
    *(desk.publish, desk.share, desk.status, desk.why, resolve.resolve, live.plan, live.withdraw),
    *(hold.hold, hold.holds, hold.resume),
    *(routes.routes, budget.budget, trail.trail, doctor.doctor, doctor.metrics),
    *(cards.render, checks.check_card, cards.templates, cards.meta, cards.preview),
    *(run.serve, run.worker, run.sandbox, demo.demo),
):
    cli.add_command(_command)


# What the system says of a place that was named wrongly; whatever else, such as a full disk, is a failure.
_WRONG_PLACES = (
    FileExistsError,
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)


def main() -> None:
    """Run the command line; every expected error becomes one message and an exit status."""
    process.tune()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else somebody is to be deaf to it
        signal.signal(signal.SIGINT, end)
    try:
        result = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        say("Stopped.")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SyndicationError as error:
        say(error.message)
        if error.hint:
            say(f"  → {error.hint}")
        sys.exit(error.exit_status)
    except OSError as error:
        if not error.strerror:
            raise  # not the system's word on a file or a port: a fault of ours
        why = "is there already, and is no folder" if isinstance(error, FileExistsError) else error.strerror
        say(f"{error.filename}: {why}" if error.filename else why)
        say("  → Mend that, or name another place; then try again.")
        sys.exit(2 if isinstance(error, _WRONG_PLACES) else 1)
    except Exception:
        if not told_to_end:
            raise
        # A library that was at work just then has made an error of its own of it.
        say("Stopped.")
        sys.exit(told_to_end[0])
    sys.exit(result if isinstance(result, int) else 0)

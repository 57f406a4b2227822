"""`syndicate doctor` and `syndicate metrics`: what the operator looks at when something is wrong, or might be."""

import click

from syndication.cli.common import PORT, as_json, clean, home, show_json, show_rows


@click.command(short_help="What is wrong with this installation, and what to do.")
@click.option("--offline", is_flag=True, help="Ask nothing outside of this house.")
@as_json
def doctor(offline: bool, machine: bool) -> int:
    """What is wrong with this installation, and what to do: packages, disks, store, clocks, keys, workers, fonts.

    `check` tests the config and each account; this looks at the machine and at what runs on it. Exit status 1 if posts,
    cards or their safety suffer.

    \b
    syndicate doctor
    syndicate doctor --offline --json
    """
    from rich.text import Text

    from syndication.watch.doctor import examine

    with home() as (store, config):
        found = list(examine(store, config, offline=offline))
    grave = any(one.grave for part in found for one in part.symptoms)
    if machine:
        show_json([{"part": part, "symptoms": [one._asdict() for one in all_]} for part, all_ in found])
        return int(grave)
    rows = []
    for part, symptoms in found:
        for one in symptoms:
            words = Text(clean(f"{one.words}\n→ {one.remedy}"), style="red" if one.grave else "yellow")
            rows.append((part, words))
        if not symptoms:
            rows.append((part, Text("well", style="green")))
    show_rows(("Part", "State"), rows)
    return int(grave)


@click.command(short_help="Show metrics to Prometheus, and health to whoever asks.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8751, show_default=True, type=PORT, help="The port. 0: any free one.")
def metrics(host: str, port: int) -> None:
    """Show metrics to Prometheus at /metrics, and at /healthz whether posts go out by themselves (200, else 503).

    One for each store is enough: it reads what all workers wrote there.

    \b
    syndicate metrics --port 8751
    """
    from syndication.cli.cards import serve_local
    from syndication.watch.app import make_app

    with home() as (store, _):
        serve_local(
            make_app(store), host, port, "Metrics at {url}/metrics, health at {url}/healthz — Ctrl-C ends it."
        )

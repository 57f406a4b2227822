"""The keys that accounts' secrets are sealed with: see them, change them."""

import click

from syndication.cli.common import as_json, counted, home, say, show_json, show_rows


@click.group(invoke_without_command=True, short_help="The keys that seal the accounts' secrets; change them.")
@as_json
@click.pass_context
def keys(ctx: click.Context, machine: bool) -> None:
    """List the keys that accounts' secrets are sealed with; none is shown.

    \b
    syndicate keys
    syndicate keys rotate
    """
    if ctx.invoked_subcommand:
        return
    from syndication.pipeline.keys import list_keys
    from syndication.vault import Vault

    with home() as (store, config):
        known, source = list_keys(store, config), Vault(config).source
    if machine:
        show_json([one._asdict() for one in known])
        return
    say(f"From {source}:")
    uses = ["seals and opens", *["opens only"] * (len(known) - 1)]
    rows = [(one.mark, use, counted(one.secrets, "secret")) for one, use in zip(known, uses, strict=True)]
    show_rows(("Key", "Use", "Seals now"), rows)


@keys.command()
def rotate() -> None:
    """Make a new key and seal every secret with it, while workers go on.

    The key before it stays, for whoever is just reading with it, until the next time: rotate twice to be rid of a key
    that somebody has seen. Where SYNDICATE_KEY holds the keys, put the new one first in it, then rotate.

    \b
    syndicate keys rotate
    """
    from syndication.pipeline.keys import rotate_keys

    with home() as (store, config):
        count = rotate_keys(store, config)
    say(f"{counted(count, 'secret')} sealed with the new key. `syndicate keys` shows which keys are left.")


@keys.command()
def new() -> None:
    """Print a new key, for SYNDICATE_KEY.

    \b
    syndicate keys new | your-secrets-manager
    """
    from cryptography.fernet import Fernet

    click.echo(Fernet.generate_key().decode())

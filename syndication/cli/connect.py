"""Connecting an account: the person at the terminal, asked what only they know and sent to where they allow us in."""

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from syndication.cli.accounts import say_rights
from syndication.cli.common import home, say

if TYPE_CHECKING:
    from syndication.networks.base import OwnClient, Secret
    from syndication.networks.login import Listener
    from syndication.store import Store

REDIRECT_PORT = 8749
"""The port of this machine that browsers return to, where a network has the address registered: `redirect` of
`syndicate connect`."""


class _Network(click.ParamType):  # type: ignore[type-arg]
    name = "network"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from syndication.networks import connector

        return connector(value).name

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NETWORK"


def _named(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    import re

    if name is not None and not re.fullmatch(r"[\w.-]{1,64}", name):
        raise click.BadParameter(f"found {name}, expected letters, digits, dots and dashes")
    return name


class _Connect(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The networks there are, those of other packages among them."""
        from syndication.networks import network_names

        with formatter.section("Networks"):
            formatter.write_text(", ".join(network_names()))


@click.command(cls=_Connect, short_help="Connect a social account: log in once, keep the token encrypted.")
@click.argument("network", type=_Network())
@click.option("--server", help="The account's server, such as https://mastodon.example.")
@click.option("--name", callback=_named, help="What you call the account here.  [the network's name]")
@click.option("--handle", help="The account's handle, such as meridian.bsky.social, where one is asked for.")
@click.option(
    "--redirect",
    help=f"The return address registered at the network.  [http://127.0.0.1:{REDIRECT_PORT}/]",
)
@click.option("--no-browser", is_flag=True, help="Print the address to open, and take what is pasted back.")
def connect(
    network: str,
    server: str | None,
    name: str | None,
    handle: str | None,
    redirect: str | None,
    no_browser: bool,
) -> None:
    """Connect an account of a NETWORK: log in there once, and keep the token encrypted here.

    \b
    syndicate connect mastodon --server https://mastodon.example
    syndicate connect bluesky --handle meridian.bsky.social
    """
    from syndication.networks import connector
    from syndication.networks.http import origin
    from syndication.pipeline.connect import connect_account, own_client

    known = connector(network)
    if not (server or known.server):
        raise click.UsageError("Name the account's server: --server https://…")
    server = origin(server or known.server)
    with home() as (store, config), ExitStack() as stack:
        _refuse_other(store, name or network, network, server)
        desk = _Terminal(stack, own_client(config), handle, redirect, no_browser)
        secret: Secret = known.connect(desk, server)
        account = connect_account(store, config, network, server, secret, name or network)
        say(f"Connected {account.handle} as {account.name}: posts of up to {account.limits.text} characters.")
        say_rights(account, known.deeds(secret), config)


def _refuse_other(store: "Store", name: str, network: str, server: str) -> None:
    """Connecting again renews an account; it must not turn it into another one, to which waiting posts would go."""
    from syndication.errors import InputError
    from syndication.store import accounts

    with store.read() as tx:
        known = next((one for one in accounts.ever(tx) if one.name == name), None)
    if known and (known.network, known.server) != (network, server):
        raise InputError(
            f"{name} is {known.handle} at {known.server} already", "Give this one another name with --name."
        )


class _Terminal:
    """The Dialogue of `syndication.networks.base`, with whoever sits at the terminal or pipes the answers in."""

    def __init__(
        self,
        stack: ExitStack,
        client: "OwnClient | None",
        handle: str | None,
        redirect: str | None,
        no_browser: bool,
    ) -> None:
        self._stack, self._handle, self._redirect, self._no_browser = stack, handle, redirect, no_browser
        self._client = client
        self._ear: Listener | None = None
        self._code_shown = False

    def say(self, words: str) -> None:
        say(words)

    def ask(self, what: str, *, hidden: bool = False) -> str:
        from syndication.errors import InputError

        if what == "Handle" and self._handle:
            return self._handle
        if sys.stdin.isatty():
            return str(click.prompt(what, hide_input=hidden, err=True)).strip()
        if not (line := sys.stdin.readline().strip()):
            raise InputError(
                f"{what}: nothing came on standard input", "Type it at a terminal, or pipe it in."
            )
        return line

    def own_client(self) -> "OwnClient | None":
        return self._client

    def redirect(self, *, own: bool = False, at: str = "") -> str:
        from syndication.networks.login import OUT_OF_BAND, Listener

        self._redirect = at or self._redirect
        if own and self._no_browser:
            self._code_shown = True
            return OUT_OF_BAND
        if self._redirect or self._no_browser:
            return self._redirect or f"http://127.0.0.1:{REDIRECT_PORT}/"
        self._ear = self._stack.enter_context(Listener(0 if own else REDIRECT_PORT))
        return self._ear.redirect

    def visit(self, url: str, name: str, value: str) -> dict[str, str]:
        import webbrowser

        if self._ear:
            opened = webbrowser.open(url)
            say("Your browser asks you to allow the app:" if opened else "Open this address on this machine:")
            say(url)
            return self._ear.wait(name, value)
        if self._code_shown:
            say("Open this address, allow the app, and paste the code it shows:")
            say(url)
            return {name: value, "code": self.ask("Code")}
        say("Open this address and allow the app. Your browser is then sent to an address that begins with")
        say(f"{self.redirect()} and may show an error there: paste that whole address.")
        say(url)
        return self._pasted(name, value)

    def _pasted(self, name: str, value: str) -> dict[str, str]:
        from syndication.errors import InputError
        from syndication.networks.login import granted, returned

        said = returned(self.ask("Address", hidden=True), name, value)
        if not said:
            raise InputError(
                "that address is no answer to this question", "Start again, and paste the newest one whole."
            )
        return granted(said)

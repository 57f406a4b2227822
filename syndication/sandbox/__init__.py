"""A stand-in network for demos and fault tests: it speaks the part of the Mastodon API that posting needs.

It keeps what it is sent in memory, shows it as a timeline, and misbehaves when told to at `/sandbox/faults`. Any
bearer token `sandbox-NAME` is the account `@NAME`. It says everywhere that it is a stand-in.
"""

from syndication.sandbox.memory import Faults, Memory
from syndication.sandbox.server import address, make_app, open_server, run

__all__ = ["Faults", "Memory", "address", "make_app", "open_server", "run"]

"""Running the sandbox: one thread a connection, each request answered in a few milliseconds unless told otherwise."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from syndication.sandbox.api import ROUTES
from syndication.sandbox.handler import Handler
from syndication.sandbox.memory import Memory


def run(host: str = "127.0.0.1", port: int = 8760) -> None:
    """Serve until interrupted. Port 0 takes any free one; the address is said on standard error."""
    with open_server(Memory(), host, port) as server:
        print(f"Sandbox network at {address(server)} (a stand-in: nothing is public)", file=sys.stderr)  # noqa: T201
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def open_server(state: Memory, host: str = "127.0.0.1", port: int = 0) -> ThreadingHTTPServer:
    """A bound server; `serve_forever` runs it. Raises OSError if the port is taken."""
    return _Server((host, port), make_app(state))


def address(server: ThreadingHTTPServer) -> str:
    """Where a server is reached."""
    host, port = server.server_address[:2]
    return f"http://{host!s}:{port}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is nothing to speak of."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def make_app(state: Memory) -> type[BaseHTTPRequestHandler]:
    """The request handler of a sandbox with this state, for any `http.server` class."""
    return type("Sandbox", (Handler,), {"state": state, "routes": ROUTES})

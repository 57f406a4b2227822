"""How the sandbox reads a request and answers it: plain HTTP, one thread a connection."""

import json
import os
import re
import socket
import struct
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from syndication.errors import InputError
from syndication.sandbox import show
from syndication.sandbox.memory import Memory, Post

_MOST = 20_000_000


class Said(Exception):
    """An answer that ends the request early."""

    def __init__(self, status: int, error: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.status, self.error, self.headers = status, error, headers or {}


class HungUp(Exception):
    """The connection is to be dropped."""


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets it suffer what the faults say, has it answered. `routes` are tried in order."""

    state: Memory
    routes: Sequence[tuple[str, str, Callable[..., Any]]]
    wbufsize = 64 * 1024  # head and body leave together
    protocol_version = "HTTP/1.1"
    server_version = "syndication-sandbox"
    sys_version = ""
    timeout = 60.0
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer a request."""
        path = urlsplit(self.path).path
        kind = {"/api/v1/statuses": "create", "/api/v2/media": "media"}.get(path, "other")
        faulty = path.startswith(("/api/", "/oauth/"))
        try:
            self.body = self._read_body()
            fate = self.state.fate(kind if self.command == "POST" else "other") if faulty else ""
            if faulty and self.state.faults.slow and self.state.faults.on in ("all", kind):
                time.sleep(self.state.faults.slow)
            self._suffer(fate)
            answer = self._route(path)
            if fate == "drop_after_store":
                raise HungUp
            self._answer(*answer)
        except Said as said:
            self._answer(said.status, {"error": said.error}, said.headers)
        except InputError as error:
            self._answer(422, {"error": error.message}, {})
        except HungUp:
            self._hang_up()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing: the timeline shows what came."""

    def _suffer(self, fate: str) -> None:
        if fate == "rate_limited":
            reset = show.moment(datetime.now(UTC) + timedelta(seconds=1))
            headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
            raise Said(429, "Too many requests", headers)
        if fate == "error_500":
            raise Said(500, "The sandbox was told to fail")
        if fate == "drop_before_store":
            raise HungUp

    def _route(self, path: str) -> tuple[int, Any, dict[str, str]]:
        for method, pattern, deed in self.routes:
            if method == self.command and (match := re.fullmatch(pattern, path)):
                answer = deed(self, *map(unquote, match.groups()))
                return answer if isinstance(answer, tuple) else (200, answer, {})
        raise Said(404, "The sandbox does not know this address")

    def _answer(self, status: int, answer: Any, headers: dict[str, str]) -> None:
        page = isinstance(answer, bytes)
        body = answer if page else json.dumps(answer, ensure_ascii=False).encode()
        kind = "text/html; charset=utf-8" if page else "application/json; charset=utf-8"
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        """Close without a word: the other side sees its connection reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _MOST or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise Said(413, f"A body of a stated length up to {_MOST} bytes is expected")
        return self.rfile.read(int(length))

    @property
    def base(self) -> str:
        """The address this server is reached at."""
        host, port = self.connection.getsockname()[:2]
        return f"http://{host}:{port}"

    def query(self) -> dict[str, str]:
        """The query's parameters, the first of each name."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def form(self) -> dict[str, Any]:
        """The body's fields, from JSON, a form or multipart; uploads are message parts."""
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            try:
                said = json.loads(self.body)
            except (ValueError, RecursionError):
                raise Said(400, "The body is not JSON") from None
            return said if isinstance(said, dict) else {}
        if kind.startswith("multipart/form-data"):
            head = f"Content-Type: {kind}\r\n\r\n".encode()
            message = BytesParser(policy=HTTP).parsebytes(head + self.body)
            parts: list[Message] = list(message.iter_parts())
            return {str(part.get_param("name", "", "content-disposition")): part for part in parts}
        fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name.removesuffix("[]"): v if name.endswith("[]") else v[0] for name, v in fields.items()}

    def account(self) -> str:
        """Whose token came with the request."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        name = self.state.account_of(token.strip()) if scheme.lower() == "bearer" else None
        if name is None:
            raise Said(401, "The access token is invalid")
        return name

    def own_post(self, number: str) -> Post:
        """A status of the account that asks."""
        post = self.state.post(number)
        if post is None or post.account != self.account():
            raise Said(404, "Record not found")
        return post

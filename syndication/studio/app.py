"""The door that a CMS knocks at: `POST /events`, signed after Standard Webhooks, and `GET /healthz`.

It says 202 only once the event is in the store, and waits for nothing else: not for Redis, not for a network.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from syndication.config import Config
from syndication.errors import ConfigError, EventError
from syndication.events.webhook import WebhookError, verify
from syndication.pipeline import Accepted, accept
from syndication.sources import read_event
from syndication.store import Store
from syndication.studio.oauth import oauth_routes
from syndication.vault import private_text

log = logging.getLogger(__name__)

SECRET_ENVIRONMENT = "SYNDICATE_WEBHOOK_SECRET"  # noqa: S105 - a name, not a secret
SECRET_FILE = "webhook.secret"  # noqa: S105


class _TooLarge(Exception):
    """The body is larger than the config allows."""


def webhook_secrets(config: Config) -> list[str]:
    """The secrets that events may be signed with, newest first. Raises ConfigError if there are none."""
    value = os.environ.get(SECRET_ENVIRONMENT) or private_text(config.data / SECRET_FILE, None)
    if not value:
        raise ConfigError(
            f"there is no webhook secret in {SECRET_ENVIRONMENT} and no file {config.data / SECRET_FILE}",
            "`syndicate init` makes one.",
        )
    return value.split()


def make_app(store: Store, config: Config, nudge: Callable[[], bool], secrets: Sequence[str]) -> Starlette:
    """The web application. `nudge` tells the workers that something is due; it may take its time."""
    nudger = _Nudger(nudge)

    async def events(request: Request) -> JSONResponse:
        sender = request.headers.get("webhook-id", "")[:80]
        try:
            body = await _body(request, config.serve.max_bytes)
            webhook = verify(request.headers, body, secrets)
            accepted = await run_in_threadpool(_take, store, config, body, webhook)
        except _TooLarge:
            return _refuse(413, f"an event may have {config.serve.max_bytes} bytes", sender)
        except WebhookError as error:
            return _refuse(401, error.message, sender)
        except EventError as error:
            faults = [fault._asdict() for fault in error.faults]
            return _refuse(400, "the event has faults", sender, faults=faults)
        except SQLAlchemyError:
            log.exception("the store cannot be written")
            return _refuse(503, "the store cannot be written; send it again", sender)
        if accepted.work:
            nudger.wake()
        log.info("event accepted", extra={"story": accepted.story, "verdict": accepted.verdict})
        return JSONResponse({"story": accepted.story, "result": accepted.verdict}, status_code=202)

    async def healthz(_: Request) -> JSONResponse:
        try:
            await run_in_threadpool(_touch, store)
        except SQLAlchemyError:
            return JSONResponse({"status": "the store cannot be read"}, status_code=503)
        return JSONResponse({"status": "ok"})

    routes = [Route("/events", events, methods=["POST"]), Route("/healthz", healthz)]
    return Starlette(routes=[*routes, *oauth_routes(config)])


def _take(store: Store, config: Config, body: bytes, webhook: str) -> Accepted:
    return accept(store, config, read_event(body), webhook=webhook)


def _touch(store: Store) -> None:
    with store.read() as tx:
        tx.execute(text("SELECT 1 FROM stories LIMIT 1"))


async def _body(request: Request, most: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > most:
        raise _TooLarge
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise _TooLarge
    except ClientDisconnect:
        raise WebhookError("the request broke off") from None
    return bytes(body)


def _refuse(status: int, words: str, sender: str, **more: object) -> JSONResponse:
    log.warning("event refused", extra={"webhook": sender, "status": status, "why": words})
    return JSONResponse({"error": words, **more}, status_code=status)


class _Nudger:
    """Nudges from a thread of its own, so that a broker that hangs holds no request up."""

    def __init__(self, nudge: Callable[[], bool]) -> None:
        self._nudge = nudge
        self._wanted = threading.Event()
        threading.Thread(target=self._run, daemon=True, name="nudger").start()

    def wake(self) -> None:
        """Ask for a nudge; several asked for meanwhile are one."""
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                if not self._nudge():
                    log.warning("the queue cannot be reached; the sweep makes it good")
            except Exception:
                log.exception("nudging failed; the sweep makes it good")

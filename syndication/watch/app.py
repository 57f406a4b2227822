"""`/metrics` for Prometheus and `/healthz` for whoever restarts or alarms: a door of its own, on loopback."""

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from syndication.models import BULK
from syndication.store import Store
from syndication.watch.metrics import Metrics
from syndication.watch.state import Standing, standing

LATE = {0: 120.0, 1: 900.0, 2: 3600.0}
"""Seconds after which what waits in a lane means that something is wrong; the archive, drawn anew, may wait."""

SILENT = 90.0
"""Seconds without a sign of the sweep after which it counts as dead."""


def make_app(store: Store) -> Starlette:
    """The web application."""
    metrics = Metrics(store)

    async def scrape(_: Request) -> Response:
        try:
            text = await run_in_threadpool(metrics.text)
        except SQLAlchemyError:
            return Response("the store cannot be read\n", status_code=503, media_type="text/plain")
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def healthz(_: Request) -> JSONResponse:
        problems = await run_in_threadpool(ailments, store)
        status = "ill" if problems else "ok"
        return JSONResponse({"status": status, "problems": problems}, status_code=503 if problems else 200)

    return Starlette(routes=[Route("/metrics", scrape), Route("/healthz", healthz)])


def ailments(store: Store) -> list[str]:
    """What keeps posts from going out by themselves, in words; none if all is well."""
    try:
        with store.read() as tx:
            now = standing(tx, store.now())
    except SQLAlchemyError:
        return ["the store cannot be read"]
    return describe(now)


def describe(now: Standing) -> list[str]:
    """As `ailments`, of what was read already."""
    problems = []
    if now.swept is None or now.swept > SILENT:
        since = "never ran" if now.swept is None else f"gave no sign for {now.swept:.0f} s"
        problems.append(f"the sweep {since}: syndicate worker")
    for lane, most in LATE.items():
        worker = "syndicate worker" if lane < BULK.first else "syndicate worker --only bulk"
        if (late := now.untaken.get(lane, 0.0)) > most:
            problems.append(f"a post could have gone out for {late:.0f} s: is `{worker}` at work?")
        if (late := now.undrawn.get(lane, 0.0)) > most:
            problems.append(f"a story has waited {late:.0f} s to be drawn: is `{worker}` at work?")
    return problems

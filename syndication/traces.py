"""OpenTelemetry traces, where they are asked for by OTEL_EXPORTER_OTLP_ENDPOINT and `syndication[traces]` is there.

One trace holds all that happened to one revision of a story, in whichever processes: its number is made from both, so
that nothing has to be carried along. Spans hold names, numbers and outcomes; never words, addresses or secrets.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

log = logging.getLogger(__name__)


@contextmanager
def span(name: str, story: str = "", revision: int = 0, **facts: str | int) -> Iterator[None]:
    """A span around what is done within; part of the story's trace, or without `story` of the span around it."""
    tracer = _tracer(os.getpid()) if enabled() else None
    if tracer is None:
        yield
        return
    from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags, set_span_in_context

    context = None
    if story:
        facts |= {"story": story, "revision": revision}
        number = sha256(f"{story}\0{revision}".encode()).digest()
        whole, first = int.from_bytes(number[:16]), int.from_bytes(number[16:24])
        root = SpanContext(whole, first, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        context = set_span_in_context(NonRecordingSpan(root))
    # What an exception says may hold an address, and an address a token: only its name is told.
    with tracer.start_as_current_span(
        name, context=context, attributes=facts, record_exception=False, set_status_on_exception=False
    ) as open_span:
        try:
            yield
        except BaseException as error:
            open_span.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def tell(**facts: str | int) -> None:
    """Add what came of it to the span that is open here."""
    if enabled() and _tracer(os.getpid()):
        from opentelemetry.trace import get_current_span

        get_current_span().set_attributes(facts)


def enabled() -> bool:
    """Whether anybody asked for traces."""
    return any(os.environ.get(f"OTEL_EXPORTER_OTLP_{name}") for name in ("ENDPOINT", "TRACES_ENDPOINT"))


@lru_cache(maxsize=1)
def _tracer(_: int) -> "Tracer | None":
    """This process's own: what sends spans is a thread, which a fork would lose."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        log.warning("no traces: %s is not installed: pip install 'syndication[traces]'", error.name)
        return None
    provider = TracerProvider(resource=Resource.create({"service.name": "syndication"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("syndication")

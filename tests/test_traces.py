"""Traces: one for a story's revision, across processes, without a word of the post or a secret."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from syndication import traces
from syndication.pipeline import accept, connect_account, run_due
from syndication.sandbox import Memory, address, open_server


@pytest.fixture
def collector(monkeypatch):
    """An OTLP receiver on loopback: the requests that came, as they came."""
    came = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self):
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Take) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        traces._tracer.cache_clear()
        yield came
        traces._tracer.cache_clear()
        server.shutdown()
        thread.join()


def sent(came):
    """Every span that was exported, after what waits was sent."""
    import os

    provider = traces._tracer(os.getpid()).span_processor
    assert provider.force_flush(10_000)
    spans = []
    for body in came:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            spans += [span for scope in resource.scope_spans for span in scope.spans]
    return spans


def test_a_story_is_one_trace_from_the_cms_to_the_network(collector, store, config, event):
    """accept, prepare, draw, deliver and each request are spans of one trace; facts are names and numbers."""
    memory = Memory()
    with open_server(memory) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        connect_account(store, config, "mastodon", address(server), {"access_token": "sandbox-desk"}, "desk")
        accept(store, config, event())
        run_due(store, config)
        server.shutdown()
        thread.join()
    assert len(memory.posts) == 1
    spans = sent(collector)
    of_story = [span for span in spans if span.name in ("accept", "prepare", "draw", "deliver")]
    assert {span.name for span in of_story} == {"accept", "prepare", "draw", "deliver"}
    assert len({span.trace_id for span in of_story}) == 1
    deliver = next(span for span in spans if span.name == "deliver")
    facts = {one.key: one.value.string_value or one.value.int_value for one in deliver.attributes}
    assert facts == {
        "story": "cms-1", "revision": 1, "network": "mastodon", "account": "desk", "delivery": 1, "attempt": 1,
        "outcome": "sent",
    }  # fmt: skip
    requests = [span for span in spans if span.parent_span_id == deliver.span_id]
    assert {span.name for span in requests} == {"request"}
    raw = b"".join(collector)
    assert b"sandbox-desk" not in raw
    assert b"The sea took" not in raw


def test_an_error_is_told_by_its_name_only(collector):
    """What an exception says may hold an address with a token in it."""
    with pytest.raises(ValueError, match="bot12345"), traces.span("deliver", "cms-1", 1):
        raise ValueError("http://127.0.0.1/bot12345:secret/sendMessage timed out")
    [span] = sent(collector)
    assert span.status.message == "ValueError"
    assert b"bot12345" not in b"".join(collector)


def test_without_a_wish_nothing_is_loaded(monkeypatch):
    """No endpoint, no tracer: a span costs nothing."""
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    traces._tracer.cache_clear()
    with traces.span("accept", "cms-1", 1):
        traces.tell(status=200)
    assert traces._tracer.cache_info().misses == 0


def test_without_the_package_it_is_said_once_and_work_goes_on(monkeypatch, caplog):
    """An operator who asks for traces and lacks the extra reads what to install."""
    import builtins

    real = builtins.__import__

    def absent(name, *how):
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(name=name)
        return real(name, *how)

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    traces._tracer.cache_clear()
    monkeypatch.setattr(builtins, "__import__", absent)
    done = []
    for _ in range(2):
        with traces.span("accept", "cms-1", 1):
            done.append(1)
    monkeypatch.undo()
    traces._tracer.cache_clear()
    assert len(done) == 2
    assert [
        record.getMessage() for record in caplog.records if "syndication[traces]" in record.getMessage()
    ] == [caplog.records[0].getMessage()]

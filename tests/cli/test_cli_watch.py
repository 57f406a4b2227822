"""What an operator looks at: the doctor, metrics and health."""

import os
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from machines import Machine, answers, free_port, syndicate, until
from prometheus_client.parser import text_string_to_metric_families as parse

from syndication.config import load
from syndication.pipeline import sweep
from syndication.store import open_store, pulses
from syndication.watch import doctor


@pytest.fixture
def swept(desk):
    """A room whose sweep has just given a sign of life."""
    store = open_store(load().store_url)
    with store.write() as tx:
        pulses.beat(tx, "sweep", "here", store.now())
    sweep(store, load())
    yield store
    store.close()


def parts(done):
    return {one["part"]: one["symptoms"] for one in done.data()}


def test_a_sound_installation_is_told_to_be_so(desk, network, story, swept):
    """Nothing is invented: each part is well, and the exit status is 0."""
    desk("publish", story(), "--now")
    told = desk("doctor", "--offline", "--json")
    assert told.status == 0, told.out
    grave = [one for all_ in parts(told).values() for one in all_ if one["grave"]]
    assert grave == []
    shown = desk("doctor", "--offline")
    assert shown.status == 0
    assert "packages" in shown.out


def test_a_sweep_that_never_ran_is_told_with_the_remedy(desk):
    """Without workers nothing goes out by itself, and the doctor says which command mends that."""
    told = desk("doctor", "--offline", "--json")
    assert told.status == 1
    assert parts(told)["workers"] == [
        {"words": "the sweep never ran", "remedy": "syndicate worker", "grave": True}
    ]


def test_a_lost_key_and_a_clock_set_back_are_told(desk, network, story, swept):
    """Accounts that no key here opens, and stories from a time to come."""
    desk("publish", story(), "--now")
    config = load()
    (config.data / "secret.key").unlink()
    with swept.write() as tx:
        tx.exec_driver_sql("UPDATE stories SET accepted_at = accepted_at + 3600000")
    found = parts(desk("doctor", "--offline", "--json"))
    assert "there is no key" in found["keys"][0]["words"]
    assert "this clock was set back" in found["clock"][0]["words"]


@pytest.mark.parametrize(("seconds", "told"), [(1, []), (7, ["desk-2"])])
def test_another_host_whose_clock_differs_is_named(desk, swept, seconds, told):
    """A host's sign of life from a time to come: leases and schedules would go by two clocks."""
    with swept.write() as tx:
        pulses.beat(tx, "sweep", "desk-2", swept.now() + 1000 * seconds)
    found = parts(desk("doctor", "--offline", "--json"))["clock"]
    assert [one["words"].split()[3] for one in found] == told


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_host_whose_clock_differs_from_the_database_s_is_told(store, config):
    """The test's own clock stands at a noon that is past."""
    found = {one.part: one.symptoms for one in doctor.examine(store, config, offline=True)}["clock"]
    assert "this clock and the database's differ by" in found[0].words


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        return


@pytest.fixture
def web(tmp_path):
    """A web server that shows a folder, which is empty."""
    folder = tmp_path / "web"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_cards_that_the_web_server_does_not_show_are_told(desk, network, story, web, swept):
    """A card is read at its public address, and what comes is compared with it."""
    folder, address = web
    file = desk.room / "syndicate.toml"
    text = file.read_text("utf-8").replace("# allow = []", 'allow = ["127.0.0.0/8"]', 1)
    file.write_text(text.replace('# base_url = ""', f'base_url = "{address}"', 1), "utf-8")
    desk("publish", story(), "--now")
    [missing] = parts(desk("doctor", "--json"))["cards' address"]
    assert "cannot be read at its public address" in missing["words"]
    cards = list((desk.room / "data" / "cards").iterdir())
    for card in cards:
        (folder / card.name).write_bytes(b"another picture")
    [other] = parts(desk("doctor", "--json"))["cards' address"]
    assert "something else than the card" in other["words"]
    for card in cards:
        (folder / card.name).write_bytes(card.read_bytes())
    assert parts(desk("doctor", "--json"))["cards' address"] == []


def test_cards_that_are_gone_from_their_folder_are_told(desk, network, story, swept):
    """A disk that was emptied: how many, where, and the command that draws them anew, which mends it."""
    desk("publish", story(), "--now")
    assert parts(desk("doctor", "--offline", "--json"))["cards"] == []
    folder = desk.room / "data" / "cards"
    shutil.rmtree(folder)
    [gone] = parts(desk("doctor", "--offline", "--json"))["cards"]
    assert gone["words"].startswith(f"2 cards of the newest stories are gone from {folder}")
    assert "syndicate render --all" in gone["remedy"]
    assert desk("render", "--all").status == 0
    assert parts(desk("doctor", "--offline", "--json"))["cards"] == []


@pytest.mark.parametrize(
    ("found", "words"), [("5.7.0", "celery 5.7.0 is installed"), (None, "celery is not installed")]
)
def test_a_package_of_another_version_is_told(monkeypatch, found, words):
    """What was tested together stands in the package's own requirements."""
    real = doctor.version

    def version(name):
        if name != "celery":
            return real(name)
        if found is None:
            raise doctor.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(doctor, "version", version)
    [told] = doctor._packages()
    assert told.words.startswith(words)
    assert told.remedy.startswith("pip install 'celery")


@pytest.mark.slow
def test_metrics_and_health_are_served_on_loopback(desk, network, story, swept):
    """/metrics is what Prometheus parses; /healthz is 200, and 503 once nobody is at work."""
    desk("publish", story(), "--now")
    port = free_port()
    home = {"SYNDICATE_CONFIG": str(desk.room / "syndicate.toml")}
    machine = Machine("metrics", syndicate("metrics", "--port", str(port)), desk.room, {**os.environ, **home})
    machine.start()
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/metrics"), 60, "the metrics are shown")
        families = {
            one.name for one in parse(requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text)
        }
        assert {"syndication_posts", "syndication_queue_age_seconds", "syndication_outcomes"} <= families
        health = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
        assert (health.status_code, health.json()) == (200, {"status": "ok", "problems": []})
        with swept.write() as tx:
            tx.exec_driver_sql("UPDATE pulses SET at = at - 600000")
        health = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
        assert health.status_code == 503
        assert "syndicate worker" in health.json()["problems"][0]
    finally:
        machine.stop()

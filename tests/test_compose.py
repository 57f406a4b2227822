"""The image and the services for a machine that faces the web."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from syndication.cli.run import serve, worker

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def client() -> list[str] | None:
    for words in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(words[0]):
            tried = subprocess.run([*words, "version"], capture_output=True, timeout=60, check=False)
            if tried.returncode == 0:
                return words
    return None


def test_the_client_takes_the_file() -> None:
    """Docker's own client finds nothing wrong with the file, with and without PostgreSQL."""
    words = client()
    if words is None:
        pytest.skip("there is no Docker Compose on this machine")
    for profile in ([], ["--profile", "postgres"]):
        told = subprocess.run(
            [*words, *profile, "config", "--quiet"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert told.returncode == 0, told.stderr


def test_every_role_has_its_service() -> None:
    """Each role of a worker runs as a service of its own, Redis as Redis, and each command is one that there is."""
    roles = set()
    for service in SERVICES.values():
        name, command, *arguments = service.get("command", ["", ""])
        if name != "syndicate":
            continue
        commands = {"worker": worker, "serve": serve}
        context = commands[command].make_context(command, arguments)
        roles |= set(context.params.get("only", ()))
    assert roles == {"draw", "deliver", "bulk", "sweep"}
    assert {"web", "redis"} <= set(SERVICES)


def test_only_loopback_is_published() -> None:
    """No port is open to the network but through the newsroom's own web server."""
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8750:8750"]


def test_nothing_runs_as_root() -> None:
    """Every container has a user that is not root, may gain no rights and has none to begin with."""
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["1000:1000"]
    for name, service in SERVICES.items():
        assert service["user"] in ("${SYNDICATE_USER:-1000:1000}", "redis", "postgres"), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_redis_keeps_what_it_holds() -> None:
    """Redis writes to disk and refuses rather than evicts: a dropped message is a late post."""
    command = SERVICES["redis"]["command"]
    settings = dict(zip(command[1::2], command[2::2], strict=True))
    assert settings["--appendonly"] == "yes"
    assert settings["--maxmemory-policy"] == "noeviction"


def test_no_secret_stands_in_the_files() -> None:
    """Keys and passwords come from the environment alone, by names without values."""
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("KEY|SECRET|PASSWORD|NOTIFY", name):
                assert re.fullmatch(r"\$\{[A-Z_]+:-\}", value), name
    assert not re.search("KEY|SECRET|PASSWORD", DOCKERFILE)


def test_every_extra_can_be_built_in() -> None:
    """The image comes with PostgreSQL's driver; the other extras are named where they are asked for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    [told] = re.findall(r"^# SYNDICATE_EXTRAS=([a-z,]+),", compose, re.MULTILINE)
    assert set(told.split(",")) == project["optional-dependencies"].keys() - {"dev"}
    build = next(service["build"] for service in SERVICES.values() if "build" in service)
    assert build["args"] == {"EXTRAS": "${SYNDICATE_EXTRAS:-postgres}"}
    assert "ARG EXTRAS=postgres\n" in DOCKERFILE
    assert '".[${EXTRAS}]"' in DOCKERFILE


def test_the_image_holds_the_whole_package() -> None:
    """All that the package is built from reaches the builder, and stays there when files are added."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {
        *project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"],
        *project["project"]["license-files"],
        project["project"]["readme"],
        "pyproject.toml",
    }
    copied = {
        source
        for sources in re.findall(r"^COPY (?!--)(.*) \./", DOCKERFILE, re.MULTILINE)
        for source in sources.split()
    }
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert needed == copied == let_in
    assert all((ROOT / name).exists() for name in needed)

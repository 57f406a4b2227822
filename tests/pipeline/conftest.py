"""A desk at a scripted network, and a story that waits to go out there."""

import pytest
from scripted import Script

from syndication.networks import NETWORKS
from syndication.pipeline import accept, prepare_next
from syndication.vault import Vault


@pytest.fixture
def network(monkeypatch):
    script = Script()
    monkeypatch.setitem(NETWORKS, "script", script)
    return script


@pytest.fixture
def desk(connect, config, network):
    return connect("desk", "script", Vault(config).seal({"token": "a-secret-token"}))


@pytest.fixture
def published(store, config, desk, event):
    """A story that is prepared and waits to go out."""
    accept(store, config, event())
    prepare_next(store, config)
    return event()

"""The vault: secrets are sealed with a key that only its owner can read."""

import stat

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from syndication.config import parse
from syndication.errors import ConfigError
from syndication.vault import ENVIRONMENT, FILE, Vault, private_text


@pytest.fixture(autouse=True)
def no_key_around(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    return Vault(parse("", tmp_path_factory.mktemp("room") / "syndicate.toml"))


@given(st.dictionaries(st.text(), st.text()))
def test_what_is_sealed_comes_out_again(vault, secret):
    """Any secret survives, and nothing of it can be read in what is stored."""
    sealed = vault.seal(secret)
    assert vault.open(sealed) == secret
    assert all(value.encode() not in sealed for value in secret.values() if len(value.encode()) > 8)


def test_the_key_file_is_its_owners_alone(config):
    """It is made with mode 600 whatever the umask says, and refused if others may read it."""
    Vault(config).seal({})
    file = config.data / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="others may read") as told:
        Vault(config).seal({})
    assert told.value.hint == f"chmod 600 '{file}'"


def test_a_key_from_the_environment_leaves_no_file(config, monkeypatch):
    """SYNDICATE_KEY is used before any file, and none is made."""
    monkeypatch.setenv(ENVIRONMENT, Fernet.generate_key().decode())
    sealed = Vault(config).seal({"token": "t"})
    assert not (config.data / FILE).exists()
    monkeypatch.setenv(ENVIRONMENT, Fernet.generate_key().decode())
    with pytest.raises(ConfigError, match=ENVIRONMENT):
        Vault(config).open(sealed)


@pytest.mark.parametrize("key", ["nonsense", "é" * 44, "A" * 44])
def test_a_key_that_is_none_is_told_without_showing_it(config, monkeypatch, key):
    """The source of a bad key is named; the key is not."""
    monkeypatch.setenv(ENVIRONMENT, key)
    with pytest.raises(ConfigError) as told:
        Vault(config).seal({})
    assert ENVIRONMENT in told.value.message
    assert key not in str(told.value)


def test_opening_makes_no_key(config):
    """A lost key is told, and not replaced by one that fits nothing."""
    with pytest.raises(ConfigError, match="no key in SYNDICATE_KEY"):
        Vault(config).open(b"sealed")
    assert not (config.data / FILE).exists()


def test_a_private_file_is_written_once(config):
    """Who comes second reads what the first one wrote; a folder in the way is told."""
    file = config.data / "x.key"
    assert private_text(file, None) is None
    assert private_text(file, " first\n") == "first"
    assert private_text(file, "second") == "first"
    assert [one.name for one in config.data.iterdir()] == ["x.key"]
    (config.data / "y.key").mkdir(mode=0o700)
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        private_text(config.data / "y.key", "z")
    with pytest.raises(ConfigError, match="cannot be written"):
        private_text(file / "below", "z")

"""What is wrong with an installation, and what to do. Each examination gives its findings in words, or none."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from sqlalchemy import text

from syndication.config import Config
from syndication.errors import ConfigError, FetchError
from syndication.fetch import fetch
from syndication.metadata import card_url, page_path
from syndication.networks import connector
from syndication.store import Store, accounts, pulses, stories
from syndication.vault import Vault
from syndication.watch.app import describe
from syndication.watch.state import standing

_LITTLE, _HARDLY = 2_000_000_000, 200_000_000  # bytes free on a disk
_LOOKED_AT = 200  # of the newest stories
_SKEW = 2.0  # seconds by which clocks may differ
# Where SQLite's shared memory, and so WAL, does not work: magic numbers of statfs(2).
_REMOTE = {0x6969: "NFS", 0xFF534D42: "CIFS", 0xFE534D42: "SMB", 0x01021997: "9P"}


class Symptom(NamedTuple):
    """What is wrong, and what to do about it. `grave`: posts, cards or their safety suffer from it."""

    words: str
    remedy: str
    grave: bool = True


class Examination(NamedTuple):
    """One examined part of an installation."""

    part: str
    symptoms: tuple[Symptom, ...]


def examine(store: Store, config: Config, *, offline: bool = False) -> Iterator[Examination]:
    """Examine an installation, part by part; `offline` asks nothing outside of the house."""
    parts: dict[str, Callable[[], Iterator[Symptom]]] = {
        "packages": _packages,
        "folders": lambda: _folders(config),
        "store": lambda: _store(store, config),
        "clock": lambda: _clock(store),
        "keys": lambda: _keys(store, config),
        "workers": lambda: _workers(store),
        "fonts": lambda: _fonts(store),
        "photos": lambda: _photos(store),
        "cards": lambda: _cards(store, config),
        "cards' address": lambda: _address(store, config, offline),
        "pages": lambda: _pages(store, config),
    }
    for part, look in parts.items():
        yield Examination(part, tuple(look()))


def _packages() -> Iterator[Symptom]:
    for line in requires("syndication") or ():
        needed = Requirement(line)
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(needed.name)
        except PackageNotFoundError:
            yield Symptom(f"{needed.name} is not installed", f"pip install '{needed.name}{needed.specifier}'")
            continue
        if not needed.specifier.contains(found, prereleases=True):
            words = f"{needed.name} {found} is installed; {needed.specifier} is what was tested"
            yield Symptom(words, f"pip install '{needed.name}{needed.specifier}'")


def _folders(config: Config) -> Iterator[Symptom]:
    for folder in {config.data, config.photos, config.at(config.cards.folder)}:
        here = next(one for one in (folder, *folder.parents) if one.exists())
        if not os.access(here, os.W_OK | os.X_OK):
            yield Symptom(
                f"{here}: cannot be written", "Give it to the user who runs syndicate, or run as its owner."
            )
        free = shutil.disk_usage(here).free
        if free < _LITTLE:
            remedy = "Make room: `syndicate trail archive` moves old records out; old cards can go to another disk."
            yield Symptom(f"{here}: {free / 1e9:.1f} GB free on its disk", remedy, grave=free < _HARDLY)


def _store(store: Store, config: Config) -> Iterator[Symptom]:
    if store.engine.dialect.name != "sqlite":
        return
    file = Path(store.engine.url.database or "")
    if kind := _REMOTE.get(_filesystem(file)):
        words = f"{file} lies on {kind}, where SQLite loses locks and so may lose or double posts"
        yield Symptom(words, "Put it on a local disk, or use PostgreSQL: [store] url in syndicate.toml.")


def _filesystem(file: Path) -> int:
    """The magic number of the file system that a file lies on; 0 if this system does not tell."""
    import subprocess

    try:
        told = subprocess.run(  # noqa: S603
            ["stat", "--file-system", "--format=%t", str(file)],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
        return int(told.stdout, 16)
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def _clock(store: Store) -> Iterator[Symptom]:
    now = store.now()
    with store.read() as tx:
        newest = max((one.accepted_at for one in stories.newest(tx, 1)), default=now)
        signs = pulses.ahead(tx, "sweep", now + int(_SKEW * 1000))
        theirs = now
        if store.engine.dialect.name == "postgresql":
            theirs = int(tx.execute(text("SELECT extract(epoch FROM clock_timestamp()) * 1000")).scalar_one())
    for host, at in signs.items():
        words = f"the sweep on {host} gave its last sign of life {(at - now) / 1000:.0f} s from now"
        why = "that clock is ahead, or this one behind or set back"
        yield Symptom(f"{words}: {why}", "Have all hosts keep time by NTP; what is due waits as long.")
    if newest > now + _SKEW * 1000:
        ahead = (newest - now) / 1000
        yield Symptom(
            f"the newest story came in {ahead:.0f} s from now: this clock was set back, or another host's is ahead",
            "Have all hosts keep time by NTP; what is due waits as long.",
        )
    if abs(theirs - now) > _SKEW * 1000:
        words = f"this clock and the database's differ by {abs(theirs - now) / 1000:.0f} s"
        yield Symptom(words, "Have all hosts keep time by NTP: leases and schedules go by it.")


def _keys(store: Store, config: Config) -> Iterator[Symptom]:
    vault = Vault(config)
    with store.read() as tx:
        sealed = [accounts.get(tx, one.name)[1] for one in accounts.everyone(tx)]
    try:
        for secret in sealed:
            vault.open(secret)
    except ConfigError as error:
        yield Symptom(error.message, error.hint or "")


def _workers(store: Store) -> Iterator[Symptom]:
    with store.read() as tx:
        now = standing(tx, store.now())
    for words in describe(now):
        what, _, remedy = words.partition(": ")
        yield Symptom(what, remedy)
    for name, why in now.paused.items():
        yield Symptom(
            f"{name} is paused: {why}", "Connect it again: syndicate connect NETWORK --name " + name
        )
    if now.editors:
        yield Symptom(f"posts that only a person can settle: {now.editors}", "syndicate resolve", grave=False)


def _fonts(store: Store) -> Iterator[Symptom]:
    with store.read() as tx:
        languages = {one.event.language.partition("-")[0].lower() for one in stories.newest(tx, _LOOKED_AT)}
    asian = languages & {"zh", "ja", "ko"}
    if asian and find_spec("manimgx_fonts_cjk") is None:
        words = f"stories come in {', '.join(sorted(asian))}, and the fonts for them are not installed"
        yield Symptom(words, "pip install 'syndication[cjk]'")


def _photos(store: Store) -> Iterator[Symptom]:
    with store.read() as tx:
        unfocused = sum(
            one.event.image is not None and one.event.image.focal is None
            for one in stories.newest(tx, _LOOKED_AT)
        )
    if unfocused and find_spec("cv2") is None:
        words = f"{unfocused} of the newest stories have a photo without a focal point, and crops do not look for faces"
        yield Symptom(
            words, "pip install 'syndication[faces]', or have the CMS send image.focal", grave=False
        )


def _cards(store: Store, config: Config) -> Iterator[Symptom]:
    folder = config.at(config.cards.folder)
    with store.read() as tx:
        drawn = [one for one in stories.newest(tx, _LOOKED_AT) if not one.withdrawn and one.due_at is None]
    lost = [card.file for one in drawn for card in one.cards if not (folder / card.file).exists()]
    if lost:
        words = f"{len(lost)} cards of the newest stories are gone from {folder}, such as {lost[0]}"
        yield Symptom(words, "Put the folder back, or have them drawn anew: syndicate render --all")


def _address(store: Store, config: Config, offline: bool) -> Iterator[Symptom]:
    base = config.cards.base_url
    with store.read() as tx:
        known = accounts.everyone(tx)
        drawn = [card for one in stories.newest(tx, 20) if not one.withdrawn for card in one.cards]
    fetching = [one.name for one in known if connector(one.network).public]
    tagged = config.metadata.pages or config.metadata.fragments is not None
    if not base and (fetching or tagged):
        who = ", ".join(fetching) or "the pages' tags"
        yield Symptom(
            f"the cards have no public address, which {who} would need",
            'Name it in syndicate.toml: [cards] base_url = "https://…/cards/"',
        )
    if not base or offline or not drawn:
        return
    url, remedy = (
        card_url(base, drawn[0]),
        "Have your web server show the folder [cards] folder at [cards] base_url.",
    )
    try:
        got = fetch(url, allow=config.fetch.allow, max_bytes=config.fetch.max_bytes, seconds=10)
    except FetchError as error:
        yield Symptom(f"a card cannot be read at its public address: {error.message}", remedy)
        return
    file = config.at(config.cards.folder) / drawn[0].file
    if file.exists() and got.body != file.read_bytes():
        yield Symptom(f"{url} shows something else than the card", remedy)


def _pages(store: Store, config: Config) -> Iterator[Symptom]:
    if not config.metadata.pages:
        return
    with store.read() as tx:
        newest = [one for one in stories.newest(tx, 20) if not one.withdrawn and one.due_at is None]
    missing = [
        file
        for one in newest
        if not (file := page_path(config.metadata.pages, one.event, config.folder)).exists()
    ]
    if missing:
        words = f"{len(missing)} of the {len(newest)} newest stories have no page file, such as {missing[0]}"
        yield Symptom(words, "See [metadata] pages in syndicate.toml.", grave=len(missing) == len(newest))

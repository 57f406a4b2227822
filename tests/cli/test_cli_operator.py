"""The operator's commands: init, check, connect, accounts, schema, and every way to be wrong about them."""

import json
import os
import re
import stat
import threading
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
import requests

from syndication.cli.setup import _CONFIG
from syndication.networks import NETWORKS
from syndication.networks.mastodon import Mastodon
from syndication.vault import Vault


def test_init_makes_a_room_that_works(run):
    """`init` makes a config, a store and two keys that only their owner can read, and `check` passes but for Redis."""
    done = run("init")
    assert done.status == 0
    assert done.out == ""
    assert "syndicate connect mastodon" in done.err
    for key in ("secret.key", "webhook.secret"):
        assert stat.S_IMODE((run.room / "data" / key).stat().st_mode) == 0o600
    found = {one["check"]: one["ok"] for one in run("check", "--json").data()}
    assert found == {
        "config": True,
        "store": True,
        "cards": True,
        "colours": True,
        "mentions": True,
        "webhook secret": True,
        "queue": False,
        "posts": True,
    }


def test_init_overwrites_nothing(run):
    """A second `init` is refused and leaves config and keys as they are."""
    run("init")
    before = {
        file: file.read_bytes() for file in run.room.rglob("*") if file.is_file() and file.suffix != ".db"
    }
    done = run("init")
    assert done.status == 2
    assert "is there already" in done.err
    assert before == {file: file.read_bytes() for file in before}


def test_an_init_that_fails_can_be_repeated(run):
    """The config file is written last, so that a folder that could not be made is no half-made room."""
    (run.room / "data").write_text("in the way")
    assert run("init").status == 2
    (run.room / "data").unlink()
    assert run("init").status == 0
    assert (run.room / "syndicate.toml").read_text(encoding="utf-8") == _CONFIG


def test_init_goes_where_it_is_told(run):
    """--dir makes the folder, and --config names its file for every other command."""
    assert run("init", "--dir", "a/new room").status == 0
    assert run("-c", "a/new room/syndicate.toml", "status").status == 0
    assert not (run.room / "syndicate.toml").exists()


def browser(url):
    """A person who opens the address and allows the app; the page that is shown in the end."""
    return requests.get(url, timeout=10).text


class Typing:
    """Standard input of a person who reads the address on stderr, opens it, and types the code that it shows."""

    def __init__(self, capfd):
        self.capfd = capfd

    def isatty(self):
        return False

    def readline(self):
        [url] = re.findall(r"^http://\S+/oauth/authorize\S+$", self.capfd.readouterr().err, re.M)
        return re.search(r"Paste this code: (\S+?)<", browser(url))[1] + "\n"


def test_a_mastodon_account_is_connected_by_a_pasted_code(run, network, story, capfd):
    """`connect --no-browser` prints the address whole, takes the code, and the account posts."""
    run("init")
    done = run("connect", "mastodon", "--server", network.url, "--no-browser", stdin=Typing(capfd))
    assert done.status == 0
    assert "Connected @meridian@127.0.0.1" in done.err
    assert run("publish", story(), "--now").status == 0
    assert [post.account for post in network.memory.posts] == ["meridian"]
    sealed = (run.room / "data/syndication.db").read_bytes()
    [token] = network.memory.tokens
    assert token.encode() not in sealed


def test_a_mastodon_account_is_connected_by_the_browsers_return(run, network, monkeypatch):
    """`connect` sends the browser off, and takes the code that it brings back to this machine."""
    run("init")
    came = []

    def opened(url):
        threading.Thread(target=lambda: came.append(browser(url))).start()
        return True

    monkeypatch.setattr("webbrowser.open", opened)
    done = run("connect", "mastodon", "--server", network.url, "--name", "world")
    assert done.status == 0
    assert "as world" in done.err
    assert [one["name"] for one in run("accounts", "--json").data()] == ["world"]
    assert "as world" not in run("check").err


def test_connecting_again_renews_and_never_turns_an_account_into_another(desk, network, capfd):
    """A name stays with its account: waiting posts must not go to another, at this server or elsewhere."""
    other = desk("connect", "bluesky", "--name", "desk", "--handle", "meridian.test", stdin=b"x\n")
    assert other.status == 2
    assert "--name" in other.err
    words = ("connect", "mastodon", "--server", network.url, "--no-browser", "--name")
    another = desk(*words, "desk", stdin=Typing(capfd))
    assert another.status == 2  # another user of the same server
    assert "--name" in another.err
    assert desk(*words, "world", stdin=Typing(capfd)).status == 0
    assert desk(*words, "world", stdin=Typing(capfd)).status == 0
    assert [one["name"] for one in desk("accounts", "--json").data()] == ["desk", "world"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["mastodon"], 2, "--server"),
        (["mastodon", "--server", "http://social.example"], 2, "https://social.example"),
        (["mastodon", "--server", "https://user:secret-word@social.example"], 2, "https://social.example"),
        (["mastodon", "--server", "http://127.0.0.1:1"], 1, "no answer"),
        (["mastodon", "--server", "http://127.0.0.1:1", "--name", "a,b"], 2, "letters, digits"),
        (["bluesky", "--server", "http://127.0.0.1:1", "--handle", "m.test"], 2, "standard input"),
        (["myspace"], 2, "mastodon"),
    ],
)
def test_a_connection_that_cannot_be_made_says_why(run, words, status, said):
    """Wrong names and addresses are wrong input; a server that does not answer is a failure."""
    run("init")
    done = run("connect", *words)
    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert run("accounts").err.startswith("No account is connected")


def test_a_code_that_is_not_good_is_told(run, network):
    """A wrong code is a failure with the server's words, and connects nothing."""
    run("init")
    done = run(
        "connect", "mastodon", "--server", network.url, "--no-browser", stdin=b"wrong-code-of-the-test\n"
    )
    assert done.status == 1
    assert "start again" in done.err
    assert "wrong-code-of-the-test" not in done.err


def test_accounts_and_check_tell_of_each_account(desk, network):
    """`accounts` lists them with what they do; `check` reads from each."""
    config = desk.room / "syndicate.toml"
    config.write_text(config.read_text() + "[accounts.desk]\npublish = false\n", encoding="utf-8")
    shown = desk("accounts")
    assert shown.err == ""
    for words in ("desk", "mastodon", "@desk@127.0.0.1", "by hand", "500", "ready"):
        assert words in shown.out
    [told] = desk("accounts", "--json").data()
    assert (told["name"], told["publish"]) == ("desk", False)
    assert "secret" not in told
    assert {"check": "account desk", "ok": True, "problem": ""} in desk("check", "--json").data()


def unreadable(desk, network):
    (desk.room / "data/webhook.secret").chmod(0o644)
    return "webhook secret", "chmod 600"


def revoked(desk, network):
    network.memory.revoked.add("sandbox-desk")
    return "account desk", "The access token is invalid"


def key_gone(desk, network):
    (desk.room / "data/secret.key").unlink()
    return "account desk", "Bring the key back"


def key_changed(desk, network):
    (desk.room / "data/secret.key").write_text("A" * 43 + "=")
    return "account desk", "another key"


def key_damaged(desk, network):
    (desk.room / "data/secret.key").write_text("nonsense")
    return "account desk", "32 random bytes"


def network_gone(desk, network):
    network.memory.account_of = lambda token: (_ for _ in ()).throw(ConnectionResetError)
    return "account desk", "gave no answer"


def no_template(desk, network):
    append(desk, '[cards]\ntemplate = "nope"\n')
    return "cards", "article"


def no_logo(desk, network):
    append(desk, '[brand.sections.World]\naccent = "#123456"\nlogo = "world.png"\n')
    return "cards", "world.png: No such file or directory"


def no_agency_logo(desk, network):
    append(desk, '[brand.agencies.Sample]\nlogo = "syndicate.toml"\n')
    return "cards", "syndicate.toml: not a photo"


def no_fonts(desk, network):
    append(desk, '[brand]\nfonts = "fonts"\n')
    return "cards", "fonts: no such folder"


def faulty_template(desk, network):
    (desk.room / "own").mkdir()
    (desk.room / "own/review.toml").write_text('layers = [{ fill = "papper" }]\n')
    append(desk, '[cards]\ntemplates = "own"\n')
    return "cards", "did you mean paper?"


def no_such_network(desk, network):
    append(desk, '[mentions."Ada Marlowe"]\nmastdon = "@ada"\n')
    return "mentions", '[mentions."Ada Marlowe"]: no network is called mastdon'


def not_connected(desk, network):
    append(desk, "[accounts.world]\npublish = false\n")
    return "account world", "not connected"


def no_redis(desk, network):
    append(desk, '[queue]\nredis = "redis://:pass-of-the-test@127.0.0.1:1/0"\n')
    return "queue", "syndicate worker"


def append(desk, lines):
    (desk.room / "syndicate.toml").write_text(lines, encoding="utf-8")


@pytest.mark.parametrize(
    "harm",
    [
        unreadable, revoked, key_gone, key_changed, key_damaged, network_gone, no_template, no_logo, no_agency_logo,
        no_fonts, faulty_template, no_such_network, not_connected, no_redis,
    ],
)  # fmt: skip
def test_check_finds_each_fault(desk, network, harm):
    """Whatever is wrong with an installation, `check` names it with the remedy and exits with 1."""
    name, said = harm(desk, network)
    done = desk("check")
    assert done.status == 1
    assert "pass-of-the-test" not in done.out + done.err
    problems = {one["check"]: one["problem"] for one in desk("check", "--json").data()}
    assert said in problems[name]
    assert said in done.out


def test_check_can_stay_offline(desk, network):
    """--offline asks no network: a dead token is not noticed."""
    revoked(desk, network)
    found = {one["check"]: one["ok"] for one in desk("check", "--offline", "--json").data()}
    assert found["account desk"] is True


def test_the_schema_fits_the_sample_events(run):
    """`schema event` prints a JSON Schema that knows every field of the sample events and requires three."""
    told = run("schema", "event").data()
    assert set(told["required"]) == {"url", "headline", "published"}
    samples = [
        file for file in (files("syndication") / "samples/stories").iterdir() if file.name.endswith(".json")
    ]
    assert len(samples) >= 8
    for file in samples:
        event = json.loads(file.read_text(encoding="utf-8"))
        assert set(event) <= set(told["properties"])
        assert set(told["required"]) <= set(event)


def test_a_config_that_is_missing_or_wrong_is_told_with_its_place(run):
    """No config names the remedy; a wrong one is told with every fault; a folder is no config."""
    missing = run("status")
    assert missing.status == 2
    assert "syndicate init" in missing.err
    assert "Is a directory" in run("-c", ".", "status").err
    (run.room / "syndicate.toml").write_text('[brnd]\nname = "x"\n[serve]\nport = "high"\n')
    wrong = run("status")
    assert wrong.status == 2
    assert "did you mean brand?" in wrong.err
    assert "serve.port: found 'high', expected a whole number" in wrong.err


def test_a_store_that_cannot_be_opened_is_told(run):
    """A database that is none, a URL that is none, a driver that is missing: one message, no traceback, no password."""
    (run.room / "data").mkdir()
    (run.room / "data/syndication.db").write_text("this is no database" * 100)
    (run.room / "syndicate.toml").write_text("")
    damaged = run("status")
    assert damaged.status == 2
    assert "not a database" in damaged.err
    for url in ("nonsense", "postgresql+nodriver://user:pass-of-the-test@127.0.0.1:1/x"):
        (run.room / "syndicate.toml").write_text(f'[store]\nurl = "{url}"\n')
        done = run("status")
        assert done.status == 2
        assert "[store] url" in done.err
        assert "pass-of-the-test" not in done.err


@pytest.fixture
def powerless():
    """This process without the right to write everywhere, should it be root's."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def test_a_folder_that_may_not_be_written_is_told(run, request):
    """Without permission for the data folder the system's word is told, with status 2."""
    (run.room / "syndicate.toml").write_text("")
    assert run("status").status == 0
    (run.room / "syndicate.toml").write_text('[store]\nfolder = "elsewhere"\n')
    run.room.chmod(0o555)
    request.getfixturevalue("powerless")
    done = run("status")
    assert done.status == 2
    assert "Permission denied" in done.err


def test_two_processes_that_make_the_key_agree(run):
    """Whoever comes second seals with the key that the first one made."""
    from syndication.config import load

    run("init")
    config = load(run.room / "syndicate.toml")
    (run.room / "data/secret.key").unlink()
    sealed, made = [], threading.Barrier(8)

    def seal():
        vault = Vault(config)
        made.wait()
        sealed.append(vault.seal({"word": "x"}))

    threads = [threading.Thread(target=seal) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Vault(config).open(one) for one in sealed] == [{"word": "x"}] * 8
    assert [file.name for file in (run.room / "data").iterdir() if file.name.startswith(".part")] == []


def test_check_tells_what_an_account_cannot_do_any_more(desk, monkeypatch):
    """A form that its network has not, and an interface that the network is about to end."""
    config = desk.room / "syndicate.toml"
    whole = config.read_text(encoding="utf-8")
    config.write_text(whole + '\n[accounts.desk]\nform = "made"\n', encoding="utf-8")
    assert "Mastodon has no 'made' posts; it has image" in desk("check", "--offline").out
    config.write_text(whole, encoding="utf-8")
    monkeypatch.setattr(Mastodon, "ends", datetime.now(UTC).date() + timedelta(days=30))
    found = {one["check"]: one["problem"] for one in desk("check", "--offline", "--json").data()}
    assert "bring syndication up to date" in found["account desk"]


def test_connect_names_every_network(run):
    """Who types `--help` reads what may stand for NETWORK."""
    assert {*NETWORKS} <= set(re.findall(r"\w+", run("connect", "--help").out.partition("Networks:")[2]))

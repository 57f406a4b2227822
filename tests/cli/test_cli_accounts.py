"""What the operator is told of accounts: what they may do, until when, what is foreseen; keys, and letting go."""

from datetime import UTC, datetime, timedelta

import pytest

from syndication.config import load
from syndication.store import accounts, milliseconds, open_store
from syndication.vault import Vault


@pytest.fixture
def ends(desk):
    """Has the desk's token end in so many days: ends(days, renews=False, lacks="")."""

    def make(days, *, renews=False, lacks=""):
        config = load(desk.room / "syndicate.toml")
        store = open_store(config.store_url)
        at = milliseconds(datetime.now(UTC) + timedelta(days=days, minutes=5))
        sealed = Vault(config).seal({"access_token": "sandbox-desk"})
        with store.write() as tx:
            accounts.keep_token(tx, "desk", accounts.Token(sealed, at, renews, None, lacks))
        store.close()

    return make


def problem(desk):
    return {one["check"]: one["problem"] for one in desk("check", "--offline", "--json").data()}[
        "account desk"
    ]


def test_a_token_that_ends_is_foreseen(desk, ends):
    """Two weeks before, `check` fails and `accounts` tells it, with the command that mends it."""
    assert "no end known" in desk("accounts").out
    ends(40)
    assert problem(desk) == ""
    assert "until 20" in desk("accounts").out
    ends(9)
    assert "ends in 9 days" in problem(desk)
    assert "syndicate connect mastodon --server http://127.0.0.1" in problem(desk)
    assert "--name desk" in desk("accounts").out
    ends(-1)
    assert "is over since" in problem(desk)
    assert desk("check", "--offline").status == 1


def test_a_token_that_should_have_been_renewed_is_told(desk, ends):
    """One that is renewed by itself is nobody's work, until its end comes near all the same."""
    ends(40, renews=True)
    assert problem(desk) == ""
    assert "renewed by itself" in desk("accounts").out
    ends(9, renews=True)
    assert "was not renewed as it should be, and ends in 9 days" in problem(desk)


def test_a_right_that_was_not_given_is_told(desk, ends):
    """By what it is for."""
    ends(90, lacks="attach the card (write:media)")
    assert "it was not allowed to attach the card (write:media): connect it again" in problem(desk)


def test_a_schedule_beyond_the_end_is_warned_about(desk, ends, story):
    """When it is asked for, and by every `check` after; not where the token is renewed by itself."""
    desk("publish", story(), "--now")
    ends(20)
    late = (datetime.now(UTC) + timedelta(days=30)).isoformat(timespec="minutes")
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="minutes")
    assert (
        "its token ends" not in desk("share", "cms-4711", "--to", "desk", "--label", "soon", "--at", soon).err
    )
    done = desk("share", "cms-4711", "--to", "desk", "--label", "late", "--at", late)
    assert done.status == 0
    assert "desk: its token ends before that" in done.err
    assert "1 post is to go out after its token ends" in problem(desk)
    ends(20, renews=True)
    assert "token ends" not in desk("share", "cms-4711", "--to", "desk", "--label", "later", "--at", late).err


def test_connecting_says_what_the_account_may_do_and_until_when(run, network, capfd):
    """In words; the sandbox's tokens have no end."""
    from cli.test_cli_operator import Typing

    run("init")
    done = run("connect", "mastodon", "--server", network.url, "--no-browser", stdin=Typing(capfd))
    assert done.status == 0
    assert "It may post, look for a post whose answer was lost, change what it posted, remove it." in done.err
    assert "no end that is known" in done.err


def test_disconnect_lets_an_account_go(desk, network):
    """It is gone from `accounts`; a name that is not there is answered with the nearest one, with status 2."""
    wrong = desk("disconnect", "dsk")
    assert wrong.status == 2
    assert "Did you mean desk?" in wrong.err
    done = desk("disconnect", "desk")
    assert done.status == 0
    assert "desk (@desk@127.0.0.1" in done.err
    assert "End it there by hand" in done.err
    assert desk("accounts").err.startswith("No account is connected")


def test_disconnect_without_an_answer_says_so(desk, network):
    """A token that may still be good is not passed over in silence; --offline forgets it here."""
    config = load(desk.room / "syndicate.toml")
    store = open_store(config.store_url)
    app = {"access_token": "sandbox-desk", "client_id": "app", "client_secret": "secret"}
    with store.write() as tx:
        accounts.keep_secret(tx, "desk", Vault(config).seal(app))
    store.close()
    network.shutdown()
    network.server_close()
    done = desk("disconnect", "desk")
    assert done.status == 1
    assert "--offline" in done.err
    assert "it is being disconnected" in desk("accounts").out
    assert desk("disconnect", "desk", "--offline").status == 0


def test_keys_are_listed_and_changed_without_being_shown(desk):
    """By a mark of each; the new one seals all that is there, and the account still posts."""
    before = (desk.room / "data/secret.key").read_text().strip()
    [only] = desk("keys", "--json").data()
    assert only["secrets"] == 1
    done = desk("keys", "rotate")
    assert done.status == 0
    assert "1 secret sealed with the new key" in done.err
    shown = desk("keys")
    assert [one["secrets"] for one in desk("keys", "--json").data()] == [1, 0]
    assert before not in done.err + done.out + shown.out + shown.err
    assert only["mark"] in shown.out
    assert desk("check").out.count("account desk") == 1
    assert problem(desk) == ""
    assert len(desk("keys", "new").out.strip()) == 44

"""What becomes of a story whose card has a fault: told, drawn more plainly, or held for an editor."""

import pytest
from scripted import post

from syndication.config import parse
from syndication.models import State
from syndication.pipeline import accept, resolve, run_due
from syndication.store import stories
from syndication.vault import Vault

ALERT = {"template": "breaking"}
PALE = '[brand.colors]\nalarm = "#f0b0b0"\n'
CLEAR = '[brand.colors]\nalarm = "#a01020"\n'


def configured(folder, text):
    return parse(f"[delivery]\nlease = 60\n{text}", folder / "syndicate.toml")


def problem(store):
    with store.read() as tx:
        return stories.need(tx, "cms-1").problem


def cards(store):
    with store.read() as tx:
        return {card.template for card in stories.need(tx, "cms-1").cards}


def test_a_fault_is_repaired_by_a_plainer_card_and_told(store, tmp_path, network, desk, event):
    """By default the words that cannot be read make way for a card that has no fault; one line says why."""
    config = configured(tmp_path, PALE)
    accept(store, config, event(card=ALERT))
    run_due(store, config)
    assert post(store).state is State.SENT
    assert cards(store) == {"plain"}
    told = problem(store)
    assert told.startswith("the breaking card has ")
    assert "logo, everywhere: contrast 1." in told
    assert "wanted 3.0 to 1" in told
    assert told.endswith("It is drawn as plain instead.")
    assert "\n" not in told


def test_a_sound_card_is_left_alone(store, tmp_path, network, desk, event):
    """What passes its checks goes out as it was asked for, without a word."""
    config = configured(tmp_path, CLEAR)
    accept(store, config, event(card=ALERT))
    run_due(store, config)
    assert (cards(store), problem(store)) == ({"breaking"}, "")


def test_by_warn_the_card_goes_out_as_it_is(store, tmp_path, network, desk, event):
    """The newsroom may want its card whatever is wrong with it; it is told each time the story is drawn."""
    config = configured(tmp_path, f'[cards]\ncheck = "warn"\n{PALE}')
    for revision in (1, 2):
        accept(store, config, event(card=ALERT, revision=revision, summary=f"Summary {revision}"))
        run_due(store, config)
        assert (post(store).state, cards(store)) == (State.SENT, {"breaking"})
        assert "contrast" in problem(store)


@pytest.mark.parametrize(
    ("table", "changes", "why"),
    [
        (f'[cards]\ncheck = "refuse"\n{PALE}', {"card": ALERT}, "the breaking card has "),
        ('[cards]\nmissing = "refuse"\n', {"headline": "The sea \U00012345"}, "U+12345"),
    ],
    ids=["a fault", "a letter that no font has"],
)
def test_by_refuse_the_story_waits_for_an_editor(store, tmp_path, network, desk, event, table, changes, why):
    """Nothing goes out, the reason stands at the story and its post, and an editor's word takes it up again."""
    strict = configured(tmp_path, table)
    accept(store, strict, event(**changes))
    run_due(store, strict)
    assert post(store).state is State.FAILED
    assert why in post(store).reason
    assert why in problem(store)
    assert network.sent == []
    assert not list(strict.at(strict.cards.folder).glob("*"))
    resolve(store, 1, retry=True)
    lenient = configured(tmp_path, "")
    run_due(store, lenient)
    assert post(store).state is State.SENT


def test_where_no_card_is_without_fault_the_one_asked_for_goes_out(store, tmp_path, network, desk, event):
    """Ink that cannot be read on paper spoils every card of words: the story still goes out, and says so."""
    config = configured(tmp_path, '[brand.colors]\nink = "#c8c8c8"\n')
    accept(store, config, event())
    run_due(store, config)
    assert (post(store).state, cards(store)) == (State.SENT, {"article"})
    assert "contrast 1.52 to 1, wanted 3.0 to 1. Another ink in [brand.colors]" in problem(store)


def test_a_card_that_is_refused_for_one_account_holds_its_post_alone(
    store, tmp_path, network, desk, connect, event
):
    """The other accounts' cards are sound: their posts go out, and the story says who was left out, and why."""
    mild = f'[cards]\ncheck = "refuse"\n{PALE}'
    config = configured(tmp_path, f'{mild}[accounts.world]\ntemplate = "breaking"\n')
    connect("world", "script", Vault(config).seal({"token": "t"}))
    accept(store, config, event(card={**ALERT, "template": ""}))
    run_due(store, config)
    by_account = {one.account: one for one in (post(store, 1), post(store, 2))}
    assert by_account["desk"].state is State.SENT
    assert by_account["world"].state is State.FAILED
    assert "the breaking card has" in by_account["world"].reason
    assert problem(store).startswith("world: not posted, the breaking card has")
    resolve(store, by_account["world"].id, retry=True)
    run_due(store, configured(tmp_path, ""))
    assert post(store, by_account["world"].id).state is State.SENT
    assert len(network.sent) == 2


def test_a_post_that_is_out_follows_once_its_account_s_card_is_mended(
    store, tmp_path, network, desk, connect, event
):
    """A changed story whose new card is refused for one account changes the others' posts, and that one's later."""
    own = '[accounts.world]\ntemplate = "breaking"\n'
    sound, pale = f"{CLEAR}{own}", f'[cards]\ncheck = "refuse"\n{PALE}{own}'
    connect("world", "script", Vault(configured(tmp_path, sound)).seal({"token": "t"}))
    facts = {**ALERT, "template": ""}
    for table, changes in ((sound, {}), (pale, {"headline": "The sea took the road", "revision": 2})):
        accept(store, configured(tmp_path, table), event(card=facts, **changes))
        run_due(store, configured(tmp_path, table))
    assert len(network.edited) == 1
    accept(
        store, configured(tmp_path, sound), event(card=facts, headline="The sea took the road", revision=3)
    )
    run_due(store, configured(tmp_path, sound))
    assert len(network.edited) == 2

"""What posts cost is counted, and one that is beyond a budget waits for an editor."""

from decimal import Decimal

import pytest
from scripted import SENT, deliver, post, steps

from syndication.config import parse
from syndication.errors import NotSent, Refused, Unknown
from syndication.models import State
from syndication.pipeline import accept, prepare_next
from syndication.pipeline.budget import dollars, used_by_all
from syndication.store import spending, stories
from syndication.store.schema import deliveries as rows

DAY = "2026-11-20"


@pytest.fixture
def limited(config):
    """A config whose accounts have these budgets."""

    def make(text):
        return parse(f"[delivery]\nlease = 60\n{text}", config.folder / "syndicate.toml")

    return make


@pytest.fixture
def dear(network, monkeypatch):
    """The scripted network charges 20 cents a post."""
    monkeypatch.setattr(type(network), "price", lambda self, draft: Decimal("0.20"))
    return network


@pytest.fixture
def story(store, event):
    def make(config, number):
        accept(store, config, event(id=f"cms-{number}", url=f"https://news.example/{number}"))
        prepare_next(store, config)

    return make


def spent(store, day=DAY, account="desk"):
    with store.read() as tx:
        return spending.since(tx, day, account)


def test_a_post_is_counted_with_its_price(store, config, desk, dear, story):
    """On the day of its intent."""
    story(config, 1)
    deliver(store, config)
    assert spent(store)[::2] == (1, 200_000)
    assert spent(store, "2026-11-21")[::2] == (0, 0)


@pytest.mark.parametrize("error", [Refused("no"), NotSent("refused a connection")])
def test_what_surely_is_not_out_is_not_counted(store, config, desk, dear, story, error):
    """A refusal, or a connection that was never made, takes the count back."""
    dear.publishes = [error]
    story(config, 1)
    deliver(store, config)
    assert spent(store)[::2] == (0, 0)


def test_what_may_be_out_is_counted_once(store, config, desk, dear, story, clock):
    """A lost answer counts, and the same post sent again under its key is no second one."""
    dear.publishes = [Unknown("lost"), SENT]
    story(config, 1)
    deliver(store, config)
    assert spent(store)[::2] == (1, 200_000)
    clock.move(11)
    deliver(store, config)
    assert post(store).state is State.SENT
    assert spent(store)[::2] == (1, 200_000)


def test_a_post_beyond_the_days_money_waits_for_an_editor(store, limited, desk, dear, story):
    """It is held, with the words of what is used and what sends it all the same; nothing is asked of the network."""
    config = limited("[accounts.desk.budget]\ndollars_per_day = 0.5\n")
    for number in (1, 2, 3):
        story(config, number)
        deliver(store, config)
    assert [post(store, number).state for number in (1, 2, 3)] == [State.SENT, State.SENT, State.HELD]
    held = post(store, 3)
    assert held.held_for == "budget"
    for words in ("0.50 USD a day", "2 posts", "0.40 USD today", "0.20 USD", "syndicate resume --delivery 3"):
        assert words in held.reason
    assert steps(store, "cms-3")[-1] == "held"
    assert len(dear.sent) == 2


@pytest.mark.parametrize("table", ["accounts.desk.budget", "budget"])
@pytest.mark.parametrize("line", ["posts_per_day = 1", "posts_per_month = 1", "dollars_per_month = 0.3"])
def test_each_budget_holds_what_is_beyond_it(store, limited, desk, dear, story, table, line):
    """An account's own and the newsroom's, by the day and by the month."""
    config = limited(f"[{table}]\n{line}\n")
    for number in (1, 2):
        story(config, number)
        deliver(store, config)
    assert [post(store, number).state for number in (1, 2)] == [State.SENT, State.HELD]


def test_a_new_day_has_a_new_budget_by_the_papers_clock(store, limited, desk, dear, story, clock):
    """At noon UTC on 20 November it is the 21st in Kiritimati, whose day ends ten hours before UTC's."""
    config = limited('[brand]\ntimezone = "Pacific/Kiritimati"\n[accounts.desk.budget]\nposts_per_day = 1\n')
    story(config, 1)
    deliver(store, config)
    assert spent(store, "2026-11-21").posts == 1
    clock.move(22 * 3600)
    story(config, 2)
    deliver(store, config)
    assert post(store, 2).state is State.SENT


def test_what_an_editor_released_goes_out_all_the_same(store, limited, desk, dear, story):
    """A budget stops a post once; it is counted nevertheless."""
    config = limited("[accounts.desk.budget]\nposts_per_day = 0\n")
    story(config, 1)
    deliver(store, config)
    assert post(store).state is State.HELD
    with store.write() as tx:
        released = {"state": State.PLANNED, "released_at": store.now(), "draft": None, "due_at": store.now()}
        tx.execute(rows.update().values(**released))
        stories.redraw(tx, "cms-1", store.now())
    prepare_next(store, config)
    deliver(store, config)
    assert post(store).state is State.SENT
    assert spent(store).posts == 1


def test_a_free_post_needs_no_money(store, limited, desk, network, story):
    """A budget in dollars that is used up holds nothing that costs nothing."""
    config = limited("[budget]\ndollars_per_day = 0\n")
    story(config, 1)
    deliver(store, config)
    assert post(store).state is State.SENT


def test_what_is_used_and_planned_is_told(store, limited, desk, dear, story):
    """Used today and this month, what waits and its price, and what is held."""
    config = limited("[accounts.desk.budget]\nposts_per_day = 1\n")
    for number in (1, 2):
        story(config, number)
        deliver(store, config)
    story(config, 3)
    (use,), newsroom = used_by_all(store, config)
    assert (use.account, use.today.posts, use.month.micros) == ("desk", 1, 200_000)
    assert (use.waiting, use.unpriced, use.price, use.held) == (1, 0, 200_000, 1)
    assert [(one.measure, one.span, one.most) for one in use.limits] == [("posts", "day", 1)]
    assert newsroom == ()


@pytest.mark.parametrize(
    ("micros", "said"), [(0, "0.00"), (200_000, "0.20"), (15_000, "0.015"), (12_500_000, "12.50")]
)
def test_money_is_told_to_the_cent_or_what_is_needed(micros, said):
    """As prices are written."""
    assert dollars(micros) == said

"""Networks that read the story's page get the post once the page and its card are there for them."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scripted import SENT, deliver, post, steps

from syndication.config import Brand, parse
from syndication.errors import Unknown
from syndication.metadata import head_tags, read_properties, rewrite
from syndication.models import PublishEvent, State
from syndication.pipeline import accept, gate, prepare_next, sweep
from syndication.store import deliveries, stories

PAGE = b"<!doctype html><html><head><title>The sea</title></head><body><h1>The sea</h1></body></html>"


@pytest.fixture(autouse=True)
def network(network, monkeypatch):
    """The scripted network reads pages."""
    monkeypatch.setattr(network, "forms", ("crawled", "image"))
    return network


class Paper:
    """A story of a paper with a web site of its own, where nothing stands yet."""

    def __init__(self, store, site, folder, event):
        self.store, self.site, self.folder, self.make = store, site, folder, event
        self.url, self.cards = site.put("/world/1"), site.put("/cards/")

    def config(self, gate="", metadata='pages = "public/{path}.html"'):
        text = f'[cards]\nbase_url = "{self.cards}"\n[fetch]\nallow = ["127.0.0.0/8"]\n[gate]\n{gate}\n'
        return parse(
            f"[delivery]\nlease = 60\n{text}[metadata]\n{metadata}\n", self.folder / "syndicate.toml"
        )

    def publish(self, config, **changes):
        """Written as its posts are, its page and cards are made but not yet on the site."""
        file = self.folder / "public/world/1.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_bytes(PAGE)
        accept(self.store, config, self.make(url=self.url, **changes))
        prepare_next(self.store, config)

    def upload(self, config, *, page=True, cards=True):
        """What the paper's own machinery does a little later."""
        with self.store.read() as tx:
            drawn = stories.need(tx, "cms-1").cards
        for card in drawn if cards else ():
            data = (config.at(config.cards.folder) / card.file).read_bytes()
            self.site.put(f"/cards/{card.file}", (200, card.mime, data))
        if page:
            data = (self.folder / "public/world/1.html").read_bytes()
            self.site.put("/world/1", (200, "text/html; charset=utf-8", data))


@pytest.fixture
def paper(store, desk, site, tmp_path, event):
    made = Paper(store, site, tmp_path, event)
    site.answers.clear()
    return made


def test_a_post_goes_out_at_once_where_all_is_there(store, paper, network):
    """The page with this revision's tags, and the card that it names with the bytes that were drawn."""
    config = paper.config()
    paper.publish(config)
    paper.upload(config)
    deliver(store, config)
    assert post(store).state is State.SENT
    assert [path.partition("/cards")[1] for path in paper.site.asked] == ["", "/cards"]


def test_a_post_waits_until_its_page_and_its_card_are_there(store, paper, network, clock):
    """Each reason is told once, in words that name what is missing; then it goes out, once."""
    config = paper.config()
    paper.publish(config)
    told = []
    for _ in range(2):
        deliver(store, config)
        told.append(post(store).reason)
        assert post(store).state is State.READY
        clock.move(15)
    paper.upload(config, cards=False)
    deliver(store, config)
    told.append(post(store).reason)
    paper.upload(config)
    clock.move(15)
    deliver(store, config)
    assert "the page is not there yet: 127.0.0.1/world/1: the server answered 404" in told[0]
    assert told[0] == told[1]
    assert "the card is not there yet" in told[2]
    assert post(store).state is State.SENT and post(store).reason == ""
    assert steps(store).count("later") == 2
    assert len(network.sent) == 1


def test_the_mailbox_goes_on_with_other_letters(store, paper, network, event):
    """One page that is not there holds up one post."""
    config = paper.config()
    paper.publish(config)
    paper.upload(config)
    (paper.folder / "public/world/1x.html").write_bytes(PAGE)
    accept(store, config, event(id="cms-0", url=paper.url + "x", priority="breaking"))
    prepare_next(store, config)
    while deliver(store, config):
        pass
    assert [post(store, number).state for number in (1, 2)] == [State.SENT, State.READY]


def test_the_page_must_show_this_revision(store, paper, network, clock):
    """A page that a cache still gives with the old headline is waited for."""
    config = paper.config()
    paper.publish(config)
    paper.upload(config)
    paper.publish(config, revision=2, headline="The sea took the road a third time")
    paper.upload(config, page=False)
    deliver(store, config)
    assert (
        "another og:title than this revision of the story: The sea took the road twice" in post(store).reason
    )
    paper.upload(config)
    clock.move(3)
    deliver(store, config)
    assert post(store).state is State.SENT
    assert network.sent[0].title == "The sea took the road a third time"


def test_the_page_must_name_this_revisions_card(store, paper, network):
    """The card shows the summary's photo or kicker as well, so the headline alone says too little."""
    config = paper.config()
    paper.publish(config)
    paper.upload(config)
    paper.publish(config, revision=2, kicker="Floods")
    paper.upload(config, page=False)
    deliver(store, config)
    assert "another og:image than this revision of the story" in post(store).reason


def test_a_page_whose_tags_we_do_not_write_need_only_be_there(store, paper, network):
    """Its CMS decides what they say; the card at its public address is looked at all the same."""
    config = paper.config(metadata="")
    paper.publish(config)
    paper.upload(config, cards=False)
    deliver(store, config)
    assert "the card is not there yet" in post(store).reason
    paper.upload(config)
    store.now.move(3)
    deliver(store, config)
    assert post(store).state is State.SENT


def test_a_network_that_fetches_the_card_waits_for_the_card_alone(store, paper, network, monkeypatch):
    """It never looks at the page."""
    monkeypatch.setattr(network, "forms", ("image",))
    monkeypatch.setattr(network, "public", True, raising=False)
    config = paper.config()
    paper.publish(config)
    deliver(store, config)
    assert post(store).state is State.READY
    assert all(path.startswith("/cards/") for path in paper.site.asked)


def test_a_network_that_gets_the_card_from_us_waits_for_nothing(store, paper, network, monkeypatch):
    """Nothing on the web decides what such a post shows."""
    monkeypatch.setattr(network, "forms", ("image",))
    config = paper.config()
    paper.publish(config)
    deliver(store, config)
    assert post(store).state is State.SENT and paper.site.asked == []


def until_over(store, config, clock):
    """Let the time pass, looking whenever a look is due; the seconds between the looks."""
    pauses = []
    while post(store).state is State.READY:
        deliver(store, config)
        if post(store).state is State.READY:
            wait = post(store).due.timestamp() - clock.value / 1000
            pauses.append(round(wait))
            clock.move(wait)
    return pauses


def test_a_degraded_post_says_so(store, paper, network, clock):
    """After the time that is given it goes out all the same; its row and the trail tell what was missing."""
    config = paper.config()
    paper.publish(config)
    pauses = until_over(store, config, clock)
    assert pauses[:4] == [2, 2, 4, 8] and max(pauses) == 15 and sum(pauses) == 120
    assert post(store).state is State.SENT
    assert post(store).reason.startswith("posted before all was ready: the page is not there yet")
    assert steps(store)[-3:] == ["unready", "intent", "sent"]


def test_breaking_news_waits_a_quarter(store, paper, network, clock):
    """Thirty seconds of a hundred and twenty."""
    config = paper.config()
    paper.publish(config, priority="breaking")
    assert sum(until_over(store, config, clock)) == 30


def test_where_an_editor_is_to_be_asked_it_is_held(store, paper, network, clock):
    """With what is missing and what sends it; once released it goes out, whatever the page says."""
    config = paper.config('wait = 10\nthen = "ask"')
    paper.publish(config)
    until_over(store, config, clock)
    held = post(store)
    assert (held.state, held.held_for) == (State.HELD, "gate")
    assert "the page is not there yet" in held.reason and "syndicate resume --delivery 1" in held.reason
    with store.write() as tx:
        released = {"released_at": clock.value, "state": State.PLANNED, "due_at": clock.value}
        assert deliveries.change(tx, held, {State.HELD}, **released)
        stories.redraw(tx, "cms-1", clock.value)
    prepare_next(store, config)
    deliver(store, config)
    assert post(store).state is State.SENT and post(store).reason == ""


def test_what_no_waiting_mends_is_not_waited_for(store, paper, network):
    """A page inside that may not be read: the post goes out at once, and the words say how to mend it."""
    config = paper.config()
    config = config.model_copy(update={"fetch": config.fetch.model_copy(update={"allow": ()})})
    paper.publish(config)
    deliver(store, config)
    assert post(store).state is State.SENT
    assert "the page cannot be read" in post(store).reason and "`allow` in [fetch]" in post(store).reason


def test_a_card_that_a_service_rewrites_is_not_waited_for(store, paper, network):
    """Its address carries its hash, so other bytes there do not become ours; the words name the address."""
    config = paper.config()
    paper.publish(config)
    paper.upload(config)
    with store.read() as tx:
        cards = stories.need(tx, "cms-1").cards
    for card in cards:
        paper.site.put(f"/cards/{card.file}", (200, "image/webp", b"RIFF"))
    deliver(store, config)
    assert post(store).state is State.SENT
    assert f"{paper.cards}{post(store).draft.card.file} gives another picture" in post(store).reason


def test_a_gate_that_is_off_looks_at_nothing(store, paper, network):
    """`wait = 0`."""
    config = paper.config("wait = 0")
    paper.publish(config)
    deliver(store, config)
    assert post(store).state is State.SENT and paper.site.asked == []


def test_what_may_be_out_never_waits(store, paper, network, clock):
    """A post that is sent again under its key goes out at once: its time is short."""
    config = paper.config()
    paper.publish(config)
    paper.upload(config)
    network.publishes = [Unknown("lost"), SENT]
    deliver(store, config)
    paper.site.answers.clear()
    clock.move(11)
    while deliver(store, config):
        pass
    assert post(store).state is State.SENT and post(store).reason == ""


def test_a_story_withdrawn_while_its_post_waits_never_goes_out(store, paper, network, clock):
    """Waiting at the gate is not being sent."""
    config = paper.config()
    paper.publish(config)
    deliver(store, config)
    accept(store, config, paper.make(url=paper.url, kind="withdraw", revision=2))
    paper.upload(config)
    clock.move(200)
    sweep(store, config)
    while deliver(store, config):
        pass
    assert post(store).state is State.CANCELLED and network.sent == []


def test_a_page_with_old_tags_after_ours_is_read_as_crawlers_do():
    """The first of several tags counts, entities are read, blanks are one, and the body tells nothing."""
    page = (
        b'<head><meta property="og:title" content="A &amp;  B"><meta property="og:title" content="C"></head>'
        b'<body><meta property="og:url" content="https://other.example/">'
    )
    assert read_properties(page) == {"og:title": "A & B"}


@given(st.binary(max_size=400))
def test_any_bytes_can_be_read(page):
    """What a page says is text, whatever it is made of."""
    assert all(isinstance(value, str) for value in read_properties(b"<head>" + page).values())


@given(headline=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
def test_our_own_tags_are_read_as_they_were_written(headline):
    """Whatever a headline holds, a page with this revision's tags passes for what it is."""
    assume(headline.strip())
    facts = {"url": "https://news.example/1", "published": "2026-11-20T08:00:00Z"}
    event = PublishEvent.model_validate({**facts, "headline": headline})
    page = rewrite(PAGE, tags := head_tags(event, (), brand=Brand(), base_url=""))
    wanted = {meta.name: meta.content for meta in tags.metas if meta.name.startswith("og:")}
    assert read_properties(page) == wanted


def test_looks_grow_apart_and_end_in_time(store, paper, network, clock):
    """Never closer than two seconds, never more than fifteen apart, the last one when the time is over."""
    config = paper.config("wait = 7")
    paper.publish(config)
    one = post(store)
    assert gate.next_look(config, one, clock.value) == clock.value + 2_000
    assert gate.next_look(config, one, clock.value + 6_000) == clock.value + 7_000
    assert gate.next_look(config, one, clock.value + 7_000) is None

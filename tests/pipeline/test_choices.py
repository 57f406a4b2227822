"""What is wrong with what the config says of accounts: names that are nobody's, cards that nobody sees."""

import pytest

from syndication.config import parse
from syndication.pipeline import accept
from syndication.pipeline.choices import names_of_stories, unconnected, wrong_choices


@pytest.fixture
def wrong(store, connect, network):
    """What is told of the account `desk` with these rules; a story has the section Climate and the desk Night."""

    def told(rules, forms=("image",), hashtags=30):
        network.forms = forms
        account = connect("desk", "script", limits=network.limits.model_copy(update={"hashtags": hashtags}))
        config = parse(f'[brand.sections.World]\naccent = "#123456"\n[accounts.desk]\n{rules}\n')
        with store.read() as tx:
            return wrong_choices(config, account, names_of_stories(tx, config))

    return told


@pytest.fixture(autouse=True)
def stories(store, config, event):
    accept(store, config, event(section="Climate", desk="Night"))


def test_an_account_that_is_not_connected_is_told_with_the_nearest_name():
    """A misspelt table would else be silent for ever."""
    config = parse("[accounts.dsek]\n[accounts.sport]\n[accounts.world]\n")
    assert list(unconnected(config, ["desk", "world"])) == [
        ("dsek", "stands in the config but is not connected; desk is: is one misspelt?"),
        ("sport", "stands in the config but is not connected: syndicate connect NETWORK --name sport"),
    ]


@pytest.mark.parametrize(
    ("rules", "forms", "told"),
    [
        ("", ("image",), ""),
        ('takes = { sections = ["climate", "world", "Chess"], desks = ["NIGHT"] }', ("image",), ""),
        (
            'takes = { sections = ["Climat"] }',
            ("image",),
            "sections: no story has Climat, but some have Climate: is one misspelt?",
        ),
        (
            'skips = { desks = ["Nights"] }',
            ("image",),
            "desks: no story has Nights, but some have Night: is one misspelt?",
        ),
        (
            'takes = { sections = ["Worlds"] }',
            ("image",),
            "sections: no story has Worlds, but some have World",
        ),
        ('text = "{headline} {link} {hashtags}"\nhashtags = 1', ("image",), ""),
        ('text = "{headline} {link} {hashtags}"', ("image",), "text: {hashtags} stays empty; say how many"),
        ('text = "{headline} {link}"\nhashtags = 1', ("image",), "hashtags: the text has no place for them"),
        ("hashtags = 1", ("image",), ""),
        ('text = "{headline} {mentions}"', ("image",), "text: {mentions} stays empty, as the config names"),
        ('template = "quote"', ("image",), ""),
        ('template = "qoute"', ("image",), "template: no card template is called qoute; did you mean quote?"),
        (
            'template = "quote"',
            ("crawled",),
            "template: Script shows the card that the page names, whatever stands here; leave it out",
        ),
        ('template = "quote"', ("crawled", "image"), 'say form = "image" as well'),
        ('template = "quote"\nform = "image"', ("crawled", "image"), ""),
        ('form = "made"', ("image",), "form: Script has no 'made' posts; it has image"),
        ("record = true", ("made",), "record: Script keeps no records of stories; leave it out"),
    ],
)
def test_choices_that_cannot_be_meant(wrong, rules, forms, told):
    """Each is told with what is known in its place; a name that no story has yet is no fault by itself."""
    words = wrong(rules, forms)
    assert told in words
    assert bool(words) is bool(told)


def test_hashtags_that_a_network_takes_none_of_are_told(wrong):
    """However many are asked for: their place in the text stays empty."""
    told = wrong('text = "{headline} {hashtags}"\nhashtags = 2', hashtags=0)
    assert told == "text: {hashtags} stays empty, as Script takes none; leave it out"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("", "record: it names the paper by its address; say `site` in [brand]"),
        ('form = "image"', 'record: it stands beside link cards alone; say form = "made" as well'),
    ],
)
def test_a_record_that_nobody_would_see_is_told(wrong, network, rules, told):
    """Where the network keeps records, what they need is named."""
    network.records = {"records": "keep records"}
    assert wrong(f"record = true\n{rules}", ("made", "image")) == told

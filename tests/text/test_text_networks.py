"""Whatever a story says, what a network is sent is a text that it takes, cut where no harm is done: 20,000 each."""

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.models import PublishEvent
from syndication.networks import NETWORKS
from syndication.text import Voice, compose, fits, hashtags, links
from syndication.text.prose import tidy

URL = "https://news.example/world/4711"
_LATIN = (
    "word |Wörter |e\u0301|https://a.example/x?y=(1) |#tag |@ada@social.example |@ada |story.news |Satz. "
)
_OTHERS = "Ende! |Dr. |漢字|かな|عربي |हिन्दी |ไทยไม่เว้น|👩‍👩‍👧 |❤️|🇩🇪|#زرقاء |قال. |。|\n|\n\n|(Klammer) |“quote” |…|$€£ "
_RUNS = "\u2067אבג\u2069 |\u202bרץ\u202c |\u202e|\u2066"
PIECES = [*f"{_LATIN}|{_OTHERS}|{_RUNS}".split("|"), "x" * 40]
TIMES = [1] * 18 + [4] * 4 + [30] * 2


def text_of(drawn):
    """The pieces that some bytes stand for, repeated as the first says: short and long texts alike, or the roomy
    networks would never cut. Drawn as bytes, as drawing piece by piece takes longer than all that is tested.
    """
    pieces = "".join(PIECES[byte % len(PIECES)] for byte in drawn[1:])
    return (pieces * TIMES[drawn[0] % len(TIMES)])[:5000]


texts = st.binary(min_size=1, max_size=13).map(text_of)

# Each way to count, once: networks and forms that count alike are alike.
RULES = {
    network.limits_of(network.limits, form).model_dump_json(exclude={"alt", "image_bytes"}): (
        name,
        network.limits_of(network.limits, form),
    )
    for name, network in NETWORKS.items()
    for form in network.forms
}
GROUPS = [list(RULES.values())[start::2] for start in range(2)]

OPEN, CLOSE = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068", "\u202c\u2069"
GRAPHEMES, MENTION = regex.compile(r"\X"), regex.compile(r"@\w+(?:@[\w.]+)?")


def story(summary):
    told = {"url": URL, "headline": "Ferry sinks", "summary": summary, "tags": ["sea", "climate change"]}
    return PublishEvent.model_validate({**told, "published": "2026-11-20T08:00:00Z"})


@pytest.mark.timeout(1200)  # 20,000 texts for each rule take minutes on a busy machine
@pytest.mark.parametrize(
    "rules", GROUPS, ids=lambda rules: "-".join(dict.fromkeys(name for name, _ in rules))
)
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(summary=texts)
def test_what_is_sent_fits_and_is_cut_between_graphemes_links_and_tags(rules, summary):
    """It fits; what it says the story says, in whole graphemes; links, tags and names are whole; runs are closed."""
    event, words = story(summary), tidy(summary)
    graphemes = GRAPHEMES.findall(words)
    known = {url for *_, url in links(words)} | {URL}
    tags = {tag for *_, tag in hashtags(words)} | {"sea", "ClimateChange"}
    names, known_good = set(MENTION.findall(words)), set()
    for name, limits in rules:
        said = compose(event, limits=limits, voice=Voice(hashtags=2))
        assert fits(said, limits), name
        if (said, limits.link_in_text) in known_good:  # networks with room enough say the same
            continue
        assert {url for *_, url in links(said)} <= known, name
        assert {tag for *_, tag in hashtags(said)} <= tags, name
        assert set(MENTION.findall(said)) <= names, name
        if limits.link_in_text:
            assert URL in said, name
        body = said.partition(f"\n\n{URL}")[0] if limits.link_in_text else said.partition("\n\n#sea")[0]
        assert closed(body.rpartition("\n")[2]), name
        kept = body.rstrip(CLOSE).removesuffix("…").rstrip(CLOSE + " ")
        mine = GRAPHEMES.findall(kept)
        assert not words or said == URL or mine == graphemes[: len(mine)] or kept.startswith("Ferry"), name
        known_good.add((said, limits.link_in_text))


def closed(line):
    """Whether every direction run that a line opens is closed in it, as its end would; too many closers harm nobody."""
    depth = 0
    for char in line:
        depth = depth + 1 if char in OPEN else max(0, depth - 1) if char in CLOSE else depth
    return depth == 0

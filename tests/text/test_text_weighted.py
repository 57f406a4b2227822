"""X's count of a text, held against the vendor's own library."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from syndication.models import Limits
from syndication.text import fits, measure
from syndication.text.weighted import found, weight

NODE = Path(__file__).parent.parent / "pds"
PIECES = [
    *"word Wörter e\u0301 é © ©️ ❤ ❤️ 👩‍👩‍👧 👍🏽 🇩🇪 1️⃣ #️⃣ ✈️ ☺ 日本 अनुभव العربية ไทย 𝔸 “quote” – — € \u2067 \u200d".split(),
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    *"U.S. 3.5 e.g. said.She node.js @foo #tag foo@bar.com a.com story.news news.example https://a.com/x".split(),
    *"http://b.co.uk/y?z=1&q=(2) https://a.com。 пример.рф münchen.de end.com. a.com:8080/p a.com/(b)".split(),
    *"a.com/b_(c)d http:// https://a a.com/ünï a.com?x=1 a.com/?x=1. /a.com $a.com a.com@b a.com-b a..com".split(),
    *"-a.com www.a.com/path/to,here;x t.co/abc xn--p1ai (a.com)".split(),
]
BETWEEN = [" ", ", ", ". ", "\n", "! ", ") ", "… "]

COUNT = (
    "const t = require('twitter-text'); const a = JSON.parse(require('fs').readFileSync(0));"
    "console.log(JSON.stringify(a.map(s => t.parseTweet(s).weightedLength)))"
)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("a" * 280, 280),
        ("漢" * 140, 280),
        ("e\u0301", 1),
        ("👩‍👩‍👧", 2),
        ("Read https://a.com/a/very/long/path?with=a&query=1 now", 32),
        ("Read story.news now", 32),
        ("Use node.js now", 15),
        ("mail foo@bar.com", 16),
    ],
)
def test_weights_of_letters_emoji_and_links(text, length):
    """A light letter is 1, all else 2, an emoji 2 whatever it is joined from, a link 23 however long."""
    assert weight(text) == length


def test_a_long_text_fits_by_its_weight():
    """280 light letters are the most, or 140 heavy ones."""
    limits = Limits(
        text=280, unit="weighted", link_cost=23, link_in_text=True, alt=1000, image_bytes=5_000_000
    )
    assert fits("a" * 280, limits)
    assert not fits("a" * 281, limits)
    assert measure("漢" * 141, limits) == 282


def test_links_are_found_where_they_stand():
    """With a scheme or without, up to the mark that ends the sentence."""
    text = "See a.com/b_(c)d. Or (https://story.news/x), not e.g. this."
    assert [text[start:end] for start, end in found(text)] == ["a.com/b_(c)d", "https://story.news/x"]


@pytest.mark.skipif(
    not (NODE / "node_modules/twitter-text").exists(),
    reason="needs Node and its packages: make test installs them",
)
def test_every_count_is_the_vendors_own():
    """20,000 texts of letters, emoji, links and what looks like links, each counted by twitter-text too."""
    dice = random.Random(2026)
    texts = [
        "".join(dice.choice(PIECES) + dice.choice(BETWEEN) for _ in range(dice.randint(1, 10)))
        for _ in range(20_000)
    ]
    node = shutil.which("node")
    assert node
    done = subprocess.run(
        [node, "-e", COUNT],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        cwd=NODE,
        check=True,
        timeout=120,
    )
    theirs = json.loads(done.stdout)
    assert [(text, weight(text)) for text in texts] == list(zip(texts, theirs, strict=True))

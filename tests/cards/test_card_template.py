"""Template files."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndication import cards
from syndication.cards import templates
from syndication.cards.lines import line_of
from syndication.config import Config, parse
from syndication.errors import TemplateError

OURS = "article audio breaking correction gallery list live number opinion photo plain quote textfree video".split()
GOOD = """
layers = [{ fill = "paper" }, { at = "bottom", column = [{ text = "headline" }] }]
[text.headline]
font = "serif"
size = [44, 66]
color = "ink"
"""


def faults(text: str) -> str:
    with pytest.raises(TemplateError) as caught:
        templates.parse(text.encode(), "own.toml")
    return caught.value.message


def test_ours_are_all_readable() -> None:
    """Every template that ships is valid, short enough to read, and of the expected names."""
    config = Config()
    assert cards.template_names(config) == OURS
    for name in cards.template_names(config):
        _, data = templates.read(name, config)
        assert len(data.splitlines()) <= 90


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("color =", "colour =", "text.headline.colour: unknown key; did you mean color?"),
        ('text = "headline"', 'text = "headlin"', "unknown field 'headlin'; did you mean headline?"),
        ('"ink"', '"inc"', "text.headline.color: unknown colour 'inc'; did you mean ink?"),
        ('"serif"', '"comic"', "text.headline.font: found 'comic', expected 'serif' or 'sans'"),
        ("[44, 66]", "[66, 44]", "size: found [66, 44], expected [smallest, largest]"),
        (
            "[44, 66]",
            "[44, 66]\nlines = [6, 4]",
            "lines: found [6, 4], expected a number of lines, or [as a rule, at",
        ),
        (
            "fill =",
            "phil =",
            "layers[0]: unknown layer 'phil'; known: fill, photo",
        ),
        ("at =", "att =", "layers[1].att: unknown key; did you mean at?"),
        ('"bottom"', '"botom"', "layers[1].at"),
        (
            '{ text = "headline" }',
            '{ text = "headline", at = "top" }',
            "column[0].at: only for the outermost",
        ),
        (
            '{ text = "headline" }',
            '{ fill = "ink" }',
            "column[0]: a fill or a covering photo is an outermost layer",
        ),
        ('{ text = "headline" }', '{ photo = "round" }', "a round or whole one needs a size"),
        ('"paper" }', '"paper", scrim = "ink" }', "layers[0].scrim: only for layers that flow"),
        ('{ fill = "paper" }', '{ photo = "round" }', "layers[0].photo: a round photo stands in a row"),
        (
            'at = "bottom"',
            'block = "ink"',
            'layers[1].block: a block is at the bottom of tall cards; add at = "bottom"',
        ),
        ('"paper"', '"paper 120%"', "layers[0].fill: found 'paper 120%', expected a colour's name"),
        ("layers", "margin = -1\nlayers", "margin: found -1, expected at least 0"),
        ("[text.headline]", "[words.mark]\nde = 'x'\n[text.headline]", "words.mark: no form for en"),
        (
            "[text.headline]",
            "[colors.photo]\nsoft = 'ink'\n[text.headline]",
            "'soft': told for cards with a photo or without",
        ),
        ("layers = [", "layers = [{ photo = 'cover' }, ", "layers: a photo stands with its credit"),
        ('{ text = "headline" }', '{ text = "fact" }', "'fact' stands only inside `each`"),
        ('at = "bottom"', 'clear = "midle"', "layers[1].clear: found 'midle', expected a number from 0"),
        ("[text.headline]\n", "[text.headline]\nleast = 99\n", "expected a least size of at most"),
        ('at = "bottom"', 'at = { wide = "top", tall = "botom" }', "layers[1].at.tall: found 'botom'"),
        ('{ text = "headline" }', '{ txt = "headline", gap = 9 }', "unknown layer 'txt'; did you mean text?"),
        ('at = "bottom"', "gap = true", "layers[1].gap: found true, expected a number"),
        ('at = "bottom"', 'gap = "12"', "layers[1].gap: found '12', expected a number"),
        ('at = "bottom"', 'spring = "yes"', "layers[1].spring: found 'yes', expected true or false"),
        ("layers = [", "layers = ", "own.toml: not valid TOML"),
        (
            "layers = [",
            "margin = 9\nmargin = 9\nlayers = [",
            "this key stands there already; keep one of the two (at line",
        ),
        ('{ fill = "paper" },', '{ fill = "paper" }', "without a comma between two of its values (at line"),
    ],
)
def test_a_fault_names_file_layer_and_remedy(before: str, after: str, said: str) -> None:
    """Whatever is wrong in a template, the message says where it is and what belongs there."""
    assert before in GOOD
    message = faults(GOOD.replace(before, after, 1))
    assert message.startswith("own.toml:")
    assert said in message
    if "not valid TOML" not in message:
        assert re.match(r"own\.toml:\n  line [1-9]: ", message)


def test_a_template_without_a_layer_is_refused() -> None:
    """What would draw an empty card is a fault; one place told for both shapes is told of once."""
    assert "line 1: layers: found [], expected one layer or more" in faults("layers = []")
    twice = faults(GOOD.replace('"bottom"', '"botom"', 1))
    assert twice.count("botom") == 1


def test_a_name_leads_to_no_other_folder(tmp_path: Path) -> None:
    """A CMS names a template in the newsroom's folder or among ours, and nothing beside them."""
    (tmp_path / "cards").mkdir()
    (tmp_path / "other.toml").write_text(GOOD)
    config = parse('[cards]\ntemplates = "cards"\n', tmp_path / "syndicate.toml")
    for name in ("../other", str(tmp_path / "other"), "..", "a\0b", ""):
        with pytest.raises(TemplateError, match="no card template is named"):
            templates.read(name, config)
    (tmp_path / "cards").rmdir()
    with pytest.raises(TemplateError, match="cannot be read"):
        templates.read("article", config)


def test_all_faults_are_told_at_once() -> None:
    """An author mends a template in one go, not fault by fault."""
    message = faults(GOOD.replace("color =", "colour =").replace("at =", "att ="))
    assert "colour" in message
    assert "att" in message


def test_bytes_that_are_no_text() -> None:
    """A template that is not UTF-8 is refused as such."""
    with pytest.raises(TemplateError, match="not UTF-8"):
        templates.parse(b"\xff\xfe", "own.toml")


def test_a_newsrooms_own_template_wins(tmp_path: Path) -> None:
    """Templates in the config's folder are looked in first, and stand beside ours."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "article.toml").write_text(GOOD)
    (tmp_path / "own" / "own.toml").write_text(GOOD)
    config = parse('[cards]\ntemplates = "own"\n', tmp_path / "syndicate.toml")
    assert cards.template_names(config) == sorted([*OURS, "own"])
    assert templates.read("article", config)[1] == GOOD.encode()
    assert templates.read("quote", config)[0].words["mark"]["en"] == "“"


@pytest.mark.parametrize(
    ("language", "mark"), [("en-GB", "“"), ("de-AT", "„"), ("ru", "«"), ("sv", "”"), ("ar", "”"), ("th", "“")]
)
def test_a_quotation_opens_as_its_language_does(config: Config, language: str, mark: str) -> None:
    """The mark above a quotation is that of the story's language, the English one where we know of none."""
    assert templates.read("quote", config)[0].word("mark", language) == mark


@pytest.mark.parametrize("name", ["artikle", "../article", "article.toml", ""])
def test_an_unknown_name_is_refused(name: str) -> None:
    """Only names of templates are taken, never paths, and a near one is proposed."""
    with pytest.raises(TemplateError) as caught:
        templates.read(name, Config())
    assert repr(name) in caught.value.message
    assert "article" in caught.value.hint


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """A `templates` folder that is not there is told, rather than our own templates used in silence."""
    config = parse('[cards]\ntemplates = "gone"\n', tmp_path / "syndicate.toml")
    with pytest.raises(TemplateError, match="gone"):
        cards.template_names(config)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("layers", 3),
        ("layers[0].fill", 4),
        ("layers[1]", 5),
        ("layers[1].column[1].row[0].text", 8),
        ("layers[1].column[1].nothing", 7),
        ("text.headline.size", 16),
        ("text.headline.none", 14),
        ("text.date.color", 19),
        ("words.mark.en", 22),
        ("words.mark.fr", 25),
        ("many[1].a", 29),
        ("gone", 1),
    ],
)
def test_lines_are_told_rightly(place: str, line: int) -> None:
    """A fault is on the line where the value stands, or that of the table or list it is missing in."""
    text = """# layers = [{}]
margin = 64 # = ]
layers = [
  { fill = "paper ]}" },
  { at = "bottom", column = [
      { text = 'head"line' },
      { gap = 1.5, row = [
          { text = "date" },
      ] },
  ] },
]

# [text.other]
[text.headline]
font = "serif"
size = [44, 66]
[text]
label = { font = "sans" }
date = { font = "sans", color = "ink" }

[words.mark]
en = \"\"\"
[text.date]
\"\"\"
fr = "x"
[[many]]
a = 1
[[many]]
a = 2
"""
    assert line_of(text, place) == line


@pytest.mark.parametrize("name", OURS)
def test_every_line_of_ours_is_found(name: str) -> None:
    """Every string of our own templates stands on the line that is told for it."""
    _, data = templates.read(name, Config())
    lines = data.decode().splitlines()
    for place, value in strings(tomllib.loads(data.decode())):
        assert f'"{value}"' in lines[line_of(data.decode(), place) - 1], place


def strings(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """All strings of a TOML document, each with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from strings(one, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from strings(one, f"{place}[{index}]")

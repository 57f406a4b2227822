"""Cards, tags and previews on this machine: render, meta, preview, and the manners of every command."""

import re

import click
import pytest
from PIL import Image

from syndication.cli import cli

EVERY = sorted(cli.commands)


def test_render_draws_into_a_folder(run, story):
    """`render` writes the cards it names, wide and square, without any config or store."""
    done = run("render", story(), "--out", "my cards")
    assert (done.status, done.err) == (0, "")
    files = sorted((run.room / "my cards").iterdir())
    assert len(files) == 2
    for file in files:
        assert f"my cards/{file.name}" in done.out
    assert not (run.room / "data").exists()


def test_render_draws_what_is_asked_for(run, story):
    """--template and --size choose; --json tells path, size and hash."""
    done = run("render", story(), "--out", "x", "--template", "quote", "--size", "800x418", "--json")
    [card] = done.data()
    assert (card["template"], card["width"], card["height"]) == ("quote", 800, 418)
    with Image.open(run.room / card["path"]) as drawn:
        assert drawn.size == (800, 418)


def test_render_outlines_boxes(run, story):
    """--debug draws a card of its own name, with every box outlined."""
    done = run("render", story(), "--out", "x", "--size", "800x418", "--debug", "--json")
    [card] = done.data()
    assert card["file"].endswith("-debug.jpg")
    assert (run.room / card["path"]).exists()


def test_templates_are_listed_and_shown(run):
    """`templates` says what each is for, and writes a picture of all where --out says."""
    listed = run("templates", "--json").data()
    assert {
        "name": "number",
        "about": "One number, as large as it can be, and in the headline what it counts",
    } in listed
    done = run("templates", "--out", "sheet.png")
    assert done.status == 0
    for one in listed:
        assert one["name"] in done.out
    with Image.open(run.room / "sheet.png") as sheet:
        assert sheet.format == "PNG"
        assert sheet.height > 200 * len(listed)
    refused = run("templates", "--out", "sheet.gif")
    assert (refused.status, refused.out) == (2, "")
    assert "templates.png" in refused.err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--out", "x", "--template", "nope"], 2, "article"),
        (["--out", "x", "--size", "wide"], 2, "1200x630"),
        (["--out", "x", "--size", "10x10"], 2, "200 to 4000"),
        (["--out", "story.json"], 2, "is a file"),
        (["--out", "story.json/deeper"], 2, "story.json/deeper: Not a directory"),
        (["--out", "x", "--url", "https://news.example/1"], 2, "Leave --url out"),
        ([], 2, "--out"),
    ],
)
def test_render_says_what_it_cannot_do(run, story, words, status, said):
    """Unknown templates, odd sizes and folders that are files are told in words."""
    done = run("render", story(), *words)
    assert (done.status, done.out) == (status, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["templates", "--out", "no/sheet.png"], "no/sheet.png: No such file or directory"),
        (["trail", "export", "--out", "no/trail.jsonl"], "no/trail.jsonl: No such file or directory"),
        (["init", "--dir", "story.json"], "is a file"),
        (["init", "--dir", "story.json/deeper"], "story.json/deeper: Not a directory"),
        (["demo", "--dir", "story.json"], "is a file"),
    ],
)
def test_a_place_that_cannot_be_written_is_named_as_it_was_typed(run, story, words, named):
    """Wrong input, and told before any work is done where it can be; never by the name of a file of ours."""
    story()
    (run.room / "syndicate.toml").write_text("")
    done = run(*words)
    assert (done.status, done.out) == (2, "")
    assert named in done.err
    assert {file.name for file in run.room.iterdir()} <= {"story.json", "syndicate.toml", "data"}


@pytest.mark.parametrize("source", ["nowhere.json", ".", "photo.jpg", "http://10.0.0.1/x", "-"])
@pytest.mark.parametrize("command", [["render", "--out", "x"], ["meta"], ["preview", "--out", "y"]])
def test_a_source_that_cannot_be_read_is_told(run, command, source):
    """A file that is missing, a folder, a photo, an address inside, an empty input: one message, never a traceback."""
    (run.room / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(50))
    done = run(*command, source)
    assert done.status in (1, 2)
    assert done.out == ""
    assert done.err.strip()
    assert not (run.room / "y").exists()


def test_meta_prints_tags_or_writes_them(run, story):
    """`meta` prints HTML, or JSON, or rewrites a page in place and says so, the second time with nothing to do."""
    (run.room / "syndicate.toml").write_text('[cards]\nbase_url = "https://news.example/cards/"\n')
    printed = run("meta", story())
    assert printed.status == 0
    assert '<meta property="og:title" content="Harbour towns vote' in printed.out
    assert "https://news.example/cards/" in printed.out
    assert run("meta", story(), "--json").data()
    page = run.room / "page.html"
    page.write_text("<html><head><title>x</title></head><body>y</body></html>")
    first = run("meta", story(), "--into", "page.html")
    assert (first.status, first.out) == (0, "")
    assert "rewritten" in first.err
    assert page.read_text().count("og:title") == 1
    assert "already" in run("meta", story(), "--into", "page.html").err


def test_meta_says_why_there_is_no_picture(run, story):
    """Without a public address for the cards the tags name none, and stderr says what to set."""
    done = run("meta", story())
    assert "og:image" not in done.out
    assert "base_url" in done.err


@pytest.mark.parametrize("into", ["missing.html", "."])
def test_meta_into_what_is_no_page_is_told(run, story, into):
    """A page that is not there, or is a folder, is wrong input."""
    done = run("meta", story(), "--into", into)
    assert (done.status, done.out) == (2, "")


def test_an_embargoed_story_stays_out_of_the_public_folder(run, story):
    """meta and render refuse, with the time, what anybody could fetch; a look into another folder stays possible."""
    (run.room / "syndicate.toml").write_text(
        '[cards]\nfolder = "cards"\nbase_url = "https://news.example/cards/"\n'
    )
    (run.room / "page.html").write_text("<html><head></head></html>")
    event = story(embargo="2999-01-01T08:00:00Z")
    for words in (
        ["meta", event],
        ["meta", event, "--into", "page.html"],
        ["render", event, "--out", "cards"],
    ):
        done = run(*words)
        assert (done.status, done.out) == (2, "")
        assert "under embargo until 2999-01-01 08:00 UTC" in done.err
        assert "preview" in done.err
    assert (run.room / "page.html").read_text() == "<html><head></head></html>"
    assert not (run.room / "cards").exists()
    assert run("render", event, "--out", "a look").status == 0
    assert run("preview", event, "--out", "preview").status == 0
    assert not (run.room / "cards").exists()


def test_preview_writes_files_and_spares_others(run, story):
    """`preview --out` prints the page it wrote, may repeat that, and never writes into a foreign folder."""
    done = run("preview", story(), "--out", "a preview")
    assert (done.status, done.err) == (0, "")
    assert "Harbour towns" in (run.room / done.out.strip()).read_text(encoding="utf-8")
    assert run("preview", story(), "--out", "a preview").status == 0
    refused = run("preview", story(), "--out", ".")
    assert refused.status == 2
    assert "no preview" in refused.err


@pytest.mark.parametrize("name", EVERY)
def test_help_shows_how_a_command_is_called(run, name):
    """Every command's help has a real example, unless its name alone says it all."""
    done = run(name, "--help")
    assert (done.status, done.err) == (0, "")
    example = re.search(rf"^  syndicate {name}\b.*$", done.out, re.M)
    assert example or name == "demo"
    if example:
        words = example[0].split()[2:]
        context = cli.commands[name].make_context(name, words, resilient_parsing=False)
        assert context.params is not None


@pytest.mark.parametrize("name", [name for name in EVERY if name != "demo"])
def test_the_list_of_commands_is_not_cut_off(run, name):
    """Each command's line in `syndicate --help` is a whole sentence at 80 columns."""
    [line] = [line for line in run("--help").out.splitlines() if line.startswith(f"  {name} ")]
    assert not line.endswith("...")
    assert len(line) <= 80


@pytest.mark.parametrize(
    "words",
    [["nope"], ["status", "--nope"], ["worker", "--only", "nope"], ["worker", "--draw", "0"],
     ["serve", "--port", "70000"], ["sandbox", "--port", "-1"], ["preview", "x", "--port", "70000"],
     ["demo", "--seconds", "0"], ["status", "-n", "0"], ["schema", "nope"], []],
)  # fmt: skip
def test_a_command_line_that_is_wrong_is_wrong_input(run, words):
    """Unknown commands, options and values exit with 2 and leave stdout empty."""
    (run.room / "syndicate.toml").write_text("")
    done = run(*words)
    assert (done.status, done.out) == (2, "")
    assert done.err


def test_options_that_take_no_config_make_none(run):
    """Help needs no config, and every command is a click command with a short line of its own."""
    assert all(
        isinstance(command, click.Command) and command.get_short_help_str(200)
        for command in cli.commands.values()
    )
    assert run("publish", "--help").status == 0
    assert list(run.room.iterdir()) == []


def test_preview_says_whose_post_would_be_held_for_its_own_card(desk, story):
    """`check = "refuse"`: a fault of one account's own card holds that account's post, and not the story."""
    table = '[cards]\ncheck = "refuse"\n[brand.colors]\nalarm = "#f0b0b0"\n'
    own = '[accounts.desk]\ntemplate = "breaking"\n'
    (desk.room / "syndicate.toml").write_text(table + own, encoding="utf-8")
    facts = {"facts": ["The outer road is given up", "Forty homes move inland"]}
    done = desk("preview", story(card=facts), "--out", "held")
    assert (done.status, done.err) == (0, "")
    page = (desk.room / done.out.strip()).read_text(encoding="utf-8")
    assert "This post would be held" in page
    assert "The story would be held" not in page

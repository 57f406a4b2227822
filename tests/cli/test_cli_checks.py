"""`check-card`, and what `render` and `check` say of cards that cannot be as they should."""

PALE = '[brand.colors]\nalarm = "#f0b0b0"\n'
ALERT = {"template": "breaking"}


def test_a_sound_card_passes_everywhere(run, story):
    """With nothing wrong the places are listed that show it, with what they cut and lay over it."""
    done = run("check-card", story())
    assert (done.status, done.err) == (0, "")
    for place in ("X on a phone", "WhatsApp’s square", "iMessage", "Instagram’s grid"):
        assert place in done.out
    notes = run("check-card", story(), "--json").data()
    assert {note["note"] for note in notes} == {True}
    assert not (run.room / "data").exists()


def test_each_fault_is_a_line_with_box_place_number_and_remedy(run, story):
    """A card with faults ends with status 1, and says the same to scripts."""
    (run.room / "syndicate.toml").write_text(PALE)
    done = run("check-card", story(card=ALERT), "--size", "1200x630")
    assert done.status == 1
    [line] = [line for line in done.out.splitlines() if "another alarm" in line.casefold()]
    for word in ("1200x630", "everywhere", "contrast 1.", "wanted 4.5 to 1", "alarm"):
        assert word in line
    assert "4 faults" in done.err
    told = run("check-card", story(card=ALERT), "--size", "1200x630", "--json")
    [fault] = [one for one in told.data() if one["box"] == "breaking"]
    assert (told.status, fault["check"], fault["wanted"]) == (1, "contrast", "4.5 to 1")


def test_drawing_tells_faults_and_draws(run, story):
    """`render` says on stderr what `check-card` would, and leaves the card; `meta` does too."""
    (run.room / "syndicate.toml").write_text(PALE + '[cards]\nbase_url = "https://cards.example"\n')
    done = run("render", story(card=ALERT), "--out", "cards", "--size", "1200x630")
    assert done.status == 0
    assert "1200x630: breaking, everywhere: contrast 1." in done.err
    assert len(list((run.room / "cards").iterdir())) == 1
    tags = run("meta", story(card=ALERT))
    assert (tags.status, "contrast" in tags.err) == (0, True)


def test_another_template_and_size_can_be_checked(run, story):
    """--template and --size say what is checked; wrong ones are wrong input."""
    (run.room / "syndicate.toml").write_text(PALE)
    assert run("check-card", story(card=ALERT), "--template", "plain").status == 0
    assert run("check-card", story(), "--template", "nope").status == 2
    assert run("check-card", story(), "--size", "wide").status == 2


def test_a_letter_that_no_font_has_is_wrong_input(run, story):
    """`render` and `check-card` name the character and what would help, and leave nothing behind."""
    for words in (("render", "--out", "cards"), ("check-card",)):
        done = run(words[0], story(headline="The \U00012345 rises"), *words[1:])
        assert (done.status, done.out) == (2, "")
        assert "U+12345 CUNEIFORM SIGN URU TIMES KI" in done.err
        assert "→" in done.err
    assert not list((run.room / "cards").glob("*"))


def test_check_tells_of_colours_that_cannot_be_read(run):
    """A newsroom's colour that fails on paper is told with its number before any card is drawn."""
    (run.room / "syndicate.toml").write_text(PALE)
    tested = {one["check"]: one for one in run("check", "--offline", "--json").data()}
    assert not tested["colours"]["ok"]
    assert "white on colors.alarm has 1." in tested["colours"]["problem"]

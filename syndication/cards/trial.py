"""Whether cards can be drawn at all as the config says, asked before a story needs one."""

from collections.abc import Iterator

from syndication.cards import render_cards, template_names, templates
from syndication.cards.sheet import sample
from syndication.config import Config
from syndication.errors import SyndicationError


def faults(config: Config) -> list[str]:
    """What keeps cards from being drawn: a faulty template, a logo or a folder of fonts that cannot be used.

    A card is drawn for every section and agency that the brand knows, and for a story of neither.
    """
    return list(dict.fromkeys(_faults(config)))


def _faults(config: Config) -> Iterator[str]:
    event, known = sample("en"), template_names(config)
    stories = [event.model_copy(update={"section": name}) for name in ("", *config.brand.sections)]
    if event.image:
        credited = [event.image.model_copy(update={"credit": name}) for name in config.brand.agencies]
        stories += [event.model_copy(update={"image": image}) for image in credited]
    wanted = {config.cards.template, config.cards.breaking_template}
    if missing := sorted(wanted - set(known)):
        yield f"no template is called {', '.join(missing)}; known: {', '.join(known)}"
    for name in known:
        try:
            templates.read(name, config)
        except SyndicationError as error:
            yield str(error)
    for story in stories:
        try:
            render_cards(story, config=config, photo=None, template="article", sizes=[(1200, 630)])
        except SyndicationError as error:
            yield str(error)

"""What is to become of a post that is out when its story has changed: pure decisions, from two drafts and a network.

Only what readers would see makes a move. Nothing here announces a story a second time: a post is changed where it
stands, or removed before it is posted again, or an editor is told.
"""

from typing import NamedTuple

from syndication.config import Correct
from syndication.models import Deed, Draft
from syndication.networks.base import Connector


class Move(NamedTuple):
    """What is to be done to a post. `deed` is None for nothing; `tell`: by an editor.

    `changed` is what readers would see, `left` what of that an edit cannot reach.
    """

    deed: Deed | None
    changed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    tell: bool = False

    @property
    def words(self) -> str:
        """What changes, for people."""
        return ", ".join(self.changed)


def move(
    live: Draft, new: Draft, network: Connector | None, correct: Correct, begun: Deed | None = None
) -> Move:
    """What a post that says `live` needs to say `new`, as its account's policy has it.

    `network` is None where its package is gone. A deed that was `begun` may be done in part, so it goes on whatever
    has changed since; what is being removed and posted again takes the new words along.
    """
    if begun is Deed.WITHDRAW:
        return Move(None)
    changed = changes(live, new, network)
    if correct == "tell":  # of what no person can change by hand, nobody is told
        changed = tuple(part for part in changed if part != "record")
    if begun is Deed.REPOST:
        return Move(begun, changed)
    if not changed and not begun:
        return Move(None)
    if (
        correct == "reply"
        and not begun
        and network
        and network.replies()
        and set(changed) - {"image", "card", "record"}
    ):
        return Move(Deed.REPLY, changed)
    left = tuple(part for part in changed if network and part in network.lasts)
    reached = bool(begun) or len(left) < len(changed)
    if correct != "tell" and can_edit(network) and reached and not (left and correct == "repost"):
        return Move(Deed.EDIT, changed, left)
    if correct == "repost" and can_withdraw(network):
        return Move(Deed.REPOST, changed)
    return Move(Deed.EDIT, changed, changed, tell=True)


def changes(live: Draft, new: Draft, network: Connector | None) -> tuple[str, ...]:
    """The parts of a post that readers would see changed: text, link, image, the title of a card that we make.

    And, with that, the record of the story.
    """
    form = live.form or (network.forms[0] if network else "image")
    shown: dict[str, tuple[object, object]] = {"text": (live.text, new.text), "link": (live.link, new.link)}
    if form != "crawled":  # else the network shows what it read in the page
        shown["image"] = _picture(live), _picture(new)
    elif network and network.rereads:
        shown["card"] = _read_there(live), _read_there(new)
    if form == "made" or (network and network.titled):
        shown["title"] = live.title, new.title
    if form == "made":
        shown["description"] = live.description, new.description
        shown["record"] = live.record, new.record
    return tuple(part for part, (before, after) in shown.items() if before != after)


def after_edit(live: Draft, new: Draft, left: tuple[str, ...]) -> Draft:
    """What a post says once it is edited from `live` to `new` but for what is left as it was."""
    parts = {"image": ("card", "alt", "image_url")}
    kept = [field for part in left for field in parts.get(part, (part,))]
    return new.model_copy(update={field: getattr(live, field) for field in kept})


def by_hand(what: str, url: str) -> str:
    """What an editor is asked to do, and where."""
    return f"{what.rstrip('.')}. The post: {url}" if url else f"{what.rstrip('.')}."


def embargoed(until: str, url: str) -> str:
    """What an editor is asked to do about a post whose story comes under embargo: a removal cannot be taken back."""
    return by_hand(f"its story is under embargo until {until}: remove it there, or leave it", url)


def told(network: Connector | None, parts: tuple[str, ...], url: str) -> str:
    """What an editor is asked to do about these parts of a post."""
    name = network.title if network else "its network"
    still = f"the post at {name} still has the old {' and '.join(parts)}" if parts else f"the post at {name}"
    return by_hand(f"{still}: change it by hand, or remove it there and share the story again", url)


def can_edit(network: Connector | None) -> bool:
    """Whether the network lets posts be edited at all; some say only when asked that they do not this one."""
    return network is not None and type(network).edit is not Connector.edit


def can_withdraw(network: Connector | None) -> bool:
    """Whether the network lets posts be removed at all."""
    return network is not None and type(network).withdraw is not Connector.withdraw


def _read_there(draft: Draft) -> tuple[str, ...]:
    """What a network reads in the page's tags for its own card."""
    return draft.title, draft.description, _picture(draft)


def _picture(draft: Draft) -> str:
    return draft.card.sha256 if draft.card else ""

"""How the sandbox shows what it holds: to programs as Mastodon's JSON, to people as pages."""

import html
from datetime import datetime
from typing import Any

from jinja2 import DictLoader, Environment

from syndication.sandbox.memory import LIMITS, Medium, Memory, Post
from syndication.text import links

NAME = "syndication sandbox"
BANNER = "A sandbox, not a network: a stand-in on this machine. Nothing here is public, and all of it is forgotten."
VERSION = "4.3.0 (compatible; syndication sandbox)"


def moment(when: datetime) -> str:
    """A time as Mastodon writes it."""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def account(state: Memory, name: str, base: str) -> dict[str, Any]:
    """An account."""
    url = f"{base}/@{name}"
    return {
        "id": state.account_id(name), "username": name, "acct": name, "display_name": name, "url": url, "uri": url,
        "bot": True, "locked": False, "note": html.escape(BANNER), "fields": [], "emojis": [],
        "avatar": "", "header": "",
    }  # fmt: skip


def medium(kept: Medium, base: str) -> dict[str, Any]:
    """A media attachment."""
    url = f"{base}/media/{kept.id}"
    return {"id": kept.id, "type": "image", "url": url, "preview_url": url, "description": kept.description}


def status(state: Memory, post: Post, base: str) -> dict[str, Any]:
    """A status, in the fields that clients read."""
    url = f"{base}/@{post.account}/{post.id}"
    return {
        "id": post.id, "uri": url, "url": url, "created_at": moment(post.created),
        "edited_at": moment(post.edited) if post.edited else None, "content": content(post.text),
        "account": account(state, post.account, base), "language": post.language or None, "visibility": "public",
        "media_attachments": [medium(kept, base) for kept in post.media], "sensitive": False, "spoiler_text": "",
        "mentions": [], "tags": [], "emojis": [], "reblog": None, "card": None, "poll": None,
        "in_reply_to_id": None, "replies_count": 0, "reblogs_count": 0, "favourites_count": 0,
        "application": {"name": "syndication", "website": None},
    }  # fmt: skip


def content(text: str) -> str:
    """A text as HTML: escaped, with its links clickable and shortened for the eye as Mastodon does."""
    out, at = [], 0
    for start, end, url in links(text):
        scheme, _, rest = url.partition("://")
        seen, hidden = html.escape(rest[:30]), html.escape(rest[30:])
        out.append(html.escape(text[at:start]))
        out.append(
            f'<a href="{html.escape(url)}" rel="nofollow noopener" target="_blank">'
            f'<span class="invisible">{scheme}://</span><span class="{"ellipsis" if hidden else ""}">{seen}</span>'
            f'<span class="invisible">{hidden}</span></a>'
        )
        at = end
    out.append(html.escape(text[at:]))
    paragraphs = "".join(out).replace("\r\n", "\n").split("\n\n")
    return "".join("<p>" + part.replace("\n", "<br />") + "</p>" for part in paragraphs)


def instance(base: str, *, new: bool) -> dict[str, Any]:
    """The instance document, in the newer or the older form."""
    limits = {
        "statuses": {
            "max_characters": LIMITS.text,
            "max_media_attachments": 4,
            "characters_reserved_per_url": LIMITS.link_cost,
        },
        "media_attachments": {
            "supported_mime_types": ["image/jpeg", "image/png"],
            "image_size_limit": LIMITS.image_bytes,
            "description_limit": LIMITS.alt,
        },
    }
    host = base.partition("://")[2]
    named = {"domain": host} if new else {"uri": host}
    return {**named, "title": NAME, "version": VERSION, "description": BANNER, "configuration": limits}


def everything(state: Memory, base: str) -> dict[str, Any]:
    """All that was stored, for tests: every post that a request made, also the doubled and the deleted."""
    posts = [
        {
            "id": post.id, "url": f"{base}/@{post.account}/{post.id}", "account": post.account, "text": post.text,
            "language": post.language, "key": post.key, "created_at": moment(post.created),
            "edited_at": moment(post.edited) if post.edited else None, "deleted": post.deleted,
            "media": [{**medium(kept, base), "sha256": kept.sha256, "size": len(kept.data)} for kept in post.media],
        }
        for post in list(state.posts)
    ]  # fmt: skip
    counts = {name: sum(post["account"] == name for post in posts) for name in list(state.accounts)}
    return {
        "sandbox": BANNER,
        "accounts": counts,
        "stored": len(posts),
        "replays": state.replays,
        "posts": posts,
    }


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{{ title }} · {{ name }}</title><style>
:root{color-scheme:light dark;--paper:#f3f1ec;--card:#fff;--ink:#17181c;--quiet:#686b73;--line:#dedbd3;--link:#2456c8}
@media(prefers-color-scheme:dark){:root{--paper:#121317;--card:#1c1e24;--ink:#ececf0;--quiet:#9a9da8;--line:#2d3038;
--link:#8fb0ff}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
.banner{background:#ffd24a;color:#241c00;padding:.6rem 1rem;text-align:center;font-size:.9rem}
main{max-width:38rem;margin:1.5rem auto;padding:0 1rem}h1{font-size:1.1rem;margin:0 0 1rem}
article{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1rem 1.1rem;margin:0 0 1rem}
header{display:flex;gap:.7rem;align-items:center;margin-bottom:.5rem}
.face{width:2.4rem;height:2.4rem;border-radius:10px;display:grid;place-items:center;background:#33415c;color:#fff;
font-weight:700;text-transform:uppercase}
header b{display:block;line-height:1.2}header small,footer,.alt,.none{color:var(--quiet)}
header time{margin-left:auto;font-size:.85rem}.text{overflow-wrap:anywhere}.text p{margin:.4rem 0}
.text a{unicode-bidi:isolate;direction:ltr}
.text .invisible{font-size:0}.text .ellipsis::after{content:"…"}a{color:var(--link)}
header a,time a{color:inherit;text-decoration:none}
img{display:block;width:100%;border-radius:10px;border:1px solid var(--line);margin-top:.6rem}
.alt{font-size:.85rem;margin:.4rem 0 0}footer{font-size:.8rem;margin-top:.6rem;overflow-wrap:anywhere}
</style></head><body><div class="banner" role="note">{{ banner }}</div><main><h1>{{ title }}</h1>
{% for post in posts %}<article id="post-{{ post.id }}"><header><span class="face">{{ post.account[:1] }}</span>
<a href="/@{{ post.account }}"><b>{{ post.account }}</b><small>@{{ post.account }}</small></a>
<time datetime="{{ moment(post.created) }}"><a href="/@{{ post.account }}/{{ post.id }}">
{{ post.created.strftime("%H:%M:%S") }}{% if post.edited %}, edited{% endif %}</a></time></header>
<div class="text" dir="auto"{% if post.language %} lang="{{ post.language }}"{% endif %}>
{{ content(post.text)|safe }}</div>
{% for kept in post.media %}<img src="/media/{{ kept.id }}" alt="{{ kept.description }}" loading="lazy">
<p class="alt">{{ "Alt: " ~ kept.description if kept.description else "No description." }}</p>{% endfor %}
<footer>{% if post.language %}{{ post.language }} · {% endif %}key {{ post.key[:16] or "none" }}</footer></article>
{% else %}<p class="none">{{ nothing }}</p>{% endfor %}</main></body></html>"""

_PAGES = Environment(loader=DictLoader({"page": _PAGE}), autoescape=True)


def page(title: str, posts: list[Post], nothing: str = "Nothing has been posted yet.") -> bytes:
    """Posts as a page that says what it is."""
    shown = _PAGES.get_template("page").render(
        title=title, posts=posts, nothing=nothing, name=NAME, banner=BANNER, content=content, moment=moment
    )
    return shown.encode()

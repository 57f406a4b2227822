"""Rewriting pages: what was there is replaced, everything else keeps its bytes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from syndication.errors import MetadataError
from syndication.metadata import HeadTags, rewrite
from syndication.scan import find_tags

Make = Callable[..., HeadTags]
SAMPLES = sorted((Path(__file__).parents[2] / "syndication" / "samples" / "stories").glob("*.html"))
LD = b'<script type="application/ld+json">'


@pytest.fixture
def tags(make_tags: Make) -> HeadTags:
    return make_tags(headline='"The sea" <took> the road & Σ')


def block(tags: HeadTags, *, ascii_only: bool = False, newline: bytes = b"\n") -> bytes:
    return b"".join(newline + line.encode() for line in tags.lines(ascii_only=ascii_only))


HEAD = b"<head><meta charset=utf-8>"
GONE = [
    b"<meta property=og:title content=a>",
    b"<meta content='>' property='og:title'>",
    b"<META NAME='TWITTER:CARD' CONTENT=x />",
    b'\n  <meta property="og:image:alt"\n  content="<!-- a>">',
    b"<meta property='article&#58;tag' content=x>",
    b"<link rel='canonical' href=x>",
    b"<meta name=Robots content='max-image-preview:large'>",
    LD + b'{"@type":"NewsArticle"}</script>',
    b"<body>" + LD + b'[{"@type":"Article"}]\n</script>',
    b'<script type=\'application/ld+json; charset=utf-8\'>{"@type": ["schema:Report"]}</script >',
]
STAYS = [
    b"<link rel=icon href=y>",
    b"<meta name=robots content='noindex, max-image-preview:none'>",
    b"<meta name=robots content=noindex><meta name=googlebot content=max-image-preview:large>",
    b"<meta property=og:video content=v><meta name=author content=a>",
    LD + b' {"@type" : "Organization"}</script>',
    LD + b'{"@type":"NewsArticle",</script>',
    LD + b'{"@type":"ItemList","itemListElement":[{"@type":"NewsArticle"}]}</script>',
    b"<!-- <meta property=og:title content=a> -->",
    b"<script>'</head><meta property=og:title>'</script>",
    b"<script><!--<script></script><meta property=og:url>--></script><p>",
    b"<template><meta property=og:url content=a></template>",
    b"<style>a:after{content:'</head><meta property=og:url>'}</style>",
    b"<svg><![CDATA[<meta property=og:url>]]></svg>",
    b"<title><meta property=og:url></title>",
    b"<a title='<meta property=og:url>'>",
    b"\xff\x80 not UTF-8",
]
CHANGED = [
    (b"<meta name=description property=og:description content=d>", b"<meta name=description content=d>"),
    (
        LD + b'{"@graph":[{"@type":"NewsArticle"},{"@type":"BreadcrumbList"}]}</script>',
        LD + b'{"@graph": [{"@type": "BreadcrumbList"}]}</script>',
    ),
]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *((gone, b"<body>" if gone.startswith(b"<body>") else b"") for gone in GONE),
        *((stays, stays) for stays in STAYS),
        *CHANGED,
    ],
)
def test_what_goes_and_what_stays(tags: HeadTags, before: bytes, after: bytes) -> None:
    """Tags that say what ours say go, wherever and however they are written; each other byte stays."""
    result = rewrite(HEAD + before + b"<p>end", tags)
    assert result == HEAD + block(tags) + after + b"<p>end"
    assert rewrite(result, tags) == result


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        (b"<!doctype html><head><meta charset=utf-8>", b"<title>x</title>"),
        (b"\xef\xbb\xbf<html>", b"<title>x</title>Text"),
        (b"<!-- <head> --><!DOCTYPE html><meta charset=utf-8>", b"<title>x</title>"),
        (
            b"<HTML>\n<HEAD>\n  <META HTTP-EQUIV=content-type CONTENT='text/html; charset=utf-8'>",
            b"\n</HEAD>",
        ),
        (b"<?xml version='1.0'?><!doctype html><html lang=en>", b"<meta name=x><!-- charset --><p>"),
        (b"", b"Text<title>x</title>"),
    ],
)
def test_where_tags_begin(tags: HeadTags, start: bytes, rest: bytes) -> None:
    """The tags stand as early as they may: in the head, behind what tells the page's encoding."""
    declares = b"utf-8" in start or start.startswith(b"\xef")
    assert rewrite(start + rest, tags) == start + block(tags, ascii_only=not declares) + rest


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_samples(tags: HeadTags, file: Path) -> None:
    """Each sample page takes the tags once, keeps its body byte for byte, and takes them again without a change."""
    page = file.read_bytes()
    result = rewrite(page, tags)
    assert result.partition(b"</head>")[2] == page.partition(b"</head>")[2]
    assert result.count(b'"og:title"') == 1 and result.lower().count(b"canonical") == 1
    assert rewrite(result, tags) == result


def test_other_tags_replace_ours(make_tags: Make) -> None:
    """A later version of a story leaves nothing of the tags of the one before."""
    page = b"<html><head><meta charset=utf-8><title>x</title></head></html>"
    first, second = make_tags(headline="First", tags=["one", "two"]), make_tags(headline="Second")
    assert rewrite(rewrite(page, first), second) == rewrite(page, second)


def test_no_picture_leaves_the_pages_own(make_tags: Make) -> None:
    """Tags without a picture leave the picture that the page names already."""
    page = (
        b"<head><meta charset=utf-8><meta property='og:image' content='/a.jpg'>"
        b"<meta name=robots content='max-image-preview:large'></head>"
    )
    without = rewrite(page, make_tags(base_url=""))
    assert b"/a.jpg" in without and without.count(b"max-image-preview") == 1
    ours = rewrite(page, make_tags())
    assert b"/a.jpg" not in ours and ours.count(b"max-image-preview") == 1


def test_line_breaks_of_the_page(tags: HeadTags) -> None:
    """A page with CRLF gets CRLF."""
    result = rewrite(b"<html>\r\n<head>\r\n<meta charset=utf-8>\r\n<title>x</title>\r\n", tags)
    assert result.count(b"\n") == result.count(b"\r\n")


@pytest.mark.parametrize("charset", ["windows-1251", "iso-8859-7", "shift_jis", "gbk", "koi8-r", "big5"])
def test_other_encodings_keep_theirs(tags: HeadTags, charset: str) -> None:
    """In a page of another encoding the tags are ASCII with references, and its own text stays as it was."""
    text = {"iso-8859-7": "Τρένο", "big5": "火車"}.get(charset, "Поезд")
    page = f"<head><meta charset={charset}><title>{text}</title>".encode(charset)
    result = rewrite(page, tags)
    assert result == page.replace(b"<title>", block(tags, ascii_only=True) + b"<title>")
    tree = LexborHTMLParser(result.decode(charset))
    assert tree.css('meta[property="og:title"]')[0].attributes["content"] == '"The sea" <took> the road & Σ'


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"Just text",
        b"\x89PNG\r\n\x1a\n\0\0<html>",
        "<html><head></head>".encode("utf-16"),
        "<html><head></head>".encode("utf-16-le"),
        b"<head><meta charset=iso-2022-jp></head>",
        b"<html><head><title>never closed",
        b'<p><meta property="og:title" content="',
    ],
)
def test_what_is_no_page_is_refused(tags: HeadTags, page: bytes) -> None:
    """What is no HTML page, or one in which tags would not be read, is refused rather than harmed."""
    try:
        result = rewrite(page, tags)
    except MetadataError as error:
        assert error.message
    else:
        assert page == b"<html><head><title>never closed" and LexborHTMLParser(result).css("meta")


PIECES = (
    """
<!doctype html> | <html> | <head> | </head> | <body> | <title> | </title> | <meta charset=utf-8> | <p> | text | é
<meta property=og:title content=x> | <meta name="twitter:card" content="a>b"> | <link rel=canonical href=x>
<!-- | --> | <!--> | --!> | <script> | </script> | <script type=application/ld+json> | {"@type":"Article"}
<style> | </style> | <svg> | </svg> | <![CDATA[ | ]]> | <template> | </template> | <noscript> | </noscript>
<math> | </math> | <textarea> | </textarea> | <br/> | <p a=b | <a href=' | " | ' | < | > | = | / | NEWLINE
""".strip()
    .replace("\n", " | ")
    .replace("NEWLINE", "\n  ")
    .split(" | ")
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14))
def test_any_markup(tags: HeadTags, pieces: list[str]) -> None:
    """Any markup is refused or rewritten so that the tags are read once each, and again without a change."""
    page = ("<!doctype html><meta charset=utf-8>" + "".join(pieces)).encode()
    try:
        result = rewrite(page, tags)
    except MetadataError:
        return
    assert rewrite(result, tags) == result
    assert len(LexborHTMLParser(result).css('meta[property="og:title"]')) == 1
    assert block(tags) in result


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_no_tag_is_seen_where_a_parser_sees_none(pieces: list[str]) -> None:
    """Our scanner finds the <meta> tags that a real parser finds, outside templates and foreign content."""
    apart = {"<svg>", "</svg>", "<math>", "</math>", "<template>", "<textarea>", "<![CDATA["}
    page = "<!doctype html>" + "".join(piece for piece in pieces if piece not in apart)
    seen = [tag for tag in find_tags(page.encode()) if tag.name == b"meta" and not tag.closing]
    real = LexborHTMLParser(page).css("meta")
    assert len(seen) == len(real)

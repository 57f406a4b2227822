"""What a photo's own metadata says about its rights -> what the card says of itself. Nothing else goes further.

Fields are those of the IPTC Photo Metadata Standard 2023.2, read from XMP first, from IPTC-IIM where that is silent,
and the copyright, which cameras write, from EXIF where both are; on the card they stand in XMP.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image, ImageFile, IptcImagePlugin

from syndication.cards import photo, typeset
from syndication.models import PublishEvent

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LONGEST = 2000  # characters of one field
_LARGEST = 1 << 20  # bytes of a photo's XMP that are read

_SOURCE_TYPES = re.compile(r"https?://cv\.iptc\.org/newscodes/digitalsourcetype/[A-Za-z]{1,60}")
_NO_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF])

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XMP_NAMES = {
    "credit": "{http://ns.adobe.com/photoshop/1.0/}Credit",
    "copyright": "{http://purl.org/dc/elements/1.1/}rights",
    "caption": "{http://purl.org/dc/elements/1.1/}description",
    "source_type": "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType",
}
_IIM_NAMES = {"credit": (2, 110), "copyright": (2, 116), "caption": (2, 120)}
_EXIF_COPYRIGHT = 0x8298  # the photographer's and, after a NUL, the editor's (CIPA DC-008, 4.6.4)


class Rights(NamedTuple):
    """Who is to be named, whose the photo is, what it shows, and how it was made (an IPTC NewsCode's address)."""

    credit: str = ""
    copyright: str = ""
    caption: str = ""
    source_type: str = ""

    def packet(self) -> bytes:
        """These as an XMP packet; empty if there is nothing to say."""
        if not any(self):
            return b""
        from html import escape  # with it comes a table of all of HTML's names

        told = {name: escape(text) for name, text in self._asdict().items() if text}
        forms = {
            "credit": "<photoshop:Credit>{}</photoshop:Credit>",
            "copyright": '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:rights>',
            "caption": '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description>',
            "source_type": "<Iptc4xmpExt:DigitalSourceType>{}</Iptc4xmpExt:DigitalSourceType>",
        }
        spaces = (
            f'xmlns:{prefix}="{_XMP_NAMES[name][1:].partition("}")[0]}"'
            for prefix, name in (("photoshop", "credit"), ("dc", "caption"), ("Iptc4xmpExt", "source_type"))
        )
        return (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
            f'<rdf:RDF xmlns:rdf="{_RDF[1:-1]}"><rdf:Description rdf:about="" {" ".join(spaces)}>'
            f"{''.join(forms[name].format(text) for name, text in told.items())}"
            '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
        ).encode()


def told_by(path: Path, event: PublishEvent) -> tuple[tuple[int, int], bytes]:
    """A photo's upright size in pixels, and what pictures made of it say of its rights, in XMP. Raises PhotoError.

    Pillow decodes a PNG that has no EXIF to look for it: its pixels are let go here, before they are had again.
    """
    with photo.opened(path) as image:
        return photo.size(image), of_card(event, read(image)).packet()


def of_card(event: PublishEvent, own: Rights) -> Rights:
    """What a card says of its photo: what the CMS tells, else the photo's `own`."""
    if (told := event.image) is None:
        return Rights()
    return own._replace(credit=_tidy(told.credit) or own.credit, caption=_tidy(told.caption) or own.caption)


def read(image: ImageFile.ImageFile) -> Rights:
    """The rights that the metadata of a photo tells that is `photo.opened`, empty where it has none or is damaged."""
    told = _exif(image)
    for more in (_iim(image), _xmp(image)):
        told |= {name: text for name, text in more.items() if text}
    return Rights(**told)


def _exif(image: Image.Image) -> dict[str, str]:
    try:
        value = image.getexif().get(_EXIF_COPYRIGHT)
    except Exception:  # damaged, as below
        return {}
    # Pillow reads ASCII as Latin-1, and most write UTF-8 there.
    text = _decoded(value.encode("latin-1", "replace")) if isinstance(value, str) else ""
    return {"copyright": _tidy(text.replace("\0", " "))}


def _xmp(image: Image.Image) -> dict[str, str]:
    data = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    data = data.encode() if isinstance(data, str) else data
    if not data or not isinstance(data, bytes) or len(data) > _LARGEST or b"<!DOCTYPE" in data:
        return {}
    from xml.etree import ElementTree  # not paid for by photos that tell nothing in XMP

    try:
        root = ElementTree.fromstring(data.strip(b"\0 \n\r\t"))  # noqa: S314 (expat 2.4.1 and later stop bombs)
    except (ElementTree.ParseError, ValueError, LookupError):
        return {}
    found = {name: _tidy(_value(root, tag)) for name, tag in _XMP_NAMES.items()}
    if not _SOURCE_TYPES.fullmatch(found["source_type"]):
        del found["source_type"]
    return found


def _value(root: "Element", tag: str) -> str:
    """A property's text in whichever of its forms: an element, one of alternatives, a resource, an attribute."""
    for element in root.iter():
        if tag in element.attrib:
            return element.attrib[tag]
        if element.tag == tag:
            first = next(element.iter(f"{_RDF}li"), element)
            return first.text or element.attrib.get(f"{_RDF}resource", "")
    return ""


def _iim(image: ImageFile.ImageFile) -> dict[str, str]:
    try:
        records: dict[Any, Any] = IptcImagePlugin.getiptcinfo(image) or {}
    except Exception:  # damaged records: the reader may raise nearly anything, and the pixels may be sound
        return {}
    found = {}
    for name, key in _IIM_NAMES.items():
        value = records.get(key, b"")
        value = value[0] if isinstance(value, list) else value
        found[name] = _tidy(_decoded(value))
    return found


def _decoded(value: bytes) -> str:
    """UTF-8, as nearly all write it now, else Latin-1, which IIM's older writers meant."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _tidy(text: str) -> str:
    return typeset.clean(text).translate(_NO_XML)[:_LONGEST]

"""XML documents as the objects that the mappings read. Entities and the network stay off."""

import re
from xml.etree import ElementTree

from .base import Unmappable

try:
    from lxml import etree
except ImportError:
    # Whoever tries documents without Odoo (tools/map_document.py) may not have it.
    etree = None

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")


def parse(text):
    """:return: (name of the root, value): texts as text, repeated elements as a list
    :raise Unmappable: no well-formed XML, or one with a document type of its own"""
    root = tree(text)
    return _name(root), _value(root)


def tree(text):
    """:param text: str, or bytes in the encoding that they declare. What a document says of other
        files and of entities is not followed: one that has a document type of its own is refused.
    :return: root element
    :raise Unmappable: as :func:`parse`"""
    if isinstance(text, str):
        # A text is in no encoding any more, whatever it declares.
        data = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1).encode("utf-8", "replace")
    else:
        data = bytes(text)
        if data[:2] in _WIDE:
            return tree(_decoded(data))
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Unmappable("unreadable", "is XML with a document type of its own, which is refused")
    try:
        if etree is None:
            return ElementTree.fromstring(data.strip())
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
        )
        return etree.fromstring(data.strip(), parser)
    except (SyntaxError, ValueError, LookupError) as error:  # both parsers' errors are SyntaxErrors
        raise Unmappable("unreadable", f"is no well-formed XML: {str(error)[:120]}") from None


def _decoded(data):
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise Unmappable("unreadable", f"is no well-formed XML: {error}") from None


def _name(node):
    return node.tag.rpartition("}")[2]


def _value(node):
    children = [child for child in node if isinstance(child.tag, str)]
    if not children:
        # <name>two\n   lines</name>: XML's blanks are no part of a text
        return " ".join((node.text or "").split())
    result = {}
    for child in children:
        name, value = _name(child), _value(child)
        if name in result:
            if not isinstance(result[name], _Repeated):
                result[name] = _Repeated([result[name]])
            result[name].append(value)
        else:
            result[name] = value
    return result


class _Repeated(list):
    """A list that stands for repeated elements (and not for one that holds a list)."""


def looks_like_xml(payload):
    if isinstance(payload, bytes):
        return payload[:2] in _WIDE or payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
    return isinstance(payload, str) and payload.lstrip("\ufeff \t\r\n")[:1] == "<"

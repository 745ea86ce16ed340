"""XML documents as the objects that the mappings read. Entities and the network stay off."""

from lxml import etree

from .base import Unmappable

_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
)


def parse(text):
    """:return: (name of the root, value): texts as text, repeated elements as a list
    :raise Unmappable: no well-formed XML, or one with a document type of its own"""
    data = text.encode() if isinstance(text, str) else text
    if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data:
        raise Unmappable("unreadable", "is XML with a document type of its own, which is refused")
    try:
        root = etree.fromstring(data.strip(), _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unmappable("unreadable", f"is no well-formed XML: {str(error)[:120]}") from None
    return _name(root), _value(root)


def _name(node):
    return etree.QName(node).localname


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
    return isinstance(payload, str | bytes) and payload.lstrip()[:1] in ("<", b"<")

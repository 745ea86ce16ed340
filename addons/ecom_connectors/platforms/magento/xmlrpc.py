"""Values of an XML-RPC answer, which is how Magento 1 speaks."""

from ..base import Unmappable
from ..xmlish import tree


def value_of(text):
    """:return: the first value of a methodResponse"""
    root = tree(text)
    node = root.find("./params/param/value")
    if node is None:
        fault = root.find("./fault/value")
        if fault is not None:
            raise Unmappable("refused", f"is an error of the shop: {_value(fault)}")
        raise Unmappable("unreadable", "is no XML-RPC answer")
    return _value(node)


def _value(node):
    if not len(node):
        return node.text or ""
    child = node[0]
    if child.tag == "struct":
        return {m.findtext("name"): _value(m.find("value")) for m in child.findall("member")}
    if child.tag == "array":
        return [_value(each) for each in child.findall("./data/value")]
    if child.tag == "nil":
        return None
    if child.tag in ("int", "i4", "i8"):
        return int(child.text)
    if child.tag == "boolean":
        return child.text == "1"
    return child.text or ""

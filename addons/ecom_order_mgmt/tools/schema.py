"""A small validator for the part of JSON Schema (draft 2020-12) that our own schemas use.

The schema files stay the only description of a document; this interpreter reads them, so that no
library beyond Odoo's own is needed at run time. Where a schema uses a keyword that is not known
here, :func:`check_schema` says so (a test calls it), instead of skipping it in silence.
"""

import difflib
import re
from datetime import datetime

MAX_ERRORS = 50
MAX_DEPTH = 24

_TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "null": lambda v: v is None,
}
_KEYWORDS = {
    "type", "enum", "const", "pattern", "format", "minLength", "maxLength", "minimum", "maximum",
    "minItems", "maxItems", "items", "properties", "required", "additionalProperties", "$ref",
}  # fmt: skip
_ANNOTATIONS = {
    "$schema", "$id", "$defs", "title", "description", "default", "examples", "oneOf",
}  # fmt: skip
_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def parse_datetime(text):
    """:return: aware datetime of an ISO 8601 text with a zone
    :raise ValueError: not such a text, or a date that no calendar has"""
    match = _DATE_TIME.fullmatch(text)
    if not match:
        raise ValueError(text)
    day, clock, fraction, zone = match.groups()
    fraction = (fraction or ".0")[1:7].ljust(6, "0")
    zone = "+00:00" if zone in "Zz" else zone
    return datetime.fromisoformat(f"{day}T{clock}.{fraction}{zone}")


def check_schema(schema, path="$"):
    """:return: list of keywords in `schema` that this interpreter does not know"""
    unknown = [f"{path}.{key}" for key in schema if key not in _KEYWORDS | _ANNOTATIONS]
    for group in ("properties", "$defs"):
        for name, child in schema.get(group, {}).items():
            unknown += check_schema(child, f"{path}.{group}.{name}")
    if isinstance(schema.get("items"), dict):
        unknown += check_schema(schema["items"], f"{path}.items")
    return unknown


class Validator:
    """Validates values against `schema`, whose `$ref` are local (``#/…``)."""

    def __init__(self, schema):
        self._root = schema
        self._patterns = {}

    def resolve(self, node):
        """:return: `node`, or what its `$ref` points at"""
        while "$ref" in node:
            target = self._root
            for part in node["$ref"].lstrip("#/").split("/"):
                target = target[part]
            node = target
        return node

    def errors(self, value, node):
        """:return: list of (path, message), at most MAX_ERRORS; empty where `value` is right"""
        found = []
        self._check(value, self.resolve(node), "", found, 0)
        return found[:MAX_ERRORS]

    def _check(self, value, node, path, found, depth):
        if len(found) >= MAX_ERRORS:
            return
        if depth > MAX_DEPTH:
            found.append((path, "is nested too deeply"))
            return
        types = node.get("type")
        if types:
            types = [types] if isinstance(types, str) else types
            if not any(_TYPES[name](value) for name in types):
                found.append((path, f"must be {' or '.join(types)}, got {_show(value)}"))
                return
        if "const" in node and value != node["const"]:
            found.append((path, f"must be {node['const']!r}, got {_show(value)}"))
        if "enum" in node and value not in node["enum"]:
            choices = ", ".join(map(str, node["enum"]))
            found.append((path, f"must be one of {choices}; got {_show(value)}"))
        if isinstance(value, str):
            self._check_text(value, node, path, found)
        elif isinstance(value, dict):
            self._check_object(value, node, path, found, depth)
        elif isinstance(value, list):
            self._check_array(value, node, path, found, depth)
        elif isinstance(value, int) and not isinstance(value, bool):
            if "minimum" in node and value < node["minimum"]:
                found.append((path, f"must not be under {node['minimum']}, got {_show(value)}"))
            if "maximum" in node and value > node["maximum"]:
                found.append((path, f"must not be over {node['maximum']}, got {_show(value)}"))

    def _check_text(self, value, node, path, found):
        if len(value) < node.get("minLength", 0):
            found.append((path, "must not be empty"))
        if len(value) > node.get("maxLength", len(value)):
            found.append((path, f"is longer than {node['maxLength']} characters"))
        pattern = node.get("pattern")
        if pattern:
            regex = self._patterns.get(pattern)
            if regex is None:
                # `$` of JSON Schema is the very end; Python's also stands before a last newline.
                regex = self._patterns[pattern] = re.compile(pattern.replace("$", r"\Z"))
            if not regex.search(value):
                hint = f", such as {_show(node['examples'][0])}" if node.get("examples") else ""
                found.append((path, f"is not in the right form{hint}: {_show(value)}"))
        if node.get("format") == "date-time":
            try:
                parse_datetime(value)
            except (ValueError, OverflowError):
                found.append(
                    (
                        path,
                        f"is no date and time with a zone, such as '2026-11-23T09:30:00Z': {_show(value)}",
                    )
                )

    def _check_object(self, value, node, path, found, depth):
        known = node.get("properties", {})
        for name in node.get("required", ()):
            if name not in value:
                found.append((_join(path, name), "is missing"))
        for name, child in value.items():
            if not isinstance(name, str):
                found.append((path, "has a field whose name is no text"))
            elif name in known:
                self._check(child, self.resolve(known[name]), _join(path, name), found, depth + 1)
            elif node.get("additionalProperties") is False:
                close = difflib.get_close_matches(name[:64], known, n=1)
                hint = f"; did you mean '{close[0]}'?" if close else ""
                found.append((_join(path, name[:64]), f"is no known field{hint}"))
            else:
                self._check(child, {}, _join(path, name[:64]), found, depth + 1)

    def _check_array(self, value, node, path, found, depth):
        if len(value) < node.get("minItems", 0):
            found.append((path, "must not be empty"))
        if len(value) > node.get("maxItems", len(value)):
            found.append((path, f"has more than {node['maxItems']} entries"))
            return
        child = self.resolve(node.get("items", {}))
        for index, item in enumerate(value):
            self._check(item, child, f"{path}[{index}]", found, depth + 1)


def _join(path, name):
    return f"{path}.{name}" if path else name


def _show(value):
    """Short picture of a value for a message."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None:
        return "nothing (null)"
    text = repr(value) if isinstance(value, str) else str(value)[:80]
    return text if len(text) <= 80 else text[:77] + "…"

"""Documents of a JSON or JSON Lines file, one after the other, without loading the file.

A JSON file is a list of documents, or an object with a list under "orders" (or "documents",
"refunds", "data"). Numbers with a point are kept as text, so that money stays exact.
"""

import io
import json

from .problems import FileProblem
from .tabular import Limits, open_bytes

LIST_KEYS = ("orders", "documents", "refunds", "data")
_BLANK = " \t\r\n"
_CHUNK = 1 << 16


def is_json(path, limits=None):
    """Whether the file's text begins like JSON."""
    with open_bytes(path, limits or Limits()) as stream:
        head = stream.read(4096)
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def documents(path, limits=None):
    """(number, document) of every document, counted from 1.

    :raise FileProblem: with the number of the document that cannot be read
    """
    limits = limits or Limits()
    with open_bytes(path, limits) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        try:
            yield from _Reader(text, limits).documents()
        except UnicodeDecodeError as error:
            raise FileProblem("encoding", encoding="utf-8") from error
        finally:
            text.detach()


class _Reader:
    """A buffer over the text that grows only while one document does not fit."""

    def __init__(self, stream, limits):
        self._stream, self._limits = stream, limits
        self._buffer, self._at, self._end, self._number = "", 0, False, 0
        self._decoder = json.JSONDecoder(parse_float=str, parse_constant=self._refuse)

    def _refuse(self, name):
        raise FileProblem("json_syntax", row=self._number + 1, detail=name)

    def documents(self):
        first = self._peek()
        if not first:
            raise FileProblem("empty")
        if first == "[":
            self._at += 1
            yield from self._elements()
        elif first == "{":
            yield from self._object_or_lines()
        else:
            raise FileProblem("json_shape")

    def _object_or_lines(self):
        """Either one object that holds a list, or a document per line."""
        start = self._at
        if self._enter_list():
            yield from self._elements()
            return
        self._at = start
        found = False
        while self._peek():
            found = True
            yield self._document()
            if self._peek() == ",":
                raise FileProblem("json_shape")
        if not found:
            raise FileProblem("empty")

    def _enter_list(self):
        """Go behind the "[" of the object's list of documents. False if it has none."""
        self._at += 1
        while self._peek() == '"':
            key = self._value()
            if self._peek() != ":":
                return False
            self._at += 1
            if self._peek() == "[" and key in LIST_KEYS:
                self._at += 1
                return True
            if key in ("external_id", "lines", "type"):
                return False  # this is a document itself
            self._value()
            if self._peek() == ",":
                self._at += 1
        return False

    def _elements(self):
        if self._peek() == "]":
            return
        while True:
            yield self._document()
            mark = self._peek()
            self._at += 1
            if mark == "]":
                return
            if mark != ",":
                raise FileProblem("json_syntax", row=self._number, detail=mark or "end of file")

    def _document(self):
        value = self._value()
        self._number += 1
        if not isinstance(value, dict):
            raise FileProblem("json_document", row=self._number)
        return self._number, value

    def _peek(self):
        """Next character that is no blank, or empty text at the end."""
        while True:
            while self._at < len(self._buffer):
                if self._buffer[self._at] not in _BLANK:
                    return self._buffer[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _more(self):
        if self._end:
            return False
        # Grow with what is already there, so that one large document is parsed a few times only.
        chunk = self._stream.read(max(_CHUNK, len(self._buffer) - self._at))
        if not chunk:
            self._end = True
            return False
        if self._at:
            self._buffer, self._at = self._buffer[self._at :], 0
        self._buffer += chunk
        return True

    def _value(self):
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except (json.JSONDecodeError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._grow():
                    raise FileProblem(
                        "json_syntax", row=self._number + 1, detail=str(error)[:120]
                    ) from error
                continue
            if end == len(self._buffer) and not isinstance(value, (dict, list)) and self._more():
                continue  # a number may go on behind the end of the buffer
            self._at = end
            return value

    def _grow(self):
        if len(self._buffer) - self._at > self._limits.document:
            raise FileProblem(
                "json_too_big", row=self._number + 1, limit=self._limits.document >> 20
            )
        return self._more()

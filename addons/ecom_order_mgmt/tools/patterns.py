"""Word lists with wildcards, as a shop clerk writes them. Pure functions.

A pattern is a list of phrases between commas or on lines of their own. A phrase is found anywhere in
a text, whatever the case; ``*`` stands for any characters, ``?`` for one. A phrase that begins with
``!`` must not be there. There are no regular expressions: a bad one can keep a server busy for
minutes with one message of a buyer.
"""

import re
from functools import lru_cache

from . import text

MAX_TEXT = 20_000


class InvalidPattern(ValueError):
    """The message says what is wrong, in words for the user who wrote it."""


@lru_cache(maxsize=1024)
def compile_pattern(pattern):
    """:return: (list of (phrase, _Phrase) that are looked for, the same of those that must be absent)
    :raise InvalidPattern: nothing to look for
    """
    wanted, unwanted = [], []
    for phrase in re.split(r"[,;\n，；、]", pattern or ""):
        phrase = phrase.strip()
        target = unwanted if phrase.startswith("!") else wanted
        phrase = phrase.lstrip("!").strip()
        if phrase.strip("*? "):
            target.append((phrase, _Phrase(phrase)))
        elif phrase:
            raise InvalidPattern(f"“{phrase}” would be found in every text")
    if not wanted:
        raise InvalidPattern("there is no phrase to look for")
    return wanted, unwanted


class _Phrase:
    """A phrase, cut at its stars. Each piece is looked for behind the one before: the time is that
    of reading the text once per piece, whatever phrase and text are."""

    def __init__(self, phrase):
        folded = text.fold(phrase)
        self.pieces = [
            re.compile("".join("." if char == "?" else re.escape(char) for char in piece))
            for piece in folded.split("*")
            if piece
        ]
        self.open_start = folded.startswith("*")
        self.open_end = folded.endswith("*")

    def is_in(self, line):
        position = 0
        for piece in self.pieces:
            match = piece.search(line, position)
            if not match:
                return False
            position = match.end()
        return True

    def is_whole(self, line):
        position, last = 0, len(self.pieces) - 1
        for number, piece in enumerate(self.pieces):
            at_start = number == 0 and not self.open_start
            if number == last and not self.open_end:
                # The last piece ends the text; all pieces are of fixed length.
                start = len(line) - self._length(piece)
                if start < position or (at_start and start):
                    return False
                return bool(piece.fullmatch(line, start))
            match = piece.match(line) if at_start else piece.search(line, position)
            if not match:
                return False
            position = match.end()
        return True

    @staticmethod
    def _length(piece):
        return len(re.sub(r"\\(.)", r"\1", piece.pattern, flags=re.DOTALL))


def find(pattern, value):
    """:return: the first phrase of `pattern` that a line of `value` holds, or None

    >>> find("gift*wrap, urgent", "Please GIFT-WRAP it")
    'gift*wrap'
    >>> find("urgent, !not urgent", "this is not urgent")
    """
    wanted, unwanted = compile_pattern(pattern)
    lines = [text.fold(line) for line in (value or "")[:MAX_TEXT].splitlines()]
    if any(phrase.is_in(line) for _text, phrase in unwanted for line in lines):
        return None
    return next(
        (words for words, phrase in wanted if any(phrase.is_in(line) for line in lines)), None
    )


def matches_whole(pattern, value):
    """:return: the phrase that is the whole of `value` (a SKU, a postal code), or None

    >>> matches_whole("MUG*, LAMP", "mug-red")
    'MUG*'
    >>> matches_whole("MUG, LAMP", "mug-red")
    """
    wanted, unwanted = compile_pattern(pattern)
    folded = text.fold(value)
    if not folded or any(phrase.is_whole(folded) for _text, phrase in unwanted):
        return None
    return next((words for words, phrase in wanted if phrase.is_whole(folded)), None)

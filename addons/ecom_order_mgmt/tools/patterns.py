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
    """:return: (list of (phrase, compiled) that are looked for, the same of those that must be absent)
    :raise InvalidPattern: nothing to look for
    """
    wanted, unwanted = [], []
    for phrase in re.split(r"[,;\n，；、]", pattern or ""):
        phrase = phrase.strip()
        target = unwanted if phrase.startswith("!") else wanted
        phrase = phrase.lstrip("!").strip()
        if phrase.strip("*? "):
            target.append((phrase, _regex(phrase)))
        elif phrase:
            raise InvalidPattern(f"“{phrase}” would be found in every text")
    if not wanted:
        raise InvalidPattern("there is no phrase to look for")
    return wanted, unwanted


def _regex(phrase):
    # Lazy, and never across a line break: linear in the text for the few stars of a phrase.
    parts = []
    for char in re.sub(r"\*+", "*", text.fold(phrase)):
        parts.append({"*": r"[^\n]{0,80}?", "?": r"[^\n]"}.get(char) or re.escape(char))
    return re.compile("".join(parts))


def find(pattern, value):
    """:return: the first phrase of `pattern` that `value` holds, or None

    >>> find("gift*wrap, urgent", "Please GIFT-WRAP it")
    'gift*wrap'
    >>> find("urgent, !not urgent", "this is not urgent")
    """
    wanted, unwanted = compile_pattern(pattern)
    folded = _fold_lines(value)
    if not folded or any(regex.search(folded) for _phrase, regex in unwanted):
        return None
    return next((phrase for phrase, regex in wanted if regex.search(folded)), None)


def matches_whole(pattern, value):
    """:return: the phrase that is the whole of `value` (a SKU, a postal code), or None

    >>> matches_whole("MUG*, LAMP", "mug-red")
    'MUG*'
    >>> matches_whole("MUG, LAMP", "mug-red")
    """
    wanted, unwanted = compile_pattern(pattern)
    folded = text.fold(value)
    if not folded or any(regex.fullmatch(folded) for _phrase, regex in unwanted):
        return None
    return next((phrase for phrase, regex in wanted if regex.fullmatch(folded)), None)


def _fold_lines(value):
    return "\n".join(text.fold(line) for line in (value or "")[:MAX_TEXT].splitlines())

"""How alike two titles of goods are. Pure functions, no library beside Python's own.

A shop calls a thing "Mug, blue - 300ml", the house "Blue mug 300 ml". Words count by how seldom
they are; numbers (sizes, volumes, pack sizes) must agree, or it is another variant.
"""

import math
import re
import unicodedata
from difflib import SequenceMatcher

# What is shown to a person at all.
WORTH_A_LOOK = 50
_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+")
# Scripts that are written without blanks are compared by pairs of signs.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_CANDIDATES = 30


def tokens(name):
    """:return: set of words and numbers of a title, without case, accents and punctuation"""
    text = unicodedata.normalize("NFKD", name or "").casefold()
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    found = set()
    for token in _TOKEN.findall(text):
        if _UNSPACED.fullmatch(token) and len(token) > 1:
            found |= {token[i : i + 2] for i in range(len(token) - 1)}
        else:
            found.add(token.replace(",", "."))
    return found


def code(text):
    """:return: a SKU without its separators: MUG-01 is mug01"""
    return re.sub(r"[\W_]+", "", text or "").casefold()


def is_number(token):
    return token[0].isdigit()


class Index:
    """Titles of one's own goods, to be asked for what is most like another title.

    :param goods: {key: (title, SKU)}
    """

    def __init__(self, goods):
        self.tokens = {key: tokens(name) for key, (name, _sku) in goods.items()}
        self.codes, self.by_token = {}, {}
        for key, (_name, sku) in goods.items():
            if code(sku):
                self.codes.setdefault(code(sku), []).append(key)
        for key, found in self.tokens.items():
            for token in found:
                self.by_token.setdefault(token, []).append(key)
        self.count = max(len(goods), 1)

    def _weight(self, token):
        return 1 + math.log(self.count / len(self.by_token.get(token, (0,))))

    def best(self, name, sku=None, limit=1):
        """The most alike first, none that is not worth a look.

        :return: list of (key, score from 0 to 100)"""
        wanted = tokens(name)
        scores = {key: self._score(wanted, self.tokens[key]) for key in self._candidates(wanted)}
        same_code = self.codes.get(code(sku), ()) if len(code(sku)) > 2 else ()
        for key in same_code:
            # The same SKU but for its separators; a title that has nothing in common says no.
            scores[key] = max(scores.get(key, 0), 90 if self.tokens[key] & wanted else 75)
        found = sorted(scores.items(), key=lambda item: (-item[1], str(item[0])))
        return [(key, score) for key, score in found if score >= WORTH_A_LOOK][:limit]

    def _candidates(self, wanted):
        """:return: those that share most of the rare words; not all goods are compared"""
        shared = {}
        for token in wanted:
            known = self.by_token.get(token, ())
            # A word that a fifth of a large range has tells nothing apart.
            if len(known) > max(50, self.count / 5):
                continue
            weight = self._weight(token)
            for key in known:
                shared[key] = shared.get(key, 0) + weight
        return sorted(shared, key=lambda key: (-shared[key], str(key)))[:_CANDIDATES]

    def _score(self, wanted, known):
        if not wanted or not known:
            return 0
        total = sum(self._weight(token) for token in wanted | known)
        same = sum(self._weight(token) for token in wanted & known)
        # Words that differ by a letter or an ending.
        left, right = wanted - known, known - wanted
        for token in sorted(left):
            if is_number(token) or len(token) < 4:
                continue
            near = [(SequenceMatcher(None, token, other).ratio(), other) for other in right if not is_number(other)]
            ratio, other = max(near, default=(0, None))
            if ratio >= 0.8:
                same += ratio * (self._weight(token) + self._weight(other)) / 2
                right = right - {other}
                total -= (self._weight(token) + self._weight(other)) / 2
        score = 100 * same / total
        numbers, others = {t for t in wanted if is_number(t)}, {t for t in known if is_number(t)}
        if numbers and others and not numbers & others:
            score *= 0.6
        return min(round(score), 99)

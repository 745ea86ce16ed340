"""To which order a refund belongs, where the channel does not say it."""

from collections import Counter
from decimal import Decimal


def line_key(line):
    """:return: what makes two lines the same goods; channels are careless about case"""
    key = line.get("sku") or line.get("listing_id") or line.get("name") or line.get("kind", "")
    return key.upper()


def quantities(document):
    """:return: Counter {line key: quantity} of a canonical order or refund"""
    result = Counter()
    for line in document.get("lines", []):
        result[line_key(line)] += Decimal(line["quantity"])
    return result


def find_order(refund, candidates):
    """Find the order that still holds all that is taken back.

    :param refund: canonical refund
    :param candidates: iterable of (order, canonical order, list of canonical refunds that it has
        already), the likeliest first
    :return: first `order` whose quantities, less those refunded, cover the refund; or None
    """
    wanted = +quantities(refund)
    if not wanted:
        return None
    for order, document, refunds in candidates:
        left = quantities(document)
        for earlier in refunds:
            left.subtract(quantities(earlier))
        if all(left[key] >= quantity for key, quantity in wanted.items()):
            return order
    return None

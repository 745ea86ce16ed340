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


def spread(refund, candidates):
    """Share a refund out to several orders that only together hold what is taken back.

    :param refund: canonical refund
    :param candidates: as of :func:`find_order`
    :return: list of (order, canonical refund of the order's part), the likeliest order first; empty
        where the orders do not hold all of it. Quantities and money of the parts add up exactly.
    """
    wanted = +quantities(refund)
    shares = []
    for order, document, refunds in candidates:
        if not wanted:
            break
        left = quantities(document)
        for earlier in refunds:
            left.subtract(quantities(earlier))
        take = +Counter({key: min(quantity, left[key]) for key, quantity in wanted.items()})
        if take:
            shares.append((order, take))
            wanted = +(wanted - take)
    if wanted or not shares:
        return []
    parts = [(order, {**refund, "lines": []}) for order, _take in shares]
    for line in refund["lines"]:
        _spread_line(line, shares, parts)
    rest = Decimal(refund["amount"])
    for _order, part in parts[1:]:
        money = sum((Decimal(line["amount"]) for line in part["lines"]), Decimal(0))
        money = min(money, rest)
        part["amount"] = f"{money:f}"
        rest -= money
    # What is for no goods (shipping, goodwill) stays with the likeliest order.
    parts[0][1]["amount"] = f"{rest:f}"
    return parts


def _spread_line(line, shares, parts):
    """Move one line's pieces and money to the parts; uses up the shares."""
    whole, rest = Decimal(line["quantity"]), Decimal(line["amount"])
    if whole <= 0:
        parts[0][1]["lines"].append(line)
        return
    key, open_pieces = line_key(line), whole
    cent = Decimal(1).scaleb(min(rest.as_tuple().exponent, -2))
    for (_order, take), (_same, part) in zip(shares, parts, strict=True):
        pieces = min(open_pieces, take[key])
        if pieces <= 0:
            continue
        take[key] -= pieces
        open_pieces -= pieces
        money = rest
        if open_pieces:
            money = min((Decimal(line["amount"]) * pieces / whole).quantize(cent), rest)
        rest -= money
        part["lines"].append({**line, "quantity": f"{pieces:f}", "amount": f"{money:f}"})

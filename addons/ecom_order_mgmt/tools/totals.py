"""What a canonical order comes to: per line net, taxes and gross, exact to the currency's unit.

All amounts are Decimals in the order's currency. The sums here are the ones that Odoo is made to
have: net and tax of each line go to Odoo as they are, it computes none of them again.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from .money import ZERO, allocate, round_to

HUNDRED = Decimal(100)
_DISCOUNT_STEP = Decimal("0.01")  # precision of Odoo's discount in percent


@dataclass
class LineTotal:
    """One line of the sale order to be.

    `amount` is quantity x price after all discounts in the price mode of the order; `net` is
    without tax; `taxes` maps the index of the document's tax to its amount.
    """

    index: int | None
    kind: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    net: Decimal = ZERO
    taxes: dict = field(default_factory=dict)

    @property
    def total(self):
        return self.net + sum(self.taxes.values())

    def price_and_discount(self, rounding):
        """:return: (unit price, discount in percent) that give `amount` exactly.

        The percentage is shown where one with two decimals says the same; where none does (three
        pieces, 10.00 off), the price is the net one and carries the discount in itself.
        """
        if not self.quantity:
            return self.unit_price, ZERO
        before = self.quantity * self.unit_price
        if round_to(before, rounding) == self.amount:
            return self.unit_price, ZERO
        if before > 0 and 0 <= self.amount < before:
            percent = round_to(HUNDRED * (before - self.amount) / before, _DISCOUNT_STEP)
            if round_to(before * (HUNDRED - percent) / HUNDRED, rounding) == self.amount:
                return self.unit_price, percent
        return self.amount / self.quantity, ZERO


@dataclass
class OrderTotal:
    """`difference`: what the channel's total has more than the lines come to."""

    lines: list
    stated: Decimal
    difference: Decimal


def own_taxes(line):
    """:return: list of (index, tax) of a document line that are ours to account for"""
    return [
        (index, tax)
        for index, tax in enumerate(line.get("taxes", []))
        if tax["collected_by"] != "platform"
    ]


def compute(document, included, rounding):
    """:param document: normalised canonical order
    :param bool included: unit prices contain the tax
    :param Decimal rounding: the currency's smallest unit
    :return: OrderTotal; discounts of the order that exceed its products follow as a line of
        kind ``discount`` with index None"""
    lines = []
    for index, line in enumerate(document["lines"]):
        quantity, price = Decimal(line["quantity"]), Decimal(line["unit_price"])
        amount = quantity * price - Decimal(line.get("discount", "0"))
        amount = round_to(Decimal(line["total"]) if "total" in line else amount, rounding)
        lines.append(LineTotal(index, line["kind"], quantity, price, amount))
    _share_out(document, lines, rounding)
    for line in lines:
        source = document["lines"][line.index] if line.index is not None else {}
        _split_tax(line, own_taxes(source), included, rounding)
    stated = round_to(Decimal(document["total"]), rounding)
    return OrderTotal(lines, stated, stated - sum((line.total for line in lines), ZERO))


def _share_out(document, lines, rounding):
    """Lower the product lines by the discounts of the whole order."""
    discount = sum(
        (
            Decimal(entry["amount"])
            for entry in document.get("discounts", [])
            if entry["borne_by"] == "shop"
        ),
        ZERO,
    )
    discount = round_to(discount, rounding)
    if not discount:
        return
    targets = [line for line in lines if line.kind == "product" and line.amount > 0]
    worth = sum((line.amount for line in targets), ZERO)
    if targets:
        shares = allocate(min(discount, worth), [line.amount for line in targets], rounding)
        for line, share in zip(targets, shares, strict=True):
            line.amount -= share
    if discount > worth:
        rest = worth - discount
        lines.append(LineTotal(None, "discount", Decimal(1), rest, rest))


def _split_tax(line, taxes, included, rounding):
    """Fill net and taxes: the channel's own amounts where it gives them, else by rate."""
    rates = sum((Decimal(tax["rate"]) for _index, tax in taxes), ZERO)
    base = line.amount * HUNDRED / (HUNDRED + rates) if included else line.amount
    for index, tax in taxes:
        amount = (
            Decimal(tax["amount"]) if "amount" in tax else base * Decimal(tax["rate"]) / HUNDRED
        )
        line.taxes[index] = round_to(amount, rounding)
    line.net = line.amount - (sum(line.taxes.values()) if included else ZERO)

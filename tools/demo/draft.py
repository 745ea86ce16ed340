"""A small builder of canonical order documents, exact to the cent. Pure Python."""

from datetime import timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
HUNDRED = Decimal(100)


def cents(amount):
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def iso(moment, zone=timezone.utc):
    """:return: `moment` as text with the offset of `zone`"""
    return moment.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")


def times(moment, shop, minutes=7):
    """:return: the fields that say when an order was placed and last changed"""
    return {
        "placed_at": iso(moment, shop.zone),
        "updated_at": iso(moment + timedelta(minutes=minutes)),
    }


class Draft:
    """One order in the making: lines first, then discounts, then :meth:`document`.

    :param shop: the :class:`.shops.Shop` that writes the document
    :param bool state_tax: give the exact tax of each line, as most shops do
    """

    def __init__(self, external_id, number, shop, state_tax=True):
        self.head = {
            "external_id": external_id,
            "number": number,
            "currency": shop.currency,
            "prices_include_tax": shop.included,
        }
        self.included = shop.included
        self.state_tax = state_tax
        self.lines, self.discounts, self._rates = [], [], []

    def line(self, name, price, *, rate=None, quantity=1, discount=0, sku=None, **fields):
        """Add a line; `rate` is its tax in percent, `fields` go into the document as they are."""
        entry = {"id": str(len(self.lines) + 1), "name": name, "quantity": str(quantity)}
        if sku:
            entry["sku"] = sku
        entry["unit_price"] = str(price)
        if discount:
            entry["discount"] = str(cents(discount))
        if rate is not None and Decimal(rate):
            entry["taxes"] = [{"rate": rate}]
        self.lines.append(entry | fields)
        self._rates.append(Decimal(rate or 0))
        return self

    def item(self, item, price, **options):
        return self.line(item.name, price, sku=item.sku, **options)

    def discount(self, code, amount, **fields):
        self.discounts.append({"code": code, "amount": str(cents(amount)), **fields})
        return self

    def amounts(self):
        """:return: list of what each line comes to before discounts of the whole order"""
        result = []
        for entry in self.lines:
            amount = Decimal(entry["quantity"]) * Decimal(entry["unit_price"])
            result.append(cents(entry.get("total", amount - Decimal(entry.get("discount", 0)))))
        return result

    def goods(self):
        """:return: value of the product lines, which discounts of the whole order refer to"""
        return sum(
            amount
            for entry, amount in zip(self.lines, self.amounts(), strict=True)
            if entry.get("kind", "product") == "product"
        )

    def document(self, payments=(), off_by="0", **fields):
        """:param payments: dicts; one of them may lack the amount: it pays what is left
        :param off_by: what the channel's total has more than its lines: shops that add up
            unrounded figures are a cent or three off
        :return: canonical document"""
        shared = self._after_discounts()
        total = sum(shared, Decimal(0))
        for entry, amount, rate in zip(self.lines, shared, self._rates, strict=True):
            base = amount * HUNDRED / (HUNDRED + rate) if self.included else amount
            tax = cents(base * rate / HUNDRED)
            if not self.included:
                total += tax
            if self.state_tax and entry.get("taxes"):
                entry["taxes"][0]["amount"] = str(tax)
        total = cents(total + Decimal(off_by))
        document = {**self.head, "lines": self.lines}
        if self.discounts:
            document["discounts"] = self.discounts
        if payments:
            document["payments"] = self._pay(payments, total)
        return {**document, "total": str(total), **fields}

    def _after_discounts(self):
        """Share the shop's discounts out over the product lines, the last one takes the rest."""
        amounts = self.amounts()
        discount = sum(
            Decimal(entry["amount"])
            for entry in self.discounts
            if entry.get("borne_by", "shop") == "shop"
        )
        goods = [
            index
            for index, entry in enumerate(self.lines)
            if entry.get("kind", "product") == "product" and amounts[index] > 0
        ]
        worth, left = sum((amounts[index] for index in goods), Decimal(0)), discount
        for index in goods:
            share = left if index == goods[-1] else cents(discount * amounts[index] / worth)
            amounts[index] -= share
            left -= share
        return amounts

    @staticmethod
    def _pay(payments, total):
        left = total - sum(Decimal(payment.get("amount", 0)) for payment in payments)
        return [{**payment, "amount": payment.get("amount", str(left))} for payment in payments]

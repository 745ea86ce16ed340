"""The demo's orders: the same documents on every run. Pure Python, seeded, exact.

A stream holds documents in the order in which they arrive; most are generated here, the awkward
ones are written by hand in :mod:`.tricky`.
"""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from . import files, people, shops, tricky
from .catalogue import items
from .draft import Draft, cents, iso, times

SEED = "lumen and oak"
COUNTS = {shops.WEB.code: 96, shops.MARKET.code: 76, shops.QINGMU.code: 40}
IN_FILES = 20
DAYS = 9  # how far back the oldest order lies
GIFT_WRAP = Decimal("4.50")


@dataclass
class Stream:
    """What one shop sends: `documents` one by one, and `files` as (name, content) of `filed`."""

    shop: shops.Shop
    documents: list
    parked: str  # the one order that cannot be imported
    files: list = field(default_factory=list)
    filed: list = field(default_factory=list)
    refunds: list = field(default_factory=list)

    def stated(self):
        """:return: {external id: total as Decimal} of what the shop says last of each order"""
        latest = {}
        for document in [*self.documents, *self.filed]:
            known = latest.get(document["external_id"])
            if not known or document.get("updated_at", "") >= known.get("updated_at", ""):
                latest[document["external_id"]] = document
        return {key: Decimal(document["total"]) for key, document in latest.items()}


def build(base, share=1.0):
    """:param base: aware datetime that the orders lead up to; the same base, the same documents
    :param share: how many of the ordinary orders; the awkward ones are always all there
    :return: {shop code: :class:`Stream`}"""
    makers = {
        shops.WEB.code: (_web_order, tricky.web),
        shops.MARKET.code: (_market_order, tricky.market),
        shops.QINGMU.code: (_qingmu_order, tricky.qingmu),
    }
    streams = {}
    for shop in shops.SHOPS:
        make, handmade = makers[shop.code]
        chance = random.Random(f"{SEED}/{shop.code}")
        goods = [item for item in items() if item.template not in ("LO-TOKEN", "LO-BENCH-HALL")]
        count = COUNTS[shop.code]
        in_file = 0 if shop is shops.WEB else IN_FILES
        documents = []
        for index in range(count + in_file):
            age = timedelta(days=DAYS) * (1 - index / (count + in_file)) + timedelta(minutes=25)
            moment = base - age - timedelta(seconds=chance.randrange(1200))
            documents.append(make(chance, goods, index, moment))
        early, late = handmade(base)
        stream = Stream(
            shop, early + documents[: int(count * share)] + late, tricky.PARKED[shop.code]
        )
        stream.filed = documents[count:]
        stream.refunds = tricky.refunds(shop, stream.documents, base)
        if in_file:
            stream.files = [files.write(shop, stream.filed)]
        streams[shop.code] = stream
    return streams


def _pick(chance, goods, most=4):
    return chance.sample(goods, chance.choices(range(1, most + 1), (45, 30, 17, 8)[:most])[0])


def _web_order(chance, goods, index, moment):
    shop = shops.WEB
    guest = chance.random() < 0.3
    customer, address, rate = people.us_buyer(chance.randrange(len(people.US)), guest=guest)
    state_tax = chance.random() < 0.85
    draft = Draft(f"5482{index + 1001:07d}", f"L{1001 + index}", shop, state_tax)
    for item in _pick(chance, goods):
        quantity = chance.choices((1, 2, 3, 5), (60, 22, 13, 5))[0]
        value = item.usd * quantity
        discount = chance.choices((0, value / 10, Decimal("5.00")), (75, 17, 8))[0]
        discount = discount if discount < value else 0
        draft.item(item, item.usd, quantity=quantity, discount=discount, rate=rate)
    if draft.state_tax and chance.random() < 0.22:
        code, percent = chance.choice((("WELCOME10", 10), ("OAK15", 15), ("THANKS", 7)))
        draft.discount(code, draft.goods() * percent / 100, title=f"{percent}% off")
    if chance.random() < 0.15:
        draft.line("Gift wrapping", GIFT_WRAP, kind="gift_wrap", rate=rate)
    express = chance.random() < 0.2
    postage = Decimal("14.90") if express else Decimal("0" if draft.goods() > 150 else "5.95")
    draft.line("Express" if express else "Ground", postage, kind="shipping", rate=rate)
    document = draft.document(
        _web_payments(chance, index, moment),
        off_by=chance.choices(("0", "0.01", "-0.01", "0.03"), (92, 4, 3, 1))[0],
        customer=customer,
        shipping_address=address,
        delivery_option="UPS Next Day" if express else "UPS Ground",
    )
    if chance.random() < 0.1:
        document["buyer_message"] = "Please leave the parcel behind the planter. Thank you!"
    if chance.random() < 0.7:
        document["billing_address"] = address
    return document | times(moment, shop)


def _web_payments(chance, index, moment):
    paid_at = iso(moment + timedelta(minutes=2))
    card = {"id": f"ch_{index:05d}", "method": "card", "paid_at": paid_at}
    way = chance.choices(("card", "gift_card", "credit", "authorized", "unpaid"), (74, 8, 5, 5, 8))[
        0
    ]
    if way == "gift_card":
        gift = {"id": f"gc_{index:05d}", "kind": "gift_card", "amount": "5.00", "paid_at": paid_at}
        return [gift, card]
    if way == "credit":
        credit = {"id": f"sc_{index:05d}", "kind": "store_credit", "paid_at": paid_at}
        return [credit | {"amount": "3.21"}, card]
    if way == "authorized":
        return [{"id": f"ch_{index:05d}", "method": "card", "state": "authorized"}]
    if way == "unpaid":
        return [{"id": f"tr_{index:05d}", "method": "bank transfer", "state": "pending"}]
    return [card]


def _market_order(chance, goods, index, moment):
    shop = shops.MARKET
    customer, address, rate, reduced = people.eu_buyer(chance.randrange(len(people.EU)))
    number = f"BZ-{chance.randrange(100, 999)}-{40210 + index}"
    draft = Draft(number, number, shop, state_tax=chance.random() < 0.7)
    for item in _pick(chance, goods, 3):
        quantity = chance.choices((1, 2, 4), (75, 20, 5))[0]
        off = chance.choices((0, item.eur * quantity * 12 / 100), (80, 20))[0]
        tax = reduced if item.goods == "book" else rate
        draft.item(
            item, item.eur, quantity=quantity, discount=off, rate=tax,
            listing_id=f"B0{abs(hash_code(item.sku)):08X}",
        )  # fmt: skip
    if chance.random() < 0.6:
        draft.line("Versand", chance.choice(("3.95", "4.99")), kind="shipping", rate=rate)
    payment = {"method": "Bazaar Pay", "paid_at": iso(moment + timedelta(minutes=1))}
    payments = [payment]
    if chance.random() < 0.15:
        subsidy = cents(draft.goods() * 5 / 100)
        draft.discount("BAZAAR-WEEK", subsidy, borne_by="platform")
        payments = [{"kind": "platform_subsidy", "amount": str(subsidy)}, payment]
    elif chance.random() < 0.12:
        draft.discount("SHOP-5", "5.00")
    document = draft.document(
        payments,
        off_by=chance.choices(("0", "0.01", "-0.02"), (95, 3, 2))[0],
        customer=customer,
        shipping_address=address,
        ship_by=iso(moment + timedelta(days=2)),
        deliver_by=iso(moment + timedelta(days=6)),
        tags=["premium"] if chance.random() < 0.2 else [],
    )
    return document | times(moment, shop)


def _qingmu_order(chance, goods, index, moment):
    shop = shops.QINGMU
    customer, address = people.cn_buyer(chance.randrange(len(people.CN)))
    number = f"26{chance.randrange(10**13):013d}{9000 + index}"
    draft = Draft(number, number, shop, state_tax=False)
    for item in _pick(chance, goods, 3):
        quantity = chance.choices((1, 2), (85, 15))[0]
        draft.line(item.name_zh, item.cny, sku=item.sku, quantity=quantity, rate="13")
    if chance.random() < 0.3:
        draft.line("赠品：便签卡", "0", sku="LO-CARD-SET12", gift=True)
    if chance.random() < 0.4:
        draft.discount("满减", chance.choice(("10", "20", "33.33")), title="店铺满减")
    draft.line("运费", chance.choice(("0", "0", "12")), kind="shipping", rate="6")
    payments = [{"method": "支付宝", "paid_at": iso(moment + timedelta(minutes=1))}]
    document = draft.document(payments, customer=customer, shipping_address=address)
    if chance.random() < 0.25:
        document["buyer_message"] = chance.choice(
            ("请尽快发货 🙏", "送礼用，请不要放价格单", "周末派送")
        )
    if chance.random() < 0.15:
        document["seller_memo"] = "老客户，附手写卡片"
    return document | times(moment, shop)


def hash_code(text):
    """:return: a number that depends on `text` alone (the built-in hash differs in every run)"""
    value = 17
    for character in text:
        value = (value * 31 + ord(character)) % 0x7FFFFFFF
    return value

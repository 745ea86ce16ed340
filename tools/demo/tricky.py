"""Awkward orders, written by hand. Each says what is awkward about it. Pure Python.

Every shop has a function that returns two lists of documents in the order in which they arrive:
`early`, before the shop's ordinary orders, and `late`, after them. A document may come twice, and
its older version after the newer one.
"""

from datetime import timedelta, timezone
from decimal import Decimal

from . import people, shops
from .catalogue import items
from .draft import Draft, iso, times

# What must be parked, however good the program is.
PARKED = {
    shops.WEB.code: "LX023",
    shops.MARKET.code: "BZ-900-5012",
    shops.QINGMU.code: "QM2611008",
}

ITEMS = {item.sku: item for item in items()}
PAID = {"method": "card"}
LONG_NAME = (
    "Doña María del Carmen Fernández-Villaverde y Álvarez de Toledo Ruiz-Mateos de la Santísima "
    "Trinidad, care of the Interdisciplinary Institute for Applied Daylight Research and Seasonal "
    "Lighting Design, Accounts Payable"
)
LONG_STREET = (
    "Building 14 West, third floor, room 3.117 (ring twice, the doorman knows), behind the old "
    "observatory at the end of the gravel road that starts opposite the bakery, 20600 Mulholland "
    "Drive, deliveries only between ten and four, please phone before you come up the hill"
)
LONG_TITLE = (
    "Paper Pendant, size S – hand-folded from washi over a steam-bent oak ring, for bulbs with E27 "
    "or E26 socket up to 60 W, including two metres of linen cord, canopy, hook and dowel; colours "
    "may differ from the picture, every single piece differs from the next ✨🏮✨"
)


class Bench:
    """Makes drafts of one shop with running numbers."""

    def __init__(self, shop, base, prefix, buyer):
        self.shop, self.base, self.prefix, self.buyer = shop, base, prefix, buyer
        self.count = 0

    def draft(self, **options):
        self.count += 1
        number = f"{self.prefix}{self.count:03d}"
        return Draft(number, number, self.shop, **options)

    def write(self, draft, hours, buyer=0, payments=(PAID,), off_by="0", minutes=7, **fields):
        """:param hours: how long before the base the order was placed
        :param buyer: number of the buyer
        :param minutes: after that time the document was last changed"""
        customer, address, *_rates = self.buyer(buyer)
        fields = {"customer": customer, "shipping_address": address} | fields
        moment = self.base - timedelta(hours=hours)
        document = draft.document(payments, off_by, **fields)
        return document | times(moment, self.shop, minutes)


def web(base):
    """The web shop: US dollars, prices before tax."""
    bench = Bench(shops.WEB, base, "LX", people.us_buyer)
    documents, late = [], []

    def add(draft, hours, **options):
        document = bench.write(draft, hours, **options)
        documents.append(document)
        return document

    def lamp(rate="8.25", **options):
        lamp = ITEMS["LO-LAMP-DESK-NAT-27"]
        return bench.draft().item(lamp, lamp.usd, rate=rate, **options)

    # Three pieces, 10.00 off the line: no unit price has two decimals.
    organiser = ITEMS["LO-BOX-DESK"]
    add(bench.draft().item(organiser, "33.33", quantity=3, discount=10, rate="8.25"), 30)
    # 20.00 off the order, over three equal lines: 6.67 + 6.67 + 6.66.
    draft = bench.draft()
    for sku in ("LO-BRUSH-DUST", "LO-OIL-WOOD", "LO-FRAME-A4"):
        draft.item(ITEMS[sku], "19.99", rate="7.25")
    add(draft.discount("TWENTY", 20, title="20 off"), 29, buyer=3)
    # A price per piece that was rounded for display: 300 x 0.333333 is 100.00.
    draft = bench.draft()
    draft.item(ITEMS["LO-TOKEN"], "0.333333", quantity=300, rate="8.25", total="100.00")
    add(draft, 28, buyer=9)
    # A line set to zero after the order was edited.
    towel = ITEMS["LO-TOWEL-WAF-SND"]
    add(lamp().item(towel, towel.usd, quantity=0, rate="8.25"), 27, buyer=1)
    # A voucher over the whole order; nothing is left to pay.
    draft = lamp("0")
    add(draft.discount("GIFT-FOR-YOU", draft.goods()), 26, buyer=7, payments=())
    # Paid with a gift card alone, which is a payment and not a discount.
    add(lamp("0"), 25, buyer=8, payments=[{"id": "gc_full", "kind": "gift_card"}])
    # Very long name, street and title, with emoji.
    customer, address, _rate = people.us_buyer(4)
    pendant = ITEMS["LO-LAMP-PEND-S"]
    add(
        bench.draft().line(LONG_TITLE, pendant.usd, sku=pendant.sku, rate="7.25"),
        24,
        customer=customer
        | {"external_id": "LO-C7999", "name": LONG_NAME, "email": "long@example.com"},
        shipping_address=address | {"name": LONG_NAME, "street": LONG_STREET},
        buyer_message="It is a surprise 🎁🤫 – please no invoice in the box! 谢谢",
    )
    # One guest, twice, with the mail address in another spelling.
    guest, address, _rate = people.us_buyer(10, guest=True)
    for hours, mail in ((23, guest["email"]), (6, guest["email"].upper())):
        add(lamp("7.25"), hours, customer=guest | {"email": mail}, shipping_address=address)
    # A guest with a telephone number only, and no country in a separate billing address.
    add(
        lamp("7.25"),
        22,
        customer={"name": "Sam (phone order)", "phone": "+1 (202) 555-0177"},
        billing_address={"name": "Sam", "street": "PO Box 12", "city": "Fresno"},
        shipping_address=people.us_buyer(12)[1],
    )
    # A present: the buyer is new here, and the parcel goes to somebody else.
    friend = {"external_id": "LO-C7998", "name": "Rosa Delgado", "email": "rosa@example.com"}
    add(lamp("7.25"), 21.5, buyer=4, customer=friend, buyer_message="Happy birthday, Dev!")
    # The same document three times.
    twin = add(lamp().line("Ground", "5.95", kind="shipping", rate="8.25"), 21, buyer=2)
    documents.append(dict(twin))
    late.append(dict(twin))
    # The newer version arrives first; the older one must not undo it.
    old = bench.write(lamp(), 20, payments=[PAID | {"state": "pending"}], minutes=1)
    new = bench.write(lamp(), 20, minutes=45) | {key: old[key] for key in ("external_id", "number")}
    documents += [new, old]
    late.append(dict(old))
    # In the right order: unpaid, then paid.
    first = bench.write(lamp(), 19, buyer=5, payments=[PAID | {"state": "pending"}], minutes=1)
    then = {**first, "payments": [{**first["payments"][0], "state": "paid"}]}
    documents.append(first)
    late.append(then | {"updated_at": iso(base - timedelta(hours=18))})
    # Open, then cancelled by the buyer.
    first = bench.write(lamp(), 18, buyer=6)
    documents.append(first)
    late.append({**first, "status": "cancelled", "updated_at": iso(base - timedelta(hours=17))})
    # Cancelled before we heard of it.
    add(lamp(), 17, buyer=7, status="cancelled", payment_state="voided", payments=())
    # Sold out: accepted and held, nothing is promised until goods arrive.
    bench_seat = ITEMS["LO-BENCH-HALL"]
    for hours in (16, 15):
        add(bench.draft().item(bench_seat, bench_seat.usd, rate="7.25"), hours, buyer=3)
    # A business order of every variant there is; the shop's sum is three cents off.
    draft = bench.draft()
    for item in ITEMS.values():
        if item.template != "LO-BENCH-HALL":
            draft.item(item, item.usd, quantity=2, discount=item.usd / 5, rate="8.25")
    company = people.us_buyer(11)[0] | {"company": "Kapoor Interiors LLC", "vat": "US-74-2951337"}
    add(draft, 14, buyer=11, off_by="0.03", customer=company)
    # Every kind of line, a tip among them, half of it paid with store credit.
    draft = lamp("7.25").line("Gift wrapping", "4.50", kind="gift_wrap", rate="7.25")
    draft.line("Import duty", "12.34", kind="duty").line("Tip for the workshop", "3.00", kind="tip")
    draft.line("Handling", "1.99", kind="fee", rate="7.25")
    add(draft, 13, buyer=6, payments=[{"kind": "store_credit", "amount": "50.00"}, PAID])
    # A buyer abroad, in a zone that is half an hour off.
    document = bench.write(lamp(), 12, buyer=13)
    moment = base - timedelta(hours=12)
    documents.append(document | {"placed_at": iso(moment, timezone(timedelta(hours=5.5)))})
    # Cannot be imported until somebody maps it: nobody knows this SKU.
    draft = lamp("7.25").line("Oak Phone Dock", "39.00", sku="LO-DOCK-PHONE", rate="7.25")
    add(draft, 11, buyer=5)
    return documents, late


def market(base):
    """The marketplace: euro, prices including VAT."""
    bench = Bench(shops.MARKET, base, "BZ-900-5", people.eu_buyer)
    documents, late = [], []

    def add(draft, hours, **options):
        document = bench.write(draft, hours, **options)
        documents.append(document)
        return document

    throw, book = ITEMS["LO-THROW-WOOL-MOS"], ITEMS["LO-BOOK-LIGHT"]
    # Two rates in one order, one discount over both: what is cut off goes to the right rate.
    draft = bench.draft().item(throw, throw.eur, rate="21").item(book, book.eur, rate="9")
    add(draft.discount("SAMEN", "9.99"), 40, buyer=4)
    # The marketplace pays a part: a receivable from it, not a lower price.
    draft = bench.draft().item(throw, throw.eur, rate="19", quantity=2)
    draft.discount("BAZAAR-DAYS", "15.00", borne_by="platform")
    add(draft, 39, buyer=0, payments=[{"kind": "platform_subsidy", "amount": "15.00"}, PAID])
    # Fulfilled from the marketplace's own warehouse: kept for the books, ships nothing here.
    for hours in (38, 37):
        draft = bench.draft().item(book, book.eur, rate="7")
        add(draft, hours, buyer=2, fulfilled_by="platform")
    # No tax is stated at all.
    add(bench.draft().item(throw, throw.eur), 36, buyer=6)
    # SKU in other letters, as somebody typed it into the marketplace by hand.
    draft = bench.draft().line("Wolldecke Moos", throw.eur, sku=throw.sku.lower(), rate="19")
    add(draft, 35, buyer=3)
    # An address without name and house number, in a country written out.
    add(
        bench.draft().item(book, book.eur, rate="9"),
        34,
        customer={"external_id": "BZ881999", "email": "b881999@buyers.bazaar.example"},
        shipping_address={"street": "Dorpsstraat", "city": "Zoutkamp", "country": "Netherlands"},
    )
    # The same document twice.
    twin = add(bench.draft().item(throw, throw.eur, rate="21", quantity=3), 33, buyer=8)
    late.append(dict(twin))
    # The buyer moved between two versions; only the last address counts.
    first = bench.write(bench.draft().item(book, book.eur, rate="7"), 32, buyer=10, minutes=2)
    moved = {**first["shipping_address"], "street": "Neuer Weg 1", "city": "Emmendingen"}
    then = first | {"shipping_address": moved, "updated_at": iso(base - timedelta(hours=31))}
    documents.append(first)
    late.append(then)
    # The same in the wrong order: the older version comes last.
    other = {"external_id": "BZ-900-5LATE", "number": "BZ-900-5LATE"}
    documents.append(then | other)
    late.append(first | other)
    # Cash on delivery with its fee: nothing is paid yet.
    draft = bench.draft().item(throw, throw.eur, rate="19")
    draft.line("Nachnahmegebühr", "5.60", kind="cod_fee", rate="19")
    add(draft, 30, buyer=9, payments=[{"kind": "cash_on_delivery", "state": "pending"}])
    # The marketplace's total is 0.40 more than its lines: taken in, but a person should look.
    add(bench.draft().item(book, book.eur, rate="9"), 29.5, buyer=7, off_by="0.40")
    # Cannot be imported until somebody maps it: no such tax.
    draft = bench.draft().item(throw, throw.eur, rate="25.5")
    finland = {"name": "Aino Mäkelä", "street": "Aleksanterinkatu 9", "city": "Helsinki"}
    add(draft, 29, shipping_address=finland | {"zip": "00100", "country": "FI"})
    return documents, late


def qingmu(base):
    """The shop in yuan, prices including VAT."""
    bench = Bench(shops.QINGMU, base, "QM2611", people.cn_buyer)
    documents, late = [], []
    pendant, cards = ITEMS["LO-LAMP-PEND-M"], ITEMS["LO-CARD-SET12"]

    def draft():
        made = bench.draft(state_tax=False)
        return made.line(pendant.name_zh, pendant.cny, sku=pendant.sku, rate="13")

    # Emoji, full-width letters, and a phone number that the platform masks.
    customer, address = people.cn_buyer(1)
    documents.append(
        bench.write(
            draft(),
            50,
            customer=customer | {"external_id": "qm_61999", "name": "小明😺ＡＢＣ"},
            shipping_address=address | {"name": "小明😺ＡＢＣ"},
            buyer_message="🎉🎉 生日快乐！！请写：「愿你的每一天都有光」💡",
        )
    )
    # A free gift, and a line of the presale that ships later.
    gift = draft().line(cards.name_zh, "0", sku=cards.sku, gift=True)
    vase = ITEMS["LO-VASE-GLASS"]
    gift.line(
        vase.name_zh, vase.cny, sku=vase.sku, rate="13", presale=True,
        promised_at=iso(base + timedelta(days=20)),
    )  # fmt: skip
    documents.append(bench.write(gift, 49, buyer=3))
    # A discount that does not divide evenly by seven pieces.
    seven = draft().line(cards.name_zh, cards.cny, sku=cards.sku, quantity=7, rate="13")
    documents.append(bench.write(seven.discount("满减", "33.33"), 48, buyer=5))
    # A very long address in Chinese.
    customer, address = people.cn_buyer(6)
    far = address["street"] + "（靠近平江河第三座石桥，进巷子左手第二个门，门口有一棵银杏树）" * 5
    documents.append(bench.write(draft(), 47, buyer=6, shipping_address=address | {"street": far}))
    # Unpaid, then closed by the platform.
    first = bench.write(draft(), 46, buyer=7, payments=[{"method": "微信", "state": "pending"}])
    gone = {**first, "status": "cancelled", "payment_state": "voided"}
    documents.append(first)
    late.append(gone | {"updated_at": iso(base - timedelta(hours=45))})
    # The same document twice.
    twin = bench.write(draft(), 44, buyer=8)
    documents.append(twin)
    late.append(dict(twin))
    # A total of less than one yuan.
    cheap = bench.draft(state_tax=False).line(
        "木质游戏币", Decimal("0.99"), sku="LO-TOKEN", rate="13"
    )
    documents.append(bench.write(cheap, 43, buyer=4))
    # Cannot be imported: nobody can read this date.
    lost = bench.write(draft(), 42, buyer=2)
    documents.append(lost | {"placed_at": "2026年13月32日 25:61"})
    return documents, late


def refunds(shop, documents, base):
    """:return: refund documents of a shop; they arrive after its orders"""
    known = {document["external_id"]: document for document in documents}
    chosen = {
        # One that names its order, and one that is recognised by buyer and goods.
        shops.WEB.code: ("LX002", True, "Arrived with a dent"),
        shops.MARKET.code: ("BZ-900-5008", False, "Gefällt nicht"),
    }.get(shop.code)
    if not chosen:
        return []
    number, named, reason = chosen
    order = known[number]
    line = order["lines"][0]
    refund = {
        "type": "refund",
        "external_id": f"R-{number}",
        "created_at": iso(base - timedelta(hours=3), shop.zone),
        "currency": shop.currency,
        "customer": order["customer"],
        "lines": [
            {"id": "1", "sku": line["sku"], "quantity": "1", "amount": line["unit_price"]},
        ],
        "amount": line["unit_price"],
        "reason": reason,
    }
    return [refund | {"order_external_id": number} if named else refund]

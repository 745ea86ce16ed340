from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .review_common import ReviewCase

LATER = "2026-03-01T12:00:00Z"


@tagged("post_install", "-at_install")
class TestChecks(ReviewCase):
    """Each built-in check: a case that it finds, and one that it lets pass."""

    def test_duplicate_number(self):
        other = self._create_channel(name="Other", approval="all", approve_wait_minutes=0)
        self._check_rule("duplicate_number")
        first = self._import_one(external_id="D-1", number="N7", channel=other)
        second = self._import_one(external_id="D-2", number="N7")
        self.assertPassed(first)
        self.assertHeld(second, "N7", "Other", type="duplicate_number")
        self.assertPassed(self._import_one(external_id="D-3", number="N8"))

    def test_address(self):
        self._check_rule("address")
        self.assertPassed(self._import_one(external_id="D-1"))
        address = {"name": "Ada", "city": "Berlin", "country": "DE"}
        order = self._import_one(external_id="D-2", shipping_address=address)
        self.assertHeld(order, "street", "postal code", type="address")
        platform = self._import_one(
            external_id="D-3", shipping_address=address, fulfilled_by="platform"
        )
        self.assertPassed(platform)

    def test_carrier_reach(self):
        self.env["delivery.carrier"].search([]).active = False
        self._check_rule("carrier_reach")
        self.assertPassed(self._import_one(external_id="D-0"))
        self.env["delivery.carrier"].create(
            {
                "name": "Parcel",
                "product_id": self.env.ref("ecom_order_mgmt.product_shipping").id,
                "country_ids": [Command.set(self.env.ref("base.de").ids)],
            }
        )
        self.assertPassed(self._import_one(external_id="D-1"))
        address = {
            "name": "Ada",
            "street": "Rue 1",
            "city": "Paris",
            "zip": "75001",
            "country": "FR",
        }
        order = self._import_one(external_id="D-2", shipping_address=address)
        self.assertHeld(order, "75001", "France", type="address")

    def _same(self, number, **vals):
        customer = {"name": "Ada", "email": "same@example.com"}
        return self._document(f"B-{number}", customer=customer, **vals)

    def test_same_buyer(self):
        rule = self._check_rule("same_buyer")
        _result, orders = self._import(self._same(1), self._same(2), self._document("B-9"))
        self.channel.process_orders()
        self.assertHeld(orders[0], "1 other open order", "B-2", type="same_buyer")
        self.assertHeld(orders[1], "B-1")
        self.assertPassed(orders[2])
        rule.action_deactivate()
        self.channel.process_orders()
        picking = orders[:2].sale_order_id.picking_ids
        picking.move_ids.picked = True
        picking._action_done()
        rule.action_activate()
        _result, order = self._import(self._same(3))
        self.channel.process_orders()
        self.assertPassed(order)

    def test_same_buyer_days(self):
        self._check_rule({"kind": "same_buyer", "value": 2})
        _result, orders = self._import(
            self._same(1, placed_at="2026-02-20T10:00:00Z"), self._same(2)
        )
        self.channel.process_orders()
        self.assertPassed(orders[0])
        self.assertPassed(orders[1])

    def test_same_buyer_variants(self):
        address = {
            "name": "Ada", "street": "Other 2", "city": "Bonn", "zip": "53111", "country": "DE",
        }  # fmt: skip
        documents = {
            "same_address": self._same(2),
            "other_address": self._same(2, shipping_address=address),
            "unpaid": self._same(2, payments=[]),
        }
        for variant in documents:
            for case, document in documents.items():
                with self.subTest(variant=variant, case=case), self.env.cr.savepoint() as savepoint:
                    self._check_rule({"kind": "same_buyer", "variant": variant})
                    _result, orders = self._import(self._same(1), document)
                    self.channel.process_orders()
                    same = variant == case or variant == "same_address" and case == "unpaid"
                    self.assertEqual(orders[0].review_state == "held", same)
                    savepoint.rollback()

    def test_same_buyer_confirmed(self):
        first = self._import(self._same(1))[1]
        self.channel.process_orders()
        self.assertTrue(first.confirmed_at)
        self._check_rule({"kind": "same_buyer", "variant": "confirmed"})
        self._import(self._same(2))
        other = self._import_one(external_id="B-8")
        second = self.env["ecom.order"].search([("external_id", "=", "B-2")])
        self.assertHeld(second, "B-1")
        self.assertPassed(other)

    def test_memo_pattern(self):
        self._check_rule({"kind": "memo_pattern", "text": "gift*wrap, urgent, !not urgent"})
        found = self._import_one(external_id="D-1", buyer_message="Please GIFT-wrap it")
        self.assertHeld(found, "buyer's message", "gift*wrap", type="message")
        self.assertHeld(self._import_one(external_id="D-2", seller_memo="urgent"), "memo")
        self.assertPassed(self._import_one(external_id="D-3", buyer_message="this is not urgent"))
        self.assertPassed(self._import_one(external_id="D-4"))

    def test_memo_pattern_of_one_side(self):
        self._check_rule({"kind": "memo_pattern", "text": "urgent", "where": "seller"})
        self.assertPassed(self._import_one(external_id="D-1", buyer_message="urgent"))
        self.assertHeld(self._import_one(external_id="D-2", seller_memo="urgent"))

    def test_patterns_are_checked_on_saving(self):
        for text in ("", "*", "!never"):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                self._check_rule({"kind": "memo_pattern", "text": text})
        with self.assertRaises(ValidationError):
            self._check_rule({"kind": "condition", "domain": "[('nothing', '=', 1)]"})

    def test_sku_pattern(self):
        self._check_rule({"kind": "sku_pattern", "text": "LA*", "value": 2})
        found = self._import_one(external_id="D-1", lines=[self._line("LAMP", quantity="2")])
        self.assertHeld(found, "2 × LAMP")
        self.assertPassed(self._import_one(external_id="D-2", lines=[self._line("LAMP")]))
        self.assertPassed(self._import_one(external_id="D-3", lines=[self._line(quantity="5")]))

    def test_margin_floor(self):
        self.product.standard_price = 9.6
        self._check_rule({"kind": "margin_floor", "value": 8}, message="Ask sales")
        order = self._import_one(external_id="D-1")
        self.assertHeld(
            order, "Ask sales", "margin 4.0 % is under the floor of 8.0 %", type="margin"
        )
        self.assertPassed(self._import_one(external_id="D-2", lines=[self._line(price="12")]))

    def test_margin_in_another_currency(self):
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.usd.id,
                "rate": 2,
                "name": "2026-01-01",
                "company_id": self.company.id,
            }
        )
        other = self.usd if self.company.currency_id != self.usd else self.eur
        if other == self.eur:
            self.env["res.currency.rate"].create(
                {
                    "currency_id": self.eur.id,
                    "rate": 2,
                    "name": "2026-01-01",
                    "company_id": self.company.id,
                }
            )
        self.product.standard_price = 4
        order = self._import_one(currency=other.name)
        rate = order.sale_order_id.currency_rate
        self.assertAlmostEqual(order.margin, 10 - 4 * rate, 2)
        self.assertAlmostEqual(order.amount_company, 10 / rate, 2)

    def test_below_cost(self):
        self.product.standard_price = 11
        self._check_rule("below_cost")
        self.assertHeld(self._import_one(external_id="D-1"), "below its cost", type="margin")
        self.assertPassed(self._import_one(external_id="D-2", lines=[self._line(price="12")]))

    def test_stock_shortage_and_arrival(self):
        rare = self._create_product("RARE", quantity=1)
        self._check_rule("stock_shortage", watch=True)
        self.assertPassed(self._import_one(external_id="D-1", lines=[self._line()]))
        order = self._import_one(external_id="D-2", lines=[self._line("RARE", quantity="3")])
        self.assertHeld(order, "RARE (1 of 3)", type="stock_shortage")
        self.channel.process_orders()
        self.assertHeld(order)
        move = self.env["stock.move"].create(
            {
                "product_id": rare.id,
                "product_uom_qty": 5,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.warehouse.lot_stock_id.id,
            }
        )
        move._action_confirm()
        move.write({"quantity": 5, "picked": True})
        move._action_done()
        self.assertTrue(order.review_pending)
        self.channel.process_orders()
        self.assertPassed(order)
        self.assertEqual(self._reserved(rare), 3)

    def _refund(self, order, **vals):
        return {
            "type": "refund",
            "external_id": f"R-{order.external_id}",
            "order_external_id": order.external_id,
            "created_at": "2026-03-01T11:00:00Z",
            "currency": "EUR",
            "amount": "5",
            **vals,
        }

    def test_refund_open(self):
        self.channel.approval = "paid"
        self._check_rule("refund_open")
        order = self._import_one(external_id="D-1", payments=[])
        self.channel.import_orders([self._refund(order)])
        paid = {
            "updated_at": LATER,
            "payments": [{"amount": "10", "paid_at": "2026-03-01T10:30:00Z"}],
        }
        self._import(self._document("D-1", **paid))
        self.channel.process_orders()
        self.assertHeld(order, "1 refund", type="refund_open")
        self.assertPassed(self._import_one(external_id="D-2"))

    def test_presale_unpaid(self):
        self._check_rule("presale_unpaid")
        lines = [self._line(presale=True)]
        order = self._import_one(external_id="D-1", lines=lines, payments=[{"amount": "2"}])
        self.assertHeld(order, "presale", type="presale_unpaid")
        self.assertPassed(self._import_one(external_id="D-2", lines=lines))
        self._import(self._document("D-1", lines=lines, updated_at=LATER))
        self.channel.process_orders()
        self.assertPassed(order)

    def test_unmapped(self):
        self.channel.approval = "manual"
        self._check_rule("unmapped")
        order = self._import_one(external_id="D-1")
        self.assertFalse(self._open(order))
        order.missing_listing_ids = self.env["ecom.listing"].create(
            {"channel_id": self.channel.id, "key": "UNKNOWN"}
        )
        found = self.env["ecom.rule.check"].search([("kind", "=", "unmapped")])._evaluate(order)
        self.assertIn("UNKNOWN", found[order.id])

    def test_blacklist(self):
        self._check_rule({"kind": "blacklist"})
        self.env["ecom.blacklist"].create(
            [
                {"kind": "email", "value": "BAD@example.com", "reason": "refused parcels"},
                {"kind": "phone", "value": "+49 30 1234567", "reason": "prank"},
                {"kind": "address", "value": "Dark Alley 3, 10117 Berlin, DE", "reason": "empty"},
            ]
        )
        bad = self._import_one(
            external_id="D-1", customer={"name": "B", "email": "bad@Example.com"}
        )
        self.assertHeld(bad, "refused parcels", type="blacklist")
        phone = self._import_one(external_id="D-2", customer={"name": "B", "phone": "+49301234567"})
        self.assertHeld(phone, "prank")
        address = {
            "name": "X",
            "street": "Dark  Alley 3",
            "zip": "10117",
            "city": "BERLIN",
            "country": "DE",
        }
        self.assertHeld(self._import_one(external_id="D-3", shipping_address=address), "empty")
        self.assertPassed(self._import_one(external_id="D-4"))

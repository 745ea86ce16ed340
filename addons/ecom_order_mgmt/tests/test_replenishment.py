from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..tools.replenishment import decide
from .replenishment_common import ReplenishmentCase


@tagged("post_install", "-at_install")
class TestReplenishment(ReplenishmentCase):
    def test_suggestion_and_its_working(self):
        self.item.seller_ids.delay = 9
        self._sold(self.item)
        self._suggest()
        record = self._waiting()
        self.assertEqual(len(record), 1)
        self.assertRecordValues(
            record,
            [{"source": "buy", "partner_id": self.supplier.id, "state": "open", "on_hand": 10}],
        )
        self.assertGreaterEqual(record.qty, record.order_up_to - 10)
        self.assertLess(record.qty, record.order_up_to - 10 + 1, "whole pieces")
        self.assertEqual(record.cost, record.qty * 4)
        # 10 pieces at 2 a day.
        self.assertAlmostEqual((record.stockout_date - self.today).days, 5, delta=1)
        self.assertEqual(record.urgency, "2", "the supplier takes 9 days")
        for words in ("Expected demand", "Lead time", "Safety stock", "Order at", "Needed"):
            self.assertIn(words, record.working)
        self.assertIn("Out of stock", record.summary)
        chart = record.chart
        self.assertEqual(len(chart["history"]), 26)
        self.assertTrue(chart["forecast"] and chart["reorder_point"])
        day, points, low, high = chart["forecast"][0]
        self.assertTrue(low <= points <= high)
        self.assertEqual(day, self.today.isoformat())

    def test_every_reason_has_words(self):
        codes = self.Suggestion._reason_codes()
        self.assertFalse(set(decide.REASONS) - codes)

    def test_again_corrects_and_does_not_double(self):
        self._sold(self.item)
        self._suggest()
        first = self._waiting()
        before = first.qty
        self.env["stock.quant"]._update_available_quantity(
            self.item, self.warehouse.lot_stock_id, 5
        )
        counts = self._suggest()
        self.assertEqual(counts["created"], 0)
        self.assertEqual(self._waiting(), first)
        self.assertEqual(first.qty, before - 5)
        # A person's quantity stays; the figures around it are renewed.
        first.action_change(50, "trade fair")
        self._suggest()
        self.assertEqual((first.qty, first.qty_suggested), (50, before - 5))
        self.env["stock.quant"]._update_available_quantity(
            self.item, self.warehouse.lot_stock_id, 500
        )
        self._suggest()
        self.assertEqual(first.state, "expired")
        self.assertTrue(first.answer_reason)

    def test_accept_orders_once(self):
        lamp = self._create_product("SHADE", standard_price=9)
        self._create_seller(lamp, price=9, delay=6)
        self._sold(self.item)
        self._sold(lamp, per_week=7)
        self._suggest()
        records = self._waiting() | self._waiting(lamp)
        records.action_accept()
        purchase = records.purchase_id
        self.assertEqual(len(purchase), 1, "one request per supplier and date")
        self.assertRecordValues(purchase, [{"partner_id": self.supplier.id, "state": "draft"}])
        lines = {line.product_id: line for line in purchase.order_line}
        for record in records:
            line = lines[record.product_id]
            self.assertEqual(line.product_qty, record.qty)
            self.assertEqual(line.date_planned.date(), record.arrival_date)
            self.assertEqual(line.price_unit, 4 if record.product_id == self.item else 9)
        self.assertEqual(set(records.mapped("state")), {"accepted"})
        records.action_accept()
        self.assertEqual(len(purchase.order_line), 2)
        self._suggest()
        self.assertFalse(self._waiting() | self._waiting(lamp), "a request for quotation counts")
        purchase.button_confirm()
        self._suggest()
        self.assertFalse(self._waiting() | self._waiting(lamp), "and so does the order")

    def test_what_somebody_ordered_meanwhile_is_taken_off(self):
        self._sold(self.item)
        self._suggest()
        record = self._waiting()
        suggested = record.qty
        purchase = self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "picking_type_id": self.warehouse.in_type_id.id,
                "order_line": [Command.create({"product_id": self.item.id, "product_qty": 30})],
            }
        )
        record.action_accept()
        self.assertEqual(record.qty_done, suggested - 30)
        self.assertIn("Reduced", str(record.message_ids.mapped("body")))
        purchase.button_cancel()
        record.purchase_id.button_cancel()
        self._suggest()
        again = self._waiting()
        self.assertEqual(again.qty, suggested)
        self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "picking_type_id": self.warehouse.in_type_id.id,
                "order_line": [Command.create({"product_id": self.item.id, "product_qty": 900})],
            }
        ).button_confirm()
        again.action_accept()
        self.assertEqual(again.state, "expired")
        self.assertFalse(again.purchase_line_id)

    def test_refuse_needs_a_reason_and_is_remembered(self):
        self._sold(self.item)
        self._suggest()
        record = self._waiting()
        with self.assertRaises(UserError):
            record.action_refuse(" ")
        record.action_refuse("new model in spring")
        self.assertRecordValues(
            record, [{"state": "refused", "snoozed_until": self.today + timedelta(days=14)}]
        )
        self._suggest()
        self.assertFalse(self._waiting())
        record.sudo().snoozed_until = self.today
        self._suggest()
        self.assertTrue(self._waiting())
        with self.assertRaises(UserError):
            record.action_change(3, "too late")

    def test_changes_are_learned(self):
        self._sold(self.item)
        plain = None
        for _round in range(3):
            self._suggest()
            record = self._waiting()
            plain = record.qty_plain
            record.action_change(round(plain * 1.2), "always too few")
            record.action_accept()
            record.purchase_id.button_cancel()
        self._suggest()
        record = self._waiting()
        self.assertEqual(record.qty_plain, plain)
        self.assertAlmostEqual(record.qty, plain * 1.2, delta=4)
        self.assertIn("changed to 1", record.working)
        self.policy.learn_habits = False
        self._suggest()
        self.assertEqual(self._waiting().qty, plain)

    def test_most_specific_policy_wins(self):
        Policy = self.env["ecom.replenishment.policy"]
        parent = self.env["product.category"].create({"name": "Home"})
        child = self.env["product.category"].create({"name": "Vases", "parent_id": parent.id})
        self.item.categ_id = child
        other = self.env["stock.warehouse"].create({"name": "Second", "code": "W2"})
        home, vases, product, place = Policy.create(
            [
                {"name": "home", "categ_id": parent.id},
                {"name": "vases", "categ_id": child.id, "warehouse_id": other.id},
                {"name": "item", "product_id": self.item.id, "warehouse_id": other.id},
                {"name": "place", "warehouse_id": self.warehouse.id},
            ]
        )
        policies = Policy._of_company(self.company)
        self.assertEqual(policies._choose(self.item, other), product)
        product.active = False
        policies = Policy._of_company(self.company)
        self.assertEqual(policies._choose(self.item, other), vases)
        self.assertEqual(policies._choose(self.item, self.warehouse), home)
        self.assertEqual(policies._choose(self.product, self.warehouse), place)
        self.assertEqual(policies._choose(self.product, other), self.policy)

    def test_lead_time_is_learned_from_receipts(self):
        self._sold(self.item)
        for number in range(6):
            purchase = self.env["purchase.order"].create(
                {
                    "partner_id": self.supplier.id,
                    "picking_type_id": self.warehouse.in_type_id.id,
                    "order_line": [Command.create({"product_id": self.item.id, "product_qty": 1})],
                }
            )
            purchase.button_confirm()
            purchase.date_approve = fields.Datetime.now() - timedelta(days=20 + number % 2)
            move = purchase.picking_ids.move_ids
            move.quantity = 1
            move.picked = True
            purchase.picking_ids.button_validate()
        self._suggest()
        record = self._waiting()
        self.assertIn("learned from 6 receipts", record.working)
        lead = (record.arrival_date - record.order_date).days
        self.assertTrue(14 <= lead <= 18, lead)
        self.policy.lead_mode = "listed"
        self._suggest()
        self.assertEqual((record.arrival_date - record.order_date).days, 6)

    def test_supplier_calendar(self):
        self._sold(self.item)
        tomorrow = self.today + timedelta(days=1)
        self.supplier.ecom_holiday_ids = [
            Command.create({"date_from": self.today, "date_to": tomorrow})
        ]
        self._suggest()
        self.assertEqual(self._waiting().order_date, self.today + timedelta(days=2))
        self.assertIn("takes no orders before", self._waiting().working)

    def test_packs_price_breaks_and_currency(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.item.seller_ids.unlink()
        usd = self.usd if self.company.currency_id != self.usd else self.eur
        self.env["res.currency.rate"].create(
            {
                "currency_id": usd.id,
                "company_id": self.company.id,
                "name": self.today - timedelta(days=1),
                "rate": 2.0,
            }
        )
        self.item.uom_ids = dozen
        self._create_seller(
            self.item, price=96, delay=6, product_uom_id=dozen.id, currency_id=usd.id
        )
        self._sold(self.item)
        self._suggest()
        record = self._waiting()
        self.assertEqual(record.qty % 12, 0, "only whole dozens")
        self.assertAlmostEqual(record.unit_cost, 4.0, msg="96 for a dozen, at half the value")
        record.action_accept()
        line = record.purchase_line_id
        self.assertEqual(line.order_id.currency_id, usd)
        self.assertEqual((line.product_qty, line.product_uom_id), (record.qty / 12, dozen))
        self.assertEqual(line.price_unit, 96)
        self._suggest()
        self.assertFalse(self._waiting(), "the request counts in pieces")

    def test_transfer_first(self):
        other = self.env["stock.warehouse"].create({"name": "Second", "code": "W2"})
        self.env["stock.quant"]._update_available_quantity(self.item, other.lot_stock_id, 12)
        self._sold(self.item)
        self._suggest()
        move = self._waiting(source="transfer")
        buy = self._waiting(source="buy")
        self.assertEqual((move.qty, move.source_warehouse_id), (12, other))
        self.assertEqual(move.warehouse_id, self.warehouse)
        self.assertEqual(len(buy), 1)
        self.assertAlmostEqual(buy.qty, buy.order_up_to - 22, delta=1)
        quantity = buy.qty
        # In whatever order: what the other one orders was reckoned with.
        buy.action_accept()
        move.action_accept()
        self.assertEqual((buy.qty_done, move.qty_done), (quantity, 12))
        self.assertRecordValues(
            move.picking_id,
            [
                {
                    "location_id": other.lot_stock_id.id,
                    "location_dest_id": self.warehouse.lot_stock_id.id,
                    "state": "assigned",
                }
            ],
        )
        self._suggest()
        self.assertFalse(self._waiting())
        self.policy.transfer_first = False
        move.picking_id.action_cancel()
        buy.purchase_id.button_cancel()
        self._suggest()
        self.assertEqual(self._waiting().mapped("source"), ["buy"])

    def test_position_is_odoos_forecast_whatever_the_steps(self):
        """Free, on its way and asked for are what Odoo's own forecast says, in each warehouse."""
        product = self._create_product("STEPS", standard_price=4)
        self._create_seller(product, price=4, delay=3)
        other = self.env["stock.warehouse"].create(
            {
                "name": "Steps",
                "code": "STP",
                "delivery_steps": "pick_pack_ship",
                "reception_steps": "three_steps",
            }
        )
        third = self.env["stock.warehouse"].create(
            {"name": "Third", "code": "TRD", "resupply_wh_ids": [Command.link(other.id)]}
        )
        self.env["stock.quant"]._update_available_quantity(product, other.lot_stock_id, 20)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.supplier.id,
                "warehouse_id": other.id,
                "order_line": [Command.create({"product_id": product.id, "product_uom_qty": 5})],
            }
        )
        order.action_confirm()
        purchase = self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "picking_type_id": other.in_type_id.id,
                "order_line": [Command.create({"product_id": product.id, "product_qty": 7})],
            }
        )
        purchase.button_confirm()

        def check(**expected):
            facts = self.Suggestion._stock_facts(self.company, product.ids)
            for warehouse in other | third:
                fact = facts[product.id, warehouse.id]
                position = fact["on_hand"] - fact["owed"] + sum(fact["arrivals"].values())
                forecast = product.with_context(warehouse_id=warehouse.id).virtual_available
                self.assertEqual(position, forecast, warehouse.name)
            for name, qty in expected.items():
                fact = facts[product.id, other.id]
                self.assertEqual(
                    sum(fact[name].values()) if name == "arrivals" else fact[name], qty
                )

        check(owed=5, arrivals=7)
        for pickings in (order.picking_ids, purchase.picking_ids):
            pickings.move_ids.picked = True
            pickings.button_validate()
        check(owed=5, arrivals=0)
        product.route_ids = third.resupply_route_ids
        point = self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": product.id,
                "location_id": third.lot_stock_id.id,
                "product_min_qty": 4,
                "product_max_qty": 4,
                "trigger": "manual",
            }
        )
        point.action_replenish()
        check(owed=9)

    def test_make_instead_of_buy(self):
        if "mrp.bom" not in self.env:
            self.skipTest("mrp is not installed")
        made = self._create_product("MADE", standard_price=5)
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": made.product_tmpl_id.id,
                "produce_delay": 2,
                "bom_line_ids": [Command.create({"product_id": self.product.id, "product_qty": 1})],
            }
        )
        self._sold(made)
        self._suggest()
        record = self._waiting(made)
        self.assertEqual(record.source, "make")
        record.action_accept()
        order = self.env["mrp.production"].search([("product_id", "=", made.id)])
        self.assertEqual((order.name, order.product_qty), (record.production_ref, record.qty))
        self.assertEqual(order.state, "confirmed")
        self._suggest()
        self.assertFalse(self._waiting(made))

    def test_reordering_rules(self):
        self.policy.apply_mode = "rule"
        self._sold(self.item)
        self._suggest()
        record = self._waiting()
        record.action_accept()
        point = record.orderpoint_id
        self.assertAlmostEqual(point.product_min_qty, record.reorder_point, delta=0.01)
        self.assertAlmostEqual(point.product_max_qty, record.order_up_to, delta=0.01)
        self.assertFalse(record.purchase_line_id)
        # Once more: the same rule, not another one.
        self._suggest()
        self._waiting().action_accept()
        self.assertEqual(
            self.env["stock.warehouse.orderpoint"].search_count(
                [("product_id", "=", self.item.id)]
            ),
            1,
        )

    def test_trusted_classes_and_budget(self):
        lamp = self._create_product("SHADE", standard_price=9, list_price=90)
        self._create_seller(lamp, price=9, delay=6)
        self._sold(self.item)
        self._sold(lamp)
        self.policy.write({"budget": 900})
        self._suggest()
        self.assertEqual(self._waiting(lamp).state, "open", "earns most per money")
        self.assertEqual(self._waiting().state, "postponed")
        self.policy.write({"budget": 0, "trust_a": True, "trust_b": True, "trust_c": True})
        counts = self._suggest()
        self.assertEqual(counts["accepted"], 2)
        records = self.Suggestion.search([("product_id", "in", (self.item | lamp).ids)])
        self.assertEqual(set(records.mapped("state")), {"accepted"})
        self.assertTrue(all(records.mapped("automatic")))
        self.assertIn("trusts class", records[0].answer_reason)
        self.assertEqual(len(records.purchase_id), 1)

    def test_waiting_customers_of_a_product_without_history(self):
        fresh = self._create_product("FRESH", standard_price=2)
        self._create_seller(fresh, price=2, delay=3)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.supplier.id,
                "warehouse_id": self.warehouse.id,
                "order_line": [Command.create({"product_id": fresh.id, "product_uom_qty": 5})],
            }
        )
        order.action_confirm()
        self._suggest()
        record = self._waiting(fresh)
        self.assertEqual((record.qty, record.urgency), (5, "3"))

    def test_new_product_like_its_sibling(self):
        fresh = self._create_product("VASE-2", standard_price=4)
        self._create_seller(fresh, price=4, delay=6)
        fresh.ecom_sibling_id = self.item
        self._sold(self.item)
        self._suggest()
        self.assertGreater(self._waiting(fresh).qty, 20)
        self.assertIn("Like its sibling", self._waiting(fresh).working)

    def test_no_supplier_holds_up_nobody(self):
        bare = self._create_product("BARE", standard_price=9)
        self._sold(self.item)
        self._sold(bare)
        self._suggest()
        records = self._waiting() | self._waiting(bare)
        with self.assertRaises(UserError):
            self._waiting(bare).action_accept()
        records.action_accept()
        self.assertEqual(self._waiting(bare).state, "open")
        self.assertFalse(self._waiting())

    def test_end_of_life(self):
        self._sold(self.item)
        self.policy.end_of_life = self.today + timedelta(days=14)
        self._suggest()
        self.assertAlmostEqual(
            self._waiting().qty, 18, delta=1, msg="28 will be sold, 10 are there"
        )
        self.policy.end_of_life = self.today
        self._suggest()
        self.assertFalse(self._waiting())

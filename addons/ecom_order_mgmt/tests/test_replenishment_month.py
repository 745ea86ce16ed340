import random
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .replenishment_common import ReplenishmentCase

START = datetime(2026, 3, 2, 4)
DAYS = 30
LEAD = 5


@tagged("post_install", "-at_install")
class TestReplenishmentMonth(ReplenishmentCase):
    """A month of trading through Odoo itself; suggestions are accepted by themselves."""

    @classmethod
    def setUpClass(cls):
        with freeze_time(START):
            super().setUpClass()
        cls.generator = random.Random(11)
        cls.policy.write(
            {
                "trust_a": True,
                "trust_b": True,
                "trust_c": True,
                "review_days": 1,
                "cover_days": 7,
                "service_mode": "fixed",
                "service_level": 95,
            }
        )
        cls.bowl = cls._create_product("BOWL", quantity=40, standard_price=3)
        cls._create_seller(cls.bowl, price=3, delay=LEAD, min_qty=12)
        cls.item.seller_ids.delay = LEAD
        cls.items = cls.item | cls.bowl
        cls.env["stock.quant"]._update_available_quantity(cls.item, cls.warehouse.lot_stock_id, 30)
        cls.partner = cls.env["res.partner"].create({"name": "Buyer"})
        for product in cls.items:
            cls._sold(product, per_week=28, weeks=30)

    def _sell(self):
        """A few orders, now and then one that is cancelled at once."""
        pairs = [
            (product, self.generator.randint(2, 6))
            for product in self.items
            for _number in range(self.generator.randint(0, 2))
        ]
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": self.partner.id,
                    "warehouse_id": self.warehouse.id,
                    "order_line": [
                        Command.create({"product_id": product.id, "product_uom_qty": qty})
                    ],
                }
                for product, qty in pairs
            ]
        )
        orders.action_confirm()
        orders.filtered(lambda _order: self.generator.random() < 0.1)._action_cancel()

    def _deliver(self):
        pickings = self.env["stock.picking"].search(
            [
                ("picking_type_id", "=", self.warehouse.out_type_id.id),
                ("state", "in", ("confirmed", "assigned")),
                ("product_id", "in", self.items.ids),
            ]
        )
        if not pickings:
            return
        pickings.action_assign()
        ready = pickings.filtered(lambda p: all(m.state == "assigned" for m in p.move_ids))
        ready.move_ids.picked = True
        ready.button_validate()

    def _receive(self, due):
        """What the supplier promised; every third delivery is three days late."""
        for picking in [p for p, day in due.items() if day <= fields.Date.today()]:
            for move in picking.move_ids:
                move.quantity = move.product_uom_qty
                move.picked = True
            picking.button_validate()
            del due[picking]

    def test_a_month(self):
        due, number, positions = {}, 0, []
        today = patch.object(self.env.cr.__class__, "now", lambda cr: datetime.now(), create=False)
        for day in range(DAYS):
            with freeze_time(START + timedelta(days=day)), today:
                self.env.flush_all()
                self.env.transaction.clear()
                self.env["ecom.demand"]._build(self.company)
                self.env["ecom.forecast"]._run(self.company)
                self.Suggestion._suggest(self.company, product_ids=self.items.ids)
                purchases = self.env["purchase.order"].search(
                    [("partner_id", "=", self.supplier.id), ("state", "=", "draft")]
                )
                for purchase in purchases:
                    purchase.button_confirm()
                    number += 1
                    late = 3 if number % 3 == 0 else 0
                    arrival = fields.Date.today() + timedelta(days=LEAD + late)
                    due.update(dict.fromkeys(purchase.picking_ids, arrival))
                facts = self.Suggestion._stock_facts(self.company, self.items.ids)
                for product in self.items:
                    fact = facts[product.id, self.warehouse.id]
                    incoming = sum(fact["arrivals"].values())
                    positions.append((product, fact["on_hand"] - fact["owed"] + incoming))
                self._receive(due)
                self._sell()
                self._deliver()
        self._check_month(positions)

    def _check_month(self, positions):
        records = self.Suggestion.search([("product_id", "in", self.items.ids)])
        accepted = records.filtered(lambda r: r.state == "accepted")
        self.assertGreater(len(accepted), 4)
        # Every quantity is explained, and ordered by exactly one line.
        for record in accepted:
            self.assertTrue(record.automatic and "trusts class" in record.answer_reason)
            for words in ("Lead time", "Order at", "Needed", "free"):
                self.assertIn(words, record.working)
            self.assertAlmostEqual(
                record.qty_done, record.order_up_to - record.position, delta=12 + 1
            )
        lines = self.env["purchase.order.line"].search([("product_id", "in", self.items.ids)])
        self.assertEqual(accepted.purchase_line_id, lines)
        self.assertEqual(len(accepted), len(lines))
        self.assertEqual(sum(lines.mapped("product_qty")), sum(accepted.mapped("qty_done")))
        # Nothing was ordered twice: what is there and on its way never passes the level.
        highest = {
            product: max(r.order_up_to for r in accepted if r.product_id == product)
            for product in self.items
        }
        for product, position in positions:
            self.assertLess(position, max(highest[product], 40) + 13)
        # And hardly anybody found the shelf empty.
        waiting = self.env["stock.move"].search(
            [
                ("product_id", "in", self.items.ids),
                ("picking_type_id", "=", self.warehouse.out_type_id.id),
                ("state", "in", ("confirmed", "partially_available")),
            ]
        )
        served = self.env["stock.move"].search_count(
            [
                ("product_id", "in", self.items.ids),
                ("picking_type_id", "=", self.warehouse.out_type_id.id),
                ("state", "=", "done"),
            ]
        )
        self.assertGreater(served, 15 * len(waiting))
        # The supplier's delays were learned.
        receipts = self.Suggestion._receipts(self.company)
        samples = receipts[self.supplier.id, None]
        self.assertGreater(max(samples), LEAD + 2)
        learned = self.Suggestion._learn_lead_time(receipts, self.supplier, self.item, LEAD)
        self.assertGreater(learned.count, 2)

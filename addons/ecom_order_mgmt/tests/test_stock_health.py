from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..tools.replenishment import health
from .replenishment_common import ReplenishmentCase


@tagged("post_install", "-at_install")
class TestStockHealth(ReplenishmentCase):
    """ecom.stock.health says what tools/replenishment/health.py says."""

    def _receive(self, product, qty, days_ago):
        move = self.env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": qty,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.warehouse.lot_stock_id.id,
            }
        )
        move._action_confirm()
        move.quantity = qty
        move.picked = True
        move._action_done()
        move.date = fields.Datetime.now() - timedelta(days=days_ago)

    def _demand(self, product, qty, days_ago):
        self.env["ecom.demand"].create(
            {
                "product_id": product.id,
                "warehouse_id": self.warehouse.id,
                "company_id": self.company.id,
                "day": self.today - timedelta(days=days_ago),
                "source": "import",
                "qty": qty,
            }
        )

    def _health(self, product):
        self.env.flush_all()
        return self.env["ecom.stock.health"].search([("product_id", "=", product.id)])

    def test_states_ages_and_proposals(self):
        cases = {
            # sku: (received [(qty, days ago)], sold [(qty, days ago)], margin, expected state)
            "FINE": ([(90, 20)], [(90, 30)], 0.5, "healthy"),
            "MUCH": ([(120, 20)], [(90, 30)], 0.5, "excess"),
            "SLOW": ([(90, 100)], [(9, 30)], 0.5, "slow"),
            "DEAD": ([(5, 300)], [(1, 250)], 0.5, "dead"),
            "LOST": ([(5, 500)], [], 0.5, "dead"),
            "POOR": ([(90, 100)], [(9, 30)], 0.0, "slow"),
            "NEW": ([(5, 10)], [], 0.5, "new"),
        }
        for sku, (received, sold, margin, state) in cases.items():
            product = self._create_product(sku, list_price=10, standard_price=10 * (1 - margin))
            for qty, days in received:
                self._receive(product, qty, days)
            for qty, days in sold:
                self._demand(product, qty, days)
            row = self._health(product)
            stock = health.Stock(
                on_hand=row.on_hand,
                rate=row.demand / 90,
                idle_days=sold[-1][1] if sold else None,
                age_days=row.age_days,
                margin_rate=margin,
            )
            with self.subTest(sku=sku):
                self.assertEqual(row.state, state)
                self.assertEqual(row.state, health.state_of(stock))
                self.assertEqual(row.proposal, health.proposal(stock))
                self.assertEqual(row.age_days, received[0][1])
                self.assertEqual(row.age_band, health.age_band(row.age_days))
                self.assertAlmostEqual(row.value, row.on_hand * 10 * (1 - margin))

    def test_age_is_that_of_what_is_left(self):
        """200 days old 50 pieces are sold; the 30 that lie there came 10 days ago."""
        product = self._create_product("MIXED", standard_price=2)
        self._receive(product, 50, 200)
        self._receive(product, 30, 10)
        move = self.env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": 50,
                "location_id": self.warehouse.lot_stock_id.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
            }
        )
        move._action_confirm()
        move.quantity = 50
        move.picked = True
        move._action_done()
        row = self._health(product)
        self.assertEqual((row.on_hand, row.age_days), (30, 10))
        self.assertEqual(row.accuracy, 1)
        # A count finds three less: 3 of 133 handled or there.
        quant = self.env["stock.quant"].search(
            [("product_id", "=", product.id), ("location_id", "=", self.warehouse.lot_stock_id.id)]
        )
        quant.inventory_quantity = 27
        quant.action_apply_inventory()
        self.env.invalidate_all()
        row = self._health(product)
        self.assertAlmostEqual(row.accuracy, 1 - 3 / (30 + 50 + 50 + 3 + 27), places=2)

    def test_return_to_supplier(self):
        product = self._create_product("BACK", standard_price=2)
        self._create_seller(product, price=2)
        self.supplier.ecom_takes_back = True
        self._receive(product, 8, 300)
        row = self._health(product)
        self.assertEqual((row.state, row.proposal), ("dead", "return"))
        action = row.action_return_to_supplier()
        picking = self.env["stock.picking"].browse(action["res_id"])
        self.assertEqual(picking.partner_id, self.supplier)
        self.assertEqual(picking.location_dest_id.usage, "supplier")
        self.assertEqual(picking.move_ids.product_uom_qty, 8)

    def test_access(self):
        product = self._create_product("SEEN", quantity=5)
        own = {"company_id": self.company.id, "company_ids": [Command.set(self.company.ids)]}
        viewer = new_test_user(
            self.env, "health_viewer", groups="ecom_order_mgmt.group_ecom_viewer", **own
        )
        nobody = new_test_user(self.env, "health_nobody", groups="base.group_user", **own)
        row = self._health(product)
        self.assertEqual(row.with_user(viewer).on_hand, 5)
        with self.assertRaises(AccessError):
            row.with_user(nobody).read(["on_hand"])
        company = self.env["res.company"].create({"name": "Sister"})
        place = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        self.env["stock.quant"]._update_available_quantity(product, place.lot_stock_id, 7)
        rows = self.env["ecom.stock.health"].with_user(viewer)
        found = rows.search([("product_id", "=", product.id)])
        self.assertEqual(found.company_id, self.company)

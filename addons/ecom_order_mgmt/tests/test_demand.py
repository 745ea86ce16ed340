from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import EcomCase


@tagged("post_install", "-at_install")
class TestDemand(EcomCase):
    """ecom.demand: what was asked for, per product, warehouse, channel and day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Demand = cls.env["ecom.demand"]
        cls.partner = cls.env["res.partner"].create({"name": "Buyer"})

    def _sell(self, product, qty, day="2026-03-02 10:00:00", warehouse=None, **line):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "warehouse_id": (warehouse or self.warehouse).id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": qty, **line})
                ],
            }
        )
        order.action_confirm()
        order.date_order = day
        return order

    def _build(self, rebuild=False, company=None):
        return self.Demand._build(company or self.company, rebuild)

    def _rows(self, product, source="sale"):
        return self.Demand.search(
            [("product_id", "=", product.id), ("source", "=", source)], order="day, id"
        )

    def _snapshot(self, products):
        names = ["product_id", "warehouse_id", "channel_id", "day", "source", "qty", "qty_gross"]
        names += ["qty_cancelled", "qty_outlier", "qty_returned", "stockout", "line_count"]
        rows = self.Demand.search([("product_id", "in", products.ids)]).read(names)
        return sorted(str({n: row[n] for n in names}) for row in rows)

    def test_channel_day_and_other_sales(self):
        """One row per channel; the day is the channel's, not the server's."""
        self.channel.write({"tz": "Asia/Tokyo", "approval": "all", "approve_wait_minutes": 0})
        self._import_one(placed_at="2026-03-01T20:00:00Z", lines=[self._line(quantity="3")])
        self._import_one(
            external_id="A-2", placed_at="2026-03-02T01:00:00Z", lines=[self._line(quantity="2")]
        )
        self._sell(self.product, 4)
        self._build(rebuild=True)
        rows = self._rows(self.product)
        self.assertRecordValues(
            rows.sorted(lambda row: not row.channel_id),
            [
                {"channel_id": self.channel.id, "day": date(2026, 3, 2), "qty": 5, "line_count": 2},
                {"channel_id": False, "day": date(2026, 3, 2), "qty": 4, "line_count": 1},
            ],
        )

    def test_draft_is_no_demand_and_cancelled_is_taken_out(self):
        self.channel.write({"approval": "all", "approve_wait_minutes": 0})
        order = self._import_one(lines=[self._line(quantity="7")])
        order.sale_order_id._action_cancel()
        draft = self._sell(self.product_b, 5)
        draft._action_cancel()
        self._build(rebuild=True)
        self.assertRecordValues(
            self._rows(self.product), [{"qty": 0, "qty_gross": 7, "qty_cancelled": 7}]
        )
        self.assertFalse(self._rows(self.product_b), "a quotation that was dropped")

    def test_orders_that_wait_are_demand_and_owed(self):
        """The buyer has ordered: a hold for want of stock must not hide that from purchasing."""
        self.channel.write({"approval": "all", "approve_wait_minutes": 0})
        order = self._import_one(lines=[self._line(quantity="700")])
        self.assertEqual((order.review_state, order.sale_order_id.state), ("held", "draft"))
        self._build(rebuild=True)
        self.assertRecordValues(self._rows(self.product), [{"qty": 700, "qty_cancelled": 0}])
        facts = self.env["ecom.replenishment"]._stock_facts(self.company, self.product.ids)
        self.assertEqual(facts[self.product.id, self.warehouse.id]["owed"], 700)
        looked_at = self.env["ecom.replenishment"]._products_to_look_at(
            self.company, self.env["ecom.replenishment.policy"], None
        )
        self.assertIn(self.product.id, looked_at)
        # What is turned down is neither; a build of the changes sees it as the full one does.
        order.action_reject("the buyer changed his mind")
        self._build()
        self.assertFalse(sum(self._rows(self.product).mapped("qty")))
        facts = self.env["ecom.replenishment"]._stock_facts(self.company, self.product.ids)
        self.assertEqual(facts[self.product.id, self.warehouse.id]["owed"], 0)

    def test_unpaid_orders_that_wait_are_no_demand(self):
        order = self._import_one(lines=[self._line(quantity="7")], payments=[])
        self.assertNotEqual(order.payment_state, "paid")
        self._build(rebuild=True)
        self.assertFalse(self._rows(self.product))

    def test_80995_pieces_cancelled_after_12_minutes(self):
        """Online Retail's order 581483: a refund soon after takes the order back."""
        self.channel.write({"approval": "all", "approve_wait_minutes": 0})
        self.env["stock.quant"]._update_available_quantity(
            self.product, self.warehouse.lot_stock_id, 80995
        )
        big = self._import_one(
            external_id="581483",
            placed_at="2026-03-09T09:15:00Z",
            lines=[self._line(quantity="80995", price="2.08")],
        )
        self.assertEqual(big.sale_order_id.state, "sale")
        refund = {
            "type": "refund",
            "external_id": "C581484",
            "created_at": "2026-03-09T09:27:00Z",
            "currency": "EUR",
            "amount": "168469.60",
            "order_external_id": "581483",
            "lines": [{"id": "1", "sku": "MUG", "quantity": "80995", "amount": "168469.60"}],
        }
        self._import(refund)
        self._build(rebuild=True)
        self.assertRecordValues(
            self._rows(self.product), [{"qty": 0, "qty_gross": 80995, "qty_cancelled": 80995}]
        )
        # The same refund a week later is a return, not a cancellation.
        self.env["ecom.refund"].search([]).refunded_at = "2026-03-16 09:27:00"
        self._build(rebuild=True)
        self.assertEqual(self._rows(self.product).qty_cancelled, 0)

    def test_one_off_is_set_aside_and_wholesale_is_not(self):
        for number in range(12):
            self._sell(self.product, 1 + number % 3, f"2026-03-{number + 1:02} 10:00:00")
            self._sell(self.product_b, 2, f"2026-03-{number + 1:02} 10:00:00")
        self._sell(self.product, 5000, "2026-03-20 10:00:00")
        for number in range(3):
            self._sell(self.product_b, 60, f"2026-03-{number + 20:02} 10:00:00")
        self._build(rebuild=True)
        big = self._rows(self.product).filtered("qty_outlier")
        self.assertEqual((big.day, big.qty_gross), (date(2026, 3, 20), 5000))
        self.assertLess(big.qty, 1000)
        self.assertAlmostEqual(big.qty + big.qty_outlier, 5000)
        self.assertFalse(
            self._rows(self.product_b).filtered("qty_outlier"), "a size that comes again"
        )

    def test_units_and_promotions(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.product.uom_ids = dozen
        self._sell(self.product, 2, product_uom_id=dozen.id)
        self._sell(self.product, 6, "2026-03-03 10:00:00", discount=20)
        self._build(rebuild=True)
        self.assertRecordValues(
            self._rows(self.product),
            [
                {"qty": 24, "promotion": False, "qty_promoted": 0},
                {"qty": 6, "promotion": True, "qty_promoted": 6},
            ],
        )

    def test_kits_count_as_their_components(self):
        if "mrp.bom" not in self.env:
            self.skipTest("mrp is not installed")
        dozen = self.env.ref("uom.product_uom_dozen")
        kit = self._create_product("SET", is_storable=False)
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "product_qty": 2,
                "bom_line_ids": [
                    Command.create({"product_id": self.product.id, "product_qty": 4}),
                    Command.create(
                        {
                            "product_id": self.product_b.id,
                            "product_qty": 1,
                            "product_uom_id": dozen.id,
                        }
                    ),
                ],
            }
        )
        self._sell(kit, 3)
        self._sell(self.product, 1)
        self._build(rebuild=True)
        self.assertEqual(self._rows(self.product).mapped("qty"), [7], "3 sets of 2, and 1")
        self.assertEqual(self._rows(self.product_b).mapped("qty"), [18])
        self.assertFalse(self._rows(kit))
        # A change of the recipe rebuilds, also what is no part any more.
        kit.bom_ids.bom_line_ids[1].unlink()
        run = self._build()
        self.assertTrue(run.figures["rebuilt"])
        self.assertFalse(self._rows(self.product_b))

    def test_use_in_production_is_demand_of_the_parts(self):
        if "mrp.production" not in self.env:
            self.skipTest("mrp is not installed")
        made = self._create_product("MADE")
        bom = self.env["mrp.bom"].create(
            {
                "product_tmpl_id": made.product_tmpl_id.id,
                "bom_line_ids": [Command.create({"product_id": self.product.id, "product_qty": 3})],
            }
        )
        order = self.env["mrp.production"].create(
            {"product_id": made.id, "product_qty": 4, "bom_id": bom.id}
        )
        order.action_confirm()
        order.qty_producing = 4
        order._set_qty_producing()
        order.move_raw_ids.picked = True
        order.button_mark_done()
        self.assertEqual(order.state, "done")
        self._build(rebuild=True)
        self.assertEqual(self._rows(self.product, "production").mapped("qty"), [12])
        self.assertFalse(self._rows(self.product))
        self.assertFalse(self._rows(made) | self._rows(made, "production"))

    def test_returns_are_separate_and_transfers_no_demand(self):
        order = self._sell(self.product, 5, fields.Datetime.now())
        picking = order.picking_ids
        picking.move_ids.quantity = 5
        picking.move_ids.picked = True
        picking.button_validate()
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = 2
        back = wizard._create_return()
        back.move_ids.quantity = 2
        back.move_ids.picked = True
        back.button_validate()
        other = self.env["stock.warehouse"].create({"name": "Second", "code": "W2"})
        move = self.env["stock.move"].create(
            {
                "product_id": self.product.id,
                "product_uom_qty": 9,
                "location_id": self.warehouse.lot_stock_id.id,
                "location_dest_id": other.lot_stock_id.id,
            }
        )
        move._action_confirm()
        move.quantity = 9
        move.picked = True
        move._action_done()
        self._build(rebuild=True)
        self.assertRecordValues(
            self._rows(self.product), [{"qty": 5, "qty_gross": 5, "qty_returned": 2}]
        )

    def test_stockout_days(self):
        """In on day -10 with 4 pieces, sold out on day -8, back on day -3."""
        product = self._create_product("OUT")
        now = fields.Datetime.now()
        supplier = self.env.ref("stock.stock_location_suppliers")
        customer = self.env.ref("stock.stock_location_customers")
        stock = self.warehouse.lot_stock_id
        for days, source, target, qty in (
            (10, supplier, stock, 4),
            (8, stock, customer, 4),
            (3, supplier, stock, 1),
        ):
            move = self.env["stock.move"].create(
                {
                    "product_id": product.id,
                    "product_uom_qty": qty,
                    "location_id": source.id,
                    "location_dest_id": target.id,
                }
            )
            move._action_confirm()
            move.quantity = qty
            move.picked = True
            move._action_done()
            move.date = now - timedelta(days=days)
        self._sell(product, 1, now - timedelta(days=5))
        self._build(rebuild=True)
        marks = self._rows(product, "stock")
        today = fields.Date.today()
        self.assertEqual(marks.mapped("day"), [today - timedelta(days=n) for n in (7, 6, 5, 4)])
        self.assertTrue(self._rows(product).stockout, "sold on a day without stock")

    def test_incremental_equals_rebuild(self):
        products = self.product | self.product_b
        self._sell(self.product, 2)
        self._sell(self.product_b, 3)
        self.env.flush_all()
        # What was written before is old news.
        self.env.cr.execute("UPDATE sale_order SET write_date = '2026-01-01'")
        self.env.cr.execute("UPDATE sale_order_line SET write_date = '2026-01-01'")
        self.env.cr.execute("UPDATE stock_move SET write_date = '2026-01-01'")
        first = self._build()
        self.assertTrue(first.figures["rebuilt"])
        order = self._sell(self.product, 8, "2026-03-04 10:00:00")
        second = self._build()
        self.assertEqual(second.figures["products"], 1)
        self.assertFalse(second.figures["rebuilt"])
        order.order_line.product_uom_qty = 6
        self._build()
        incremental = self._snapshot(products)
        self._build(rebuild=True)
        self.assertEqual(self._snapshot(products), incremental)
        self.assertEqual(self._rows(self.product).mapped("qty"), [2, 6])
        self.assertEqual(len(set(incremental)), len(incremental))

    def test_warehouses_and_companies_are_apart(self):
        other = self.env["stock.warehouse"].create({"name": "Second", "code": "W2"})
        self._sell(self.product, 2)
        self._sell(self.product, 3, warehouse=other)
        company = self.env["res.company"].create({"name": "Sister"})
        theirs = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "company_id": company.id,
                "warehouse_id": theirs.id,
                "order_line": [
                    Command.create({"product_id": self.product.id, "product_uom_qty": 11})
                ],
            }
        )
        order.action_confirm()
        self._build(rebuild=True)
        self.assertEqual(sorted(self._rows(self.product).mapped("qty")), [2, 3])
        self._build(rebuild=True, company=company)
        rows = self._rows(self.product).filtered(lambda row: row.company_id == company)
        self.assertEqual((rows.qty, rows.warehouse_id), (11, theirs))
        user = new_test_user(
            self.env,
            "demand_viewer",
            groups="ecom_order_mgmt.group_ecom_viewer",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.assertFalse(self.Demand.with_user(user).search([("company_id", "=", company.id)]))
        with self.assertRaises(AccessError):
            rows.with_user(user).read(["qty"])
        with self.assertRaises(AccessError):
            self._rows(self.product)[0].with_user(user).write({"qty": 1})
        clerk = new_test_user(self.env, "demand_nobody", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.Demand.with_user(clerk).search([])

    def test_two_builds_at_a_time(self):
        with self.registry.cursor() as other:
            other.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [0x65636F6D, self.company.id])
            self.assertEqual(other.fetchone(), (True,))
            with self.assertRaises(UserError):
                self._build()
        self.assertEqual(self._build().state, "done")

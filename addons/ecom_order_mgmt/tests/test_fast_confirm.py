from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from ..concurrency import WorkAlone
from ..fast import LATE
from .common import EcomCase

# What differs between any two orders, however they are made.
_OWN = {
    "id", "create_date", "write_date", "name", "access_token", "reference", "origin", "order_id",
    "display_name", "complete_name", "parent_path", "date_order", "picking_id", "move_id",
    "sale_id", "sale_line_id", "message_id", "res_id", "record_name", "client_order_ref", "body",
    "reply_to", "bom_line_id",
}  # fmt: skip
_OURS = {
    "sale.order", "sale.order.line", "stock.picking", "stock.move", "stock.move.line",
    "stock.reference", "mail.message", "stock.picking.batch", "ecom.shipment",
}  # fmt: skip


@tagged("post_install", "-at_install")
class TestFastConfirm(EcomCase):
    """The fast confirmation stores what Odoo's own confirmation stores, field by field."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # With chatter and tracking, as a user has them.
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": False})
        cls.customers = cls.env["res.partner"].create(
            [{"name": f"Customer {i}", "street": f"Road {i}"} for i in range(3)]
        )

    def _orders(self, *order_lines, **vals):
        """:param order_lines: per order a list of (product, quantity)"""
        return self.env["sale.order"].create(
            [
                {
                    "partner_id": self.customers[index % 3].id,
                    "company_id": self.company.id,
                    "order_line": [
                        Command.create({"product_id": product.id, "product_uom_qty": quantity})
                        for product, quantity in lines
                    ],
                    **vals,
                }
                for index, lines in enumerate(order_lines)
            ]
        )

    def _dump(self, record):
        values = {}
        for name, field in record._fields.items():
            if name in _OWN or field.type == "properties":
                continue
            if not field.store or not field.column_type:
                continue
            value = record[name]
            if field.type == "many2one":
                value = bool(value) if value._name in _OURS else value.id
            elif field.type in ("datetime", "date"):
                value = bool(value)
            elif field.type == "float":
                value = round(value, 6)
            else:
                value = str(value)
            values[name] = value
        return values

    def _dump_messages(self, records):
        return sorted(
            [str(sorted(self._dump(message).items())) for message in records.message_ids.sudo()]
        )

    def _dump_order(self, order):
        pickings = order.picking_ids.sorted(lambda p: (p.picking_type_id.id, p.location_id.id))
        order_moves = pickings.move_ids.sorted(
            lambda m: (m.product_id.id, m.product_uom_qty, m.location_id.id, m.sequence)
        )
        lines = order_moves.move_line_ids.sorted(
            lambda line: (line.product_id.id, line.location_id.id, line.lot_id.id, line.quantity)
        )
        return {
            "order": self._dump(order),
            "lines": [self._dump(line) for line in order.order_line],
            "references": (
                order.stock_reference_ids.mapped("name") == [order.name],
                len(order.stock_reference_ids),
            ),
            "pickings": [
                (
                    self._dump(picking),
                    picking.origin == order.name,
                    picking.name.split("/")[:-1],
                    picking.sale_id == order,
                    picking.reference_ids == order.stock_reference_ids,
                    sorted(picking.message_partner_ids.ids),
                )
                for picking in pickings
            ],
            "moves": [
                (
                    self._dump(move),
                    move.origin == order.name,
                    move.reference == move.picking_id.name,
                    move.sale_line_id in order.order_line,
                    move.reference_ids == order.stock_reference_ids,
                    move.route_ids.ids,
                    len(move.move_orig_ids),
                )
                for move in order_moves
            ],
            "move_lines": [self._dump(line) for line in lines],
            "messages": self._dump_messages(order) + self._dump_messages(pickings),
            "purchases": len(order.stock_reference_ids.purchase_ids),
        }

    def _dump_stock(self, products):
        quants = self.env["stock.quant"].search([("product_id", "in", products.ids)])
        return sorted(
            (q.product_id.id, q.location_id.id, q.lot_id.id, q.quantity, q.reserved_quantity)
            for q in quants
        )

    def _assert_same(self, *order_lines, fall_back=False, **vals):
        """Confirm the same orders both ways, from the same stock. :return: how the orders look"""
        products = self.env["product.product"].union(
            *(product for lines in order_lines for product, _quantity in lines)
        )
        if "mrp.bom" in self.env:
            products |= products.bom_ids.bom_line_ids.product_id
        found = {}
        for way in ("action_confirm", "_ecom_confirm_fast", "late"):
            # All ways start from the same state: what the one before did is taken back.
            savepoint = self.env.cr.savepoint(flush=True)
            orders = self._orders(*order_lines, **vals)
            if way == "late":
                self.late_error = self._confirm_late(orders)
                if self.late_error:
                    savepoint.rollback()
                    savepoint.close(rollback=True)
                    continue
            else:
                getattr(orders, way)()
            self.env.flush_all()
            self.env.cr.precommit.run()  # notes of what was tracked
            self.env.invalidate_all()
            found[way] = [self._dump_order(order) for order in orders], self._dump_stock(products)
            savepoint.rollback()
            savepoint.close(rollback=True)
        self.maxDiff = 5000
        slow = found.pop("action_confirm")
        for way, fast in found.items():
            self.assertEqual(fast[1], slow[1], f"quants, {way}")
            for one, other in zip(fast[0], slow[0], strict=True):
                for part in other:
                    self.assertEqual(one[part], other[part], f"{part}, {way}")
        return slow[0]

    def _confirm_late(self, orders):
        """Build first, take the stock last. :return: why that is not done with these"""
        # These are no channel orders: what is asked of those is tested in test_late.py.
        with patch.object(type(orders), "_ecom_check_late", lambda self: None):
            try:
                orders.with_context(**{LATE: True})._ecom_confirm_fast()
            except WorkAlone as error:
                return str(error)
        return None

    def test_plenty(self):
        found = self._assert_same(
            [(self.product, 1), (self.product_b, 2)],
            [(self.product, 3)],
            [(self.product_b, 1), (self.product_b, 4)],
        )
        self.assertEqual(len(found[0]["moves"]), 2)
        self.assertEqual(found[2]["moves"][0][0]["state"], "assigned")
        self.assertIsNone(self.late_error, "was compared in all three ways")

    def test_scarce(self):
        scarce = self._create_product("SCARCE", quantity=5)
        found = self._assert_same([(scarce, 3)], [(scarce, 3), (self.product, 1)], [(scarce, 1)])
        self.assertEqual([order["moves"][0][0]["state"] for order in found[:1]], ["assigned"])

    def test_all_or_nothing(self):
        scarce = self._create_product("SCARCE", quantity=2)
        self._assert_same([(scarce, 2), (self.product, 1)], [(scarce, 1)], picking_policy="one")

    def test_several_shelves(self):
        shelves = self.env["stock.location"].create(
            [{"name": f"Shelf {i}", "location_id": self.warehouse.lot_stock_id.id} for i in "ab"]
        )
        spread = self._create_product("SPREAD")
        for shelf, quantity in zip(shelves, (2, 5), strict=True):
            self.env["stock.quant"]._update_available_quantity(spread, shelf, quantity)
        self._assert_same([(spread, 3)], [(spread, 3)], [(spread, 3)])

    def test_services_and_unstored_goods(self):
        service = self._create_product("SERVICE", type="service", is_storable=False)
        flyer = self._create_product("FLYER", is_storable=False)
        self._assert_same([(service, 1), (flyer, 2)], [(service, 1)], [(self.product, 1)])

    def test_steps(self):
        for steps in ("pick_ship", "pick_pack_ship"):
            with self.subTest(steps):
                self.warehouse.delivery_steps = steps
                self._assert_same([(self.product, 1), (self.product_b, 2)], [(self.product, 1)])

    def test_other_unit(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        for way in ("action_confirm", "_ecom_confirm_fast"):
            orders = self._orders([(self.product, 2)], [(self.product, 1)])
            orders.order_line.product_uom_id = dozen
            getattr(orders, way)()
            moves = orders.picking_ids.move_ids
            self.assertEqual(moves.mapped("state"), ["assigned"] * 2, way)
            self.assertEqual(sum(moves.mapped("product_qty")), 36)

    def test_lots_and_serials(self):
        for tracking in ("lot", "serial"):
            with self.subTest(tracking):
                product = self._create_product(f"TR-{tracking}", tracking=tracking)
                for name in ("L1", "L2", "L3"):
                    lot = self.env["stock.lot"].create({"name": name, "product_id": product.id})
                    self.env["stock.quant"]._update_available_quantity(
                        product, self.warehouse.lot_stock_id, 1, lot_id=lot
                    )
                self._assert_same([(product, 2), (self.product, 1)], [(product, 2)])

    def test_other_removal_strategies(self):
        shelves = self.env["stock.location"].create(
            [{"name": f"Shelf {i}", "location_id": self.warehouse.lot_stock_id.id} for i in "ab"]
        )
        for method in ("lifo", "closest", "least_packages"):
            strategy = self.env["product.removal"].search([("method", "=", method)])
            if not strategy:
                continue
            with self.subTest(method):
                category = self.env["product.category"].create(
                    {"name": method, "removal_strategy_id": strategy.id}
                )
                product = self._create_product(f"ST-{method}", categ_id=category.id)
                for shelf, quantity in zip(shelves, (2, 5), strict=True):
                    self.env["stock.quant"]._update_available_quantity(product, shelf, quantity)
                self._assert_same([(product, 3)], [(product, 3), (self.product, 1)])

    def test_reservation_by_hand_or_by_date(self):
        for method in ("manual", "by_date"):
            with self.subTest(method):
                self.warehouse.out_type_id.reservation_method = method
                self._assert_same([(self.product, 1)], [(self.product, 2)])

    def test_made_to_order(self):
        mto = self.env.ref("stock.route_warehouse0_mto")
        mto.active = True
        vendor = self.env["res.partner"].create({"name": "Vendor"})
        product = self._create_product(
            "MTO",
            quantity=1,
            route_ids=[
                Command.set((mto | self.env.ref("purchase_stock.route_warehouse0_buy")).ids)
            ],
            seller_ids=[Command.create({"partner_id": vendor.id, "price": 1})],
        )
        found = self._assert_same([(product, 2), (self.product, 1)], [(product, 1)])
        self.assertEqual(found[0]["purchases"], 1)
        self.assertIn("stock rule", self.late_error)

    def test_reordering_rule(self):
        vendor = self.env["res.partner"].create({"name": "Vendor"})
        product = self._create_product(
            "REORDER",
            quantity=2,
            seller_ids=[Command.create({"partner_id": vendor.id, "price": 1})],
        )
        self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": product.id,
                "location_id": self.warehouse.lot_stock_id.id,
                "product_min_qty": 1,
                "product_max_qty": 5,
                "trigger": "auto",
            }
        )
        for way in ("action_confirm", "_ecom_confirm_fast"):
            savepoint = self.env.cr.savepoint()
            getattr(self._orders([(product, 2)], [(product, 1), (self.product, 1)]), way)()
            bought = self.env["purchase.order.line"].search([("product_id", "=", product.id)])
            self.assertEqual(sum(bought.mapped("product_qty")), 6, way)
            savepoint.rollback()
            savepoint.close(rollback=True)
        self.assertIn("reordered", self._confirm_late(self._orders([(product, 2)])))

    def test_kits(self):
        if "mrp.bom" not in self.env:
            self.skipTest("mrp is not installed")
        kit = self._create_product("KIT")
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": self.product.id, "product_qty": 2}),
                    Command.create({"product_id": self.product_b.id, "product_qty": 1}),
                ],
            }
        )
        self.env.flush_all()
        found = self._assert_same([(kit, 2), (self.product, 1)], [(self.product_b, 1)], [(kit, 1)])
        self.assertEqual(len(found[0]["moves"]), 3)

    def test_two_quants_of_one_place(self):
        product = self._create_product("TWICE", quantity=2)
        quant = self.env["stock.quant"].search([("product_id", "=", product.id)])
        self.env.flush_all()
        # As Odoo leaves it when two deliveries are received at the same moment.
        self.env.cr.execute(
            "INSERT INTO stock_quant (product_id, location_id, company_id, quantity, "
            "reserved_quantity, in_date) SELECT product_id, location_id, company_id, 3, 0, in_date "
            "FROM stock_quant WHERE id = %s",
            [quant.id],
        )
        self._assert_same([(product, 3)], [(product, 2)])

    def test_more_reserved_than_there_is(self):
        product = self._create_product("MINUS", quantity=3)
        quant = self.env["stock.quant"].search([("product_id", "=", product.id)])
        quant.reserved_quantity = 4
        self._assert_same([(product, 1)], [(product, 1), (self.product, 1)])

    def test_two_companies(self):
        company = self.env["res.company"].create({"name": "Second"})
        self.env.user.company_ids |= company
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        self.env["stock.quant"]._update_available_quantity(self.product, warehouse.lot_stock_id, 10)
        env = self.env(
            context={**self.env.context, "allowed_company_ids": [self.company.id, company.id]}
        )
        for way in ("action_confirm", "_ecom_confirm_fast"):
            orders = self._orders([(self.product, 1)]) | self._orders(
                [(self.product, 2)], company_id=company.id, warehouse_id=warehouse.id
            )
            getattr(orders.with_env(env), way)()
            self.assertEqual(orders.mapped("state"), ["sale"] * 2)
            self.assertEqual(orders.picking_ids.move_ids.mapped("state"), ["assigned"] * 2, way)
            self.assertEqual(orders.picking_ids.mapped("company_id"), self.company | company)

    def test_other_warehouse_per_line(self):
        second = self.env["stock.warehouse"].create({"name": "Second", "code": "W2"})
        self.env["stock.quant"]._update_available_quantity(self.product_b, second.lot_stock_id, 10)
        for way in ("action_confirm", "_ecom_confirm_fast"):
            orders = self._orders([(self.product, 1), (self.product_b, 2)], [(self.product, 1)])
            orders[0].order_line[1].warehouse_id = second
            getattr(orders, way)()
            self.assertEqual(len(orders[0].picking_ids), 2, way)
            self.assertEqual(orders.picking_ids.move_ids.mapped("state"), ["assigned"] * 3, way)

    def test_statements(self):
        """The reason for it all: a confirmation costs a fraction of Odoo's statements."""
        counts = {}
        for way in ("action_confirm", "_ecom_confirm_fast"):
            self._orders(*[[(self.product, 1)]] * 2).action_confirm()
            orders = self._orders(*[[(self.product, 1), (self.product_b, 1)]] * 20)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            getattr(orders, way)()
            self.env.flush_all()
            counts[way] = (self.env.cr.sql_log_count - before) / 20
        self.assertLess(counts["_ecom_confirm_fast"], 12, counts)
        self.assertGreater(counts["action_confirm"], 2.5 * counts["_ecom_confirm_fast"])

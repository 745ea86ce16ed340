from unittest.mock import patch

from odoo.tests import tagged

from ..concurrency import WorkAlone
from ..fast import LATE
from .test_turns import TurnsCase


@tagged("post_install", "-at_install")
class TestLate(TurnsCase):
    """Deliveries are built first, and stock is taken last: in one transaction here, over real
    connections in tests/test_oversell.py."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rare = cls._create_product("RARE", quantity=3)

    def _approved_lines(self, *line_lists, **vals):
        self.channel.approval = "manual"
        documents = [
            self._document(f"LT-{i}", lines=lines, **vals) for i, lines in enumerate(line_lists)
        ]
        _result, orders = self._import(*documents)
        self.channel.process_orders()
        orders.action_approve()
        orders._source_batch()
        self.env.flush_all()
        return orders.with_context(**{LATE: True})

    def _assert_refused(self, orders, reason):
        with self.assertRaises(WorkAlone) as caught:
            orders._confirm_batch()
        self.assertIn(reason, str(caught.exception))
        self.assertFalse(orders.sale_order_id.picking_ids)
        self.assertEqual(set(orders.sale_order_id.mapped("state")), {"draft"})

    def test_no_lane_is_needed(self):
        orders = self._approved("T-1", "T-2").with_context(**{LATE: True})
        self._hold(self.warehouse)
        counts = orders._confirm_batch()
        self.assertEqual((counts["confirmed"], len(counts["left"])), (2, 0))
        moves = orders.sale_order_id.picking_ids.move_ids
        self.assertEqual(set(moves.mapped("state")), {"assigned"})
        self.assertTrue(all(orders.sale_order_id.picking_ids.mapped("ecom_shipment_id")))

    def test_what_somebody_else_changes_is_left(self):
        orders = self._approved("T-1", "T-2", "T-3").with_context(**{LATE: True})
        busy = orders[0].sale_order_id, orders[1].sale_order_id.order_line

        def try_lock(records, **_options):
            return records.filtered(lambda record: record not in busy[record._name != "sale.order"])

        with (
            patch.object(type(busy[0]), "try_lock_for_update", try_lock),
            patch.object(type(busy[1]), "try_lock_for_update", try_lock),
        ):
            counts = orders._confirm_batch()
        self.assertEqual(counts["left"], orders[:2])
        self.assertEqual(counts["confirmed"], 1)
        self.assertEqual(orders[:2]._confirm_batch()["confirmed"], 2)

    def test_short_from_the_beginning(self):
        orders = self._approved_lines(*[[self._line("RARE", quantity="2")]] * 2)
        self._assert_refused(orders, "short")
        # The careful way decides who gets what.
        counts = orders.with_context(**{LATE: False})._confirm_batch()
        self.assertEqual((counts["confirmed"], counts["held"]), (1, 1))
        self.assertEqual(self._reserved(self.rare), 2)

    def test_somebody_else_was_quicker(self):
        orders = self._approved_lines([self._line("RARE", quantity="2")])
        Guard = type(self.env["ecom.stock.guard"])
        take = Guard._take

        def after_another(guard, keys):
            take(guard, keys)
            self.env["stock.quant"].search([("product_id", "=", self.rare.id)]).reserved_quantity = 2

        with patch.object(Guard, "_take", after_another):
            self._assert_refused(orders, "quicker")
        self.assertEqual(self._reserved(self.rare), 0, "all was taken back")

    def test_not_only_goods(self):
        self._create_product("SERVICE", type="service", is_storable=False)
        self._assert_refused(
            self._approved_lines([self._line("RARE")], [self._line("SERVICE")]), "only goods"
        )

    def test_parts_are_allowed(self):
        self.channel.shortage_policy = "backorder"
        self._assert_refused(self._approved_lines([self._line("RARE", quantity="9")]), "only goods")

    def test_bought_for_the_order(self):
        self._create_bought_to_order("MTO")
        self._assert_refused(self._approved_lines([self._line("MTO")]), "stock rule")

    def test_deliveries_that_join_batches(self):
        kind = self.warehouse.out_type_id
        if "auto_batch" not in kind:
            self.skipTest("stock_picking_batch is not installed")
        kind.write({"auto_batch": True, "batch_group_by_partner": True})
        self._assert_refused(self._approved_lines([self._line("RARE")]), "batches")

    def test_goods_of_another_place(self):
        place = self.env["stock.location"].create(
            {"name": "Annex", "location_id": self.warehouse.view_location_id.id, "usage": "internal"}
        )
        rule = self.warehouse.delivery_route_id.rule_ids.filtered(
            lambda r: r.location_dest_id.usage == "customer"
        )
        rule.location_src_id = place
        self._assert_refused(self._approved_lines([self._line("RARE")]), "shelves")

    def test_another_module_has_a_part(self):
        cls = type(self.env["sale.order"])
        cache = {**cls.__dict__.get("_ecom_known_methods", {}), "action_confirm": {"sale", "other"}}
        with patch.object(cls, "_ecom_known_methods", cache, create=True):
            self._assert_refused(self._approved_lines([self._line("RARE")]), "another module")


@tagged("post_install", "-at_install")
class TestFiscalPositions(TurnsCase):
    def test_as_odoo_finds_them(self):
        """Looked up once for many orders, with the results of Odoo's own search."""
        Position = self.env["account.fiscal.position"]
        Position.search([]).auto_apply = False
        fields = {"company_id": self.company.id, "auto_apply": True}
        by_country, with_vat = Position.create(
            [
                {**fields, "name": "By country", "country_id": self.country.id, "sequence": 2},
                {**fields, "name": "With VAT", "vat_required": True, "sequence": 1},
            ]
        )
        chosen = Position.create({"name": "Chosen", "company_id": self.company.id})
        place = {"country_id": self.country.id}
        partners = self.env["res.partner"].create(
            [
                {"name": "Home", **place},
                {"name": "Abroad", "country_id": self.env.ref("base.aq").id},
                {"name": "Nowhere"},
                {"name": "Company", **place},
                {"name": "Own", **place, "property_account_position_id": chosen.id},
            ]
        )
        partners[3].vat = "12345"
        vals_list = [
            {"partner_id": one.id, "partner_shipping_id": other.id}
            for one in partners
            for other in partners
        ]
        wanted = self.env["sale.order"].create([{**vals} for vals in vals_list])
        self.env["sale.order"]._ecom_fill_fiscal_positions(vals_list)
        found = [vals.get("fiscal_position_id", "left to Odoo") for vals in vals_list]
        # Of 25 pairs: 5 of the company, 5 of "Own" and the other 3 with "Own" as their address.
        self.assertEqual(found.count("left to Odoo"), 13)
        for order, position in zip(wanted, found, strict=True):
            if position != "left to Odoo":
                self.assertEqual(order.fiscal_position_id.id, position)
        self.assertIn(by_country.id, found)
        self.assertIn(False, found)
        self.assertIn(with_vat.id, found)

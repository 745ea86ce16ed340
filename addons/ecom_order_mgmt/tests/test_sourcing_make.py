from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .test_sourcing import SourcingCase


@tagged("post_install", "-at_install")
class TestMake(SourcingCase):
    """No warehouse has everything: the rest is made for the order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "mrp.bom" not in cls.env:
            return
        cls.clay = cls._create_product("CLAY", quantity=0)
        cls.bom = cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": cls.pot.product_tmpl_id.id,
                "produce_delay": 4,
                "bom_line_ids": [Command.create({"product_id": cls.clay.id, "product_qty": 2})],
            }
        )
        cls.channel.write({"source_fallback": "make", "source_max_parts": 1})

    def setUp(self):
        super().setUp()
        if "mrp.bom" not in self.env:
            self.skipTest("mrp is not installed")

    def _productions(self):
        return self.env["mrp.production"].search([("product_id", "=", self.pot.id)])

    def _finish(self, production):
        self._stock(self.south, CLAY=20)
        production.action_assign()
        production.qty_producing = production.product_qty
        production.move_raw_ids.write({"picked": True})
        production.button_mark_done()

    def test_the_rest_is_made(self):
        self._stock(self.south, CUP=3, POT=1)
        order = self._order(CUP=2, POT=3)
        self.assertEqual(order.review_state, "approved", order.source_summary)
        production = self._productions()
        self.assertEqual(production.product_qty, 2)
        self.assertEqual(production.picking_type_id.warehouse_id, self.south)
        self.assertIn("2 × POT is made", order.source_summary)
        self.assertGreaterEqual((order.promised_at - order.sourced_at).days, 4)
        self.assertEqual(len(order.shipment_ids), 1)
        self.assertEqual(order.shipment_ids.state, "draft")
        self.channel.process_orders()
        self.assertEqual(self._productions(), production, "made once")
        self._finish(production)
        self.assertEqual(order.shipment_ids.state, "ready")
        order.shipment_ids.action_ship()
        self.assertEqual(order.sale_order_id.delivery_status, "full")

    def test_no_bill_of_materials(self):
        self._stock(self.south, POT=1)
        order = self._order(CUP=1, POT=1)
        self.assertEqual(order.review_state, "held")
        self.assertIn("CUP has no bill of materials", order.source_summary)

    def test_a_warehouse_that_makes_nothing(self):
        self._stock(self.south, CUP=1)
        (self.north | self.south).manufacture_to_resupply = False
        order = self._order(CUP=1, POT=1)
        self.assertEqual(order.review_state, "held", order.source_summary)

    def test_brought_before_it_is_made(self):
        self.channel.source_fallback = "transfer_make"
        self.south.resupply_wh_ids = self.north
        self._stock(self.south, CUP=3)
        self._stock(self.north, POT=1)
        order = self._order(CUP=2, POT=2)
        self.assertEqual(order.review_state, "approved", order.source_summary)
        self.assertEqual(self._productions().product_qty, 1)

    def test_cancelled_before_anybody_began(self):
        self._stock(self.south, CUP=1)
        order = self._order(CUP=1, POT=2)
        production = self._productions()
        self.assertEqual(production.state, "confirmed")
        order.sale_order_id._action_cancel()
        self.assertEqual(production.state, "cancel")

    def test_cancelled_after_somebody_began(self):
        self._stock(self.south, CUP=1)
        order = self._order(CUP=1, POT=2)
        production = self._productions()
        production.qty_producing = 1
        self.assertEqual(production.state, "progress")
        order.sale_order_id._action_cancel()
        self.assertEqual(production.state, "progress", "it becomes stock")
        self.assertFalse(production.move_finished_ids.move_dest_ids)

    def test_manufacturing_is_optional(self):
        registry = self.env.registry
        model = registry.models.pop("mrp.bom")
        self.addCleanup(registry.models.__setitem__, "mrp.bom", model)
        with self.assertRaises(ValidationError):
            self.channel._check_make()

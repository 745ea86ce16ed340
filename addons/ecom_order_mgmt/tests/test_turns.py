from odoo.exceptions import UserError
from odoo.tests import tagged

from ..fast import BATCH
from ..models.ecom_channel_pipeline import PipelineStep
from .common import EcomCase


class TurnsCase(EcomCase):
    def _approved(self, *external_ids):
        self.channel.approval = "manual"
        _result, orders = self._import(*[self._document(name) for name in external_ids])
        self.channel.process_orders()
        orders.action_approve()
        orders._source_batch()
        self.env.flush_all()
        return orders

    def _hold(self, record):
        """Another worker holds a record until the end of the test, or until it is closed."""
        cursor = self.registry.cursor()
        self.addCleanup(lambda: cursor.closed or cursor.close())
        cursor.execute(
            f"SELECT id FROM {record._table} WHERE id = %s FOR NO KEY UPDATE", [record.id]
        )
        self.assertTrue(cursor.fetchone(), "the record is there for other workers too")
        return cursor


@tagged("post_install", "-at_install")
class TestTurns(TurnsCase):
    """Several workers on one pipeline, and what is asked once for many orders."""

    def test_lane_in_other_hands(self):
        orders = self._approved("T-1", "T-2")
        other = self._hold(self.warehouse)
        counts = orders._confirm_batch()
        self.assertEqual(counts["left"], orders)
        self.assertEqual(counts["confirmed"], 0)
        self.assertFalse(orders.sale_order_id.picking_ids)
        other.close()
        self.assertEqual(orders._confirm_batch()["confirmed"], 2)

    def test_only_orders_of_that_lane_are_left(self):
        orders = self._approved("T-1", "T-2")
        second = self.env["stock.warehouse"].create({"name": "Second", "code": "TW2"})
        self.env["stock.quant"]._update_available_quantity(self.product, second.lot_stock_id, 5)
        orders[1].sale_order_id.warehouse_id = second
        orders[1].sale_order_id.order_line.warehouse_id = second
        self.env.flush_all()
        other = self._hold(self.warehouse)
        counts = orders._confirm_batch()
        self.assertEqual(counts["left"], orders[0])
        self.assertEqual(orders.sale_order_id.picking_ids.sale_id, orders[1].sale_order_id)
        other.close()

    def test_what_is_left_keeps_its_turn(self):
        orders = self._approved("T-1", "T-2", "T-3")
        other = self._hold(self.warehouse)
        counts = self.channel.process_orders()
        self.assertEqual(counts["confirmed"], 0)
        self.assertEqual(counts["remaining"], 3)
        other.close()
        self.assertEqual(self.channel.process_orders()["confirmed"], 3)
        self.assertEqual(orders.sale_order_id.mapped("state"), ["sale"] * 3)

    def test_step(self):
        step = PipelineStep([], "_confirm_batch")
        self.assertFalse(step.careful)
        self.assertTrue(PipelineStep([], "_accept_batch").careful)
        step.advance([1, 2, 3], [])
        self.assertEqual((step.last_id, step.tried), (3, set()))
        step.advance([4, 5, 6], [5])
        self.assertEqual((step.last_id, step.tried), (3, {4, 6}))
        step.advance([5, 7], [7])
        self.assertEqual((step.last_id, step.tried), (3, {4, 5, 6}))
        step.advance([7], [])
        self.assertEqual((step.last_id, step.tried), (7, set()))

    def test_companies_are_checked_in_batches_too(self):
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self.env["res.partner"].create({"name": "Foreign", "company_id": other.id})
        orders = self.env["sale.order"].create(
            [{"partner_id": self.env.user.partner_id.id, "company_id": self.company.id}] * 12
        )
        orders.with_context(**{BATCH: True})._check_company()
        # Past Odoo's own check, which write() would make.
        orders._fields["partner_shipping_id"].write(orders[7], foreign.id)
        with self.assertRaises(UserError):
            orders.with_context(**{BATCH: True})._check_company()

    def test_nothing_is_delivered_until_it_left(self):
        order = self._import_one(external_id="T-9", lines=[self._line(quantity="3")])
        line = order.sale_order_id.order_line
        self.assertEqual((line.qty_delivered, line.qty_delivered_method), (0, "stock_move"))
        picking = order.sale_order_id.picking_ids
        picking.move_ids.write({"quantity": 2, "picked": True})
        picking.with_context(skip_backorder=True)._action_done()
        self.assertEqual(line.qty_delivered, 2)

    def test_numbers(self):
        sequence = self.env["ir.sequence"].create(
            {"name": "T", "prefix": "T/%(range_year)s/", "suffix": "-x", "padding": 4}
        )
        one = sequence.next_by_id()
        self.assertEqual(len(one), len(sequence._ecom_next(2)[0]))
        self.assertEqual(sequence._ecom_next(1)[0], sequence.get_next_char(4))

from psycopg2 import IntegrityError

from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .test_shipment import ShipmentCase


@tagged("post_install", "-at_install")
class TestGiveUp(ShipmentCase):
    """Orders that wait for goods are cancelled when they have waited too long."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rare = cls._create_product("RARE", quantity=1)
        cls.channel.give_up_days = 5

    def _held(self, external_id="G-1"):
        with freeze_time("2026-03-02 08:00:00"):
            order = self._import_one(
                external_id=external_id, lines=[self._line("RARE", quantity="3")]
            )
        self.assertEqual(order.review_state, "held")
        return order

    def _process(self, moment):
        with freeze_time(moment):
            return self.channel.process_orders()

    def _receive(self, quantity):
        self.env["stock.quant"]._update_available_quantity(
            self.rare, self.warehouse.lot_stock_id, quantity
        )

    def test_given_up(self):
        order = self._held()
        self.assertEqual(str(order.give_up_at), "2026-03-07 08:00:00")
        self._process("2026-03-07 07:59:00")
        self.assertEqual(order.review_state, "held")
        counts = self._process("2026-03-07 08:01:00")
        self.assertEqual(counts["given_up"], 1)
        self.assertEqual(order.review_state, "rejected")
        self.assertEqual(order.sale_order_id.state, "cancel")
        self.assertIn("5 days", order.hold_reason)
        self.assertFalse(order.give_up_at)
        self.assertEqual(set(order.exception_ids.mapped("state")), {"resolved"})
        self.assertIn("Cancelled", order.decision_ids.sorted("id")[-1].summary)

    def test_the_timer_wakes_for_it(self):
        order = self._held()
        triggers = self.env["ir.cron.trigger"].search(
            [("cron_id", "=", self.env.ref("ecom_order_mgmt.ir_cron_process").id)]
        )
        self.assertIn(order.give_up_at, triggers.mapped("call_at"))

    def test_goods_that_come_just_in_time(self):
        order = self._held()
        self._receive(5)
        self._process("2026-03-08 08:00:00")
        self.assertEqual(order.sale_order_id.state, "sale")
        self.assertFalse(order.waits_since or order.give_up_at)

    def test_it_counts_from_the_first_day(self):
        order = self._held()
        # Not enough: it is looked at again, and goes on waiting.
        self._receive(1)
        self._process("2026-03-06 08:00:00")
        self.assertEqual(str(order.give_up_at), "2026-03-07 08:00:00")

    def test_never(self):
        self.channel.give_up_days = 0
        order = self._held()
        self.assertFalse(order.give_up_at)
        self._process("2027-03-02 08:00:00")
        self.assertEqual(order.review_state, "held")
        self.channel.give_up_days = 3
        self.assertEqual(str(order.give_up_at), "2026-03-05 08:00:00", "also for those that wait")

    def test_what_waits_for_a_person_too(self):
        order = self._held()
        order.action_hold("ask the buyer")
        self._process("2026-03-09 08:00:00")
        self.assertEqual(order.review_state, "held")

    def test_no_negative_days(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.channel.give_up_days = -1
            self.env.flush_all()

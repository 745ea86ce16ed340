from odoo.tests import freeze_time, tagged

from .test_shipment import ShipmentCase

UNPAID = {"payments": []}


@tagged("post_install", "-at_install")
class TestKeep(ShipmentCase):
    """Stock is kept for a buyer who has not paid yet, for some time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rare = cls._create_product("RARE", quantity=3)
        cls.channel.write({"lock_point": "order", "lock_minutes": 30, "approval": "paid"})

    def _order(self, external_id, moment, quantity=2, **vals):
        with freeze_time(moment):
            return self._import_one(
                external_id=external_id,
                lines=[self._line("RARE", quantity=str(quantity))],
                **vals,
            )

    def _process(self, moment):
        with freeze_time(moment):
            self.channel.process_orders()

    def _pay(self, order, moment):
        with freeze_time(moment):
            self._import_one(
                external_id=order.external_id,
                lines=[self._line("RARE", quantity="2")],
                updated_at="2026-03-05T10:00:00Z",
            )

    def test_who_comes_later_waits(self):
        first = self._order("K-1", "2026-03-02 10:00:00", **UNPAID)
        self.assertEqual(first.review_state, "waiting")
        self.assertEqual(str(first.stock_kept_until), "2026-03-02 10:30:00")
        second = self._order("K-2", "2026-03-02 10:05:00")
        self.assertEqual(second.review_state, "held")
        self.assertIn("RARE (2 wanted, 1 free", second.hold_reason)
        self.assertEqual(self._reserved(self.rare), 0)
        # Its buyer did not pay: the goods are for the other one.
        self._process("2026-03-02 10:31:00")
        self.assertEqual(second.review_state, "approved")
        self.assertEqual(self._reserved(self.rare), 2)

    def test_paid_in_time(self):
        first = self._order("K-1", "2026-03-02 10:00:00", **UNPAID)
        second = self._order("K-2", "2026-03-02 10:05:00")
        self._pay(first, "2026-03-02 10:20:00")
        self.assertEqual(first.payment_state, "paid")
        self._process("2026-03-02 10:40:00")
        self.assertEqual(first.sale_order_id.state, "sale", first.hold_reason)
        self.assertEqual(second.review_state, "held")

    def test_paid_and_not_confirmed_yet(self):
        self.channel.approval = "manual"
        first = self._order("K-1", "2026-03-02 10:00:00")
        other = self._create_channel(name="Other", approval="all", approve_wait_minutes=0)
        with freeze_time("2026-03-02 12:00:00"):
            second = self._import_one(
                channel=other, external_id="K-2", lines=[self._line("RARE", quantity="2")]
            )
        self.assertEqual(second.review_state, "held")
        with freeze_time("2026-03-02 12:05:00"):
            first.action_approve()
            self.channel.process_orders()
        self.assertEqual(first.sale_order_id.state, "sale")

    def test_two_who_pay(self):
        """Of two for whom it is kept, the first gets it, whoever pays first."""
        first = self._order("K-1", "2026-03-02 10:00:00", **UNPAID)
        second = self._order("K-2", "2026-03-02 10:01:00", **UNPAID)
        self._pay(second, "2026-03-02 10:02:00")
        self._process("2026-03-02 10:15:00")
        self.assertEqual(second.review_state, "held")
        self._pay(first, "2026-03-02 10:20:00")
        self._process("2026-03-02 10:31:00")
        self.assertEqual(first.sale_order_id.state, "sale")
        self.assertEqual(second.review_state, "held")

    def test_cancelled(self):
        first = self._order("K-1", "2026-03-02 10:00:00", **UNPAID)
        second = self._order("K-2", "2026-03-02 10:05:00")
        with freeze_time("2026-03-02 10:06:00"):
            first.action_reject("the buyer asked")
            self.channel.process_orders()
        self.assertEqual(second.review_state, "approved")

    def test_at_the_payment(self):
        self.channel.lock_point = "payment"
        first = self._order("K-1", "2026-03-02 10:00:00", **UNPAID)
        self.assertFalse(first.stock_kept_until)
        second = self._order("K-2", "2026-03-02 10:05:00")
        self.assertEqual(second.review_state, "approved")

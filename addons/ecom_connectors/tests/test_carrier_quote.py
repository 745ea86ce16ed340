from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .test_labels import LabelCase


@tagged("post_install", "-at_install")
class TestCarrierQuote(LabelCase):
    """Carriers are asked what a parcel costs; the cheapest that keeps the promise gets it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["delivery.carrier"].search([("id", "!=", cls.post_office.id)]).action_archive()
        cls.post_office.ecom_ask_rates = True
        cls.channel.choose_carrier = True
        cls.rival = cls.env["delivery.carrier"].create(
            {
                "name": "Rival",
                "product_id": cls.carrier.product_id.id,
                "ecom_rate_ids": [(0, 0, {"price": 9, "days": 3})],
            }
        )

    def setUp(self):
        super().setUp()
        self.server.price = "7.35"

    def _ask(self):
        self.env["ecom.carrier.quote"]._cron_ask()

    def test_quote_wins(self):
        shipment = self._import_one().shipment_ids
        self.assertEqual(shipment.carrier_id, self.rival, "no rate of the other is stored")
        quote = shipment.quote_ids
        self.assertRecordValues(quote, [{"state": "waiting", "carrier_id": self.post_office.id}])
        self._ask()
        self.assertRecordValues(quote, [{"state": "done", "amount": 7.35, "attempts": 1}])
        self.assertEqual(quote.currency_id, self.eur)
        self.assertEqual(shipment.carrier_id, self.post_office)
        self.assertIn("cheapest", shipment.carrier_reason)
        self.assertEqual([e["carrier"] for e in shipment.carrier_rejected], ["Rival"])
        self._ask()
        self.assertEqual(quote.attempts, 1, "asked once")

    def test_dear_quote_is_kept_as_the_reason(self):
        self.server.price = "700"
        shipment = self._import_one().shipment_ids
        self._ask()
        self.assertEqual(shipment.carrier_id, self.rival)
        self.assertIn("UPS Standard", shipment.carrier_others)
        self.assertEqual(shipment.quote_ids.amount, 700)

    def test_a_persons_choice_and_labels_stay(self):
        shipment = self._import_one().shipment_ids
        shipment.write({"carrier_id": self.rival.id, "carrier_reason": False})
        self._ask()
        self.assertEqual(shipment.carrier_id, self.rival)
        shipment.carrier_id = self.post_office
        shipment.action_buy_label()
        self.assertTrue(shipment._is_label_ordered())
        self.assertFalse(shipment._may_choose_again())

    def test_asked_again_by_the_button_and_when_old(self):
        shipment = self._import_one().shipment_ids
        self._ask()
        self.server.price = "8"
        shipment.action_choose_carrier()
        self.assertEqual(shipment.quote_ids.state, "waiting")
        self._ask()
        self.assertEqual(shipment.quote_ids.amount, 8)
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            self.assertFalse(shipment._get_quotes(self.post_office))
            shipment._choose_carriers(again=True)
            self.assertEqual(shipment.quote_ids.state, "waiting")

    def test_carrier_is_down(self):
        self.account.server_url = "http://127.0.0.1:9"
        shipment = self._import_one().shipment_ids
        quote = shipment.quote_ids
        for attempt in (1, 2, 3):
            self._ask()
            self.assertEqual(quote.attempts, attempt)
            quote.next_try = fields.Datetime.now()
        self.assertEqual(quote.state, "failed")
        self._ask()
        self.assertEqual(quote.attempts, 3)
        self.assertEqual(shipment.carrier_id, self.rival)

    def test_service_is_not_offered(self):
        self.post_office.ecom_service = "ups_express"
        other = self.post_office.copy({"name": "UPS Ground", "ecom_service": "ups_ground"})
        shipment = self._import_one().shipment_ids
        self.assertEqual(shipment.quote_ids.carrier_id, self.post_office | other)
        self._ask()
        self.assertNotIn("waiting", shipment.quote_ids.mapped("state"))

    def test_access(self):
        quote = self._import_one().shipment_ids.quote_ids
        viewer = new_test_user(self.env, "e_quote", groups="ecom_order_mgmt.group_ecom_viewer")
        self.assertEqual(quote.with_user(viewer).state, "waiting")
        with self.assertRaises(AccessError):
            quote.with_user(viewer).write({"amount": 1})
        nobody = new_test_user(self.env, "e_quote_n", groups="base.group_user")
        with self.assertRaises(AccessError):
            quote.with_user(nobody).read(["amount"])
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env, "e_quote_o", groups="ecom_order_mgmt.group_ecom_manager",
            company_id=other.id, company_ids=[(6, 0, other.ids)],
        )  # fmt: skip
        self.assertFalse(self.env["ecom.carrier.quote"].with_user(stranger).search([]))

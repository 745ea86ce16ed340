from odoo import fields
from odoo.tests import HttpCase, tagged

from odoo.addons.ecom_order_mgmt.tests.test_tracking import TrackingCase


class ParcelTourCase(TrackingCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.parcel = self._shipped("TOUR-1", "TOUR1")
        now = fields.Datetime.now()
        self._ingest(
            {"carrier": "fast", "tracking_ref": "TOUR1", "at": f"{now.isoformat()}Z",
             "code": "FAIL", "text": "Nobody at home", "city": "Berlin", "country": "DE"},
        )  # fmt: skip
        self.parcel._watch()
        self.assertEqual(self.parcel.alert_ids.kind, "attempt_failed")


@tagged("post_install", "-at_install")
class TestParcelTour(ParcelTourCase):
    def test_parcel_tour(self):
        """Parcel, events, alert, claim; in a real browser."""
        self.start_tour("/odoo/ecom-parcels", "ecom_parcel_tour", login="admin", timeout=120)
        claim = self.parcel.claim_ids
        self.assertEqual((claim.name, claim.state, claim.kind), ("CASE-77", "sent", "lost"))
        self.assertGreater(claim.amount, 0)


@tagged("post_install", "-at_install")
class TestParcelPhoneTour(ParcelTourCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_parcel_phone_tour(self):
        """The same parcel at phone width."""
        self.start_tour("/odoo/ecom-parcels", "ecom_parcel_phone_tour", login="admin", timeout=120)
        self.assertEqual(self.parcel.status, "attempt_failed")

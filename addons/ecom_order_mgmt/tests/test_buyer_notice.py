import unittest

from freezegun import freeze_time

from odoo.tests import tagged

from ..models.ecom_channel_logistics import NOTICES
from .test_tracking import NOW, TrackingCase


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestBuyerNotice(TrackingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.write({f"notify_{kind}": True for kind in NOTICES})
        cls.channel.alert_pickup_days = 3

    def _shipped_to(self, phone="+49 30 12345678"):
        address = {"name": "Ada Buyer", "street": "Long Street 1", "city": "Berlin",
                   "zip": "10115", "country": "DE", "phone": phone}  # fmt: skip
        return self._shipped(shipping_address=address)

    def _texts(self):
        return self.env["sms.sms"].search([("number", "=", "+493012345678")]).mapped("body")

    def test_every_notice_has_its_mail(self):
        for kind in NOTICES:
            template = self.env.ref(f"ecom_order_mgmt.mail_template_{kind}")
            self.assertTrue(template.subject)

    def test_pickup_and_return_by_mail(self):
        parcel = self._shipped_to()
        self._ingest(
            self._event(5, "FAIL"),
            {"carrier": "fast", "tracking_ref": "T1", "pickup_code": "4711"},
        )
        self._ingest(self._event(9, "PICK"))
        with freeze_time("2026-03-06 08:00:00"):
            parcel._watch()
            parcel._watch()
        self._ingest(self._event(200, "BACK"))
        shipment = parcel.shipment_id
        self.assertEqual(
            shipment.notice_ids.sorted("id").mapped("kind"),
            ["shipped", "attempt_failed", "available_for_pickup", "pickup_waiting", "returned"],
        )
        self.assertFalse(any(shipment.notice_ids.mapped("phone")))
        mails = self.env["mail.mail"].search(
            [("model", "=", "ecom.shipment"), ("res_id", "=", shipment.id)]
        )
        self.assertEqual(len(mails), 5)
        self.assertTrue(any("4711" in mail.body_html for mail in mails))

    def test_silence_is_told_once(self):
        parcel = self._shipped_to()
        with freeze_time("2026-03-03 09:00:00"):
            parcel._watch()
            parcel._watch()
        self._ingest(self._event(30, "SCAN"))
        with freeze_time("2026-03-06 15:00:00"):
            parcel._watch()
            parcel._watch()
        kinds = parcel.shipment_id.notice_ids.sorted("id").mapped("kind")
        self.assertEqual(kinds[:3], ["shipped", "no_scan", "no_movement"])
        self.assertEqual(len(kinds), len(set(kinds)))
        # Each is switched per channel.
        self.channel.notify_no_scan = False
        other = self._shipped("T-2", "T2")
        with freeze_time("2026-03-03 09:00:00"):
            other._watch()
        self.assertEqual(other.alert_ids.mapped("kind"), ["no_scan"])
        self.assertEqual(other.shipment_id.notice_ids.mapped("kind"), ["shipped"])

    def test_sms(self):
        if "sms.sms" not in self.env:
            raise unittest.SkipTest("Odoo's SMS app is not installed")
        self.channel.notify_by = "sms"
        parcel = self._shipped_to()
        self._ingest(self._event(20, "OUT"))
        notices = parcel.shipment_id.notice_ids.sorted("id")
        self.assertEqual(notices.mapped("kind"), ["shipped", "out_for_delivery"])
        self.assertEqual(set(notices.mapped("phone")), {"+493012345678"})
        self.assertFalse(any(notices.mapped("email")))
        first, second = sorted(self._texts())
        self.assertIn("arrives today", first)
        self.assertIn("on its way", second)
        self.assertIn(parcel.shipment_id.access_token, second)
        self.channel.notify_by = "both"
        self._ingest(self._event(22, "OK"))
        last = parcel.shipment_id.notice_ids.filtered(lambda item: item.kind == "delivered")
        self.assertTrue(last.phone and last.email)
        self.assertEqual(len(self._texts()), 3)

    def test_sms_needs_a_number(self):
        self.channel.notify_by = "sms"
        notice = self._shipped_to(phone="").shipment_id.notice_ids
        self.assertFalse(notice.phone)
        self.assertTrue(notice.email, "then by e-mail")

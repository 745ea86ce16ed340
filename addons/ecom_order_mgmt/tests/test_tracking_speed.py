from freezegun import freeze_time

from odoo.tests import tagged

from .test_tracking import NOW, TrackingCase


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestIngestBudget(TrackingCase):
    def _count(self, refs, hours):
        """:return: statements for news of all these parcels at once, with nothing in memory"""
        events = [
            self._event(hour, code, ref)
            for ref in refs
            for hour, code in zip(hours, ("SCAN", "OUT", "OK"), strict=True)
        ]
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        result = self._ingest(*events)
        self.env.flush_all()
        self.assertEqual(result["new"], len(events))
        return self.env.cr.sql_log_count - before

    def test_statements_do_not_grow_with_the_batch(self):
        refs = [f"T{number}" for number in range(33)]
        for ref in refs:
            self._shipped(f"N-{ref}", ref)
        few = self._count(refs[:3], (1, 30, 40))
        many = self._count(refs[3:], (1, 30, 40))
        self.assertLessEqual(many, few + 1, "one query for many parcels as for few")
        self.assertLessEqual(few, 60)
        parcels = self.env["ecom.shipment.parcel"].search([("tracking_ref", "in", refs)])
        self.assertEqual(set(parcels.mapped("status")), {"delivered"})
        self.assertEqual(set(parcels.shipment_id.mapped("state")), {"delivered"})
        # Each event was written once, with what belongs to its parcel.
        for event in parcels.event_ids:
            self.assertEqual(event.shipment_id, event.parcel_id.shipment_id)
            self.assertEqual(event.company_id, event.parcel_id.company_id)

    def test_event_that_came_before_its_parcel_belongs_to_it(self):
        self._ingest(self._event(1, "SCAN", "LATER"))
        event = self.env["ecom.shipment.event"].search([("tracking_ref", "=", "LATER")])
        self.assertFalse(event.shipment_id or event.company_id)
        parcel = self._shipped("N-1", "LATER")
        self.assertEqual(event.parcel_id, parcel)
        self.assertEqual(event.shipment_id, parcel.shipment_id)
        self.assertEqual(event.company_id, parcel.company_id)

    def test_holidays_are_remembered_until_they_change(self):
        company = self.company
        self.assertFalse(company._get_ecom_holidays())
        leave = self.env["resource.calendar.leaves"].create(
            {
                "name": "May Day",
                "company_id": company.id,
                "calendar_id": False,
                "date_from": "2026-05-01 00:00:00",
                "date_to": "2026-05-01 20:00:00",
            }
        )
        self.assertEqual([str(day) for day in company._get_ecom_holidays()], ["2026-05-01"])
        leave.write({"date_from": "2026-05-02 00:00:00", "date_to": "2026-05-02 20:00:00"})
        self.assertEqual([str(day) for day in company._get_ecom_holidays()], ["2026-05-02"])
        with self.assertQueryCount(0):
            company._get_ecom_holidays()
        leave.unlink()
        self.assertFalse(company._get_ecom_holidays())

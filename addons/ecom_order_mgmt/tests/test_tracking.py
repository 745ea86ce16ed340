import random
from datetime import date, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import EcomCase

NOW = "2026-03-02 08:00:00"  # a Monday


class TrackingCase(EcomCase):
    """Shipments with numbers, and events of a carrier."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.carrier = cls.env["delivery.carrier"].create(
            {
                "name": "Fast Post",
                "product_id": cls._create_product("POST", type="service", is_storable=False).id,
                "ecom_carrier_code": "fast",
                "tracking_url": "https://fast.example/<shipmenttrackingnumber>",
            }
        )
        cls.warehouse.partner_id.write(
            {"city": "Leipzig", "zip": "04103", "country_id": cls.env.ref("base.de").id}
        )
        cls.env["ecom.tracking.code"].create(
            [
                {"carrier_code": "fast", "code": code, "status": status}
                for code, status in (
                    ("PRE", "info_received"),
                    ("SCAN", "in_transit"),
                    ("OUT", "out_for_delivery"),
                    ("FAIL", "attempt_failed"),
                    ("PICK", "available_for_pickup"),
                    ("OK", "delivered"),
                    ("BACK", "returned"),
                    ("BAD", "exception"),
                )
            ]
        )

    def _shipped(self, name="T-1", ref="T1", channel=None, promise=False, **vals):
        """:return: the parcels of an order that was shipped now"""
        order = self._import_one(external_id=name, channel=channel, **vals)
        self.assertTrue(order.confirmed_at, order.cause_message)
        shipment = order.shipment_ids
        shipment.carrier_id = self.carrier
        shipment.tracking_ref = ref
        # The date that sourcing promises stands in the way of tests of other dates.
        order.sale_order_id.commitment_date = promise
        shipment.action_ship()
        return shipment.parcel_ids

    def _event(self, hours, code, ref="T1", **vals):
        at = datetime.fromisoformat(NOW) + timedelta(hours=hours)
        return {
            "carrier": "fast",
            "tracking_ref": ref,
            "at": f"{at.isoformat()}Z",
            "code": code,
            "text": f"Text of {code}",
            "city": "Berlin",
            "country": "DE",
            **vals,
        }

    def _ingest(self, *events):
        return self.env["ecom.shipment"]._ingest_events(list(events))


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestTracking(TrackingCase):
    def test_parcels_follow_numbers(self):
        order = self._import_one()
        shipment = order.shipment_ids
        self.assertFalse(shipment.parcel_ids)
        shipment.carrier_id = self.carrier
        shipment.tracking_ref = "t 1, T2"
        self.assertEqual(shipment.parcel_ids.mapped("tracking_ref"), ["T1", "T2"])
        self.assertRecordValues(
            shipment.parcel_ids,
            [
                {
                    "carrier_code": "fast",
                    "origin_region": "DE-04",
                    "destination_region": "DE-10",
                    "channel_id": self.channel.id,
                    "tracking_url": f"https://fast.example/{ref}",
                    "status": "pending",
                }
                for ref in ("T1", "T2")
            ],
        )
        # A label taken back before the parcel left is void; the other stays.
        shipment.tracking_ref = "T2,T3"
        self.assertEqual(shipment.parcel_ids.mapped("voided"), [True, False, False])
        shipment.action_ship()
        self.assertEqual(
            [bool(parcel.shipped_at) for parcel in shipment.parcel_ids], [False, True, True]
        )
        # After it left, numbers only come in addition.
        shipment.tracking_ref = "T4"
        self.assertEqual(shipment.parcel_ids.mapped("voided"), [True, False, False, False])

    def test_life_of_a_parcel(self):
        parcel = self._shipped()
        result = self._ingest(self._event(-2, "PRE"), self._event(5, "SCAN"))
        self.assertEqual((result["new"], result["known"], result["rejected"]), (2, 0, []))
        self.assertRecordValues(
            parcel,
            [
                {
                    "status": "in_transit",
                    "first_scan_at": fields.Datetime.to_datetime("2026-03-02 13:00:00"),
                    "place": "Berlin, DE",
                    "scan_delay_hours": 5,
                }
            ],
        )
        self.assertEqual(parcel.shipment_id.tracking_status, "in_transit")
        self._ingest(self._event(24, "OUT"), self._event(26, "OK"))
        self.assertEqual(parcel.status, "delivered")
        self.assertEqual(parcel.transit_days, 1)
        self.assertEqual(parcel.shipment_id.state, "delivered")
        self.assertEqual(parcel.shipment_id.delivered_at, parcel.delivered_at)
        # It comes back after all.
        self._ingest(self._event(90, "BACK"))
        self.assertEqual(parcel.status, "returned")
        self.assertFalse(parcel.shipment_id.delivered_at)

    def test_order_and_repetition_do_not_matter(self):
        codes = ["PRE", "SCAN", "SCAN", "OUT", "FAIL", "OUT", "BAD", "SCAN", "OK"]
        events = [self._event(hour, code) for hour, code in enumerate(codes)]
        parcels = self.env["ecom.shipment.parcel"]
        generator = random.Random(1)
        for number in range(4):
            parcel = self._shipped(f"T-{number}", f"N{number}")
            own = [{**event, "tracking_ref": f"N{number}"} for event in events]
            mixed = own + generator.choices(own, k=5)
            generator.shuffle(mixed)
            while mixed:
                size = generator.randint(1, 4)
                self._ingest(*mixed[:size])
                mixed = mixed[size:]
            parcels |= parcel
        read = ["status", "status_at", "attempts", "out_for_delivery_at", "delivered_at", "place"]
        states = [{k: v for k, v in row.items() if k != "id"} for row in parcels.read(read)]
        self.assertEqual(states, [states[0]] * 4)
        self.assertEqual(states[0]["status"], "delivered")
        timelines = {tuple(p.event_ids.sorted("occurred_at").mapped("code")) for p in parcels}
        self.assertEqual(timelines, {tuple(codes)})

    def test_events_before_their_parcel(self):
        result = self._ingest(self._event(1, "SCAN"), self._event(1, "SCAN"))
        self.assertEqual((result["new"], result["known"], result["unmatched"]), (1, 1, 1))
        parcel = self._shipped()
        self.assertEqual(parcel.status, "in_transit")
        self.assertEqual(self._ingest(self._event(1, "SCAN"))["known"], 1)
        self.assertEqual(len(parcel.event_ids), 1)

    def test_number_used_again(self):
        first = self._shipped("T-1", "SAME")
        self._ingest(self._event(20, "OK", "SAME"))
        with freeze_time("2026-09-01 08:00:00"):
            second = self._shipped("T-2", "SAME")
            self.assertEqual(second.status, "pending")
            self._ingest(self._event(24 * 184, "SCAN", "SAME"))
        self.assertEqual((first.status, second.status), ("delivered", "in_transit"))
        self.assertEqual(len(first.event_ids), 1)

    def test_other_carriers_number(self):
        parcel = self._shipped()
        self._ingest(self._event(1, "SCAN", carrier="slow", status="in_transit"))
        self.assertEqual(parcel.status, "pending")
        parcel.carrier_code = False
        self._ingest(self._event(2, "SCAN", carrier="slow", status="in_transit"))
        self.assertEqual(parcel.status, "in_transit")

    def test_unknown_codes_are_counted_and_can_be_mapped(self):
        parcel = self._shipped()
        self._ingest(self._event(1, "ZZ_9"), self._event(2, "zz_9"))
        self.assertEqual(parcel.status, "pending")
        self.assertTrue(parcel.last_event_at, "it is news, whatever it means")
        code = self.env["ecom.tracking.code"].search([("code", "=ilike", r"zz\_9")])
        self.assertRecordValues(
            code, [{"carrier_code": "fast", "unknown_count": 2, "status": False}]
        )
        self._ingest(self._event(3, "ZZ_9"))
        self.assertEqual(code.unknown_count, 3)
        code.status = "out_for_delivery"
        self.assertEqual(parcel.status, "out_for_delivery")
        self.assertEqual(code.unknown_count, 0)

    def test_our_table_beats_the_library(self):
        parcel = self._shipped()
        self._ingest(self._event(1, "OK", status="in_transit"))
        self.assertEqual(parcel.status, "delivered")

    def test_bad_events_do_not_stop_the_others(self):
        parcel = self._shipped()
        bad = [
            {},
            {"tracking_ref": "T1"},
            self._event(1, "SCAN", at="soon"),
            self._event(1, "SCAN", status="flying"),
            self._event(1, "SCAN", latitude="north"),
            self._event(1, "SCAN", at=7),
            "nonsense",
            {"tracking_ref": "T1", "eta": "never"},
        ]
        result = self._ingest(*bad, self._event(1, "SCAN"))
        self.assertEqual([entry["index"] for entry in result["rejected"]], list(range(8)))
        self.assertTrue(all(entry["message"] for entry in result["rejected"]))
        self.assertEqual(parcel.status, "in_transit")

    def test_local_time(self):
        self._shipped()
        self._ingest(
            self._event(1, "SCAN", at="2026-03-02 20:00:00", zone="Asia/Shanghai"),
            self._event(1, "OUT", at="2026-03-02 20:00:00"),
        )
        events = self.env["ecom.shipment.event"].search([("tracking_ref", "=", "T1")])
        self.assertRecordValues(
            events.sorted("occurred_at"),
            [
                {"occurred_at": datetime(2026, 3, 2, 12), "utc_offset": 480, "zone_known": True},
                {"occurred_at": datetime(2026, 3, 2, 20), "utc_offset": 0, "zone_known": False},
            ],
        )

    def test_two_boxes(self):
        parcels = self._shipped(ref="T1,T2")
        shipment = parcels.shipment_id
        self._ingest(self._event(5, "OK", "T1"), self._event(5, "SCAN", "T2"))
        self.assertEqual(shipment.tracking_status, "in_transit")
        self.assertEqual(shipment.state, "shipped")
        self._ingest(self._event(9, "OK", "T2"))
        self.assertEqual(shipment.state, "delivered")
        self.assertEqual(shipment.delivered_at, datetime(2026, 3, 2, 17))

    def test_queries(self):
        """A batch costs a fixed number of queries, whatever it holds."""
        parcels = self.env["ecom.shipment.parcel"]
        for number in range(6):
            parcels |= self._shipped(f"T-{number}", f"Q{number}")
        self._ingest(self._event(1, "PRE", "Q0"))

        def cost(hour, count):
            events = [self._event(hour, "SCAN", f"Q{n}") for n in range(count)]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._ingest(*events)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few, many = cost(2, 2), cost(3, 6)
        self.assertLessEqual(many, few + 6, "one more per parcel would be too many")
        self.assertLessEqual(many, 60)

    # === ETA === #

    def test_eta_of_the_carrier_then_of_the_lane(self):
        Lane = self.env["ecom.shipment.lane"]
        for number, days in enumerate((1, 1, 2, 2, 4)):
            parcel = self._shipped(f"L-{number}", f"L{number}")
            self.assertEqual(parcel.eta_source, "none")
            self._ingest(self._event(1, "SCAN", f"L{number}"))
            self._ingest(self._event(24 * days, "OK", f"L{number}"))
            self.assertEqual(parcel.transit_days, days)
        Lane._cron_learn()
        lane = Lane.search([("origin", "=", "DE-04"), ("destination", "=", "DE-10")])
        self.assertRecordValues(
            lane,
            [
                {
                    "carrier_code": "fast",
                    "service": "",
                    "samples": 5,
                    "median_days": 2,
                    "p80_days": 2,
                }
            ],
        )
        wide = Lane.search([("origin", "=", "DE"), ("destination", "=", "DE")])
        self.assertEqual(set(wide.mapped("carrier_code")), {"fast", ""})
        before = len(Lane.search([]))
        Lane._cron_learn()
        self.assertEqual(len(Lane.search([])), before)

        parcel = self._shipped("L-9", "L9")
        self.assertRecordValues(
            parcel,
            [
                {
                    "eta_source": "lane",
                    "eta_from": date(2026, 3, 4),
                    "eta": date(2026, 3, 4),
                    "promised_on": date(2026, 3, 4),
                }
            ],
        )
        self.assertIn("DE-04", parcel.eta_note)
        self.assertEqual(parcel.shipment_id.eta.date(), date(2026, 3, 4))
        self._ingest({"carrier": "fast", "tracking_ref": "L9", "eta": "2026-03-05"})
        self.assertRecordValues(
            parcel,
            [{"eta_source": "carrier", "eta": date(2026, 3, 5), "promised_on": date(2026, 3, 4)}],
        )
        self._ingest(self._event(24 * 3, "OK", "L9"))
        self.assertEqual(parcel.on_time, "no", "measured by what the buyer was told first")
        Lane._cron_learn()
        self.assertRecordValues(lane, [{"samples": 6, "promised": 1, "on_time": 0}])

    def test_promise_of_the_order(self):
        parcel = self._shipped(promise="2026-03-05 10:00:00")
        self.assertRecordValues(
            parcel,
            [{"eta_source": "promise", "eta": date(2026, 3, 5), "promised_on": date(2026, 3, 5)}],
        )

    def test_cut_off_and_holiday(self):
        lane = self.env["ecom.shipment.lane"].create(
            {
                "company_id": self.company.id,
                "origin": "DE",
                "destination": "DE",
                "carrier_code": "fast",
                "service": "",
                "samples": 9,
                "median_days": 1,
                "p80_days": 2,
            }
        )
        self.carrier.ecom_cut_off = 7.5
        parcel = self._shipped()
        # Monday 8:00 is after 7:30: it travels from Tuesday on.
        self.assertEqual((parcel.eta_from, parcel.eta), (date(2026, 3, 4), date(2026, 3, 5)))
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Feast",
                "company_id": self.company.id,
                "calendar_id": False,
                "date_from": "2026-03-04 00:00:00",
                "date_to": "2026-03-04 22:00:00",
            }
        )
        parcel._update_eta()
        self.assertEqual((parcel.eta_from, parcel.eta), (date(2026, 3, 5), date(2026, 3, 6)))
        lane.samples = 4
        parcel._update_eta()
        self.assertEqual(parcel.eta_source, "none", "four parcels teach nothing")

    # === ALERTS, CLAIMS, E-MAILS === #

    def _watch_at(self, hours):
        # A test must not commit; the timer goes on as if there were time for all.
        go_on = patch.object(
            self.env.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 60
        )
        with freeze_time(datetime.fromisoformat(NOW) + timedelta(hours=hours)), go_on:
            self.env["ecom.shipment.alert"]._cron_watch()

    def test_alerts(self):
        parcel = self._shipped()
        self._watch_at(23)
        self.assertFalse(parcel.alert_ids)
        self._watch_at(25)
        self._watch_at(26)
        self.assertEqual(parcel.alert_ids.mapped("kind"), ["no_scan"])
        self.assertEqual(parcel.activity_ids.user_id, self.channel.user_id)
        self.assertIn("T1", parcel.activity_ids.summary)
        self._ingest(self._event(27, "SCAN"))
        self.assertTrue(parcel.alert_ids.resolved_at)
        self.assertFalse(parcel.activity_ids)
        self._watch_at(27 + 71)
        self.assertFalse(parcel.alert_ids.filtered(lambda a: not a.resolved_at))
        self._watch_at(27 + 73)
        self.assertEqual(parcel.alert_ids.filtered(lambda a: not a.resolved_at).kind, "no_movement")
        self._ingest(self._event(101, "PICK"))
        self._watch_at(101 + 71)
        self.assertEqual(parcel.shipment_id.alert_count, 0)
        self._watch_at(101 + 73)
        self.assertEqual(
            parcel.alert_ids.filtered(lambda a: not a.resolved_at).kind, "pickup_waiting"
        )
        parcel.shipment_id.invalidate_recordset(["alert_count"])
        self.assertEqual(parcel.shipment_id.alert_count, 1)

    def test_limits_are_the_channels(self):
        self.channel.alert_no_scan_hours = 48
        parcel = self._shipped()
        self._watch_at(47)
        self.assertFalse(parcel.alert_ids)
        self._watch_at(48)
        self.assertTrue(parcel.alert_ids)

    def test_silent_parcels_expire(self):
        parcel = self._shipped()
        self._ingest(self._event(1, "SCAN"))
        self._watch_at(24 * 30)
        self.assertEqual(parcel.status, "in_transit")
        self._watch_at(24 * 30 + 2)
        self.assertEqual(parcel.status, "expired")
        self._ingest(self._event(24 * 31, "OK"))
        self.assertEqual(parcel.status, "delivered")

    def test_claim(self):
        parcel = self._shipped(lines=[self._line(price="40", quantity="2")], total="80")
        action = parcel.action_claim()
        form = Form(self.env["ecom.shipment.claim"].with_context(**action["context"]))
        self.assertEqual(form.kind, "lost")
        claim = form.save()
        rate = self.eur._convert(80, self.company.currency_id, self.company, fields.Date.today())
        self.assertAlmostEqual(claim.amount, rate, 2)
        claim.action_send()
        self.assertEqual(str(claim.sent_on), NOW[:10])
        with self.assertRaises(ValidationError):
            claim.action_paid()
        claim.write({"fault": "carrier", "amount_received": 60})
        claim.action_paid()
        self.assertRecordValues(claim, [{"state": "paid", "amount_received": 60}])
        self.assertEqual(parcel.claim_count, 1)

    def test_mails(self):
        parcel = self._shipped("M-0", "M0")
        self.assertFalse(parcel.shipment_id.notice_ids, "off unless the channel wishes it")
        self.channel.write(
            {
                f"notify_{kind}": True
                for kind in ("shipped", "out_for_delivery", "delivered", "delayed")
            }
        )
        parcel = self._shipped("M-1", "M1")
        shipment = parcel.shipment_id
        self.assertEqual(shipment.notice_ids.mapped("kind"), ["shipped"])
        self._ingest(self._event(1, "SCAN", "M1"), self._event(2, "OUT", "M1"))
        self._ingest(self._event(3, "FAIL", "M1"))
        self._ingest(self._event(4, "OUT", "M1"))
        self._ingest({"carrier": "fast", "tracking_ref": "M1", "eta": "2026-03-02"})
        self._watch_at(30)
        self._watch_at(31)
        self._ingest(self._event(32, "OK", "M1"))
        self.assertEqual(
            shipment.notice_ids.sorted("id").mapped("kind"),
            ["shipped", "out_for_delivery", "delayed", "delivered"],
        )
        mails = self.env["mail.mail"].search(
            [("model", "=", "ecom.shipment"), ("res_id", "=", shipment.id)]
        )
        self.assertEqual(set(mails.mapped("email_to")), {"m-1@example.com"})
        self.assertEqual(len(mails), 4)
        for mail in mails:
            self.assertIn(f"/track/{shipment.access_token}", mail.body_html)

    def test_get_status(self):
        parcel = self._shipped()
        self._ingest(self._event(5, "SCAN", text="Signed by: J SMITH"))
        order = parcel.shipment_id.order_ids
        entry = order.get_status()["shipments"][0]["tracking"]
        self.assertEqual(entry["status"], "in_transit")
        self.assertEqual(entry["parcels"][0]["number"], "T1")
        self.assertEqual(entry["parcels"][0]["events"][0]["city"], "Berlin")
        self.assertNotIn("SMITH", str(entry))
        self.assertTrue(entry["url"].endswith(parcel.shipment_id.access_token))

    # === ACCESS === #

    def test_access(self):
        parcel = self._shipped()
        viewer = new_test_user(self.env, "e_viewer", groups="ecom_order_mgmt.group_ecom_viewer")
        reviewer = new_test_user(self.env, "e_rev", groups="ecom_order_mgmt.group_ecom_reviewer")
        portal = new_test_user(self.env, "e_portal", groups="base.group_portal")
        Shipment = self.env["ecom.shipment"]
        with self.assertRaises(AccessError):
            Shipment.with_user(viewer).import_tracking([self._event(1, "SCAN")])
        result = Shipment.with_user(reviewer).import_tracking([self._event(1, "SCAN")])
        self.assertEqual(result["new"], 1)
        self.assertEqual(parcel.with_user(viewer).status, "in_transit")
        for model in (
            "ecom.shipment",
            "ecom.shipment.parcel",
            "ecom.shipment.event",
            "ecom.shipment.alert",
            "ecom.shipment.claim",
            "ecom.shipment.lane",
            "ecom.shipment.notice",
            "ecom.tracking.code",
        ):
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(viewer).create({})
        with self.assertRaises(AccessError):
            parcel.with_user(reviewer).write({"status": "delivered"})
        with self.assertRaises(AccessError):
            parcel.event_ids.with_user(reviewer).unlink()

    def test_other_companies(self):
        parcel = self._shipped()
        self._ingest(self._event(1, "SCAN"))
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "e_other",
            groups="ecom_order_mgmt.group_ecom_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        for model in ("ecom.shipment.parcel", "ecom.shipment.event"):
            self.assertFalse(
                self.env[model].with_user(stranger).search([("tracking_ref", "=", "T1")])
            )
        with self.assertRaises(AccessError):
            parcel.with_user(stranger).read(["status"])

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, tagged

from ..controllers.tracking import LIMIT
from .test_delivery_option import OptionCase
from .test_tracking import NOW


class WindowCase(OptionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = cls.warehouse.partner_id.tz = "Europe/Berlin"
        cls.cheap.ecom_keeps_windows = False
        cls.fast.ecom_keeps_windows = True
        cls.day = cls.env["ecom.delivery.option"].create({"name": "Wunschtag", "kind": "date"})
        cls.window = cls.env["ecom.delivery.option"].create(
            {"name": "Time Window", "kind": "window", "slots": "8-12, 12-16", "days_ahead": 3}
        )
        cls.env["ecom.delivery.word"].create(
            [
                {"channel_id": cls.channel.id, "word": "WT", "option_id": cls.day.id},
                {"channel_id": cls.channel.id, "word": "ZF", "option_id": cls.window.id},
            ]
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestDeliveryWindow(WindowCase):
    def test_window_of_the_document(self):
        order = self._import_one(
            delivery_option="ZF",
            deliver_from="2026-03-06T14:00:00+01:00",
            deliver_by="2026-03-06T18:00:00+01:00",
        )
        shipment = order.shipment_ids
        self.assertEqual(shipment.delivery_option_id, self.window)
        self.assertEqual(str(shipment.deliver_from), "2026-03-06 13:00:00")
        self.assertEqual(str(shipment.deliver_by), "2026-03-06 17:00:00")
        self.assertIn("Friday, 6 March", shipment.wish_text)
        self.assertIn("2:00", shipment.wish_text)
        # Only one of the carriers delivers at a chosen time; it takes a day.
        self.assertEqual(shipment.carrier_id, self.fast)
        self.assertIn("time windows", str(shipment.carrier_rejected))
        self.assertEqual(str(shipment.due_at), "2026-03-05 22:59:59", "handed over a day before")
        self.assertEqual(
            shipment._get_delivery_instructions(), "Deliver 2026-03-06 14:00-18:00"
        )
        status = order.get_status()["shipments"][0]
        self.assertEqual(status["carrier"], "Fast")
        info = shipment._get_tracking_info()["option"]
        self.assertEqual(
            (info["kind"], info["deliver_from"]), ("window", "2026-03-06T13:00:00Z")
        )

    def test_chosen_day_is_given_as_a_day(self):
        # Midnight where the buyer lives: the channel means the day that begins then.
        order = self._import_one(delivery_option="WT", deliver_by="2026-03-10T00:00:00+01:00")
        shipment = order.shipment_ids
        self.assertEqual(str(shipment.deliver_from), "2026-03-09 23:00:00")
        self.assertEqual(str(shipment.deliver_by), "2026-03-10 22:59:59")
        self.assertEqual(shipment.wish_text, "Tuesday, 10 March")
        # Slow is fast enough, and the warehouse need not hurry: four days on the way.
        self.assertEqual(shipment.carrier_id, self.cheap)
        self.assertEqual(str(shipment.due_at)[:10], "2026-03-04")
        self.assertEqual(shipment._get_delivery_instructions(), "Deliver 2026-03-10")

    def test_day_that_is_near_needs_a_fast_carrier(self):
        shipment = self._import_one(
            delivery_option="WT", deliver_by="2026-03-03T23:59:00+01:00"
        ).shipment_ids
        self.assertEqual(shipment.carrier_id, self.fast)
        self.assertIn("too slow", str(shipment.carrier_rejected))

    def test_a_promise_is_no_wish(self):
        order = self._import_one(deliver_by="2026-03-10T20:00:00Z")
        shipment = order.shipment_ids
        self.assertFalse(shipment.deliver_from)
        self.assertEqual(shipment.wish_text, "by Tuesday, 10 March")
        self.assertFalse(shipment._get_delivery_instructions())

    def test_a_promise_excludes_only_what_is_too_slow(self):
        near = {"deliver_by": "2026-03-04T20:00:00Z"}
        self.cheap.ecom_rate_ids.days = 0
        shipment = self._import_one(external_id="A-1", **near).shipment_ids
        self.assertEqual(shipment.carrier_id, self.cheap, "nobody knows that it is too slow")
        self.cheap.ecom_rate_ids.days = 4
        shipment = self._import_one(external_id="A-2", **near).shipment_ids
        self.assertEqual(shipment.carrier_id, self.fast)

    def test_ship_by_of_the_channel_is_the_limit(self):
        shipment = self._import_one(
            delivery_option="WT", deliver_by="2026-03-20T00:00:00+01:00",
            ship_by="2026-03-04T12:00:00Z",
        ).shipment_ids  # fmt: skip
        self.assertEqual(str(shipment.due_at), "2026-03-04 12:00:00")

    def test_parcel_is_not_expected_before_the_day(self):
        order = self._import_one(delivery_option="WT", deliver_by="2026-03-10T00:00:00+01:00")
        shipment = order.shipment_ids
        shipment.tracking_ref = "W1"
        shipment.action_ship()
        self.assertEqual(str(shipment.parcel_ids.eta), "2026-03-10")
        self.assertEqual(shipment.parcel_ids.eta_source, "promise")
        self.assertEqual(shipment.parcel_ids.wish_text, "Tuesday, 10 March")

    def test_wishes_that_do_not_meet(self):
        first = self._import_one(
            external_id="A-1", delivery_option="WT", deliver_by="2026-03-10T00:00:00+01:00"
        )
        second = self._import_one(
            external_id="A-2", delivery_option="WT", deliver_by="2026-03-12T00:00:00+01:00"
        )
        shipment = first.shipment_ids
        shipment.order_ids |= second
        self.assertEqual(shipment.wish_text, "Tuesday, 10 March")

    def test_windows_that_are_none(self):
        with self.assertRaises(ValidationError):
            self.window.slots = "noon"
        with self.assertRaises(ValidationError):
            self.window.write({"slots": False, "buyer_may_choose": True})
        with self.assertRaises(ValidationError):
            self.window.days_ahead = 1000


@tagged("post_install", "-at_install")
class TestWindowOnThePage(WindowCase, HttpCase):
    def test_buyer_chooses_day_and_time(self):
        LIMIT.reset()
        self.window.buyer_may_choose = True
        with freeze_time(NOW):
            shipment = self._import_one().shipment_ids
        path = shipment._get_tracking_path()
        self.env.flush_all()
        choices = dict(shipment._get_choices())[self.window]
        self.assertEqual(len(choices), 6, "three days, two times of day")
        key, text = choices[3]
        page = self.url_open(path).text
        self.assertNotIn("<optgroup", page, "the days are worked out for who asks for them")
        self.assertIn(f"{path}/option", page)
        page = self.url_open(f"{path}/option").text
        self.assertIn("<optgroup", page)
        self.assertIn(key, page)
        for wrong in (key.replace("/1200", "/1300"), f"{self.window.id}", "1/2020-01-01", "x"):
            self.url_open(f"{path}/option", data={"option": wrong})
            self.assertFalse(shipment.deliver_by, wrong)
        page = self.url_open(f"{path}/option", data={"option": key}).text
        self.assertEqual(shipment.delivery_option_id, self.window)
        self.assertEqual(shipment.carrier_id, self.fast)
        self.assertTrue(shipment.wish_chosen)
        self.assertEqual(shipment.eta, shipment.deliver_by)
        wish = shipment.wish_text
        self.assertEqual(wish.split(", ")[-1], text.split(", ")[-1], "the same times")
        self.assertEqual(wish[:3], text[:3], "the same day")
        self.assertIn(wish.split(",")[0], page)
        self.assertIn(wish.split(",")[0], "".join(shipment.message_ids.mapped("body")))
        # The channel says something else later: the buyer's own word stays.
        shipment.order_ids.deliver_by = "2026-03-20 10:00:00"
        self.assertEqual(shipment.wish_text, wish)
        # Another day within the same option may be chosen, whatever it costs.
        self.window.price = 5
        self.assertEqual(list(dict(shipment._get_choices())), [self.window])
        shipment.action_pack()
        self.assertFalse(shipment._get_choices())


# Nothing is wider than the screen, what is tapped is large enough for a thumb, the parts are there.
LOOK = """
const wide = [...document.querySelectorAll("main *")].filter(
    (el) => el.getBoundingClientRect().right > window.innerWidth + 1);
const small = [...document.querySelectorAll("button, select, a.button")].filter(
    (el) => el.getBoundingClientRect().height < 44);
const missing = %s.filter((selector) => !document.querySelector(selector));
const outside = [...document.querySelectorAll("script, link, img[src^=http], iframe")];
const problems = [wide.length && `too wide: ${wide[0].outerHTML}`, small.length && "too small",
    missing.length && `missing: ${missing}`, outside.length && "calls outside",
    document.documentElement.scrollWidth > window.innerWidth && "scrolls sideways"].filter(Boolean);
if (problems.length) { console.error(problems.join("; ")); }
else { console.log("test successful"); }
"""
PAGE = ["h1", ".parcel ol.steps li.done", ".parcel ol.events li", "svg.map",
        "section[name=option] a.button", "section[name=option] .wish"]  # fmt: skip
CHOICE = ["h1", "section[name=choice] optgroup option", "form button", ".wish"]


class PageInBrowserCase(WindowCase, HttpCase):
    def setUp(self):
        super().setUp()
        LIMIT.reset()
        self.window.buyer_may_choose = True
        self.warehouse.partner_id.write({"city": "Leipzig", "zip": "04103"})
        shipment = self._import_one().shipment_ids
        (key, _text), *_rest = dict(shipment._get_choices())[self.window]
        self.assertTrue(shipment._choose(key))
        # Announced by the carrier, and here still: the buyer can change the wish.
        self.env["ecom.shipment.parcel"].create(
            {**shipment._prepare_parcel_vals("B1"), "numbers_from": "2020-01-01 00:00:00"}
        )
        self._ingest(
            self._event(1, "SCAN", "B1", city="Leipzig"),
            self._event(2, "OUT", "B1", city="Berlin", text="A" * 200),
        )
        self.path = shipment._get_tracking_path()
        self.env.flush_all()

    def _look(self):
        for path, parts in ((self.path, PAGE), (f"{self.path}/option", CHOICE)):
            self.browser_js(path, LOOK % parts, ready="document.readyState === 'complete'")


@tagged("post_install", "-at_install")
class TestPageOnDesktop(PageInBrowserCase):
    browser_size = "1366x768"

    def test_page_on_desktop(self):
        self._look()


@tagged("post_install", "-at_install")
class TestPageOnPhone(PageInBrowserCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_page_on_phone(self):
        self._look()

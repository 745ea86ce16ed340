import json
import unittest
from datetime import date

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .test_checkout_option import CheckoutCase
from .test_tracking import NOW


class DayCase(CheckoutCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = cls.warehouse.partner_id.tz = "Europe/Berlin"
        cls.window = cls.env["ecom.delivery.option"].create(
            {"name": "Time Window", "kind": "window", "slots": "8-12, 12-16", "days_ahead": 3,
             "price": 4.5}
        )  # fmt: skip
        cls.day_method = cls.method.copy({"name": "Evening", "ecom_option_id": cls.window.id})
        cls.cheap.ecom_keeps_windows = False
        cls.fast.ecom_keeps_windows = True

    def _keys(self, order, method=None):
        return [key for key, *_rest in order._ecom_get_day_choices(method or self.day_method)]


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCheckoutDay(DayCase):
    def test_a_day_from_the_first_moment_on(self):
        order = self._cart()
        self.assertFalse(order.ecom_wish_text)
        self.assertEqual(self.day_method.rate_shipment(order)["price"], 4.5)
        order.set_delivery_line(self.day_method, 4.5)
        # Leaves today, one day on the way at least: tomorrow morning.
        self.assertEqual(str(order.ecom_deliver_from), "2026-03-03 07:00:00")
        self.assertEqual(str(order.ecom_deliver_by), "2026-03-03 11:00:00")
        self.assertIn("Tuesday, 3 March", order.ecom_wish_text)
        order.set_delivery_line(self.method, 9.9)
        self.assertFalse(order.ecom_deliver_by, "express asks for no day")

    def test_choosing(self):
        order = self._cart()
        order.set_delivery_line(self.day_method, 4.5)
        keys = self._keys(order)
        self.assertEqual(len(keys), 6)
        self.assertTrue(order._ecom_choose_day(self.day_method, keys[3]))
        self.assertEqual(str(order.ecom_deliver_from), "2026-03-04 11:00:00")
        self.assertEqual(order._ecom_get_chosen_key(self.day_method), keys[3])
        other = self.window.copy({"name": "Other"})
        forged = (
            keys[3].replace("/1200", "/1300"),
            keys[3].replace("2026", "2020"),
            keys[3].replace("03-04", "03-08"),
            keys[3].replace(str(self.window.id), str(other.id)),
            str(self.window.id),
            "x",
            "",
        )
        for key in forged:
            self.assertFalse(order._ecom_choose_day(self.day_method, key), key)
        self.assertEqual(str(order.ecom_deliver_from), "2026-03-04 11:00:00")
        # The same delivery is set again, as the checkout does: the day stays.
        order.set_delivery_line(self.day_method, 4.5)
        self.assertEqual(str(order.ecom_deliver_from), "2026-03-04 11:00:00")

    def test_confirmed_order(self):
        order = self._cart()
        order.set_delivery_line(self.day_method, 4.5)
        order._ecom_choose_day(self.day_method, self._keys(order)[3])
        order.action_confirm()
        self.assertEqual(order.commitment_date, order.ecom_deliver_by)
        picking = order.picking_ids
        self.assertEqual(picking.carrier_id, self.fast, "the other delivers at no chosen time")
        self.assertEqual(str(picking.scheduled_date)[:10], "2026-03-03", "a day on the way")
        self.assertIn("Deliver 2026-03-04 12:00-16:00", picking.note)

    def test_chosen_day_is_not_too_slow_for_the_carrier(self):
        day = self.env["ecom.delivery.option"].create({"name": "Day", "kind": "date"})
        method = self.method.copy({"name": "On a Day", "ecom_option_id": day.id})
        near, far = self._cart(), self._cart()
        for order, index, carrier in ((near, 0, self.fast), (far, 5, self.cheap)):
            order.set_delivery_line(method, 0)
            order._ecom_choose_day(method, self._keys(order, method)[index])
            order.action_confirm()
            self.assertEqual(order.picking_ids.carrier_id, carrier)

    def test_cart_that_waited_too_long(self):
        order = self._cart()
        order.set_delivery_line(self.day_method, 4.5)
        order._ecom_check_day()
        with freeze_time("2026-03-06 09:00:00"):
            with self.assertRaisesRegex(ValidationError, "too near"):
                order._ecom_check_day()
            # Without the shop nobody can choose anew: the same time on the next day there is.
            order.action_confirm()
            self.assertEqual(str(order.ecom_deliver_from), "2026-03-09 07:00:00")
            self.assertIn("tell the buyer", "".join(order.message_ids.mapped("body")))

    def test_salesperson_promises_a_far_day(self):
        order = self._cart()
        order.set_delivery_line(self.day_method, 4.5)
        order.write(
            {"ecom_deliver_from": "2026-04-08 06:00:00", "ecom_deliver_by": "2026-04-08 10:00:00"}
        )
        order.action_confirm()
        self.assertEqual(str(order.ecom_deliver_from), "2026-04-08 06:00:00")
        self.assertEqual(str(order.picking_ids.scheduled_date)[:10], "2026-04-07")

    def test_seller_needs_no_right_on_options(self):
        seller = new_test_user(
            self.env, "e_day_seller", groups="sales_team.group_sale_salesman_all_leads"
        )
        order = self._cart()
        order.with_user(seller).set_delivery_line(self.day_method.with_user(seller), 4.5)
        order.with_user(seller).action_confirm()
        self.assertEqual(order.picking_ids.carrier_id, self.fast)


@tagged("post_install", "-at_install")
class TestDayInWebsiteCheckout(DayCase, HttpCase):
    """In website_sale's own checkout, where that is installed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "website_published" not in cls.env["delivery.carrier"]._fields:
            raise unittest.SkipTest("website_sale is not installed")
        methods = cls.method | cls.day_method
        cls.env["delivery.carrier"].search([("id", "not in", methods.ids)]).website_published = False
        methods.website_published = True
        cls.website = cls.env["website"].search([("company_id", "=", cls.company.id)], limit=1)
        cls.product.product_tmpl_id.write({"sale_ok": True, "website_published": True})
        cls.visitor = new_test_user(cls.env, "e_visitor", groups="base.group_portal")
        cls.buyer = cls.visitor.partner_id
        cls.buyer.write(
            {"zip": "10115", "city": "Berlin", "street": "Long Street 1", "phone": "030 123",
             "country_id": cls.env.ref("base.de").id, "email": "ada@example.com"}
        )  # fmt: skip

    def setUp(self):
        super().setUp()
        self.order = self._cart(website_id=self.website.id)
        self.env.flush_all()
        self.authenticate("e_visitor", "e_visitor")

    def _rpc(self, path, **params):
        answer = self.url_open(
            path,
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        ).json()
        return answer.get("result"), answer.get("error")

    @mute_logger("odoo.http")
    def test_days_over_the_wire(self):
        self._rpc("/shop/set_delivery_method", dm_id=self.day_method.id)
        data, _error = self._rpc("/shop/ecom_delivery/days", dm_id=self.day_method.id)
        self.assertEqual(len(data["choices"]), 6)
        self.assertEqual(data["chosen"], data["choices"][0][0])
        key = data["choices"][4][0]
        data, _error = self._rpc("/shop/ecom_delivery/choose", dm_id=self.day_method.id, key=key)
        self.assertFalse(data["error"])
        self.assertEqual(data["chosen"], key)
        self.assertEqual(self.order.carrier_id, self.day_method)
        chosen = self.order.ecom_deliver_from
        self.assertTrue(chosen)
        for forged in (key.replace("/0800", "/0900"), f"{self.window.id}/2020-01-01", "", None):
            data, _error = self._rpc(
                "/shop/ecom_delivery/choose", dm_id=self.day_method.id, key=forged
            )
            self.assertIn("cannot be chosen", data["error"])
            self.assertEqual(self.order.ecom_deliver_from, chosen, forged)
        # Neither a method that the cart cannot have, nor somebody else's cart.
        hidden = self.day_method.copy({"name": "Hidden", "website_published": False})
        self.env.flush_all()
        _data, error = self._rpc("/shop/ecom_delivery/choose", dm_id=hidden.id, key=key)
        self.assertIn("not offered", error["data"]["message"])
        self.authenticate(None, None)
        _data, error = self._rpc("/shop/ecom_delivery/choose", dm_id=self.day_method.id, key=key)
        self.assertTrue(error)
        self.assertEqual(self.order.ecom_deliver_from, chosen)

    def test_nobody_pays_for_a_day_that_is_gone(self):
        self.order._set_delivery_method(self.day_method)
        self.order.write(
            {"ecom_deliver_from": "2020-01-01 07:00:00", "ecom_deliver_by": "2020-01-01 11:00:00"}
        )
        provider = self.env["payment.provider"].create({"name": "Test", "state": "disabled"})
        method = self.env["payment.method"].search([], limit=1)
        vals = {
            "provider_id": provider.id,
            "payment_method_id": method.id,
            "reference": "E-DAY-1",
            "amount": self.order.amount_total,
            "currency_id": self.order.currency_id.id,
            "partner_id": self.buyer.id,
            "sale_order_ids": [Command.set(self.order.ids)],
        }
        with self.assertRaisesRegex(ValidationError, "too near"):
            self.env["payment.transaction"].create(vals)
        self.order._ecom_keep_day()
        self.assertGreater(self.order.ecom_deliver_from.date(), date(2020, 1, 1))
        self.assertTrue(self.env["payment.transaction"].create(vals | {"reference": "E-DAY-2"}))

    def test_buyer_chooses_in_the_browser(self):
        self.browser_js("/shop/checkout?try_skip_step=false", CHOOSE % self.day_method.id,
                        ready="document.readyState === 'complete'", login="e_visitor",
                        timeout=90)  # fmt: skip
        self.env.invalidate_all()
        keys = self._keys(self.order)
        self.assertEqual(self.order.carrier_id, self.day_method)
        self.assertEqual(self.order._ecom_get_chosen_key(self.day_method), keys[3])


CHOOSE = """
(async () => {
    const until = async (test) => {
        for (let n = 0; n < 300; n++) {
            const found = test();
            if (found) { return found; }
            await new Promise((done) => setTimeout(done, 100));
        }
        throw new Error(`never: ${test}`);
    };
    const radio = await until(() => document.querySelector("#o_delivery_%s:not([disabled])"));
    radio.click();
    const select = await until(() => document.querySelector("#o_ecom_delivery_day"));
    const wanted = select.options[3].value;
    select.value = wanted;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await until(() => {
        const now = document.querySelector("#o_ecom_delivery_day");
        return now && now !== select && now.value === wanted;
    });
    console.log("test successful");
})().catch((error) => console.error(error.message));
"""

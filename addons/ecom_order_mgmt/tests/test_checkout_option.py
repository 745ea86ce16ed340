import unittest

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .test_delivery_option import OptionCase
from .test_tracking import NOW


class CheckoutCase(OptionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse.partner_id.tz = cls.company.partner_id.tz = "UTC"
        cls.express.write(
            {
                "price": 9.9,
                "cut_off": 14,
                "country_ids": [Command.set(cls.env.ref("base.de").ids)],
                "zip_prefixes": "10, 12",
                "max_weight": 3,
                "excluded_classes": "battery",
            }
        )
        cls.method = cls.env["delivery.carrier"].create(
            {
                "name": "Express",
                "product_id": cls.carrier.product_id.id,
                "delivery_type": "ecom_option",
                "ecom_option_id": cls.express.id,
                "company_id": cls.company.id,
            }
        )
        cls.buyer = cls.env["res.partner"].create(
            {"name": "Ada", "zip": "10115", "city": "Berlin", "street": "Long Street 1",
             "country_id": cls.env.ref("base.de").id, "email": "ada@example.com"}
        )  # fmt: skip

    def _cart(self, quantity=1, **vals):
        return self.env["sale.order"].create(
            {
                "partner_id": self.buyer.id,
                "warehouse_id": self.warehouse.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.product.id, "product_uom_qty": quantity}
                    )
                ],
                **vals,
            }
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCheckoutOption(CheckoutCase):
    def test_price_and_conditions(self):
        order = self._cart()
        self.assertTrue(self.method._is_available_for_order(order))
        rate = self.method.rate_shipment(order)
        self.assertEqual((rate["success"], rate["price"]), (True, 9.9))
        for vals, word in (
            ({"zip": "80331"}, "postal code"),
            ({"country_id": self.env.ref("base.fr").id}, "country"),
        ):
            with self.subTest(word):
                before = {name: self.buyer[name] for name in vals}
                self.buyer.write(vals)
                self.assertFalse(self.method._is_available_for_order(order))
                self.assertIn(word, self.method.rate_shipment(order)["error_message"])
                self.buyer.write({"zip": before.get("zip", self.buyer.zip),
                                  "country_id": self.env.ref("base.de").id})  # fmt: skip
        self.assertFalse(self.method._is_available_for_order(self._cart(quantity=7)), "too heavy")
        self.product.product_tmpl_id.ecom_goods_class = "battery"
        self.assertFalse(self.method._is_available_for_order(order))

    def test_next_day_until_the_cut_off(self):
        order = self._cart()
        self.express.kind = "next_day"
        self.assertTrue(self.method._is_available_for_order(order))
        with freeze_time("2026-03-02 14:01:00"):
            self.assertFalse(self.method._is_available_for_order(order))
            self.assertIn("14:00", self.method.rate_shipment(order)["error_message"])
        with freeze_time("2026-03-01 20:00:00"):
            self.assertTrue(self.method._is_available_for_order(order), "it is Sunday")

    def test_confirmed_order(self):
        order = self._cart()
        order.set_delivery_line(self.method, 9.9)
        self.assertEqual(order.ecom_delivery_option_id, self.express)
        order.action_confirm()
        # Leaves today, two working days on the way.
        self.assertEqual(str(order.commitment_date), "2026-03-04 23:59:59")
        picking = order.picking_ids
        self.assertEqual(picking.carrier_id, self.fast, "the option is no carrier")
        self.assertEqual(picking.priority, "1")
        texts = "".join(order.message_ids.mapped("body"))
        self.assertIn("Fast", texts)
        self.assertIn("too slow", texts)

    def test_salesperson_needs_no_right_on_rules(self):
        seller = new_test_user(
            self.env, "e_seller", groups="sales_team.group_sale_salesman_all_leads"
        )
        order = self._cart()
        order.set_delivery_line(self.method, 9.9)
        order.with_user(seller).action_confirm()
        self.assertEqual(order.picking_ids.carrier_id, self.fast)

    def test_options_are_never_chosen_as_carriers(self):
        shipment = self._import_one().shipment_ids
        names = {entry["carrier"] for entry in shipment.carrier_rejected}
        self.assertNotIn("Express", names | {shipment.carrier_id.name})
        self.assertNotIn(self.method, self.env["delivery.carrier"]._get_ecom_candidates(self.company))

    def test_settings(self):
        with self.assertRaises(ValidationError):
            self.method.ecom_option_id = False
        window = self.env["ecom.delivery.option"].create({"name": "Window", "kind": "window"})
        with self.assertRaisesRegex(ValidationError, "time windows"):
            self.method.ecom_option_id = window
        order = self._cart()
        order.action_confirm()
        order.picking_ids.carrier_id = self.method
        with self.assertRaisesRegex(UserError, "choose the carrier"):
            self.method.send_shipping(order.picking_ids)


@tagged("post_install", "-at_install")
class TestWebsiteCheckout(CheckoutCase):
    """The same in website_sale's own checkout."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "website_published" not in cls.env["delivery.carrier"]._fields:
            raise unittest.SkipTest("website_sale is not installed")
        cls.env["delivery.carrier"].search([("id", "!=", cls.method.id)]).website_published = False
        cls.method.website_published = True
        cls.website = cls.env["website"].search([("company_id", "=", cls.company.id)], limit=1)

    def test_checkout(self):
        with freeze_time(NOW):
            order = self._cart(website_id=self.website.id)
            self.assertEqual(order._get_delivery_methods(), self.method)
            # A visitor of the shop, who may read neither options nor rules.
            public = order.with_user(self.env.ref("base.public_user")).sudo()
            self.assertEqual(public._get_delivery_methods(), self.method)
            public._set_delivery_method(self.method)
            self.assertEqual(order.carrier_id, self.method)
            self.assertEqual(order.amount_delivery, 9.9)
            order._check_cart_is_ready_to_be_paid()
            self.buyer.zip = "80331"
            self.assertFalse(order._get_delivery_methods())
            with self.assertRaises(ValidationError):
                order._check_cart_is_ready_to_be_paid()
            self.buyer.zip = "10115"
            order.action_confirm()
        self.assertEqual(order.ecom_delivery_option_id, self.express)
        self.assertEqual(order.picking_ids.carrier_id, self.fast)

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from ..controllers.tracking import LIMIT
from .test_tracking import NOW, TrackingCase


class OptionCase(TrackingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Carriers of other modules and demo data have no say here.
        cls.env["delivery.carrier"].search([]).action_archive()
        cls.channel.choose_carrier = True
        cls.product.weight = 0.5
        cls.cheap = cls._create_carrier("Cheap", [(5, 4.0, 4), (20, 9.0, 4)])
        cls.fast = cls._create_carrier("Fast", [(0, 12.0, 1)])
        cls.express = cls.env["ecom.delivery.option"].create(
            {"name": "Express", "kind": "express", "promise_days": 2, "urgent": True}
        )
        cls.env["ecom.delivery.word"].create(
            {"channel_id": cls.channel.id, "word": "EXP 24", "option_id": cls.express.id}
        )

    @classmethod
    def _create_carrier(cls, name, rates, **vals):
        return cls.env["delivery.carrier"].create(
            {
                "name": name,
                "product_id": cls.carrier.product_id.id,
                "company_id": cls.company.id,
                "ecom_rate_ids": [
                    (0, 0, {"weight_to": weight, "price": price, "days": days})
                    for weight, price, days in rates
                ],
                **vals,
            }
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestDeliveryOption(OptionCase):
    def test_cheapest_and_why(self):
        order = self._import_one()
        shipment = order.shipment_ids
        self.assertEqual(shipment.carrier_id, self.cheap)
        self.assertEqual(shipment.picking_ids.carrier_id, self.cheap)
        self.assertEqual(shipment.carrier_price, 4)
        self.assertIn("cheapest", shipment.carrier_reason)
        decision = order.decision_ids.filtered(lambda d: d.stage == "carrier")
        self.assertIn("Cheap", decision.summary)
        self.assertEqual(
            decision.details["rejected"], [{"carrier": "Fast", "why": "dearer: 12.0 > 4.0"}]
        )

    def test_option_of_the_document(self):
        order = self._import_one(delivery_option="exp 24", placed_at="2026-03-02T07:00:00Z")
        self.assertEqual(order.delivery_option_id, self.express)
        shipment = order.shipment_ids
        self.assertEqual(shipment.carrier_id, self.fast)
        self.assertEqual(shipment.priority, "1")
        self.assertEqual(str(shipment.due_at)[:10], "2026-03-02", "express leaves today")
        self.assertIn("too slow", str(shipment.carrier_rejected))

    def test_unknown_name_is_mapped_later(self):
        order = self._import_one(delivery_option="Turbo")
        self.assertTrue(order.delivery_unknown)
        self.assertEqual(order.shipment_ids.carrier_id, self.cheap)
        context = order.action_map_delivery()["context"]
        self.env["ecom.delivery.word"].with_context(**context).create(
            {"option_id": self.express.id}
        )
        self.assertEqual(order.delivery_option_id, self.express)
        self.assertEqual(order.shipment_ids.delivery_option_id, self.express)
        self.assertFalse(order.delivery_unknown)
        order.shipment_ids.action_choose_carrier()
        self.assertEqual(order.shipment_ids.carrier_id, self.fast)

    def test_rule(self):
        rule = self.env["ecom.carrier.rule"].create(
            {
                "name": "Dear things fast",
                "carrier_ids": [(6, 0, self.fast.ids)],
                "value_from": 50,
                "country_ids": [(6, 0, self.env.ref("base.de").ids)],
            }
        )
        cheap = self._import_one(external_id="A-1").shipment_ids
        dear = self._import_one(
            external_id="A-2", lines=[self._line(price="60")], total="60"
        ).shipment_ids
        self.assertEqual((cheap.carrier_id, dear.carrier_id), (self.cheap, self.fast))
        self.assertIn(rule.name, dear.carrier_reason)
        self.assertEqual(
            dear.order_ids.decision_ids.filtered(lambda d: d.stage == "carrier").rule, rule.name
        )

    def test_priority_follows_the_option(self):
        self.express.buyer_may_choose = self.express.urgent = True
        shipment = self._import_one().shipment_ids
        self.assertEqual(shipment.priority, "0")
        self.assertTrue(shipment._choose(str(self.express.id)))
        self.assertEqual(shipment.priority, "1")
        self.assertEqual(set(shipment.picking_ids.mapped("priority")), {"1"})
        shipment.delivery_option_id = False
        self.assertEqual(shipment.priority, "0")
        self.assertEqual(set(shipment.picking_ids.mapped("priority")), {"0"})
        # What a rule called urgent stays urgent.
        shipment.delivery_option_id = self.express
        shipment.order_ids.priority = "1"
        shipment.delivery_option_id = False
        self.assertEqual(shipment.priority, "1")

    def test_name_that_is_mapped_later_makes_urgent(self):
        self.express.urgent = True
        shipment = self._import_one(delivery_option="Turbo").shipment_ids
        self.assertEqual(shipment.priority, "0")
        self.env["ecom.delivery.word"].create(
            {"channel_id": self.channel.id, "word": "turbo", "option_id": self.express.id}
        )
        self.assertEqual(shipment.delivery_option_id, self.express)
        self.assertEqual(shipment.priority, "1")

    def test_goods_and_nobody_can(self):
        self.product.product_tmpl_id.ecom_goods_class = "battery"
        self.cheap.ecom_refused_classes = "battery, liquid"
        order = self._import_one(external_id="A-1")
        self.assertEqual(order.shipment_ids.carrier_id, self.fast)
        self.fast.max_weight = 0.1
        order = self._import_one(external_id="A-2")
        shipment = order.shipment_ids
        self.assertFalse(shipment.carrier_id)
        self.assertIn("No carrier", shipment.carrier_reason)
        whys = {entry["carrier"]: entry["why"] for entry in shipment.carrier_rejected}
        self.assertEqual(whys["Cheap"], "does not take: battery")
        self.assertEqual(whys["Fast"], "too heavy: 0.5 > 0.1")

    def test_a_persons_choice_stays(self):
        self.channel.choose_carrier = False
        shipment = self._import_one().shipment_ids
        self.assertFalse(shipment.carrier_id)
        shipment.carrier_id = self.fast
        shipment._choose_carriers()
        self.assertEqual(shipment.carrier_id, self.fast)
        shipment.action_choose_carrier()
        self.assertEqual(shipment.carrier_id, self.cheap)
        shipment.tracking_ref = "T1"
        with self.assertRaises(UserError):
            shipment.action_choose_carrier()

    def test_weight(self):
        shipment = self._import_one(lines=[self._line(quantity="2")], total="20").shipment_ids
        self.assertEqual(shipment.weight_expected, 1)
        for weight in (0, 0.8, 1, 1.3):
            shipment.weight_measured = weight
            self.assertFalse(shipment.weight_alarm, weight)
        shipment.weight_measured = 0.79
        self.assertIn("missing", shipment.weight_alarm)
        with self.assertRaises(UserError):
            shipment.action_ship()
        shipment.weight_measured = 1.31
        self.assertIn("something else", shipment.weight_alarm)
        shipment.action_accept_weight()
        shipment.action_ship()
        self.assertEqual(shipment.state, "shipped")

    def test_access(self):
        viewer = new_test_user(self.env, "e_o_viewer", groups="ecom_order_mgmt.group_ecom_viewer")
        shipment = self._import_one().shipment_ids
        for model, vals in (
            ("ecom.delivery.option", {"name": "X"}),
            ("ecom.carrier.rule", {"name": "X"}),
            ("ecom.carrier.rate", {"carrier_id": self.fast.id, "price": 1}),
        ):
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(viewer).create(vals)
        with self.assertRaises(AccessError):
            shipment.with_user(viewer).action_choose_carrier()
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env, "e_o_other", groups="ecom_order_mgmt.group_ecom_manager",
            company_id=other.id, company_ids=[(6, 0, other.ids)],
        )  # fmt: skip
        self.assertFalse(self.env["ecom.delivery.option"].with_user(stranger).search([]))


@tagged("post_install", "-at_install")
class TestOptionOnThePage(OptionCase, HttpCase):
    def test_buyer_chooses_until_the_parcel_is_packed(self):
        LIMIT.reset()
        self.express.buyer_may_choose = True
        paid = self.express.copy({"name": "Gold", "price": 5, "buyer_may_choose": True})
        with freeze_time(NOW):
            shipment = self._import_one().shipment_ids
        path = shipment._get_tracking_path()
        self.env.flush_all()
        self.assertIn(f'href="{path}/option"', self.url_open(path).text)
        text = self.url_open(f"{path}/option").text
        self.assertIn("Express", text)
        self.assertNotIn("Gold", text)
        answer = self.url_open(f"{path}/option", data={"option": str(paid.id)})
        self.assertFalse(shipment.delivery_option_id, "what costs money is not given away")
        self.assertIn("cannot be chosen any more", answer.text)
        answer = self.url_open(f"{path}/option", data={"option": str(self.express.id)})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(shipment.delivery_option_id, self.express)
        self.assertEqual(shipment.carrier_id, self.fast)
        self.assertIn("Express", answer.text, "the page says what was chosen")
        self.assertNotIn("/option", answer.text, "nothing else is offered")
        with freeze_time(NOW):
            shipment.action_pack()
        shipment.delivery_option_id = False
        self.env.flush_all()
        self.url_open(f"{path}/option", data={"option": str(self.express.id)})
        self.assertFalse(shipment.delivery_option_id, "it is in the box")
        self.assertNotIn("/option", self.url_open(path).text)
        self.assertIn("Nothing else can be chosen", self.url_open(f"{path}/option").text)

    def test_what_is_offered_follows_the_settings(self):
        """The page remembers which options there are; every change of them is seen at once."""
        with freeze_time(NOW):
            shipment = self._import_one().shipment_ids
        self.assertFalse(shipment._may_choose_delivery())
        self.express.buyer_may_choose = True
        self.assertTrue(shipment._may_choose_delivery())
        self.express.price = 3
        self.assertFalse(shipment._may_choose_delivery())
        self.express.write({"price": 0, "active": False})
        self.assertFalse(shipment._may_choose_delivery())
        other = self.express.copy({"name": "Other", "buyer_may_choose": True, "active": True})
        self.assertTrue(shipment._may_choose_delivery())
        self.assertEqual(shipment._get_offered_options(), other)
        other.unlink()
        self.assertFalse(shipment._may_choose_delivery())

    def test_choice_page_is_as_closed_as_the_page(self):
        LIMIT.reset()
        self.express.buyer_may_choose = True
        with freeze_time(NOW):
            shipment = self._import_one().shipment_ids
        path = shipment._get_tracking_path()
        self.env["res.lang"]._activate_lang("de_DE")
        self.env.flush_all()
        answer = self.url_open(f"{path}/option?lang=de_DE")
        self.assertIn('lang="de-DE"', answer.text)
        self.assertIn("noindex", answer.headers["X-Robots-Tag"])
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        self.assertNotIn(shipment.partner_id.name, answer.text)
        wrong = path.replace(shipment.access_token, "00000000-0000-4000-8000-000000000000")
        self.assertEqual(self.url_open(f"{wrong}/option").status_code, 404)
        answer = self.url_open(f"{wrong}/option", data={"option": str(self.express.id)})
        self.assertEqual(answer.status_code, 404)

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import EcomCase


@tagged("post_install", "-at_install")
class TestMapping(EcomCase):
    """Parked orders go on when what they wait for is there."""

    def test_unknown_sku_is_mapped(self):
        _result, orders = self._import(
            *[self._document(f"S-{i}", lines=[self._line("NEW-1")]) for i in range(3)]
        )
        self.assertEqual(set(orders.mapped("cause")), {"listing_unmapped"})
        self.assertIn("NEW-1", orders[0].cause_message)
        listing = orders.missing_listing_ids
        self.assertEqual((len(listing), listing.waiting_count), (1, 3))
        listing.product_id = self.product
        self.assertEqual(listing.replayed_count, 3)
        self.channel.process_orders()
        self.assertEqual(orders.mapped("state"), ["accepted"] * 3)
        self.assertEqual(orders.sale_order_id.order_line.product_id, self.product)

    def test_order_waits_for_all_its_listings(self):
        order = self._import_one(lines=[self._line("N1"), self._line("N2")])
        first, second = order.missing_listing_ids.sorted("key")
        first.product_id = self.product
        self.channel.process_orders()
        self.assertEqual(order.cause, "listing_unmapped")
        second.product_id = self.product_b
        self.channel.process_orders()
        self.assertEqual(order.state, "accepted")

    def test_new_product_lets_the_order_go_on(self):
        order = self._import_one(lines=[self._line("LATER")])
        self.assertEqual(order.state, "parked")
        self._create_product("LATER")
        self.channel.process_orders()
        self.assertEqual(order.state, "accepted")

    def test_match_by_barcode_and_by_case(self):
        self.product_b.barcode = "4006381333931"
        order = self._import_one(
            lines=[
                self._line("mug"),
                {
                    "id": "2",
                    "listing_id": "v-99",
                    "barcode": "4006381333931",
                    "quantity": "1",
                    "unit_price": "1",
                },
            ]
        )
        self.assertEqual(order.sale_order_id.order_line.product_id, self.product | self.product_b)
        listings = self.env["ecom.listing"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual(set(listings.mapped("matched_by")), {"sku_case", "barcode"})

    def test_two_products_of_one_sku_are_not_guessed(self):
        self._create_product("TWIN")
        self._create_product("TWIN")
        order = self._import_one(lines=[self._line("TWIN")])
        self.assertEqual(order.cause, "listing_unmapped")

    def test_policy_creates_products(self):
        self.channel.sku_policy = "create"
        order = self._import_one(
            lines=[self._line("fresh", name="Fresh Thing"), self._line("FRESH", line_id="2")]
        )
        self.assertEqual(order.state, "accepted")
        product = order.sale_order_id.order_line.product_id
        self.assertEqual(len(product), 1)
        self.assertEqual((product.name, product.is_storable), ("Fresh Thing", True))

    def test_unknown_tax(self):
        order = self._import_one(
            lines=[self._line(taxes=[{"rate": "17.3", "amount": "1.73"}])], total="11.73"
        )
        self.assertEqual(order.cause, "tax_unmapped")
        mapping = order.missing_mapping_ids
        self.assertIn("17.3", mapping.hint)
        mapping.tax_id = self._create_tax(17.3)
        self.channel.process_orders()
        self.assertEqual(order.sale_order_id.amount_tax, 1.73)

    def test_new_tax_is_found_on_replay(self):
        order = self._import_one(
            lines=[self._line(taxes=[{"rate": "17.4", "amount": "1.74"}])], total="11.74"
        )
        self._create_tax(17.4)
        order.action_replay()
        self.channel.process_orders()
        self.assertEqual(order.state, "accepted")

    def test_ambiguous_tax_is_not_guessed(self):
        self._create_tax(18.5)
        self._create_tax(18.5, name="Another 18.5 %")
        order = self._import_one(
            lines=[self._line(taxes=[{"rate": "18.5", "amount": "1.85"}])], total="11.85"
        )
        self.assertEqual(order.cause, "tax_unmapped")
        self.assertIn("Another 18.5 %", order.missing_mapping_ids.hint)

    def test_zero_tax_needs_no_record(self):
        order = self._import_one(lines=[self._line(taxes=[{"rate": "0", "amount": "0"}])])
        self.assertEqual(order.state, "accepted")

    def test_unknown_country(self):
        address = {"name": "A", "street": "S 1", "city": "Cork", "country": "EIRE"}
        order = self._import_one(shipping_address=address)
        self.assertEqual(order.cause, "country_unmapped")
        order.missing_mapping_ids.country_id = self.env.ref("base.ie")
        self.channel.process_orders()
        self.assertEqual(order.country_id, self.env.ref("base.ie"))

    def test_country_by_name(self):
        order = self._import_one(
            shipping_address={"name": "A", "street": "S", "country": "united kingdom"}
        )
        self.assertEqual(order.country_id, self.env.ref("base.uk"))

    def test_country_left_out(self):
        order = self._import_one(shipping_address={"street": "S", "country": "Unspecified"})
        order.missing_mapping_ids.ignore = True
        self.channel.process_orders()
        self.assertEqual(order.state, "accepted")
        self.assertFalse(order.country_id)

    def test_inactive_currency(self):
        currency = (
            self.env["res.currency"].with_context(active_test=False).search([("name", "=", "ISK")])
        )
        currency.active = False
        order = self._import_one(currency="ISK")
        self.assertEqual(order.cause, "currency_inactive")
        currency.active = True
        self.channel.process_orders()
        self.assertEqual(order.state, "accepted")
        self.assertEqual(order.sale_order_id.currency_id, currency)

    def test_unknown_currency_waits(self):
        order = self._import_one(currency="QQQ")
        self.assertEqual(order.cause, "currency_inactive")

    def test_who_may_map(self):
        order = self._import_one(lines=[self._line("X-9")])
        listing = order.missing_listing_ids
        viewer = new_test_user(self.env, "map_viewer", groups="ecom_order_mgmt.group_ecom_viewer")
        reviewer = new_test_user(
            self.env, "map_reviewer", groups="ecom_order_mgmt.group_ecom_reviewer"
        )
        with self.assertRaises(AccessError):
            listing.with_user(viewer).product_id = self.product
        listing.with_user(reviewer).product_id = self.product
        self.assertEqual(order.state, "received")
        mapping = self.env["ecom.mapping"].create(
            {"channel_id": self.channel.id, "kind": "country", "key": "Nowhere"}
        )
        with self.assertRaises(AccessError):
            mapping.with_user(reviewer).country_id = self.country
        finance = new_test_user(
            self.env, "map_finance", groups="ecom_order_mgmt.group_ecom_finance"
        )
        mapping.with_user(finance).country_id = self.country
        self.assertEqual(mapping.state, "done")

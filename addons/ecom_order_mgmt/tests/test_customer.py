from odoo.tests import tagged

from .common import EcomCase

ADDRESS = {
    "name": "Ada Buyer",
    "street": "Long Street 1",
    "city": "Berlin",
    "zip": "10115",
    "country": "DE",
}


@tagged("post_install", "-at_install")
class TestCustomer(EcomCase):
    def _partner(self, **vals):
        order = self._import_one(**vals)
        self.assertEqual(order.state, "accepted", order.cause_message)
        return order.sale_order_id

    def test_guest_is_one_contact(self):
        customer = {"name": "Ada Buyer", "email": "Guest@Example.com"}
        first = self._partner(external_id="1", customer=customer)
        second = self._partner(
            external_id="2", customer={"name": "guest", "email": " guest@example.com "}
        )
        self.assertEqual(first.partner_id, second.partner_id)
        self.assertEqual(first.partner_shipping_id, second.partner_shipping_id)
        self.assertFalse(first.partner_id.child_ids)

    def test_guests_in_one_batch(self):
        documents = [
            self._document(str(i), customer={"name": "G", "email": "same@example.com"})
            for i in range(5)
        ]
        _result, orders = self._import(*documents)
        self.channel.process_orders()
        self.assertEqual(len(orders.partner_id), 1)

    def test_different_guests_are_different(self):
        _result, orders = self._import(*[self._document(f"D-{i}") for i in range(4)])
        self.channel.process_orders()
        self.assertEqual(len(orders.partner_id), 4)

    def test_customer_id_goes_first(self):
        first = self._partner(
            external_id="1", customer={"external_id": "007", "name": "J", "email": "a@example.com"}
        )
        second = self._partner(
            external_id="2", customer={"external_id": "007", "name": "J", "email": "b@example.com"}
        )
        self.assertEqual(first.partner_id, second.partner_id)
        other_channel = self._create_channel(name="Other")
        _r, order = self._import(
            self._document("3", customer={"external_id": "007", "name": "K"}), channel=other_channel
        )
        other_channel.process_orders()
        self.assertNotEqual(order.partner_id, first.partner_id)

    def test_contact_that_was_there_before(self):
        partner = self.env["res.partner"].create({"name": "Old", "email": "old@example.com"})
        sale_order = self._partner(customer={"name": "New Name", "email": "OLD@example.com"})
        self.assertEqual(sale_order.partner_id, partner)
        self.assertEqual(partner.name, "Old")
        self.assertEqual(sale_order.partner_shipping_id.parent_id, partner)

    def test_phone(self):
        first = self._partner(external_id="1", customer={"name": "P", "phone": "+49 30 1234567"})
        second = self._partner(external_id="2", customer={"name": "P", "phone": "0049-30-1234567"})
        self.assertEqual(first.partner_id, second.partner_id)

    def test_household_shares_a_phone(self):
        phone = "+49 30 7654321"
        first = self._partner(
            external_id="1", customer={"name": "A", "email": "a@example.com", "phone": phone}
        )
        second = self._partner(
            external_id="2", customer={"name": "B", "email": "b@example.com", "phone": phone}
        )
        self.assertNotEqual(first.partner_id, second.partner_id)

    def test_masked_data_matches_nobody(self):
        first = self._partner(
            external_id="1",
            customer={"name": "张**", "phone": "138****1234"},
            shipping_address={**ADDRESS, "name": "张**", "street": "A"},
        )
        second = self._partner(
            external_id="2",
            customer={"name": "李**", "phone": "138****1234"},
            shipping_address={**ADDRESS, "name": "李**", "street": "B"},
        )
        self.assertNotEqual(first.partner_id, second.partner_id)

    def test_other_delivery_address_is_a_child(self):
        gift = {**ADDRESS, "name": "Bob", "street": "Elsewhere 2"}
        customer = {"name": "Ada", "email": "ada@example.com"}
        first = self._partner(
            external_id="1", customer=customer, billing_address=ADDRESS, shipping_address=gift
        )
        self.assertEqual(first.partner_invoice_id, first.partner_id)
        self.assertEqual(first.partner_shipping_id.parent_id, first.partner_id)
        self.assertEqual(first.partner_shipping_id.type, "delivery")
        second = self._partner(
            external_id="2",
            customer=customer,
            billing_address=ADDRESS,
            shipping_address={**gift, "name": "BOB ", "street": "elsewhere  2"},
        )
        self.assertEqual(first.partner_shipping_id, second.partner_shipping_id)

    def test_corrected_address_is_not_used_for_the_old_one(self):
        customer = {"name": "Ada", "email": "ada2@example.com"}
        first = self._partner(external_id="1", customer=customer)
        first.partner_shipping_id.street = "Corrected 1"
        second = self._partner(external_id="2", customer=customer)
        self.assertEqual(second.partner_shipping_id.street, "Long Street 1")

    def test_long_street_spills(self):
        street = (
            "A very long street name with many words that goes on and on, block 7, floor 12, door 3"
        )
        partner = self._partner(shipping_address={**ADDRESS, "street": street}).partner_shipping_id
        self.assertLessEqual(len(partner.street), 60)
        self.assertEqual(f"{partner.street} {partner.street2}", street)
        huge = "x" * 300
        partner = self._partner(
            external_id="2", shipping_address={**ADDRESS, "street": huge}
        ).partner_shipping_id
        self.assertEqual((len(partner.street), len(partner.street2)), (60, 60))
        self.assertIn(huge, partner.comment)

    def test_unknown_state_is_kept(self):
        partner = self._partner(
            shipping_address={**ADDRESS, "state": "Middle Earth"}
        ).partner_shipping_id
        self.assertEqual(partner.city, "Berlin, Middle Earth")

    def test_known_state(self):
        partner = self._partner(
            shipping_address={
                "name": "A",
                "street": "1",
                "city": "Reno",
                "state": "nv",
                "country": "US",
            }
        ).partner_shipping_id
        self.assertEqual(partner.state_id.code, "NV")

    def test_vat_that_cannot_be_verified(self):
        sale_order = self._partner(customer={"name": "Firm", "email": "f@e.com", "vat": "DE123"})
        self.assertEqual(sale_order.partner_id.vat, "DE123")

    def test_nothing_known_of_the_buyer(self):
        first = self._partner(external_id="1", customer={}, shipping_address={})
        second = self._partner(external_id="2", customer={}, shipping_address={})
        self.assertEqual(first.partner_id, second.partner_id)
        self.assertIn(self.channel.name, first.partner_id.name)

    def test_emoji_cjk_and_nul(self):
        sale_order = self._partner(
            customer={"name": "王小明 🐼\x00", "email": "wang@example.com"},
            shipping_address={
                "name": "王小明\ud800",
                "street": "朝阳区建国路88号",
                "city": "北京市",
                "country": "CN",
            },
        )
        self.assertEqual(sale_order.partner_id.name, "王小明 🐼")
        self.assertEqual(sale_order.partner_shipping_id.street, "朝阳区建国路88号")

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import EcomCase

MODELS = (
    "ecom.channel",
    "ecom.order",
    "ecom.decision",
    "ecom.exception",
    "ecom.refund",
    "ecom.listing",
    "ecom.mapping",
    "ecom.buyer",
)
# What each group may do; everything else is refused.
ALLOWED = {
    "base.group_user": {},
    "ecom_order_mgmt.group_ecom_viewer": {model: "r" for model in MODELS if model != "ecom.buyer"},
    "ecom_order_mgmt.group_ecom_reviewer": {"ecom.listing": "rwcu", "ecom.refund": "rw"},
    "ecom_order_mgmt.group_ecom_finance": {"ecom.mapping": "rwcu"},
    "ecom_order_mgmt.group_ecom_manager": {
        "ecom.channel": "rwcu",
        "ecom.order": "ru",
        "ecom.buyer": "ru",
    },
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}


@tagged("post_install", "-at_install")
class TestAccess(EcomCase):
    def test_each_group_may_what_it_may(self):
        """The ladder: each group has the rights of those below it, and no more."""
        rights = dict.fromkeys(MODELS, "")
        for number, (group, own) in enumerate(ALLOWED.items()):
            rights = {model: rights[model] + own.get(model, "") for model in MODELS}
            user = new_test_user(self.env, f"access_{number}", groups=group)
            for model in MODELS:
                for letter, operation in OPERATIONS.items():
                    with self.subTest(group=group, model=model, operation=operation):
                        self.assertEqual(
                            self.env[model].with_user(user).has_access(operation),
                            letter in rights[model],
                        )

    def test_every_model_has_a_company_rule(self):
        for model in MODELS:
            rules = self.env["ir.rule"].search([("model_id.model", "=", model)])
            self.assertTrue(
                any("company_ids" in (rule.domain_force or "") for rule in rules), model
            )


@tagged("post_install", "-at_install")
class TestCompany(EcomCase):
    """Two companies, the second without a chart of accounts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Second Company"})
        cls.other_warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.other.id)], limit=1
        )
        cls.other_product = cls._create_product("OTHER", company_id=cls.other.id)
        cls.env["stock.quant"]._update_available_quantity(
            cls.other_product, cls.other_warehouse.lot_stock_id, 10
        )
        cls.other_channel = cls._create_channel(
            name="Second Shop", company_id=cls.other.id, warehouse_id=cls.other_warehouse.id
        )
        cls.user = new_test_user(cls.env, "ecom_first", groups="ecom_order_mgmt.group_ecom_manager")
        cls.other_user = new_test_user(
            cls.env,
            "ecom_second",
            groups="ecom_order_mgmt.group_ecom_manager",
            company_id=cls.other.id,
            company_ids=[Command.set(cls.other.ids)],
        )

    def test_order_of_a_company_without_a_chart(self):
        order = self._import_one(channel=self.other_channel, lines=[self._line("OTHER")])
        self.assertEqual(order.state, "accepted", order.cause_message)
        sale_order = order.sale_order_id
        self.assertEqual(sale_order.company_id, self.other)
        self.assertEqual(sale_order.warehouse_id, self.other_warehouse)
        self.assertEqual(sale_order.partner_id.company_id, self.other)
        self.assertEqual(sale_order.picking_ids.state, "assigned")

    def test_product_of_another_company_is_unknown(self):
        order = self._import_one(lines=[self._line("OTHER")])
        self.assertEqual(order.cause, "listing_unmapped")

    def test_buyer_of_another_company_is_another_contact(self):
        customer = {"name": "Ada", "email": "both@example.com"}
        first = self._import_one(customer=customer)
        second = self._import_one(
            channel=self.other_channel, customer=customer, lines=[self._line("OTHER")]
        )
        self.assertNotEqual(first.partner_id, second.partner_id)

    def test_what_is_of_another_company_is_not_seen(self):
        order = self._import_one(lines=[self._line("NOT-THERE")])
        mine = order.with_user(self.user)
        self.assertEqual(mine.number, "A-1")
        theirs = order.with_user(self.other_user)
        for read in (
            lambda: theirs.number,
            theirs.get_status,
            theirs.action_replay,
            lambda: theirs.action_hold("no"),
            lambda: self.channel.with_user(self.other_user).import_orders([]),
            lambda: order.missing_listing_ids.with_user(self.other_user).key,
        ):
            with self.assertRaises(AccessError):
                read()
        for model in ("ecom.order", "ecom.channel", "ecom.listing"):
            found = self.env[model].with_user(self.other_user).search([])
            self.assertEqual(found.company_id or self.other, self.other)

    def test_mapping_to_a_product_of_another_company_is_refused(self):
        order = self._import_one(lines=[self._line("NOT-THERE")])
        with self.assertRaises(Exception) as caught:
            order.missing_listing_ids.product_id = self.other_product
        self.assertIn("compan", str(caught.exception))

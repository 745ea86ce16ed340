"""The set-up assistant, its dry run, and the workbench that maps products."""

import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..platforms.woocommerce import capabilities as woo
from ..tools import names
from .test_connector_contracts import WOO, ContractCase

API = "/wp-json/wc/v3"


@tagged("post_install", "-at_install")
class TestAssistant(ContractCase):
    def setUp(self):
        super().setUp()
        # Only for the seam: the assistant makes a channel of its own.
        other, self.shop = self._connect("woocommerce", credentials={"key": "k", "secret": "s"})
        other.unlink()
        self.orders = [
            {**json.loads(json.dumps(WOO)), "id": 1, "number": "1"},
            {**json.loads(json.dumps(WOO)), "id": 2, "number": "2", "total": "99.00"},
            {**json.loads(json.dumps(WOO)), "id": 3, "number": "3"},
        ]
        self.orders[2]["line_items"][0] |= {"sku": "M-U-G", "name": "Product mug, large", "product_id": 6}
        self.shop.on("GET", f"{API}/orders", lambda m, params, b: self.orders[: params.get("per_page", 50)])
        self.shop.on("GET", "/wp-json/", {"name": "Corner Shop"})
        self.shop.on("GET", f"{API}/products", [
            {"id": 5, "type": "simple", "name": "Mug", "sku": "MUG"}, {"id": 6, "type": "simple", "name": "Product mug, large", "sku": "M-U-G"}])  # fmt: skip

    def _start(self, **vals):
        return self.env["ecom.connect"].create(
            {"name": "Web", "connector": "woocommerce", "connector_url": "https://shop.example.com",
             "connector_since": "2020-01-01 00:00:00", "credential_key": "ck_1", "credential_secret": "cs_1", **vals}
        )  # fmt: skip

    def _count(self):
        models = ("ecom.order", "sale.order", "res.partner", "ecom.listing", "ecom.refund", "ecom.mapping")
        return {name: self.env[name].with_context(active_test=False).search_count([]) for name in models}

    def test_the_whole_way(self):
        wizard = self._start()
        channel = wizard.channel_id
        self.assertEqual((channel.state, channel.connector_shadow), ("paused", True), "nothing happens by itself")
        self.assertFalse(wizard.credential_key, "it never comes back")
        wizard.action_next()
        self.assertEqual((wizard.step, wizard.shop_name), ("map", "Corner Shop (WooCommerce)"), wizard.message)
        wizard.action_read_listings()
        self.assertEqual((wizard.listing_count, wizard.listing_missing_count, wizard.listing_proposed_count), (2, 1, 1))
        wizard.action_next()
        before = self._count()
        wizard.action_dry_run()
        self.assertEqual(self._count(), before, "nothing is written")
        rows = {line.number: (line.outcome, line.total) for line in wizard.line_ids}
        self.assertEqual(rows, {"1": ("import", "29.40 EUR"), "2": ("park", "99.00 EUR"), "3": ("park", "29.40 EUR")})
        reasons = {line.number: line.reason for line in wizard.line_ids}
        self.assertIn("M-U-G", reasons["3"])
        self.assertTrue(reasons["2"])
        self.assertEqual((wizard.import_count, wizard.park_count, wizard.has_more), (1, 2, False))
        # Mapped from the proposal, it would be imported.
        self.env["ecom.listing"].search([("channel_id", "=", channel.id)]).action_accept_proposal()
        wizard.action_dry_run()
        self.assertEqual((wizard.import_count, wizard.park_count), (2, 1))
        wizard.action_next()
        self.assertEqual(wizard.step, "live")
        action = wizard.action_next()
        self.assertEqual((action["res_id"], channel.state, channel.connector_shadow), (channel.id, "ok", True))
        self.assertFalse(self.shop.sent("POST") + self.shop.sent("PUT"), "the shop was told nothing")

    def test_live_and_webhooks(self):
        wizard = self._start()
        wizard.write({"step": "live", "shadow": False, "backfill": True, "stock_publish": True})
        hooks = []
        self.shop.on("GET", f"{API}/webhooks", [])
        self.shop.on("POST", f"{API}/webhooks", lambda m, p, body: hooks.append(body["topic"]) or body)
        wizard.action_next()
        channel = wizard.channel_id
        self.assertEqual((channel.state, channel.connector_shadow, channel.stock_publish), ("ok", False, True))
        self.assertTrue(channel.webhooks_registered and hooks)
        self.assertTrue(channel._get_sync("backfill").until_at)

    def test_refused(self):
        """Wrong credentials are said on the spot; the step stays."""
        self.shop.on("GET", f"{API}/orders", {"code": "woocommerce_rest_cannot_view", "message": "Sorry"}, status=401)
        wizard = self._start()
        wizard.action_next()
        self.assertEqual(wizard.step, "test")
        self.assertIn("credentials", wizard.message)
        self.assertEqual(wizard.channel_id.state, "paused")
        wizard.action_back()
        self.assertEqual((wizard.step, wizard.message), ("connect", False))
        with self.assertRaises(UserError):
            self._start(connector_url="shop.example.com").action_next()

    def test_secrets_are_not_kept_here(self):
        wizard = self._start()
        self.env.flush_all()
        self.env.cr.execute("SELECT to_jsonb(w)::text FROM ecom_connect w WHERE id = %s", [wizard.id])
        self.assertNotIn("cs_1", self.env.cr.fetchone()[0])
        stored = [name for name, field in wizard._fields.items() if name.startswith("credential_") and field.store]
        self.assertEqual(stored, [])

    def test_again_from_the_channel(self):
        channel = self._start().channel_id
        channel.state = "ok"
        action = channel.action_connect()
        wizard = self.env["ecom.connect"].with_context(**action["context"]).create({})
        self.assertEqual((wizard.channel_id, wizard.name, wizard.connector), (channel, "Web", "woocommerce"))
        wizard.action_next()
        self.assertEqual((wizard.step, channel.state), ("map", "ok"), "what runs goes on")
        self.assertIn(woo.CAPABILITIES.notes[:20], wizard.features)

    def test_who_may(self):
        for group in ("reviewer", "viewer"):
            user = new_test_user(self.env, f"connect_{group}", groups=f"base.group_user,ecom_order_mgmt.group_ecom_{group}")
            with self.assertRaises(AccessError):
                self.env["ecom.connect"].with_user(user).create({"name": "x", "connector": "woocommerce"})
        channel = self._start().channel_id
        with self.assertRaises(AccessError):
            channel.with_user(user).action_connect()
        manager = new_test_user(self.env, "connect_manager", groups="base.group_user,ecom_order_mgmt.group_ecom_manager")
        wizard = self.env["ecom.connect"].with_user(manager).create(
            {"name": "Mine", "connector": "woocommerce", "connector_url": "https://shop.example.com",
             "credential_key": "ck_1", "credential_secret": "cs_1", "connector_since": "2020-01-01 00:00:00"}
        )  # fmt: skip
        wizard.action_next()
        self.assertEqual(wizard.step, "map", wizard.message)
        wizard.action_read_listings()
        wizard.action_dry_run()
        self.assertEqual(len(wizard.line_ids), 3)
        with self.assertRaises(AccessError):
            wizard.internal = True
        wizard.action_next()
        wizard.action_next()
        self.assertEqual(wizard.step, "live")

    def test_private_address(self):
        wizard = self._start(internal=True)
        self.assertTrue(wizard.channel_id.connector_internal)
        wizard.internal = False
        wizard.action_next()
        self.assertFalse(wizard.channel_id.connector_internal)


@tagged("post_install", "-at_install")
class TestWorkbench(ContractCase):
    def _listing(self, key, name, channel=None, **vals):
        return self.env["ecom.listing"].create({"channel_id": (channel or self.channel).id, "key": key, "name": name, **vals})

    def test_proposals(self):
        mug = self._create_product("HM-300", name="Handmade blue mug 300 ml")
        self._create_product("HM-500", name="Handmade blue mug 500 ml")
        listing = self._listing("W-1", "Mug (blue), handmade - 300ml")
        (result,) = self.channel.import_orders([self._document("P-1", lines=[self._line("W-1")])])
        order = self.env["ecom.order"].browse(result["order_id"])
        self.assertEqual(order.state, "parked")
        listing.action_propose()
        self.assertEqual(listing.proposal_product_id, mug)
        self.assertGreaterEqual(listing.proposal_score, 90)
        self.assertFalse(listing.product_id, "never by itself")
        self.assertEqual(listing.waiting_count, 1)
        listing.action_accept_proposal()
        self.assertEqual((listing.product_id, listing.matched_by, listing.state), (mug, "name", "done"))
        self.assertFalse(listing.proposal_product_id)
        self.channel.process_orders()
        self.assertEqual(order.state, "accepted", "the order that waited goes on")

    def test_refused(self):
        first = self._create_product("A-1", name="Garden chair oak foldable")
        second = self._create_product("A-2", name="Garden chair oak stackable")
        listing = self._listing("W-2", "Garden chair, oak, foldable")
        listing._propose()
        self.assertEqual(listing.proposal_product_id, first)
        listing.action_refuse_proposal()
        self.assertEqual(listing.proposal_product_id, second)
        listing.action_refuse_proposal()
        self.assertFalse(listing.proposal_product_id)
        listing._propose()
        self.assertFalse(listing.proposal_product_id, "not again")

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        self._create_product("B-1", name="Copper kettle hammered", company_id=company.id)
        listing = self._listing("W-3", "Copper kettle hammered")
        listing._propose()
        self.assertFalse(listing.proposal_product_id)

    def test_create_without_duplicates(self):
        one, two = self._listing("NEW-1", "New thing"), self._listing("new-1", "New thing")
        (one | two).action_create_product()
        self.assertEqual(one.product_id, two.product_id)
        other = self._create_channel(name="Other")
        third = self._listing("NEW-1", "New thing", channel=other)
        third.action_create_product()
        self.assertEqual((third.product_id, third.matched_by), (one.product_id, "sku"))
        one.product_id.active = False
        fourth = self._listing("NEW-1", "New thing", channel=self._create_channel(name="Third"))
        with self.assertRaises(UserError):
            fourth.action_create_product()
        self._create_product("C-1", barcode="4006381333931")
        with self.assertRaises(UserError):
            self._create_product("C-1", active=True)
            self._listing("C-1", "Twice").action_create_product()
        found = self._listing("D-1", "By barcode", barcode="4006381333931")
        found.action_create_product()
        self.assertEqual(found.matched_by, "barcode")
        wild = self._listing("N_W%", "Wildcards are signs")
        wild.action_create_product()
        self.assertEqual(wild.product_id.default_code, "N_W%")

    def test_who_may(self):
        listing = self._listing("W-4", "x")
        user = new_test_user(self.env, "bench_viewer", groups="base.group_user,ecom_order_mgmt.group_ecom_viewer")
        for method in ("action_propose", "action_accept_proposal", "action_refuse_proposal", "action_create_product"):
            with self.assertRaises(AccessError):
                getattr(listing.with_user(user), method)()

    def test_statements(self):
        """The number of statements does not grow with the number of products."""
        listings = self.env["ecom.listing"].concat(*[self._listing(f"Q-{n}", f"Quiet lamp number {n}") for n in range(20)])

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            listings._propose()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few = count()
        for number in range(60):
            self._create_product(f"R-{number}", name=f"Round table {number}")
        self.assertLessEqual(count(), few + 6)

    def test_names(self):
        index = names.Index({1: ("Green tea 100 g", "GT100"), 2: ("Green tea 250 g", "GT250"), 3: ("青花瓷茶杯 大号", "CB-1"), 4: ("Espresso cups (set of 2)", None)})
        self.assertEqual(index.best("Tea, green, 250g")[0][0], 2)
        self.assertEqual(index.best("茶杯 青花瓷 大号")[0][0], 3)
        self.assertEqual(index.best("Espresso cup, set of 2")[0][0], 4)
        self.assertEqual(index.best("something", "gt-100")[0], (1, 75))
        for nothing in ("", "Lawn mower", "!!!", None):
            self.assertEqual(index.best(nothing), [])
        self.assertEqual(names.Index({}).best("x"), [])
        for _key, score in index.best("Green tea 100 g", limit=4):
            self.assertTrue(0 <= score <= 99, "likeness is never certainty")

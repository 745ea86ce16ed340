"""Stock that goes as one file: each listing hears what became of it, whatever happens in between."""

import contextlib
import gzip
import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..platforms.amazon import feeds
from .common import shared
from .openapi_guard import Guard
from .test_connector_contracts import ContractCase


class Killed(BaseException):
    """Our process ends here."""


@tagged("post_install", "-at_install")
class TestStockFeed(ContractCase):
    def setUp(self):
        super().setUp()
        self.channel, self.shop = self._connect(
            "amazon", "https://sellingpartnerapi-eu.amazon.com", {"account": "SELLER", "key": "id", "secret": "sec", "token": "t"},
            connector_options={"marketplaces": ["A1PA6795UKMFR9"]},
        )  # fmt: skip
        self.products = self.env["product.product"].create(
            [{"name": f"P{n}", "default_code": f"P{n:03}", "is_storable": True} for n in range(120)]
        )
        documents = [{"external_id": p.default_code, "sku": p.default_code, "name": p.name} for p in self.products]
        self.env["ecom.listing"]._store_listings(self.channel, documents)
        self.listings = self.env["ecom.listing"].search([("channel_id", "=", self.channel.id)], order="id")
        self._stock(self.products, 7)
        self.feeds, self.files, self.die = [], {}, None
        on = self.shop.on
        on("POST", "/auth/o2/token", {"access_token": "Atza|1", "expires_in": 3600})
        on("PATCH", "/listings/.*", {"status": "ACCEPTED"})
        on("POST", "/feeds/2021-06-30/documents", self._make_document)
        on("PUT", "/store/.*", self._upload)
        on("POST", "/feeds/2021-06-30/feeds", self._make_feed)
        on("GET", "/feeds/2021-06-30/feeds", lambda *a: {"feeds": [{"feedId": f["feedId"]} for f in self.feeds]})
        on("GET", "/feeds/2021-06-30/feeds/(.+)", lambda m, p, b: self.feeds[int(m[1]) - 1])
        on("GET", "/feeds/2021-06-30/documents/(.+)", lambda m, p, b: {
            "feedDocumentId": m[1], "url": f"https://files.example.com/store/{m[1]}", "compressionAlgorithm": "GZIP"})  # fmt: skip
        on("GET", "/store/(.+)", lambda m, p, b: self.files[m[1]])
        self.channel.stock_publish = True

    def _stock(self, products, quantity):
        location = self.channel._get_stock_warehouses().lot_stock_id
        quants = self.env["stock.quant"].with_context(inventory_mode=True).create(
            [{"product_id": p.id, "location_id": location.id, "inventory_quantity": quantity} for p in products]
        )  # fmt: skip
        quants.action_apply_inventory()

    def _make_document(self, match, params, body):
        number = f"doc{len(self.files) + 1}"
        self.files[number] = b""
        return {"feedDocumentId": number, "url": f"https://files.example.com/store/{number}"}

    def _upload(self, match, params, body):
        self.files[match.string.rsplit("/", 1)[1]] = body
        return {}

    def _make_feed(self, match, params, body):
        self.feeds.append(
            {"feedId": str(len(self.feeds) + 1), "feedType": "JSON_LISTINGS_FEED", "createdTime": "2026-01-01T00:00:00Z",
             "processingStatus": "IN_QUEUE", "document": body["inputFeedDocumentId"]}
        )  # fmt: skip
        if self.die:
            raise self.die
        return {"feedId": self.feeds[-1]["feedId"]}

    def _messages(self, feed):
        return json.loads(self.files[feed["document"]])["messages"]

    def _work(self, feed, refused=(), status="DONE", summary=None):
        """Amazon works through a file."""
        messages = self._messages(feed)
        issues = [{"messageId": m["messageId"], "code": "90220", "severity": "ERROR", "message": "not yours"} for m in messages if m["sku"] in refused]
        issues += [{"messageId": 1, "severity": "WARNING", "message": "fine"}]
        report = {
            "header": {"sellerId": "SELLER", "version": "2.0", "feedId": feed["feedId"]}, "issues": issues,
            "summary": summary or {"errors": len(refused), "warnings": 1, "messagesProcessed": len(messages),
                                   "messagesAccepted": len(messages) - len(refused), "messagesInvalid": len(refused)},
        }  # fmt: skip
        key = f"report{feed['feedId']}"
        self.files[key] = gzip.compress(json.dumps(report).encode())
        feed |= {"processingStatus": status, "resultFeedDocumentId": key}

    def _publish(self):
        self.channel.sync_now(["stock"])

    def _ours(self):
        return self.env["ecom.stock.feed"].search([("channel_id", "=", self.channel.id)])

    def test_a_file_and_its_report(self):
        self._publish()
        self.assertEqual((len(self.feeds), len(self.shop.sent("PATCH"))), (1, 0))
        messages = self._messages(self.feeds[0])
        self.assertEqual(len(messages), 120)
        self.assertEqual(messages[4]["patches"][0]["value"], [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}])
        upload = self.shop.sent("PUT")[0]
        self.assertNotIn("x-amz-access-token", upload["headers"], "our token is not for the file store")
        self.assertEqual(upload["headers"]["Content-Type"], "application/json; charset=UTF-8")
        feed = self._ours()
        self.assertEqual((feed.state, feed.remote_ref, feed.push_count), ("sent", "1", 120))
        self.assertEqual(set(feed.push_ids.mapped("state")), {"sent"})
        # While Amazon works on it, nothing of it is told again.
        self._publish()
        self.assertEqual((len(self.feeds), len(self.shop.sent("PATCH")), feed.state), (1, 0, "sent"))
        self._work(self.feeds[0], refused={"P003"})
        counts = self.channel.sync_now(["stock"])
        self.assertEqual((feed.state, counts["stock_sent"]), ("done", 119))
        bad = self.listings.filtered(lambda one: one.key == "P003")
        self.assertEqual((bad.stock_message, bad.stock_stale), ("not yours", False))
        good = self.listings - bad
        self.assertEqual(set(good.mapped("published_quantity")), {7})
        self.assertFalse(good.filtered("stock_stale"))
        self.assertEqual(len(feed.push_ids.filtered(lambda push: push.state == "acknowledged")), 119)
        self._publish()
        self.assertEqual((len(self.feeds), len(self.shop.sent("PATCH"))), (1, 0), "nothing is left to tell")
        self._stock(self.products[:3], 5)
        self._publish()
        self.assertEqual((len(self.feeds), len(self.shop.sent("PATCH"))), (1, 3), "a few are told one by one")

    def test_sold_meanwhile(self):
        """What fell while Amazon works on the file is told at once, and again after it; what rose waits."""
        self._publish()
        self._stock(self.products[0], 2)
        self._stock(self.products[1], 9)
        self._publish()
        self.assertEqual([call["path"].rsplit("/", 1)[1] for call in self.shop.sent("PATCH")], ["P000"])
        self._work(self.feeds[0])
        self._publish()
        sent = [(call["path"].rsplit("/", 1)[1], call["body"]["patches"][0]["value"][0]["quantity"]) for call in self.shop.sent("PATCH")]
        self.assertEqual(sorted(sent), [("P000", 2), ("P000", 2), ("P001", 9)])
        shown = dict(zip(self.listings.mapped("key"), self.listings.mapped("published_quantity"), strict=True))
        self.assertEqual((shown["P000"], shown["P001"], shown["P002"]), (2, 9, 7))
        self.assertFalse(self.listings.filtered("stock_stale"))

    def test_killed_before_we_heard_of_it(self):
        """Amazon has the file, and we were killed before we wrote its number down."""
        self.die = Killed()
        with contextlib.suppress(Killed):
            self._publish()
        feed = self._ours()
        self.assertEqual((feed.state, feed.remote_ref, bool(feed.tried_at)), ("waiting", False, True))
        self.die = None
        self._publish()
        self.assertEqual((len(self.feeds), feed.state, feed.remote_ref), (1, "sent", "1"), "found there, not sent twice")
        self._work(self.feeds[0])
        self._publish()
        self.assertEqual((feed.state, set(self.listings.mapped("published_quantity"))), ("done", {7}))

    def test_killed_before_it_was_sent(self):
        def dead(match, params, body):
            raise Killed

        self.shop.on("PUT", "/store/.*", dead)
        with contextlib.suppress(Killed):
            self._publish()
        self.assertEqual((len(self.feeds), self._ours().state), (0, "waiting"))
        self.shop.on("PUT", "/store/.*", self._upload)
        self._publish()
        self.assertEqual((len(self.feeds), len(self._ours()), self._ours().state), (1, 1, "sent"))

    def test_given_up_by_amazon(self):
        """Nobody knows what came through: all is told again, one by one for a day."""
        self._publish()
        self.feeds[0]["processingStatus"] = "FATAL"
        self._publish()
        self.assertEqual(self._ours().state, "failed")
        self.assertEqual(len(self.listings.filtered("stock_stale")), 120)
        self._publish()
        self.assertEqual(len(self.feeds), 1)
        self.assertTrue(self.shop.sent("PATCH"))
        self._ours().create_date = fields.Datetime.now() - timedelta(days=2)
        self.env.cr.execute("UPDATE ecom_stock_feed SET create_date = create_date - interval '2 days'")
        self.env.invalidate_all()
        self.env["ecom.throttle"].search([]).unlink()
        self._publish()
        self.assertTrue(len(self.feeds) == 2 or not self.listings.filtered("stock_stale"))

    def test_refused_as_a_whole(self):
        self._publish()
        self.files["r"] = gzip.compress(json.dumps({
            "header": {"sellerId": "SELLER", "version": "2.0", "feedId": "1"}, "issues": [{"severity": "ERROR", "message": "no such seller"}],
            "summary": {"errors": 1, "warnings": 0, "messagesProcessed": 0, "messagesAccepted": 0, "messagesInvalid": 0}}).encode())  # fmt: skip
        self.feeds[0] |= {"processingStatus": "DONE", "resultFeedDocumentId": "r"}
        counts = self.channel.sync_now(["stock"])
        self.assertIn("no such seller", counts["message"])
        self.assertEqual((self._ours().state, len(self.listings.filtered("stock_stale"))), ("failed", 120))

    def test_never_answered(self):
        self._publish()
        self.env.cr.execute("UPDATE ecom_stock_feed SET create_date = create_date - interval '2 days'")
        self.env.invalidate_all()
        self._publish()
        self.assertIn("within a day", self._ours()[-1].message)

    def test_shadow_mode(self):
        self.channel.connector_shadow = True
        self._publish()
        self.assertEqual((len(self.feeds), len(self._ours())), (0, 0))
        self.assertEqual(set(self.listings.stock_push_ids.mapped("state")), {"shadow"})

    def test_contracts(self):
        """Every request is one of Amazon's contract; the file is one of its schema."""
        guard = Guard("feeds_2021-06-30", "listingsItems_2021-08-01")
        self._publish()
        self._work(self.feeds[0])
        self.die = None
        self._publish()
        for call in self.shop.calls:
            if "amazon.com" in call["url"] and "/auth/" not in call["path"]:
                guard.check(call["method"], call["path"], call["params"], call["body"])
        self.assertLessEqual({"createFeedDocument", "createFeed", "getFeed", "getFeedDocument"}, set(guard.checked))
        folder = shared("payloads/amazon_sp_api/contracts/schemas_feeds")
        schema = json.loads((folder / "listings-feed-schema-v2.schema.json").read_text(encoding="utf-8"))
        content = json.loads(feeds.document("AXXXXXXXXXXXX", [{"key": "A B", "quantity": 3}]))
        try:
            guard.jsonschema.validate(content, schema)
        except guard.jsonschema.exceptions.RefResolutionError:
            self.skipTest("the schema names others that are not here")

    def test_report(self):
        items = [{"key": "A", "quantity": 1}, {"key": "B", "quantity": 1}]
        for bad in (None, [], {}, {"summary": 1}, "x"):
            with self.assertRaises(ValueError):
                feeds.answers(bad, items)
        report = {"summary": {"messagesAccepted": 1}, "issues": [
            {"severity": "ERROR", "messageId": 2, "message": "no"}, {"severity": "ERROR", "messageId": 2, "code": "7"}, {"severity": "ERROR", "messageId": 99}, None]}  # fmt: skip
        self.assertEqual(feeds.answers(report, items), {"A": None, "B": "no; 7"})
        with self.assertRaises(ValueError):
            feeds.unpack(b"no gzip", "GZIP")
        self.assertEqual(feeds.unpack(gzip.compress(b"x"), "GZIP"), b"x")

    def test_access(self):
        self._publish()
        viewer = new_test_user(self.env, "feed_viewer", "ecom_order_mgmt.group_ecom_viewer")
        nobody = new_test_user(self.env, "feed_nobody", "base.group_user")
        self.assertEqual(self._ours().with_user(viewer).state, "sent")
        with self.assertRaises(AccessError):
            self._ours().with_user(viewer).state = "done"
        with self.assertRaises(AccessError):
            self._ours().with_user(nobody).read(["state"])
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env, "feed_stranger", "ecom_order_mgmt.group_ecom_viewer", company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        self.assertFalse(self.env["ecom.stock.feed"].with_user(stranger).search([]))

"""The framework, end to end, on the simulated shop over real HTTP."""

import json
import os
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.ecom_order_mgmt.tests.common import EcomCase

from ..models.ecom_connector import Hook
from ..models.ecom_credential import ENV_KEY
from ..platforms.sim.server import Shop, serve


class SimCase(EcomCase):
    """A channel that is connected to a simulated shop of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        key = patch.dict(os.environ, {ENV_KEY: "a key for the tests only"})
        key.start()
        cls.addClassCleanup(key.stop)
        for n in range(1, 6):
            cls._create_product(f"TSIM-{n:03d}", quantity=100)

    def setUp(self):
        super().setUp()
        self.shop = Shop(seed=7, products=5, prefix="TSIM")
        self.server, self.url = serve(self.shop)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.sim = self._create_channel(
            name="Simulated", connector="sim", approval="all", approve_wait_minutes=0,
            connector_url=self.url, connector_internal=True, connector_since="2020-01-01 00:00:00",
        )  # fmt: skip
        self.sim.write({"credential_token": "sim-token"})

    def _order(self, order_id):
        return self.env["ecom.order"].search(
            [("channel_id", "=", self.sim.id), ("external_id", "=", order_id)]
        )

    def _deliver(self, order, tracking="TRACK-1"):
        picking = order.sale_order_id.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        picking.carrier_tracking_ref = tracking
        for move in picking.move_ids:
            move.quantity = move.product_uom_qty
            move.picked = True
        picking._action_done()
        return picking


@tagged("post_install", "-at_install")
class TestSim(SimCase):
    def test_poll_to_shipped(self):
        order_id = self.shop.place([("TSIM-001", 2), ("TSIM-002", 1)])
        counts = self.sim.sync_now()
        self.assertEqual((counts["read"], counts["created"], counts["confirmed"]), (1, 1, 1))
        order = self._order(order_id)
        self.assertEqual(order.source, "platform")
        self.assertTrue(order.raw_document)
        self._deliver(order)
        task = order.task_ids
        self.assertEqual((task.kind, task.state), ("shipment", "waiting"))
        counts = self.sim.sync_now(["shipments"])
        self.assertEqual(counts["sent"], 1)
        self.assertEqual(task.state, "done")
        shipments = self.shop.orders[order_id]["shipments"]
        self.assertEqual([s["tracking"] for s in shipments], ["TRACK-1"])
        self.assertEqual(self.shop.orders[order_id]["status"], "completed")
        # What we wrote comes back and changes nothing.
        self.assertEqual(self.sim.sync_now(["orders"])["created"], 0)
        self.assertEqual(self.sim.action_compare()["differences"], 0)

    def test_replay_changes_nothing(self):
        self.shop.place()
        self.sim.sync_now()
        counts = self.sim.sync_now()
        self.assertEqual((counts["created"], counts["updated"], counts["unchanged"]), (0, 0, 1))

    def test_cursor_is_from_the_records(self):
        self.shop.place()
        self.sim.sync_now(["orders"])
        sync = self.sim.sync_ids.filtered(lambda s: s.kind == "orders")
        newest = max(o["updated_at"] for o in self.shop.orders.values())
        self.assertEqual(sync.cursor_at.isoformat(), newest[:19])

    def test_cancel_there(self):
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()
        self.shop.cancel(order_id)
        self.sim.sync_now()
        self.assertEqual(self._order(order_id).state, "cancelled")

    def test_reject_here_cancels_there(self):
        self.sim.approval = "manual"
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()
        self._order(order_id).action_reject("No such colour")
        self.sim.sync_now(["shipments"])
        self.assertEqual(self.shop.orders[order_id]["status"], "cancelled")

    def test_refund_both_ways(self):
        order_id = self.shop.place([("TSIM-001", 2)])
        self.sim.sync_now()
        order = self._order(order_id)
        line = order.document["lines"][0]
        task = order.tell_refund("r1", "3.00", "scratched", [{"line_id": line["id"], "quantity": 0, "amount": "3.00"}])
        self.assertEqual(order.tell_refund("r1", "3.00"), task, "the same key is the same refund")
        self.sim.sync_now(["shipments"])
        self.assertEqual(len(self.shop.orders[order_id]["refunds"]), 1)
        self.sim.sync_now(["orders"])
        self.assertEqual(order.refund_ids.mapped("amount"), [3.0])
        self.assertEqual(order.refund_ids.state, "matched")

    def test_refund_is_told_once(self):
        order_id = self.shop.place([("TSIM-001", 2)])
        self.sim.sync_now()
        order = self._order(order_id)
        line = {"line_id": order.document["lines"][0]["id"], "quantity": Decimal(1), "amount": Decimal("1.10")}
        task = order.tell_refund("case 7", Decimal("1.10"), "scratched", [line], restock=True)
        self.assertEqual(task.payload["lines"], [{**line, "quantity": 1, "amount": "1.10"}])
        self.assertTrue(task.payload["restock"])
        self.assertEqual(order.tell_refund("case 7", "1.1", "scratched", [line]), task)
        with self.assertRaisesRegex(UserError, "key of its own"):
            order.tell_refund("case 7", "2.00")
        for wrong in ("0", "-1", "NaN", "Infinity"):
            with self.assertRaises(UserError):
                order.tell_refund("other", wrong)
        self.sim.sync_now(["shipments"])
        self.assertEqual(order.tell_refund("case 7", "1.10"), task)
        self.sim.sync_now(["shipments"])
        (refund,) = self.shop.orders[order_id]["refunds"]
        self.assertEqual(task.remote_ref, refund["id"])
        self.sim.sync_now(["orders"])
        self.assertEqual(order.refund_ids.external_id, task.remote_ref, "what comes back is known")
        self.sim.push_refunds = False
        self.assertFalse(order.tell_refund("case 8", "1.00"))

    def test_answer_lost_after_the_work(self):
        """The shop did it, and we never heard: the second try finds it done."""
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()
        order = self._order(order_id)
        order.tell_refund("r1", "1.00")
        self.shop.fail_next("timeout_after", method="POST")
        counts = self.sim.sync_now(["shipments"])
        self.assertEqual((counts["sent"], counts["waiting"]), (0, 1))
        self.assertIn("1 times", order.task_ids.explanation)
        self.sim.sync_now(["shipments"])
        self.assertEqual(order.task_ids.state, "done")
        self.assertEqual(len(self.shop.orders[order_id]["refunds"]), 1)

    def test_killed_between_answer_and_commit(self):
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()
        order = self._order(order_id)
        task = order.tell_refund("r1", "1.00")
        taken = self.env["ecom.task"]._take_next(self.sim)
        self.assertEqual(taken, task)
        handler = self.sim._get_handler()
        handler._push_refund(self.sim, task, {**task.payload, "key": task.idempotency_key})
        # Killed here: nothing is written. Others leave it alone until its time is over.
        self.assertFalse(self.env["ecom.task"]._take_next(self.sim))
        task.next_try = "2020-01-01"
        self.env["ecom.task"]._run_due(self.sim)
        self.assertEqual(task.state, "done")
        self.assertEqual(len(self.shop.orders[order_id]["refunds"]), 1)

    def test_order_of_tasks(self):
        """Tasks of one order keep their order; a stuck one does not block another order."""
        first, second = self.shop.place([("TSIM-001", 1)]), self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()
        one, two = self._order(first), self._order(second)
        stuck = one.tell_refund("r1", "9999.00")
        behind = one.tell_refund("r2", "1.00")
        other = two.tell_refund("r1", "1.00")
        self.sim.sync_now(["shipments"])
        self.assertEqual((stuck.state, behind.state, other.state), ("failed", "waiting", "done"))
        self.assertIn("left to refund", stuck.explanation)
        self.assertIn(stuck.idempotency_key, behind.explanation)
        stuck.action_give_up()
        self.sim.sync_now(["shipments"])
        self.assertEqual(behind.state, "done")

    def test_token_revoked(self):
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()
        task = self._order(order_id).tell_refund("r1", "1.00")
        self.shop.token = "another"
        late = self.shop.place([("TSIM-002", 1)])
        self.sim.sync_now()
        self.assertEqual(self.sim.state, "needs_auth")
        self.assertTrue(self.sim.activity_ids)
        self.assertEqual(task.state, "waiting", "an order is not to blame for a token")
        calls = len(self.shop.calls)
        self.sim.sync_now()
        self.assertEqual(len(self.shop.calls), calls, "nothing is called until a person acts")
        self.sim.credential_token = "another"
        self.assertEqual(self.sim.state, "ok")
        self.sim.sync_now()
        self.assertEqual(task.state, "done")
        self.assertTrue(self._order(late))

    def test_down_and_back(self):
        """No answer, faults and garbage lose nothing."""
        for fault in ("down", "500", "garbage", "429"):
            order_id = self.shop.place([("TSIM-001", 1)])
            self.shop.fail_next(fault, method="GET")
            counts = self.sim.sync_now(["orders"])
            self.assertEqual(counts["read"], 0, fault)
            self.env["ecom.throttle"].search([]).blocked_until = False
            self.env.invalidate_all()
            self.sim.sync_now(["orders"])
            self.assertTrue(self._order(order_id), fault)
        self.assertEqual(self.sim.state, "ok")
        self.assertFalse(self.sim.connector_message)

    def test_retry_after_pauses_the_account(self):
        self.shop.fail_next("429", method="GET")
        self.sim.sync_now(["orders"])
        sync = self.sim.sync_ids.filtered(lambda s: s.kind == "orders")
        wait = (sync.next_at - sync.started_at).total_seconds()
        self.assertTrue(5 <= wait <= 9, wait)
        calls = len(self.shop.calls)
        self.sim.sync_now(["orders"])
        self.assertEqual(len(self.shop.calls), calls, "the pause is kept")

    def test_error_inside_of_200(self):
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()
        task = self._order(order_id).tell_refund("r1", "1.00")
        self.shop.fail_next("error_in_200", method="POST")
        self.sim.sync_now(["shipments"])
        self.assertEqual(task.state, "failed")
        self.assertFalse(self.shop.orders[order_id]["refunds"])
        task.action_retry()
        self.sim.sync_now(["shipments"])
        self.assertEqual(task.state, "done")

    def test_poisoned_order(self):
        """One that cannot be read parks; the others go on."""
        for _ in range(5):
            self.shop.place([("TSIM-001", 1)])
        bad = self.shop.place([("TSIM-001", 1)], placed_at="yesterday")
        counts = self.sim.sync_now(["orders"])
        self.assertEqual((counts["created"], counts["accepted"]), (5, 5))
        self.assertEqual(self._order(bad).cause, "invalid_document")
        self.shop.change(bad, placed_at="2026-01-01T00:00:00Z")
        self.sim.sync_now(["orders"])
        self.assertEqual(self._order(bad).state, "accepted")

    def test_clock_skew(self):
        """The shop's clock is an hour behind ours, or ahead: nothing is missed."""
        for hours in (-1, 1):
            self.shop.clock = lambda hours=hours: datetime.now(timezone.utc) + timedelta(hours=hours)
            sync = self.sim._get_sync("orders")
            sync.cursor_at = False
            self.sim.connector_since = datetime.now()
            for _ in range(2):
                order_id = self.shop.place([("TSIM-001", 1)])
                self.sim.sync_now(["orders"])
                self.assertTrue(self._order(order_id), hours)

    def test_lost_and_doubled_webhooks(self):
        """With webhooks that get lost the poll brings everything; the report says we agree."""
        self.shop.rates = {"lost_webhooks": 0.5, "twice_webhooks": 0.5}
        placed = [self.shop.place() for _ in range(30)]
        for order_id in placed[::3]:
            self.shop.cancel(order_id)
        self.sim.sync_now()
        orders = self.env["ecom.order"].search([("channel_id", "=", self.sim.id)])
        self.assertEqual(len(orders), 30)
        self.assertEqual(len(orders.filtered(lambda o: o.state == "cancelled")), 10)
        self.assertEqual(self.sim.action_compare()["differences"], 0)

    def test_random_faults(self):
        """A fifth of all calls fails in one way or another; in the end both sides agree."""
        ids = [self.shop.place([("TSIM-001", 1)]) for _ in range(6)]
        self.sim.sync_now()
        for order_id in ids:
            self._deliver(self._order(order_id), f"T-{order_id}")
        self.shop.rates = {"500": 0.08, "timeout_after": 0.08, "garbage": 0.08}
        for _ in range(12):
            self.sim.sync_now()
        self.shop.rates = {}
        self.sim.sync_now()
        self.assertEqual({len(self.shop.orders[i]["shipments"]) for i in ids}, {1})
        self.assertEqual(self.sim.action_compare()["differences"], 0)

    def test_compare_finds_what_differs(self):
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()
        hidden = self.shop.place([("TSIM-002", 1)])
        self.shop.orders[order_id]["total"] = "1.00"
        report = self.sim.action_compare()
        kinds = {(row["kind"], row["key"]) for row in report["rows"]}
        self.assertEqual(kinds, {("total", f"S{order_id}"), ("missing_here", hidden)})

    def test_shadow(self):
        self.sim.connector_shadow = True
        self.sim.stock_publish = True
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now(["listings"])
        self.sim.sync_now()
        self._deliver(self._order(order_id))
        self.sim.sync_now()
        self.assertEqual(self._order(order_id).task_ids.state, "shadow")
        self.assertFalse([call for call in self.shop.calls if call[0] != "GET"])
        self.assertTrue(self.env["ecom.stock.push"].search([("channel_id", "=", self.sim.id), ("state", "=", "shadow")]))

    def test_stock(self):
        self.sim.sync_now(["listings"])
        self.assertEqual(len(self.env["ecom.listing"].search([("channel_id", "=", self.sim.id)])), 5)
        self.sim.stock_publish = True
        self.sim.sync_now(["stock"])
        self.assertEqual(self.shop.products["TSIM-001"]["stock"], 100)
        self.shop.place([("TSIM-001", 30)])
        self.sim.sync_now()
        self.assertEqual(self.shop.products["TSIM-001"]["stock"], 70)
        push = self.env["ecom.stock.push"].search([("channel_id", "=", self.sim.id)], limit=1)
        self.assertRecordValues(push, [{"quantity": 70, "before": 100, "state": "acknowledged"}])
        self.assertIn("70 available", push.formula)
        self.assertEqual(self.sim.action_compare()["differences"], 0)

    def test_stock_unanswered_is_told_again(self):
        self.sim.sync_now(["listings"])
        self.sim.stock_publish = True
        self.shop.fail_next("500", method="PUT")
        self.sim.sync_now(["stock"])
        self.assertEqual(self.shop.products["TSIM-001"]["stock"], 0)
        self.sim.sync_now(["stock"])
        self.assertEqual(self.shop.products["TSIM-001"]["stock"], 100)

    def test_backfill_and_pages(self):
        with patch.object(type(self.shop), "_notify", lambda *args: None):
            for _ in range(120):
                self.shop.place([("TSIM-001", 1)])
        self.sim.action_backfill()
        self.sim._cron_sync()
        self.assertEqual(self.env["ecom.order"].search_count([("channel_id", "=", self.sim.id)]), 120)

    def test_credentials_are_write_only(self):
        manager = new_test_user(self.env, "ecom_man", "ecom_order_mgmt.group_ecom_manager")
        channel = self.sim.with_user(manager)
        channel.credential_secret = "very secret"
        self.assertFalse(channel.read(["credential_secret"])[0]["credential_secret"])
        self.assertIn("Secret", channel.credentials_known)
        row = self.env["ecom.credential"].sudo().search([("channel_id", "=", self.sim.id), ("name", "=", "secret")])
        self.assertNotIn("very secret", row.value)
        for user in (manager, self.env.ref("base.user_admin")):
            with self.assertRaises(AccessError):
                row.with_user(user).read(["name"])
        with self.assertRaises(AccessError):
            channel.connector_internal = True
        viewer = new_test_user(self.env, "ecom_view", "ecom_order_mgmt.group_ecom_viewer")
        with self.assertRaises(AccessError):
            self.sim.with_user(viewer).credential_secret = "mine"
        with self.assertRaises(AccessError):
            self.sim.with_user(viewer).sync_now()

    def test_no_key_no_credentials(self):
        with (
            patch.dict(os.environ, {ENV_KEY: ""}),
            self.assertRaisesRegex(UserError, "ecom_secret_key"),
        ):
            self.sim.credential_secret = "something"

    def test_private_address(self):
        self.sim.connector_internal = False
        self.assertEqual(self.sim.action_test_connection()["params"]["type"], "danger")
        self.assertIn("private", self.sim.connector_message)
        self.assertFalse(self.shop.calls, "nothing was sent")

    def test_other_company_sees_nothing(self):
        order_id = self.shop.place([("TSIM-001", 1)])
        self.sim.sync_now()
        task = self._order(order_id).tell_refund("r1", "1.00")
        company = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env, "elsewhere", "ecom_order_mgmt.group_ecom_manager",
            company_id=company.id, company_ids=[(6, 0, company.ids)],
        )  # fmt: skip
        with self.assertRaises(AccessError):
            task.with_user(user).read(["kind"])
        self.assertFalse(self.env["ecom.sync"].with_user(user).search([("channel_id", "=", self.sim.id)]))


@tagged("post_install", "-at_install")
class TestWebhook(HttpCase, SimCase):
    def _post(self, body, headers, token=None):
        return self.url_open(
            f"/ecom/hook/{token or self.sim.webhook_token}", data=body, headers=headers
        )

    def _hook(self, order_id, delivery="d1", topic="order.updated", secret="whsec-of-the-shop"):
        return self.shop.sign_hook(secret, topic, order_id, delivery)

    def test_webhook(self):
        self.sim.credential_webhook = "whsec-of-the-shop"
        order_id = self.shop.place([("TSIM-001", 1)])
        body, headers = self._hook(order_id)
        self.assertEqual(self._post(body, headers).status_code, 200)
        self.assertEqual(self._post(body, headers).status_code, 200, "again is fine")
        events = self.env["ecom.webhook"].search([("channel_id", "=", self.sim.id)])
        self.assertEqual(len(events), 1)
        self.assertFalse(self._order(order_id), "stored, not processed")
        self.env["ecom.webhook"]._process(self.sim)
        self.assertTrue(self._order(order_id))
        self.assertEqual(events.state, "done")

    def test_refused(self):
        self.sim.credential_webhook = "whsec-of-the-shop"
        body, headers = self._hook("1")
        wrong, wrong_headers = self._hook("1", secret="guessed")
        with self.assertLogs("odoo.addons.ecom_connectors.controllers.webhook", "WARNING"):
            self.assertEqual(self._post(wrong, wrong_headers).status_code, 401)
            self.assertEqual(self._post(body + b" ", headers).status_code, 401, "the raw body is signed")
            self.assertEqual(self._post(body, {**headers, "X-Sim-Time": "1000"}).status_code, 401)
        self.assertEqual(self._post(body, headers, token="nobody").status_code, 404)
        self.assertFalse(self.env["ecom.webhook"].search([("channel_id", "=", self.sim.id)]))

    def test_what_processes_remember(self):
        """The address and the secret are remembered, and forgotten when they change."""
        self.sim.credential_webhook = "whsec-of-the-shop"
        self.assertEqual(self._post(*self._hook("1", "d1")).status_code, 200)
        self.sim.credential_webhook = "another secret"
        self.assertEqual(self._post(*self._hook("1", "d2", secret="another secret")).status_code, 200)
        with self.assertLogs("odoo.addons.ecom_connectors.controllers.webhook", "WARNING"):
            self.assertEqual(self._post(*self._hook("1", "d3")).status_code, 401)
        # Another process has not heard of a change yet.
        with patch.object(type(self.env["ecom.credential"]), "_forget_cached", lambda self: None):
            self.sim.credential_webhook = "a third one"
        self.assertEqual(self._post(*self._hook("1", "d4", secret="a third one")).status_code, 200)
        # A token that is lent for a time is none of it: renewing it must not make all forget.
        with patch.object(type(self.env.registry), "clear_cache") as forget:
            self.env["ecom.credential"]._save(self.sim, "access", "lent", datetime.now() + timedelta(hours=1))
            forget.assert_not_called()
        token = self.sim.webhook_token
        self.sim.active = False
        self.assertEqual(self._post(*self._hook("1", "d5", secret="a third one"), token=token).status_code, 404)

    def test_one_wake_up(self):
        """Many deliveries wake the timer once."""
        self.sim.credential_webhook = "whsec-of-the-shop"
        timer = self.env.ref("ecom_connectors.ir_cron_webhooks")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", timer.id)])
        triggers.unlink()
        for n in range(3):
            self.assertEqual(self._post(*self._hook("1", f"d{n}")).status_code, 200)
        self.assertEqual(self.env["ir.cron.trigger"].search_count([("cron_id", "=", timer.id)]), 1)

    def test_many_in_reverse(self):
        """A hundred deliveries, the latest first: one order, its present state, one call."""
        self.sim.credential_webhook = "whsec-of-the-shop"
        order_id = self.shop.place([("TSIM-001", 1)])
        self.shop.cancel(order_id)
        for n in reversed(range(100)):
            topic = "order.created" if not n else "order.updated"
            body, headers = self._hook(order_id, f"d{n}", topic)
            hook = self.sim._get_handler()._read_webhook(self.sim, {k.lower(): v for k, v in headers.items()}, body)
            self.env["ecom.webhook"]._store(self.sim, hook.delivery_id, topic, {}, body.decode())
        self.shop.calls.clear()
        self.env["ecom.webhook"]._process(self.sim)
        self.assertEqual(len(self.shop.calls), 1)
        self.sim.process_orders()
        self.assertEqual(self._order(order_id).channel_status, "cancelled")
        self.assertEqual(self.env["ecom.order"].search_count([("channel_id", "=", self.sim.id)]), 1)

    def test_what_names_no_order_leads_to_a_poll(self):
        """Payments and parcels of some shops do not say whose they are."""
        order_id = self.shop.place([("TSIM-001", 1)])
        self.env["ecom.webhook"]._store(self.sim, "p1", "payment", {}, "{}")
        hook = Hook("p1", "payment", poll=True)
        with patch.object(type(self.sim._get_handler()), "_read_webhook", lambda *args: hook):
            self.env["ecom.webhook"]._process(self.sim)
        self.assertTrue(self._order(order_id))
        medusa = self.env["ecom.connector.medusa"]
        body = json.dumps({"event": "payment.captured", "data": {"id": "pay_1"}, "timestamp": "x"}).encode()
        self.assertTrue(medusa._read_webhook(self.sim, {}, body).poll)
        body = json.dumps({"event": "order.placed", "data": {"id": "order_1"}, "timestamp": "x"}).encode()
        self.assertFalse(medusa._read_webhook(self.sim, {}, body).poll)

    def test_unreadable_is_kept(self):
        self.sim.credential_webhook = "whsec-of-the-shop"
        self.env["ecom.webhook"]._store(self.sim, "x", "?", {}, "no json")
        self.env["ecom.webhook"]._process(self.sim)
        event = self.env["ecom.webhook"].search([("channel_id", "=", self.sim.id)])
        self.assertEqual(event.state, "failed")
        self.assertIn("JSON", event.message)
        self.assertTrue(json.dumps(event.headers) in ("{}", "null", "false"))

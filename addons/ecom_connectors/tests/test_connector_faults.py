"""Faults that must lose nothing. After each of them the shop and we agree.

Time is moved, not waited for. What takes several processes (a restarted database, a killed worker,
webhooks side by side) is in ``tests/test_connector_faults.py`` of the project.
"""

from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

import pytz

from odoo.tests import freeze_time, tagged

from ..exceptions import EcomRetryableError
from ..platforms.sim.server import serve
from .test_connector_sim import SimCase


@tagged("post_install", "-at_install")
class TestFaults(SimCase):
    def _tick(self):
        """What the timers do when their time comes."""
        self.env["ecom.channel"]._cron_sync()
        self.sim.process_orders()
        self.env["ecom.task"]._run_due(self.sim)
        self.env["ecom.channel"]._cron_stock()

    def _agree(self, orders):
        """The report that compares both sides: all orders are in it, and nothing differs."""
        report = self.sim.action_compare()
        self.assertEqual(report["rows"], [])
        self.assertEqual(report["compared"], orders)
        if self.sim.stock_publish:
            self.assertEqual(report["stock"], len(self.shop.products))

    def _publish(self):
        self.sim.sync_now(["listings"])
        self.sim.stock_publish = True
        self.sim.sync_now(["stock"])

    @contextmanager
    def _clock(self, text):
        """From here on it is this time, and `clock.move_to(…)` or `clock.tick(…)` changes it."""
        with freeze_time(text) as clock:
            yield clock

    def test_store_down_for_an_hour(self):
        self._publish()
        with self._clock("2026-03-02 10:00:00") as clock:
            self.sim.connector_since = "2026-03-01 00:00:00"
            shipped, late = self.shop.place([("TSIM-001", 1)]), self.shop.place([("TSIM-002", 2)])
            self._tick()
            port = self.server.server_address[1]
            self.server.shutdown()
            self.server.server_close()
            self._deliver(self._order(shipped))
            self._order(late).tell_refund("r1", "1.00", "late")
            for _minute in range(0, 60, 5):
                clock.tick(timedelta(minutes=5))
                self._tick()
            self.assertEqual(self.sim.state, "lagging")
            self.assertIn("cannot be reached", self.sim.connector_message)
            tasks = self.env["ecom.task"].search([("channel_id", "=", self.sim.id)])
            self.assertEqual(set(tasks.mapped("state")), {"waiting"})
            self.assertIn("cannot be reached", tasks[0].explanation)
            server, _url = serve(self.shop, port)
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
            self.shop.place([("TSIM-003", 1)])
            clock.tick(timedelta(hours=2))
            self._tick()
            self.assertEqual(self.sim.state, "ok")
            self.assertEqual(set(tasks.mapped("state")), {"done"})
            self.assertEqual(len(self.shop.orders[shipped]["shipments"]), 1)
            self.assertEqual(len(self.shop.orders[late]["refunds"]), 1)
            clock.tick(timedelta(minutes=15))
            self._tick()
            self._agree(3)

    def test_token_revoked_for_a_day(self):
        self._publish()
        with self._clock("2026-03-02 10:00:00") as clock:
            self.sim.connector_since = "2026-03-01 00:00:00"
            before = self.shop.place([("TSIM-001", 1)])
            self._tick()
            self._deliver(self._order(before))
            self.shop.token = "another"
            placed = []
            calls = None
            for _hour in range(24):
                clock.tick(timedelta(hours=1))
                placed.append(self.shop.place([("TSIM-002", 1)]))
                self._tick()
                self.assertEqual(self.sim.state, "needs_auth")
                calls = calls or len(self.shop.calls)
            self.assertEqual(len(self.shop.calls), calls, "it is asked once, not every hour")
            self.assertEqual(len(self.sim.activity_ids), 1)
            self.assertEqual(self._order(before).task_ids.state, "waiting")
            self.assertEqual(self._order(before).state, "accepted")
            self.sim.credential_token = "another"
            for _round in range(2):
                clock.tick(timedelta(minutes=15))
                self._tick()
            self.assertEqual(self._order(before).task_ids.state, "done")
            self.assertEqual(len(self.env["ecom.order"].search([("channel_id", "=", self.sim.id)])), 25)
            self._agree(25)

    def test_one_poisoned_in_five_hundred(self):
        """One that breaks what reads it parks or is refused alone; 499 come in."""
        with patch.object(type(self.shop), "_notify", lambda *args: None):
            for n in range(500):
                self.shop.place([("TSIM-001", 1)], **({"placed_at": "\x00 yesterday"} if n == 250 else {}))
        bad = sorted(self.shop.orders)[250]
        self.sim._run_sync("orders", counts := Counter())
        self.assertEqual((counts["read"], counts["created"], counts["parked"]), (500, 499, 1))
        self.assertEqual(self._order(bad).state, "parked")
        self.sim.process_orders()
        orders = self.env["ecom.order"].search([("channel_id", "=", self.sim.id)])
        self.assertEqual(len(orders.sale_order_id), 499)
        self.shop.change(bad, placed_at="2026-01-01T00:00:00Z")
        self.sim.sync_now(["orders"])
        self.assertEqual(self._order(bad).state, "accepted")
        self._agree(500)

    def test_kinds_of_poison(self):
        """Whatever is wrong with one document, the ones beside it come in."""
        poison = [
            {"lines": "none"},
            {"lines": [{"id": "1"}]},
            {"total": "NaN"},
            {"currency": "???"},
            {"customer": ["x"]},
            {"shipping_address": {"name": "a\x00b", "country": "DE"}},
            {"placed_at": "2026-13-45T99:00:00Z"},
            {"number": {"a": 1}},
            {"payments": [None]},
        ]
        good = [self.shop.place([("TSIM-001", 1)])]
        for fields in poison:
            self.shop.change(self.shop.place([("TSIM-001", 1)]), **fields)
            good.append(self.shop.place([("TSIM-001", 1)]))
        counts = self.sim.sync_now(["orders"])
        self.assertEqual({self._order(i).state for i in good}, {"accepted"}, counts)
        self.assertFalse(counts["message"])

    def test_done_and_not_heard(self):
        """The work is done there, and the answer is lost or we are killed before we wrote it down:
        every kind of message is carried out once."""
        for way in ("answer lost", "killed"):
            shipped, refunded = self.shop.place([("TSIM-001", 2)]), self.shop.place([("TSIM-001", 2)])
            self.sim.sync_now()
            self.sim.approval = "manual"
            cancelled = self.shop.place([("TSIM-001", 2)])
            self.sim.sync_now()
            self.sim.approval = "all"
            self._deliver(self._order(shipped), f"T-{way}")
            self._order(refunded).tell_refund("r1", "1.00")
            self._order(cancelled).action_reject("none left")
            tasks = self.env["ecom.task"].search([("channel_id", "=", self.sim.id), ("state", "=", "waiting")])
            self.assertEqual(set(tasks.mapped("kind")), {"shipment", "refund", "cancel"})
            if way == "answer lost":
                self.shop.fail_next("timeout_after", times=3, method="POST")
                self.sim.sync_now(["shipments"])
            else:
                for _ in tasks:
                    task = self.env["ecom.task"]._take_next(self.sim)
                    handler = self.sim._get_handler()
                    values = {**task.payload, "key": task.idempotency_key, **task._get_present()}
                    getattr(handler, f"_push_{task.kind}")(self.sim, task, values)
                # Nobody may take them before the time is over in which a call ends for sure.
                self.assertFalse(self.env["ecom.task"]._take_next(self.sim))
                tasks.next_try = "2020-01-01"
            self.assertEqual(set(tasks.mapped("state")), {"waiting"})
            self.sim.sync_now(["shipments"])
            self.assertEqual(set(tasks.mapped("state")), {"done"}, way)
            self.assertEqual(len(self.shop.orders[shipped]["shipments"]), 1, way)
            self.assertEqual(len(self.shop.orders[refunded]["refunds"]), 1, way)
            self.assertEqual(self.shop.orders[cancelled]["status"], "cancelled", way)
            self.sim.sync_now()
        self._agree(6)

    def test_killed_while_stock_was_told(self):
        """The shop took the quantities, and nobody wrote that down: they are told again."""
        self._publish()
        self.shop.place([("TSIM-001", 30)])
        handler = type(self.sim._get_handler())
        push = handler._push_stock

        def killed(handler, channel, items):
            push(handler, channel, items)
            raise EcomRetryableError("killed", unsure=True)

        with patch.object(handler, "_push_stock", killed):
            self.sim.sync_now()
        self.assertEqual(self.shop.products["TSIM-001"]["stock"], 70)
        self.assertEqual(self._listing("TSIM-001").published_quantity, 100, "nothing was written down")
        # What the shop shows in between may be one or the other; a sale there is read first.
        self.shop.place([("TSIM-001", 20)])
        self.sim.sync_now()
        self.assertEqual(self.shop.products["TSIM-001"]["stock"], 50)
        self._agree(2)

    def _listing(self, sku):
        return self.env["ecom.listing"].search([("channel_id", "=", self.sim.id), ("key", "=", sku)])

    def test_summer_time(self):
        """Orders over the nights on which the clock is changed; the shop tells local times."""
        # Not ZoneInfo: a frozen datetime forgets which of two equal hours it is.
        zone = pytz.timezone("Europe/Berlin")
        self.sim.tz = "Europe/Berlin"
        local = lambda shop: shop.clock().astimezone(zone).isoformat(timespec="milliseconds")  # noqa: E731
        count = 0
        with patch.object(type(self.shop), "now", local):
            for night in ("2026-03-28 23:30:00", "2026-10-24 22:30:00"):
                with self._clock(night) as clock:
                    self.sim.connector_since = clock().replace(tzinfo=None) - timedelta(minutes=1)
                    self.sim._get_sync("orders").cursor_at = False
                    placed = []
                    for _step in range(16):
                        clock.tick(timedelta(minutes=15))
                        placed.append((self.shop.place([("TSIM-001", 1)]), clock()))
                        self._tick()
                    count += len(placed)
                    for order_id, moment in placed:
                        order = self._order(order_id)
                        self.assertEqual(order.state, "accepted", moment)
                        self.assertEqual(order.placed_at, moment.replace(tzinfo=None, microsecond=0))
                    sync = self.sim._get_sync("orders")
                    self.assertEqual(sync.cursor_at, placed[-1][1].replace(tzinfo=None, microsecond=0))
                    self._agree(16)
        self.assertEqual(self.env["ecom.order"].search_count([("channel_id", "=", self.sim.id)]), count)

    def test_clock_an_hour_off(self):
        """The shop's clock is an hour behind ours, or ahead, or jumps: nothing is missed."""
        self._publish()
        placed = 0
        for hours in (-1, 0, 1, 0):
            self.shop.clock = lambda hours=hours: datetime.now(timezone.utc) + timedelta(hours=hours)
            for _ in range(3):
                order_id = self.shop.place([("TSIM-001", 1)])
                placed += 1
                self.sim._get_sync("orders").next_at = False
                self._tick()
                self.assertTrue(self._order(order_id), hours)
        self.assertEqual(self.env["ecom.order"].search_count([("channel_id", "=", self.sim.id)]), placed)
        self.sim.sync_now()
        self._agree(placed)

    def test_webhooks_in_reverse(self):
        """A hundred deliveries of a life in the wrong order: the present state counts."""
        self.sim.credential_webhook = "whsec-of-the-shop"
        order_id = self.shop.place([("TSIM-001", 2)])
        self.sim.sync_now()
        self._deliver(self._order(order_id))
        self.sim.sync_now(["shipments"])
        self.shop.refund(order_id, {"amount": "1.00"})
        for n in reversed(range(100)):
            body, headers = self.shop.sign_hook("whsec-of-the-shop", f"order.step{n}", order_id, f"d{n}")
            self.env["ecom.webhook"]._store(self.sim, f"d{n}", f"order.step{n}", headers, body.decode())
        self.env["ecom.webhook"]._process(self.sim)
        events = self.env["ecom.webhook"].search([("channel_id", "=", self.sim.id)])
        self.assertEqual((len(events), set(events.mapped("state"))), (100, {"done"}))
        self._agree(1)

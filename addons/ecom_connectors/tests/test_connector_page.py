"""The connector of docs/writing-a-connector.md, built from that page and used."""

import hashlib
import hmac
import json
import os
import re
import sys
import types
import unittest
from pathlib import Path
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.ecom_order_mgmt.tests.common import EcomCase

from .. import platforms
from ..models.ecom_credential import ENV_KEY
from .test_connector_contracts import FakeShop

PAGE = Path(__file__).resolve().parents[3] / "docs" / "writing-a-connector.md"
_BLOCK = re.compile(r"```python\n# corner/(\w+)\.py\n(.*?)```", re.DOTALL)


@tagged("post_install", "-at_install")
class TestPage(EcomCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not PAGE.exists():
            raise unittest.SkipTest("the documentation is not here")
        cls.startClassPatcher(patch.dict(os.environ, {ENV_KEY: "a key for the tests only"}))
        package = f"{platforms.__name__}.corner"
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = []
        cls.addClassCleanup(sys.modules.pop, package)
        blocks = dict(_BLOCK.findall(PAGE.read_text(encoding="utf-8")))
        assert set(blocks) == {"capabilities", "mapping", "client"}, set(blocks)
        for name in ("capabilities", "mapping"):
            module = types.ModuleType(f"{package}.{name}")
            module.__package__ = package
            sys.modules[module.__name__] = module
            cls.addClassCleanup(sys.modules.pop, module.__name__)
            exec(compile(blocks[name], f"corner/{name}.py", "exec"), module.__dict__)  # pylint: disable=exec-used
        cls.startClassPatcher(patch.dict(platforms.REGISTRY, corner="corner"))
        # A model cannot join the registry in a test: its methods are put on that of the base.
        source = blocks["client"].replace("(models.AbstractModel)", "")
        scope = {"__package__": package, "__name__": f"{package}.client"}
        exec(compile(source, "corner/client.py", "exec"), scope)  # pylint: disable=exec-used
        base = type(cls.env["ecom.connector"])
        body = {k: v for k, v in vars(scope["EcomConnectorCorner"]).items() if not k.startswith("__")}
        body = {k: v for k, v in body.items() if k not in ("_name", "_inherit", "_description")}
        cls.handler_class = type("Corner", (base,), {**body, "_register": False})

    def setUp(self):
        super().setUp()
        self.tax = self._create_tax(20)
        self.channel = self._create_channel(
            name="Corner", connector="sim", connector_url="https://corner.example.com", approval="all",
            approve_wait_minutes=0, connector_since="2020-01-01 00:00:00",
        )  # fmt: skip
        self.channel.write({"credential_token": "t", "credential_webhook": "hush"})
        self.shop = FakeShop()
        self.handler = self.handler_class(self.env, (), ())
        self.startPatcher(patch.object(type(self.channel), "_get_handler", lambda channel: self.handler))
        self.startPatcher(
            patch.object(self.handler_class, "_send_api_request", lambda model, *a, **o: self.shop.send(model, *a, **o))
        )
        self.order = {
            "order_no": 5, "state": "open", "placed": "2026-01-01T10:00:00Z", "changed": "2026-01-01T10:00:00Z", "currency": "EUR",
            "to": {"name": "Ada", "country": "DE"}, "sum": 24, "paid": True, "parcels": [],
            "positions": [{"pos": 1, "pieces": 2, "price": "10.00", "article": "MUG", "title": "Mug", "vat_percent": 20, "vat": "4.00"}],
        }  # fmt: skip
        self.shop.on("GET", "/me", {"name": "The corner"})
        self.shop.on("GET", "/orders", lambda *a: {"orders": [self.order]})
        self.shop.on("GET", "/orders/5", lambda *a: self.order)
        self.shop.on("POST", "/orders/5/parcels", lambda m, p, body: self.order["parcels"].append(body) or {})

    def test_the_way_of_an_order(self):
        self.assertEqual(self.channel.action_test_connection()["params"]["type"], "success")
        self.channel.sync_now(["orders"])
        order = self.env["ecom.order"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual((order.external_id, order.state, order.sale_order_id.amount_total), ("5", "accepted", 24.0))
        picking = order.sale_order_id.picking_ids
        picking.carrier_tracking_ref = "TRACK"
        for move in picking.move_ids:
            move.write({"quantity": 2, "picked": True})
        picking._action_done()
        self.channel.sync_now(["shipments"])
        self.assertEqual(order.task_ids.state, "done", order.task_ids.last_error)
        order.task_ids.write({"state": "waiting", "next_try": "2020-01-01"})
        self.channel.sync_now(["shipments"])
        self.assertEqual([parcel["code"] for parcel in self.order["parcels"]], ["TRACK"])

    def test_webhook(self):
        raw = json.dumps({"event_id": "e1", "event": "changed", "order_no": 5}).encode()
        headers = {"x-corner-signature": hmac.new(b"hush", raw, hashlib.sha256).hexdigest()}
        secrets = self.env["ecom.credential"].sudo()._load(self.channel)
        self.assertTrue(self.handler._verify_webhook(self.channel, headers, raw, secrets))
        self.assertFalse(self.handler._verify_webhook(self.channel, headers, raw + b".", secrets))
        self.assertEqual(self.handler._read_webhook(self.channel, headers, raw).order_ids, ["5"])

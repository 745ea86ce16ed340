import hashlib
import hmac
import json
import os
from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from odoo.addons.ecom_order_mgmt.tests.test_tracking import TrackingCase

PUSH = {
    "status": "polling",
    "lastResult": {
        "nu": "43105082",
        "com": "fast",
        "state": "3",
        "data": [
            {"ftime": "2026-03-03 09:00:00", "status": "签收", "context": "【深圳市】已签收", "areaName": "广东,深圳市"},
            {"ftime": "2026-03-02 20:00:00", "status": "在途", "context": "【广州市】已离开"},
        ],
    },
}  # fmt: skip


@tagged("post_install", "-at_install")
class TestCarrierPush(TrackingCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(
            patch.dict(os.environ, {"ECOM_SECRET_KEY": "a key for the tests of credentials"})
        )
        self.parcel = self._shipped("T-1", "43105082")
        self.parcel.numbers_from = "2026-03-01 00:00:00"

    def _account(self, plugin, **secrets):
        account = self.env["ecom.carrier.account"].create(
            {"name": plugin, "plugin": plugin, "company_id": self.company.id}
        )
        Field = self.env["ecom.carrier.account.field"]
        for name, value in secrets.items():
            line = account.field_ids.filtered(lambda f, name=name: f.name == name)
            line = line or Field.create({"account_id": account.id, "name": name})
            line.new_value = value
        self.env.flush_all()
        return account

    def _read(self):
        pushes = self.env["ecom.carrier.push"].search([("state", "=", "new")])
        pushes._read_news()
        return pushes

    def test_kuaidi100(self):
        account = self._account("kuaidi100", key="K", customer="C", salt="pepper")
        param = json.dumps(PUSH, ensure_ascii=False)
        path = f"/ecom/carrier/{account.push_token}"
        sign = hashlib.md5(f"{param}pepper".encode()).hexdigest().upper()
        bad = self.url_open(path, data={"param": param, "sign": "0" * 32})
        self.assertEqual(bad.status_code, 401)
        self.assertFalse(self.env["ecom.carrier.push"].search([("account_id", "=", account.id)]))
        for _index in range(3):
            answer = self.url_open(path, data={"param": param, "sign": sign})
            self.assertEqual(answer.status_code, 200)
            self.assertEqual(answer.json()["returnCode"], "200")
        pushes = self._read()
        self.assertEqual(len(pushes), 1, "the same news is stored once")
        self.assertEqual(pushes.state, "done")
        self.assertEqual(self.parcel.status, "delivered")
        self.assertEqual(str(self.parcel.delivered_at), "2026-03-03 01:00:00")
        self.assertEqual(self.parcel.place, "深圳市, CN")

    def test_easypost(self):
        account = self._account("easypost", webhook_secret="s3cret")
        tracker = {
            "object": "Tracker", "carrier": "FAST", "tracking_code": "43105082",
            "tracking_details": [{"datetime": "2026-03-02T10:00:00Z", "status": "out_for_delivery",
                                  "message": "Out", "tracking_location": {"city": "Bonn"}}],
        }  # fmt: skip
        body = json.dumps({"object": "Event", "result": tracker}).encode()
        path = f"/ecom/carrier/{account.push_token}"
        self.assertEqual(self.url_open(path, data=body).status_code, 401)
        digest = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
        answer = self.url_open(
            path,
            data=body,
            headers={
                "X-Hmac-Signature": f"hmac-sha256-hex={digest}",
                "Content-Type": "application/json",
            },
        )
        self.assertEqual(answer.status_code, 200)
        self._read()
        self.assertEqual(self.parcel.status, "out_for_delivery")

    def test_unknown_path(self):
        self.assertEqual(self.url_open("/ecom/carrier/nobody", data=b"x").status_code, 404)

    def test_unreadable_news_fails_alone(self):
        account = self._account("shippo")
        path = f"/ecom/carrier/{account.push_token}"
        headers = {"Content-Type": "application/json"}
        good = {"data": {"carrier": "fast", "tracking_number": "43105082",
                         "tracking_history": [{"status": "TRANSIT", "status_details": "Moves",
                                               "status_date": "2026-03-02T12:00:00Z"}]}}  # fmt: skip
        for body in (b"{", b'{"data": 5}', json.dumps(good).encode()):
            answer = self.url_open(path, data=body, headers=headers)
            self.assertEqual(answer.status_code, 200)
        pushes = self._read()
        self.assertEqual(sorted(pushes.mapped("state")), ["done", "done", "failed"])
        self.assertEqual(self.parcel.status, "in_transit")

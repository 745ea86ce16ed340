from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import ImportCase, csv_bytes, row

GROUPS = "ecom_order_mgmt.group_ecom_"


@tagged("post_install", "-at_install")
class TestImportAccess(ImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(cls.env, f"ecom_{name}", groups=f"base.group_user,{GROUPS}{name}")
            for name in ("viewer", "reviewer", "manager")
        }
        cls.stranger = new_test_user(cls.env, "ecom_stranger", groups="base.group_user")
        cls.content = csv_bytes([row("1"), row("", sku="X")])

    def test_who_may_import(self):
        for name in ("reviewer", "manager"):
            channel = self.file_channel.with_user(self.users[name])
            result = self._import(self.content, f"{name}.csv", channel=channel)
            self.assertEqual(result["state"], "done")
            record = self.env["ecom.import"].with_user(self.users[name]).browse(result["import_id"])
            record.read()
            record.reject_ids.read()
            record.mapping_id.line_ids.read()

    def test_who_may_not(self):
        for user in (self.users["viewer"], self.stranger):
            with self.assertRaises(AccessError):
                self._import(self.content, channel=self.file_channel.with_user(user))
            for model in ("", ".reject", ".mapping", ".mapping.line"):
                with self.assertRaises(AccessError):
                    self.env[f"ecom.import{model}"].with_user(user).search([])
        self.assertFalse(self._orders())

    def test_reviewer_may_not_delete_nor_forge(self):
        channel = self.file_channel.with_user(self.users["reviewer"])
        result = self._import(self.content, channel=channel)
        record = (
            self.env["ecom.import"].with_user(self.users["reviewer"]).browse(result["import_id"])
        )
        with self.assertRaises(AccessError):
            record.unlink()
        with self.assertRaises(AccessError):
            record.reject_ids.write({"reason": "all is well"})
        record.with_user(self.users["manager"]).unlink()

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self._create_channel(
            name="Foreign", connector="file", company_id=company.id, warehouse_id=False
        )
        record = self.env["ecom.import"].create({"channel_id": foreign.id})
        mapping = self.env["ecom.import.mapping"].create({"name": "F", "channel_id": foreign.id})
        reviewer = self.users["reviewer"]
        with self.assertRaises(AccessError):
            record.with_user(reviewer).read(["state"])
        with self.assertRaises(AccessError):
            mapping.with_user(reviewer).read(["name"])
        with self.assertRaises(AccessError):
            self._import(self.content, channel=foreign.with_user(reviewer))


@tagged("post_install", "-at_install")
class TestDownload(HttpCase, ImportCase):
    def test_download(self):
        content = csv_bytes([row("", sku="=cmd|' /C calc'!A0"), row("", quantity="-5")])
        record = self.env["ecom.import"].browse(self._import(content)["import_id"])
        url = f"/ecom/import/{record.id}/rejected.csv"
        new_test_user(self.env, "dl_viewer", password="dl_viewer!", groups=f"{GROUPS}viewer")
        new_test_user(self.env, "dl_reviewer", password="dl_reviewer!", groups=f"{GROUPS}reviewer")
        self.authenticate("dl_viewer", "dl_viewer!")
        self.assertEqual(self.url_open(url).status_code, 404)
        self.authenticate("dl_reviewer", "dl_reviewer!")
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        text = answer.content.decode("utf-8-sig")
        self.assertIn("'=cmd", text)
        self.assertNotIn(",=cmd", text)
        self.assertIn(",-5,", text)
        self.assertEqual(self.url_open("/ecom/import/0/rejected.csv").status_code, 404)

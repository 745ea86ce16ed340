import base64
import io
import zipfile
from datetime import timedelta

from freezegun import freeze_time
from reportlab.pdfgen import canvas

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools.pdf import PdfFileReader

from .test_labels import LabelCase


def page(text):
    """:return: a PDF of one page, A6"""
    buffer = io.BytesIO()
    pen = canvas.Canvas(buffer, pagesize=(298, 420))
    pen.drawString(20, 200, text)
    pen.save()
    return buffer.getvalue()


class PrintCase(LabelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ecom.label"].search([]).printed_at = fields.Datetime.now()
        cls.packer = new_test_user(cls.env, "e_print", groups="stock.group_stock_user")

    def _bought(self, name):
        shipment = self._packed(name)
        shipment.action_buy_label()
        self._work()
        return shipment.label_ids

    def _as_pdf(self, label):
        label.attachment_ids.write({"name": f"{label.key}.pdf", "raw": page(label.key)})


@tagged("post_install", "-at_install")
class TestPrinting(PrintCase):
    def test_queue(self):
        first, second = self._bought("P-1"), self._bought("P-2")
        Label = self.env["ecom.label"]
        self.assertEqual(Label.search([("to_print", "=", True)]), second | first)
        self.assertTrue(first.shipment_id.label_to_print)
        action = first.shipment_id.with_user(self.packer).action_print_label()
        self.assertEqual(action["url"], f"/ecom/labels?ids={first.id}")
        self.assertEqual(first.printed_by_id, self.packer)
        self.assertEqual(Label.search([("to_print", "=", True)]), second)
        self.assertIn(first, Label.search([("to_print", "=", False)]))
        action = Label.with_user(self.packer).action_print_all()
        self.assertEqual(action["url"], f"/ecom/labels?ids={second.id}")
        with self.assertRaisesRegex(UserError, "Everything is printed"):
            Label.with_user(self.packer).action_print_all()
        # Printed again: by the button, whoever tore the first one.
        self.assertIn(str(first.id), first.with_user(self.packer).action_print()["url"])

    def test_nothing_to_print(self):
        shipment = self._packed()
        shipment.action_buy_label()
        with self.assertRaises(UserError):
            shipment.action_print_label()

    def test_returns_and_voided_labels_are_not_printed(self):
        label = self._bought("P-1")
        label.action_void()
        self.assertFalse(label.to_print)
        label = self._bought("P-2")
        label.shipment_id.action_ship()
        label.shipment_id.action_buy_return_label()
        self._work()
        back = label.shipment_id.label_ids - label
        self.assertFalse(back.to_print)

    def test_one_file(self):
        labels = self._bought("P-1") | self._bought("P-2")
        name, data = labels._get_print_file()
        self.assertEqual((name, data.count(b"^XA"), data.count(b"^XZ")), ("labels.zpl", 2, 2))
        for label in labels:
            self._as_pdf(label)
        name, data = labels._get_print_file()
        pages = PdfFileReader(io.BytesIO(data)).pages
        self.assertEqual((name, len(pages)), ("labels.pdf", 2))
        self.assertEqual(int(pages[1].mediabox[2]), 298, "the carrier's size stays")
        third = self._bought("P-3")
        name, data = (labels | third)._get_print_file()
        self.assertEqual(name, "labels.zip")
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
        self.assertEqual(sorted(names), ["labels.pdf", "labels.zpl"])
        labels[0].attachment_ids.raw = b"no pdf at all"
        with self.assertRaisesRegex(UserError, "cannot be read"):
            labels._get_print_file()

    def test_agent(self):
        label = self._bought("P-1")
        Label = self.env["ecom.label"].with_user(self.packer)
        code = self.warehouse.code
        self.assertFalse(Label.fetch_print_jobs(code), "this warehouse prints by hand")
        self.warehouse.ecom_label_printing = "agent"
        (job,) = Label.fetch_print_jobs(code)
        self.assertEqual((job["id"], job["warehouse"]), (label.id, code))
        self.assertEqual(job["numbers"], [label.numbers])
        (document,) = job["documents"]
        self.assertEqual((document["kind"], document["format"]), ("label", "zpl"))
        self.assertIn(b"^XA", base64.b64decode(document["data"]))
        self.assertFalse(Label.fetch_print_jobs(code), "another agent has it")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=3)):
            self.assertEqual(len(Label.fetch_print_jobs(code)), 1, "the first one died")
            Label.browse(label.id).report_printed(error="out of paper")
            self.assertEqual(label.print_error, "out of paper")
            self.assertFalse(Label.fetch_print_jobs(code))
        with freeze_time(fields.Datetime.now() + timedelta(minutes=30)):
            self.assertFalse(Label.fetch_print_jobs("NONE"))
            self.assertEqual(len(Label.fetch_print_jobs(limit=1)), 1)
            Label.browse(label.id).report_printed()
        self.assertFalse(label.to_print)
        self.assertFalse(label.print_error)
        self.assertEqual(label.printed_by_id, self.packer)

    def test_access(self):
        label = self._bought("P-1")
        viewer = new_test_user(self.env, "e_print_v", groups="ecom_order_mgmt.group_ecom_viewer")
        for method in ("action_print", "report_printed"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(label.with_user(viewer), method)()
        with self.assertRaises(AccessError):
            self.env["ecom.label"].with_user(viewer).fetch_print_jobs()
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env, "e_print_o", groups="stock.group_stock_user",
            company_id=other.id, company_ids=[(6, 0, other.ids)],
        )  # fmt: skip
        self.warehouse.ecom_label_printing = "agent"
        self.assertFalse(self.env["ecom.label"].with_user(stranger).fetch_print_jobs())
        with self.assertRaises(AccessError):
            label.with_user(stranger).report_printed()


@tagged("post_install", "-at_install")
class TestPrintedFile(PrintCase, HttpCase):
    def test_file_and_strangers(self):
        label = self._bought("P-1")
        url = f"/ecom/labels?ids={label.id}"
        self.packer.password = "e_print_password"
        self.env.flush_all()
        answer = self.url_open(url, allow_redirects=False)
        self.assertNotEqual(answer.status_code, 200, "signed in users only")
        self.authenticate("e_print", "e_print_password")
        answer = self.url_open(url)
        self.assertIn(b"^XA", answer.content)
        self.assertIn("labels.zpl", answer.headers["Content-Disposition"])
        self.assertEqual(self.url_open("/ecom/labels?ids=0,x").status_code, 404)
        key = self.env["res.users.apikeys"].with_user(self.packer)._generate(
            "rpc", "agent", fields.Datetime.now() + timedelta(days=1)
        )
        self.warehouse.ecom_label_printing = "agent"
        self.env.flush_all()
        answer = self.url_open(
            "/json/2/ecom.label/fetch_print_jobs",
            json={"warehouse": self.warehouse.code},
            headers={"Authorization": f"Bearer {key}"},
        )
        self.assertEqual([job["id"] for job in answer.json()], [label.id])
        answer = self.url_open(
            "/json/2/ecom.label/report_printed",
            json={"ids": [label.id]},
            headers={"Authorization": f"Bearer {key}"},
        )
        self.assertEqual(answer.json(), True)
        label.invalidate_recordset()
        self.assertTrue(label.printed_at)

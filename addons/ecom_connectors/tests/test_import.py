import base64
import gzip
import json
from unittest.mock import patch

import psycopg2

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..controllers.main import EcomImportController, safe_cell
from ..tools.problems import FileProblem
from .common import ImportCase, csv_bytes, row

ROWS = [
    row("1001"),
    row("1002", email="b@example.com"),
    row("1001", sku="LAMP", name="Lamp", quantity="1", price="5.50"),
    row("1003", sku="NEW-1", name="Unknown thing", email="c@example.com"),
    row("1004", quantity="many", email="d@example.com"),
    row("", sku="MUG"),
]
OUTCOMES = ("created", "updated", "unchanged", "stale", "parked", "rejected")


def counts(result):
    return {outcome: result[outcome] for outcome in OUTCOMES if result[outcome]}


@tagged("post_install", "-at_install")
class TestImportFile(ImportCase):
    def test_small_file(self):
        result = self._import(csv_bytes(ROWS))
        self.assertEqual(result["state"], "done")
        self.assertEqual((result["rows"], result["orders"]), (6, 4))
        self.assertEqual(counts(result), {"created": 2, "parked": 2, "rejected": 1})
        self.assertEqual(
            [(error["row"], error["column"], error["code"]) for error in result["errors"]],
            [(6, "Quantity", "not_a_number"), (7, "Order Number", "no_order_number")],
        )
        orders = {order.external_id: order for order in self._orders()}
        self.assertEqual(sorted(orders), ["1001", "1002", "1003", "1004"])
        self.assertEqual(orders["1001"].amount_total, 25.5)
        self.assertEqual(orders["1001"].source, "file")
        self.assertEqual(orders["1003"].cause, "listing_unmapped")
        self.assertEqual(orders["1004"].cause, "invalid_document")
        self.assertIn("Row 6, Quantity", orders["1004"].cause_message)
        self.assertIn("many", orders["1004"].cause_message)
        record = self.env["ecom.import"].browse(result["import_id"])
        self.assertEqual(record.order_ids, self._orders())

    def test_twice_changes_nothing(self):
        self._import(csv_bytes(ROWS))
        self.file_channel.process_orders()
        before = self._orders().read(["digest", "version", "state", "sale_order_id"])
        result = self._import(csv_bytes(ROWS[:4]), "again.csv")
        self.assertEqual(counts(result), {"unchanged": 3})
        result = self._import(csv_bytes(sorted(ROWS, reverse=True)), "sorted.csv")
        self.assertEqual(counts(result), {"unchanged": 3, "parked": 1, "rejected": 1})
        self.file_channel.process_orders()
        self.assertEqual(
            self._orders().read(["digest", "version", "state", "sale_order_id"]), before
        )
        self.assertEqual(len(self.file_channel.import_mapping_ids), 1)

    def test_corrected_rows_go_on(self):
        """The download of what was wrong, corrected and sent again, brings the order in."""
        record = self.env["ecom.import"].browse(self._import(csv_bytes(ROWS))["import_id"])
        content = EcomImportController()._get_csv(record).decode("utf-8-sig")
        self.assertIn("This is not a number", content)
        self.assertEqual(len(content.splitlines()), 3)
        result = self._import(content.replace("many", "3").encode(), "corrected.csv")
        self.assertEqual(counts(result), {"updated": 1, "rejected": 1})
        order = self._orders().filtered(lambda o: o.external_id == "1004")
        self.assertEqual((order.state, order.amount_total), ("received", 30.0))

    def test_formats(self):
        documents = [
            {
                "external_id": f"J{i}",
                "placed_at": "2026-03-01T10:00:00Z",
                "currency": "EUR",
                "lines": [{"id": "1", "sku": "MUG", "quantity": 1, "unit_price": "10"}],
                "total": "10.00",
            }
            for i in range(3)
        ]
        documents.append({"external_id": "J3", "total": "x"})
        for name, content in (
            ("a.json", json.dumps(documents).encode()),
            ("b.json", json.dumps({"orders": documents}).encode()),
            ("c.jsonl", "\n".join(map(json.dumps, documents)).encode()),
            ("d.jsonl.gz", gzip.compress("\n".join(map(json.dumps, documents)).encode())),
        ):
            result = self._import(content, name)
            self.assertEqual((result["state"], result["orders"], result["parked"]), ("done", 4, 1))
        self.assertEqual(len(self._orders()), 4)
        result = self._import(gzip.compress(csv_bytes(ROWS[:1])), "e.csv.gz")
        self.assertEqual(counts(result), {"created": 1})

    def test_unreadable_files(self):
        for content, words in (
            (b"<html></html>", "web page"), (b"a,b\n1,2\n", "Order number"),
            (b'[{"external_id"', "not valid JSON"), (csv_bytes([]), "no rows"),
        ):  # fmt: skip
            result = self._import(content)
            self.assertEqual(result["state"], "failed", content)
            self.assertIn(words, result["message"])
        self.assertFalse(self._orders())

    def test_empty_table_that_was_read_before(self):
        """The file's rows are kept on disk between two tries: both say the same."""
        record = self.env["ecom.import"].browse(self._import(csv_bytes([]))["import_id"])
        for _try in range(2):
            record.write({"state": "running", "cursor": 0})
            with self.assertRaises(FileProblem):
                record._get_spool()

    def test_too_big(self):
        self.env["ir.config_parameter"].set_param("ecom_connectors.max_file_mb", "1")
        result = self._import(csv_bytes([row(name="x" * 100)] * 9000))
        self.assertEqual(result["state"], "failed")
        self.assertIn("1 MB", result["message"])

    def test_refunds(self):
        rows = [row("1001"), row("C-1", quantity="-1"), row("C-2", sku="LAMP", quantity="-1")]
        result = self._import(csv_bytes(rows))
        self.assertEqual(counts(result), {"created": 2, "parked": 1})
        refunds = self.env["ecom.refund"].search([("channel_id", "=", self.file_channel.id)])
        self.assertEqual(set(refunds.mapped("external_id")), {"C-1", "C-2"})
        record = self.env["ecom.import"].browse(result["import_id"])
        self.assertEqual(record.refund_link_count, 2)
        self.assertEqual(record.mapping_id.refund_prefix, "C")

    def test_table_on_a_channel_of_another_connector(self):
        result = self._import(csv_bytes(ROWS[:1]), channel=self.channel)
        self.assertEqual(counts(result), {"created": 1})


@tagged("post_install", "-at_install")
class TestSteps(ImportCase):
    def _upload(self, content, name="orders.csv", **vals):
        return self.env["ecom.import"].create(
            {
                "channel_id": self.file_channel.id,
                "file": base64.b64encode(content),
                "file_name": name,
                **vals,
            }
        )

    def test_check_writes_no_order(self):
        record = self._upload(csv_bytes(ROWS))
        self.assertEqual((record.state, record.file_kind), ("draft", "table"))
        lines = record.mapping_line_ids
        self.assertEqual(lines[0].field_key, "external_id")
        self.assertIn("1001", lines[0].sample)
        record.action_check()
        self.assertEqual(record.state, "ready")
        self.assertFalse(self._orders())
        self.assertEqual(record.summary["orders"], 3)
        self.assertEqual(record.summary["totals"], {"EUR": "65.5"})
        self.assertEqual((record.parked_count, record.rejected_count), (1, 1))
        self.assertEqual(record.problem_count, 2)
        self.assertIn("1001", record.preview_html)
        record.action_import()
        self.assertEqual((record.state, record.progress), ("done", 100))
        self.assertEqual(len(self._orders()), 4)
        self.assertEqual(record.problem_count, 2)

    def test_missing_column(self):
        record = self._upload(csv_bytes(ROWS))
        line = record.mapping_line_ids.filtered(lambda entry: entry.field_key == "line.quantity")
        line.field_key = False
        record.action_check()
        self.assertEqual(record.state, "draft")
        self.assertIn("Quantity", record.message)

    def test_layout_is_found_again(self):
        record = self._upload(csv_bytes(ROWS))
        record.mapping_line_ids = [
            (0, 0, {"field_key": "delivery_option", "constant": "express"}),
        ]
        again = self._upload(csv_bytes(ROWS), "other name.csv")
        self.assertEqual(again.mapping_id, record.mapping_id)
        other = self._upload(b"Bestellnummer;Menge;Preis;Datum;SKU\n1;1;2,50;01.03.2026;MUG\n")
        self.assertNotEqual(other.mapping_id, record.mapping_id)
        self.assertEqual(other.mapping_id.decimal_mark, ",")
        again.action_check()
        again.action_import()
        order = self._orders().filtered(lambda o: o.external_id == "1001")
        self.assertEqual(order.document["delivery_option"], "express")

    def test_layout_stays_while_the_import_runs(self):
        record = self._upload(csv_bytes([row(str(i)) for i in range(250)]))
        record.with_context(ecom_import_queue=True)._start()
        record._run_next()
        record.mapping_line_ids.field_key = False
        record._run_to_end()
        self.assertEqual((record.state, record.created_count), ("done", 250))

    def test_chunks_in_the_background(self):
        record = self._upload(csv_bytes([row(str(i)) for i in range(250)]))
        with self.enter_registry_test_mode():
            record.with_context(ecom_import_queue=True)._start()
        self.assertEqual(record.state, "running")
        record._run_next()
        self.assertEqual((record.cursor, record.created_count), (100, 100))
        self.assertEqual(record.progress, 40)
        self.assertTrue(record.remaining_text)
        # The spool is lost, as on another machine: it is made again.
        record._drop_spool()
        self.env["ecom.import.stop"].create({"import_id": record.id})
        record._run_next()
        self.assertEqual((record.state, record.cursor), ("cancelled", 100))
        record.with_context(ecom_import_queue=True).action_continue()
        record.action_cancel()
        self.assertEqual(record.state, "cancelled")
        self.assertIsNone(record._run_next())
        record.with_context(ecom_import_queue=True).action_continue()
        self.env["ecom.import"]._cron_run()
        self.assertEqual((record.state, record.created_count), ("done", 250))
        self.assertEqual(len(self._orders()), 250)

    def test_place_and_orders_are_one_transaction(self):
        """A chunk that fails leaves neither orders nor a place; the next run does it once."""
        record = self._upload(csv_bytes([row(str(i)) for i in range(150)]))
        record.with_context(ecom_import_queue=True)._start()
        record._run_next()
        Channel = type(self.env["ecom.channel"])
        ingest = Channel._ingest

        def dying(channel, documents, source="api"):
            ingest(channel, documents, source=source)
            raise psycopg2.errors.SerializationFailure("concurrent")

        with (
            patch.object(Channel, "_ingest", dying),
            self.assertRaises(psycopg2.Error),
            self.env.cr.savepoint(),
        ):
            record._run_next()
        self.env.invalidate_all()
        self.assertEqual((record.cursor, len(self._orders())), (100, 100))
        record._run_to_end()
        self.assertEqual((record.state, len(self._orders())), ("done", 150))

    def test_large_files_wait_for_the_timer(self):
        self.env["ir.config_parameter"].set_param("ecom_connectors.inline_rows", "10")
        result = self._import(csv_bytes([row(str(i)) for i in range(50)]))
        self.assertEqual((result["state"], result["created"]), ("running", 0))
        with self.enter_registry_test_mode():
            self.env.ref("ecom_connectors.ir_cron_import").method_direct_trigger()
        record = self.env["ecom.import"].browse(result["import_id"])
        self.assertEqual((record.state, record.created_count), ("done", 50))

    def test_refusals(self):
        record = self._upload(csv_bytes(ROWS))
        with self.assertRaises(UserError):
            record.action_import()
        record.action_check()
        record.action_back()
        self.assertEqual(record.state, "draft")
        record.with_context(ecom_import_queue=True)._start()
        with self.assertRaises(UserError):
            record.file = b"YSxi"
        with self.assertRaises(UserError):
            record.unlink()
        with self.assertRaises(UserError):
            self.env["ecom.import"].create({"channel_id": self.file_channel.id}).action_check()
        with self.assertRaises(ValidationError):
            record.mapping_id.services = "POST is shipping"

    def test_safe_cells(self):
        for text in ("=1+1", "+cmd", "-x", "@SUM(A1)", "\tx"):
            self.assertEqual(safe_cell(text), "'" + text)
        for text in ("-5", "+3.50", "-1.234,50", "a=b", "", None):
            self.assertEqual(safe_cell(text), text or "")

    def test_texts_in_the_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env.user.lang = "zh_CN"
        result = self._import(csv_bytes(ROWS), channel=self.file_channel.with_context(lang="zh_CN"))
        reasons = [error["reason"] for error in result["errors"]]
        self.assertIn("这不是一个数字。", reasons)

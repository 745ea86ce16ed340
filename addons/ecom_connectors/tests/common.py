# Helpers named as on files (read, write) are no methods of a model; the default rows are only read.
# pylint: disable=dangerous-default-value,method-required-super,except-pass
"""Files and layouts for the tests of file imports."""

import base64
import csv
import gzip
import io
import os
import shutil
import tempfile
import unittest
from pathlib import Path

from odoo.tests import BaseCase

from odoo.addons.ecom_order_mgmt.tests.common import EcomCase

from ..tools import columns, documents, headers, tabular

ROOT = Path(__file__).resolve().parents[3]

HEADER = ["Order Number", "Order Date", "SKU", "Product", "Quantity", "Unit Price", "E-Mail"]
SPEC = {
    "columns": headers.propose(HEADER),
    "constants": {"currency": "EUR"},
    "options": {"refund_prefix": "R-"},
}


def shared(part):
    """Path of a data set; skips the test where there is none.

    ``ECOM_SHARED`` names the folder, by default ``shared`` beside the project.
    """
    folder = Path(os.environ.get("ECOM_SHARED") or ROOT.parent / "shared")
    path = folder / part
    if not path.exists():
        raise unittest.SkipTest(f"no test data: there is no {path} (ECOM_SHARED)")
    return path


def csv_bytes(rows, header=HEADER, delimiter=",", encoding="utf-8"):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def row(number="1", date="2026-03-01 10:00", sku="MUG", name="Mug", quantity="2", price="10.00",
        email="a@example.com"):  # fmt: skip
    return [number, date, sku, name, quantity, price, email]


def build(rows, spec=SPEC, header=HEADER, key="1", **options):
    """Documents of one order number."""
    spec = columns.complete({**spec, "options": {**spec["options"], **options}})
    builder = documents.Builder(spec, header)
    return builder.build(key, list(enumerate(rows, start=2)))


class FileCase(BaseCase):
    """A folder for files that goes away."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, content, name="orders.csv", packed=False):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as stream:
            stream.write(gzip.compress(content) if packed else content)
        return path

    def table(self, content, name="orders.csv", **options):
        return tabular.open_table(
            self.write(content, name), name, known=headers.field_of, **options
        )

    def assertProblem(self, code, function, *args, **kwargs):
        with self.assertRaises(Exception) as caught:
            function(*args, **kwargs)
        error = caught.exception
        self.assertEqual(getattr(error, "problem", error).code, code)
        return error


class ImportCase(EcomCase):
    """A channel that reads files."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.file_channel = cls._create_channel(
            name="File Shop", connector="file", currency_id=cls.eur.id, tz="Europe/Berlin"
        )

    def _import(self, content, name="orders.csv", channel=None):
        channel = channel or self.file_channel
        return channel.import_file(name, base64.b64encode(content).decode())

    def _orders(self):
        return self.env["ecom.order"].search([("channel_id", "=", self.file_channel.id)])

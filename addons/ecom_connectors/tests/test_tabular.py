# Helpers named as on files (read, write) are no methods of a model; the default rows are only read.
# pylint: disable=dangerous-default-value,method-required-super,except-pass
import codecs
import gzip
import io
import json
import os
from datetime import datetime

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from ..tools import headers, json_stream, tabular
from ..tools.problems import MESSAGES, FileProblem
from .common import HEADER, FileCase, csv_bytes, row

CHINESE = ["订单编号", "下单时间", "商品编码", "商品名称", "数量", "单价", "收货地址"]
CHINESE_ROW = [
    "A1",
    "2026-03-01 10:00",
    "杯-01",
    "陶瓷马克杯，蓝色",
    "2",
    "39.90",
    "上海市浦东新区世纪大道1号",
]
GERMAN = [
    "Bestellnummer",
    "Bestelldatum",
    "Artikelnummer",
    "Bezeichnung",
    "Menge",
    "Einzelpreis",
    "Straße",
]


@tagged("post_install", "-at_install")
class TestEncoding(FileCase):
    def read(self, content, **options):
        table = self.table(content, **options)
        return table, [cells for _row, cells in table.rows()]

    def test_encodings(self):
        text = ",".join(CHINESE) + "\n" + ",".join(CHINESE_ROW) + "\n"
        for encoding, expected in (
            ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030"),
            ("gbk", "gb18030"), ("utf-16", "utf-16"),
        ):  # fmt: skip
            table, rows = self.read(text.encode(encoding))
            self.assertEqual(table.encoding, expected)
            self.assertEqual(table.header, CHINESE)
            self.assertEqual(rows, [CHINESE_ROW])

    def test_western(self):
        """Much of Latin-1 is valid GB18030 too; it must not become Chinese."""
        lines = [";".join(GERMAN), "7;01.03.2026;Ü-1;Größe für Käufer: Müller;1;5,00;Königstraße 3"]
        for encoding in ("latin-1", "cp1252"):
            table, rows = self.read("\n".join(lines).encode(encoding))
            self.assertEqual(table.encoding, "cp1252")
            self.assertEqual(table.header, GERMAN)
            self.assertEqual(rows[0][3], "Größe für Käufer: Müller")
        _table, rows = self.read("Order,Name\n1,Preis 5 €\n".encode("cp1252"))
        self.assertEqual(rows[0][1], "Preis 5 €")

    def test_bytes_late_in_the_file(self):
        """What decides may come long after the first chunk."""
        body = csv_bytes([row(number=str(i)) for i in range(12000)], encoding="gb18030")
        body += (
            ",".join(["9", "2026-03-01", "X", "中文名称", "1", "1", ""]).encode("gb18030") + b"\n"
        )
        table, rows = self.read(body)
        self.assertEqual(table.encoding, "gb18030")
        self.assertEqual(rows[-1][3], "中文名称")

    def test_emoji_and_split_characters(self):
        names = ["🎁 mug " + "é" * (i % 7) for i in range(9000)]
        _table, rows = self.read(csv_bytes([row(name=name) for name in names]))
        self.assertEqual([cells[3] for cells in rows], [name.strip() for name in names])

    def test_chosen_encoding_that_does_not_fit(self):
        self.assertProblem(
            "encoding", self.table, "Order,Name\n1,für\n".encode("latin-1"), encoding="utf-8"
        )


@tagged("post_install", "-at_install")
class TestDelimiter(FileCase):
    def test_delimiters(self):
        rows = [row(name="Mug, blue; large | tall", price="1,50"), row(name="two\nlines")]
        for delimiter in tabular.DELIMITERS:
            table = self.table(csv_bytes(rows, delimiter=delimiter))
            self.assertEqual(table.delimiter, delimiter)
            self.assertEqual(table.header, HEADER)
            self.assertEqual([cells for _row, cells in table.rows()], rows)

    def test_decimal_comma_is_no_delimiter(self):
        content = "Bestellnummer;Menge;Preis\n" + "".join(f"{i};1;{i},50\n" for i in range(40))
        self.assertEqual(self.table(content.encode()).delimiter, ";")

    def test_excel_hint(self):
        table = self.table(b"sep=;\nOrder;SKU;Quantity\n1;A;2\n")
        self.assertEqual(table.header, ["Order", "SKU", "Quantity"])
        self.assertEqual(list(table.rows()), [(3, ["1", "A", "2"])])

    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
    @given(
        st.lists(
            st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8),
                     min_size=7, max_size=7),
            min_size=1, max_size=12,
        ),
        st.sampled_from(tabular.DELIMITERS),
    )  # fmt: skip
    def test_any_cells_come_back(self, cells, delimiter):
        expected = [[c.strip() for c in line] for line in cells]
        path = self.write(csv_bytes(cells, delimiter=delimiter))
        table = tabular.open_table(path, known=headers.field_of, delimiter=delimiter)
        self.assertEqual(
            [line for _row, line in table.rows()], [line for line in expected if any(line)]
        )


@tagged("post_install", "-at_install")
class TestShape(FileCase):
    def test_header_below_titles(self):
        content = b"Orders of March\n\n# exported 2026\n" + csv_bytes([row()])
        table = self.table(content)
        self.assertEqual((table.header, table.header_row), (HEADER, 4))
        self.assertEqual([number for number, _cells in table.rows()], [5])

    def test_unknown_header_is_first_full_row(self):
        table = self.table(b"report\nfoo,bar,baz\n1,2,3\n")
        self.assertEqual(table.header, ["foo", "bar", "baz"])

    def test_double_and_empty_headers(self):
        table = self.table(b"Order,Name,Name,\n1,a,b,c\n")
        self.assertEqual(table.header, ["Order", "Name", "Name (2)"])

    def test_short_long_and_empty_rows(self):
        table = self.table(b"Order,SKU,Quantity\n1,A\n\n,,\n2,B,1,\n3,C,1,x\n")
        self.assertEqual(
            list(table.rows()),
            [(2, ["1", "A", ""]), (5, ["2", "B", "1"]), (6, ["3", "C", "1", "x"])],
        )

    def test_open_quotation_mark(self):
        content = csv_bytes([row() for _ in range(3)]) + b'4,2026-03-01,"A,1,1\n' + b"5,,,,\n" * 9
        self.assertProblem("open_quote", lambda: list(self.table(content).rows()))
        content += b"6,,,,,,,\n" * 40000
        self.assertProblem("open_quote", lambda: list(self.table(content).rows()))

    def test_packed(self):
        content = csv_bytes([row()])
        path = self.write(content, "orders.csv.gz", packed=True)
        table = tabular.open_table(path, "orders.csv.gz", known=headers.field_of)
        self.assertEqual(len(list(table.rows())), 1)
        damaged = self.write(gzip.compress(os.urandom(90000))[:-2000], "x.gz")
        with self.assertRaises(FileProblem):
            tabular.open_table(damaged)

    def test_bomb(self):
        path = self.write(b"a,b\n" + b"1,2\n" * 500000, "bomb.csv.gz", packed=True)
        limits = tabular.Limits(unpacked=tabular.MEGABYTE)
        self.assertProblem("too_big", tabular.open_table, path, limits=limits)

    def test_no_tables(self):
        for content, code in (
            (b"", "empty"),
            (b"\n\n\n", "empty"),
            (b"<html><table><tr><td>1</td></tr></table>", "html"),
            (b"%PDF-1.7 ...", "binary"),
            (b"a,b\n\x00\x01\x02,1\n", "binary"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old_excel"),
        ):
            self.assertProblem(code, self.table, content)
        too_wide = ",".join(f"c{i}" for i in range(500)) + "\n"
        self.assertProblem("too_many_columns", self.table, too_wide.encode())

    def test_every_problem_has_a_text(self):
        for code in MESSAGES:
            self.assertNotIn("%%", MESSAGES[code])
        self.assertIn("512", FileProblem("too_big", limit=512).problem.text())


@tagged("post_install", "-at_install")
class TestExcel(FileCase):
    def workbook(self, rows, header=HEADER, formats=(), hidden=False):
        book = openpyxl.Workbook()
        if hidden:
            book.active.title = "Notes"
            book.active.sheet_state = "hidden"
            book.active.append(["nothing here"])
            sheet = book.create_sheet("Orders")
        else:
            sheet = book.active
        sheet.append(header)
        for values in rows:
            sheet.append(values)
        for cell, form in formats:
            sheet[cell].number_format = form
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def test_cells(self):
        rows = [
            [536365, datetime(2026, 3, 1, 10, 30), "00123", "Mug", 2, 0.1 + 0.2, None],
            ["A-2", "2026-03-02", 123, True, 2.5, 7, "x"],
        ]
        content = self.workbook(rows, formats=[("C3", "00000")])
        table = self.table(content, "orders.xlsx")
        self.assertEqual(table.kind, "xlsx")
        self.assertEqual(
            [cells for _row, cells in table.rows()],
            [
                ["536365", "2026-03-01 10:30:00", "00123", "Mug", "2", "0.3", ""],
                ["A-2", "2026-03-02", "00123", "true", "2.5", "7", "x"],
            ],
        )

    def test_first_visible_sheet_and_a_named_one(self):
        content = self.workbook([row()], hidden=True)
        self.assertEqual(self.table(content, "o.xlsx").sheet, "Orders")
        self.assertEqual(self.table(content, "o.xlsx", sheet="Notes").header, ["nothing here"])
        self.assertProblem("no_sheet", self.table, content, "o.xlsx", sheet="Nope")

    def test_damaged(self):
        content = self.workbook([row()])
        self.assertProblem("damaged", self.table, content[:-400], "o.xlsx")
        limits = tabular.Limits(unpacked=100)
        self.assertProblem("too_big", tabular.open_table, self.write(content), limits=limits)


@tagged("post_install", "-at_install")
class TestJson(FileCase):
    def documents(self, content, **limits):
        path = self.write(content, "orders.json")
        return list(json_stream.documents(path, tabular.Limits(**limits)))

    def test_shapes(self):
        docs = [{"external_id": str(i), "total": 1.10, "name": "中\n文"} for i in range(3000)]
        expected = [(i + 1, {**doc, "total": "1.1"}) for i, doc in enumerate(docs)]
        for content in (
            json.dumps(docs),
            json.dumps(docs, ensure_ascii=False, indent=1),
            json.dumps({"version": {"a": [1]}, "orders": docs}),
            "\n".join(json.dumps(doc) for doc in docs) + "\n\n",
        ):
            self.assertEqual(self.documents(content.encode()), expected)
        self.assertEqual(self.documents(codecs.BOM_UTF8 + json.dumps(docs).encode()), expected)
        self.assertEqual(self.documents(b"[]"), [])

    def test_one_document(self):
        self.assertEqual(
            self.documents(b'{"external_id": "1", "lines": []}')[0][1]["external_id"], "1"
        )

    def test_errors(self):
        for content, code in (
            (b"", "empty"), (b"  ", "empty"), (b"12", "json_shape"), (b"[{}, 3]", "json_document"),
            (b'[{"a": }]', "json_syntax"), (b'[{"a": 1}', "json_syntax"),
            (b'[{"a": NaN}]', "json_syntax"), (b"[" * 100000, "json_syntax"),
            (b'{"a": 1}\n{"b": 2\n', "json_syntax"),
        ):  # fmt: skip
            self.assertProblem(code, self.documents, content)
        big = json.dumps([{"a": "x" * 300000}]).encode()
        self.assertProblem("json_too_big", self.documents, big, document=100000)

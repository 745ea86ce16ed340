# Helpers named as on files (read, write) are no methods of a model; the default rows are only read.
# pylint: disable=dangerous-default-value,method-required-super,except-pass
import contextlib
from datetime import datetime, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.problems import ValueProblem
from ..tools.values import (
    clean_id,
    date_order,
    money,
    parse_number,
    parse_time,
    plain,
    sample_mark,
)


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


@tagged("post_install", "-at_install")
class TestNumbers(BaseCase):
    def check(self, text, expected, mark="auto"):
        self.assertEqual(parse_number(text, mark), Decimal(expected), text)

    def test_usual(self):
        for text, expected in (
            ("12", "12"), ("12.5", "12.5"), ("12,5", "12.5"), ("-3", "-3"), ("+3", "3"),
            ("1.234,50", "1234.5"), ("1,234.50", "1234.5"), ("1,234,567", "1234567"),
            ("1.234.567", "1234567"), ("1 234,50", "1234.5"), ("1\u00a0234.50", "1234.5"),
            ("1'234.50", "1234.5"), ("€ 12.50", "12.5"), ("12,50 €", "12.5"), ("USD 3", "3"),
            ("¥128", "128"), ("128元", "128"), ("(5.00)", "-5"), ("5.00-", "-5"), ("−5", "-5"),
            ("１２．５", "12.5"), (".5", "0.5"), ("0,125", "0.125"), ("1E3", "1000"),
        ):  # fmt: skip
            self.check(text, expected)

    def test_mark_given(self):
        self.check("1,234", "1.234", ",")
        self.check("1,234", "1234", ".")
        self.check("1.234", "1234", ",")
        self.check("1.234", "1.234", ".")

    def test_never_guessed(self):
        with self.assertRaises(ValueProblem) as caught:
            parse_number("1,234")
        self.assertEqual(caught.exception.code, "ambiguous_number")

    def test_refused(self):
        for text in ("", "-", "abc", "12a", "1.2.3,4,5", "12,34,5.00", "NaN", "Infinity", "#N/A",
                     "1e9999", "12 3x", "--5", "1,2345.00"):  # fmt: skip
            with self.assertRaises(ValueProblem, msg=text):
                parse_number(text)
        with self.assertRaises(ValueProblem):
            parse_number("9" * 20)

    @given(st.decimals(-(10**9), 10**9, places=4))
    def test_written_and_read(self, number):
        self.assertEqual(parse_number(plain(number)), number)
        german = f"{number:,.4f}".translate(str.maketrans(",.", ".,"))
        self.assertEqual(parse_number(german, ","), number)
        self.assertEqual(parse_number(f"{number:,.4f}", "."), number)

    @given(st.text(max_size=12))
    def test_any_text_is_a_number_or_a_problem(self, text):
        with contextlib.suppress(ValueProblem):
            self.assertTrue(parse_number(text).is_finite())

    def test_mark_of_a_column(self):
        self.assertEqual(sample_mark(["1,50", "2,00", "1.234,00"]), ",")
        self.assertEqual(sample_mark(["1.50", "2", "1,234.00"]), ".")
        self.assertEqual(sample_mark(["1", "1,234"]), "auto")
        self.assertEqual(sample_mark(["1,50", "1.50"]), "auto")

    def test_money(self):
        self.assertEqual(money(Decimal("1.005")), "1.01")
        self.assertEqual(money(Decimal("-0.001")), "0.00")
        self.assertEqual(money(Decimal("10"), 0), "10")


@tagged("post_install", "-at_install")
class TestTimes(BaseCase):
    def read(self, text, **options):
        return parse_time(text, **options)[0]

    def test_forms(self):
        noon = utc(2026, 3, 4, 12, 30)
        for text in ("2026-03-04 12:30", "2026-03-04T12:30:00Z", "2026/3/4 12:30:00",
                     "2026年3月4日 12:30", "2026-03-04T20:30:00+08:00", "20260304123000",
                     "04.03.2026 12:30", "4.3.26 12:30", "Wed, 04 Mar 2026 12:30:00 +0000",
                     "4 March 2026 12:30", "1772627400", "1772627400000",
                     "2026-03-04 12:30:00.000"):  # fmt: skip
            self.assertEqual(self.read(text), noon, text)
        self.assertEqual(self.read("3/4/2026 12:30 PM", order="mdy"), noon)
        self.assertEqual(self.read("4/3/2026 12:30", order="dmy"), noon)
        self.assertEqual(self.read("12/31/2026"), utc(2026, 12, 31))
        self.assertEqual(self.read("31-12-2026"), utc(2026, 12, 31))
        self.assertEqual(self.read("04|Mar|26", formats=["%d|%b|%y"]), utc(2026, 3, 4))

    def test_empty(self):
        for text in ("", " ", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z"):
            self.assertIsNone(self.read(text))

    def test_never_guessed(self):
        with self.assertRaises(ValueProblem) as caught:
            parse_time("03/04/2026")
        self.assertEqual(caught.exception.code, "ambiguous_date")
        for text in ("2026-02-30", "31.13.2026", "yesterday", "12", "2026-03-04 25:00", "1.5"):
            with self.assertRaises(ValueProblem, msg=text):
                parse_time(text)

    def test_clocks_change(self):
        """Berlin: on 25 October 2026 02:30 comes twice, on 29 March 02:30 never."""
        moment, note = parse_time("2026-10-25 02:30", tz="Europe/Berlin")
        self.assertEqual((moment, note), (utc(2026, 10, 25, 0, 30), "time_twice"))
        moment, note = parse_time("2026-03-29 02:30", tz="Europe/Berlin")
        self.assertEqual((moment, note), (utc(2026, 3, 29, 1, 30), "time_never"))
        moment, note = parse_time("2026-10-25 03:00", tz="Europe/Berlin")
        self.assertEqual((moment, note), (utc(2026, 10, 25, 2, 0), None))
        self.assertEqual(self.read("2026-07-01 12:00", tz="Asia/Shanghai"), utc(2026, 7, 1, 4))

    def test_order_of_a_column(self):
        self.assertEqual(date_order(["01/02/2026", "13/02/2026"]), "dmy")
        self.assertEqual(date_order(["01/02/2026", "02/13/2026"]), "mdy")
        self.assertEqual(date_order(["01/02/2026"]), "auto")
        self.assertEqual(date_order(["13/02/2026", "02/13/2026"]), "auto")

    @given(st.text(max_size=20))
    def test_any_text_is_a_time_or_a_problem(self, text):
        try:
            moment, _note = parse_time(text)
            self.assertTrue(moment is None or moment.tzinfo)
        except ValueProblem:
            pass


@tagged("post_install", "-at_install")
class TestIds(BaseCase):
    def test_ids(self):
        self.assertEqual(clean_id(" 007 "), "007")
        self.assertEqual(clean_id("17850.0"), "17850")
        self.assertEqual(clean_id("12.50"), "12.50")
        self.assertEqual(clean_id("'=1+1"), "=1+1")
        with self.assertRaises(ValueProblem):
            clean_id("1.21146E+18")

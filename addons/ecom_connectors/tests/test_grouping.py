import os
import random
import tracemalloc
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from ..tools import grouping
from .common import FileCase


@tagged("post_install", "-at_install")
class TestGrouping(FileCase):
    def spool(self, items, key_of=0, name="s.sqlite"):
        return grouping.build(os.path.join(self.folder, name), items, key_of, "source")

    def test_scattered_rows(self):
        items = [(2, ["B", "1"]), (3, ["A", "1"]), (4, ["B", "2"]), (5, ["", "x"]), (6, ["A", "2"])]
        spool = self.spool(items)
        self.assertEqual((spool.row_count, spool.order_count, spool.reject_count), (5, 2, 1))
        self.assertEqual(
            list(spool.orders()),
            [
                (0, "B", [(2, ["B", "1"]), (4, ["B", "2"])]),
                (1, "A", [(3, ["A", "1"]), (6, ["A", "2"])]),
            ],
        )
        self.assertEqual(list(spool.rejects()), [(5, "no_order_number", ["", "x"])])

    def test_mangled_number_is_no_order(self):
        spool = self.spool([(2, ["1.21146E+18", "x"]), (3, ["17850.0", "y"])])
        self.assertEqual([code for _row, code, _cells in spool.rejects()], ["spreadsheet_number"])
        self.assertEqual([key for _seq, key, _rows in spool.orders()], ["17850"])

    @settings(deadline=None, max_examples=50)
    @given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 7))
    def test_any_mixture_in_any_steps(self, keys, step):
        items = [(number, [f"K{key}", str(number)]) for number, key in enumerate(keys)]
        spool = self.spool(items)
        expected = {}
        for number, cells in items:
            expected.setdefault(cells[0], []).append((number, cells))
        found, position = {}, 0
        while position < spool.order_count:
            for seq, key, rows in spool.orders(position, step):
                self.assertEqual(seq, len(found))
                found[key] = rows
            position += step
        self.assertEqual(list(found.items()), list(expected.items()))

    def test_more_orders_than_the_cache_holds(self):
        keys = [f"K{i}" for i in range(grouping._CACHE + 50)] * 2
        random.Random(1).shuffle(keys)
        spool = self.spool((i, [key]) for i, key in enumerate(keys))
        self.assertEqual(spool.order_count, len(set(keys)))
        self.assertTrue(all(len(rows) == 2 for _seq, _key, rows in spool.orders()))

    def test_memory_stays_flat(self):
        def items(count):
            return ((i, [f"K{i // 3}", "x" * 100]) for i in range(count))

        peaks = []
        for count in (10000, 40000):
            tracemalloc.start()
            with patch.object(grouping, "_CACHE", 1000):
                self.spool(items(count), name=f"{count}.sqlite")
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        self.assertLess(peaks[1], 1.2 * peaks[0])

    def test_unfinished_spool_is_none(self):
        path = os.path.join(self.folder, "s.sqlite")

        def broken():
            yield 1, ["A"]
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            grouping.build(path, broken(), 0, "source")
        self.assertFalse(grouping.is_made_from(path, "source"))
        self.assertEqual(os.listdir(self.folder), [])
        self.spool([(1, ["A"])])
        self.assertTrue(grouping.is_made_from(path, "source"))
        self.assertFalse(grouping.is_made_from(path, "another"))

    def test_filled_down(self):
        rows = [(1, ["A", "1"]), (2, ["", "2"]), (3, ["B", "3"]), (4, ["", "4"])]
        self.assertEqual(
            [cells[0] for _row, cells in grouping.filled_down(iter(rows), 0)], ["A", "A", "B", "B"]
        )

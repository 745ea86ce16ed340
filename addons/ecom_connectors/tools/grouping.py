"""Rows of a file, grouped by order, in a temporary sqlite3 file.

The rows of an order need not stand together, and a file may hold more than a memory does. So the
file is read once into a spool, and the orders are then taken from it in the order of their first
appearance, from any position on. The spool can be thrown away at any time: made again from the
same file it is the same.
"""

import json
import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager

from .problems import ValueProblem
from .values import clean_id

VERSION = 2
_BATCH = 5000
_CACHE = 20000

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE orders (seq INTEGER PRIMARY KEY, key TEXT UNIQUE);
CREATE TABLE cells (seq INTEGER, row INTEGER, data TEXT, PRIMARY KEY (seq, row)) WITHOUT ROWID;
CREATE TABLE rejects (row INTEGER PRIMARY KEY, code TEXT, data TEXT);
"""


def build(path, items, key_of=None, source=None):
    """Fill a spool; it appears at `path` only when it is complete.

    :param items: (row number, cells) of a table, or (number, document) of a JSON file
    :param key_of: index of the column with the order number; None: every item is an order
    :param source: text that tells what the spool was made from; :func:`is_made_from` compares it
    :return: Spool
    """
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".part")
    os.close(handle)
    try:
        with closing(sqlite3.connect(temporary)) as database:
            # Nothing to recover: a spool that was not finished is made again.
            database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
            _fill(database, items, key_of)
            database.executemany(
                "INSERT INTO meta VALUES (?, ?)",
                [("source", source or ""), ("version", str(VERSION))],
            )
            database.commit()
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return Spool(path)


def _fill(database, items, key_of):
    known, cells, rejects, rows = {}, [], [], 0
    next_seq = 0
    for row, data in items:
        rows += 1
        if key_of is None:
            seq, next_seq = next_seq, next_seq + 1
            database.execute("INSERT INTO orders VALUES (?, NULL)", (seq,))
        else:
            try:
                key = clean_id(data[key_of])
                code = None if key else "no_order_number"
            except ValueProblem as problem:
                key, code = None, problem.code
            if not key:
                rejects.append((row, code, _dumps(data)))
                continue
            seq = known.get(key)
            if seq is None:
                seq, next_seq = _sequence_of(database, key, next_seq)
                if len(known) >= _CACHE:
                    known.clear()
                known[key] = seq
        cells.append((seq, row, _dumps(data)))
        if len(cells) >= _BATCH:
            _flush(database, cells, rejects)
    _flush(database, cells, rejects)
    database.executemany(
        "INSERT INTO meta VALUES (?, ?)", [("rows", str(rows)), ("orders", str(next_seq))]
    )


def _sequence_of(database, key, next_seq):
    """(sequence of the order, next free one)"""
    found = database.execute("SELECT seq FROM orders WHERE key = ?", (key,)).fetchone()
    if found:
        return found[0], next_seq
    database.execute("INSERT INTO orders VALUES (?, ?)", (next_seq, key))
    return next_seq, next_seq + 1


def _flush(database, cells, rejects):
    database.executemany("INSERT INTO cells VALUES (?, ?, ?)", cells)
    database.executemany("INSERT INTO rejects VALUES (?, ?, ?)", rejects)
    cells.clear()
    rejects.clear()


def _dumps(data):
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def is_made_from(path, source):
    """Whether a complete spool of exactly this source lies at `path`."""
    if not os.path.exists(path):
        return False
    try:
        spool = Spool(path)
        return spool.meta("source") == source and spool.meta("version") == str(VERSION)
    except sqlite3.DatabaseError:
        return False


class Spool:
    """A finished spool: numbers of it, and its orders from any position on."""

    def __init__(self, path):
        self.path = path

    @contextmanager
    def _open(self):
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as database:
            yield database

    def meta(self, name):
        with self._open() as database:
            found = database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return found and found[0]

    @property
    def row_count(self):
        return int(self.meta("rows"))

    @property
    def order_count(self):
        return int(self.meta("orders"))

    def orders(self, start=0, limit=None):
        """(position, key, [(row number, data), ...]) of each order from position `start` on.

        `key` is the order number as it stands in the file, None for documents.
        """
        end = start + limit if limit is not None else 1 << 60
        with self._open() as database:
            seq = key = None
            group = []
            for found, order_key, row, data in database.execute(
                "SELECT c.seq, o.key, c.row, c.data FROM cells c JOIN orders o ON o.seq = c.seq "
                "WHERE c.seq >= ? AND c.seq < ? ORDER BY c.seq, c.row",
                (start, end),
            ):
                if found != seq:
                    if group:
                        yield seq, key, group
                    seq, key, group = found, order_key, []
                group.append((row, json.loads(data)))
            if group:
                yield seq, key, group

    def rejects(self, limit=None):
        """(row number, code of the problem, cells) of the rows that belong to no order."""
        with self._open() as database:
            for row, code, data in database.execute(
                "SELECT row, code, data FROM rejects ORDER BY row LIMIT ?",
                (-1 if limit is None else limit,),
            ):
                yield row, code, json.loads(data)

    @property
    def reject_count(self):
        with self._open() as database:
            return database.execute("SELECT count(*) FROM rejects").fetchone()[0]


def filled_down(rows, index):
    """Rows in which an empty cell of column `index` takes the value of the row above."""
    last = ""
    for row, cells in rows:
        if cells[index]:
            last = cells[index]
        else:
            cells[index] = last
        yield row, cells

"""Open a table of any of the usual kinds as a stream of rows of text.

csv, tsv and txt in any usual encoding and delimiter, the same gzipped, and xlsx. The kind is
found by content, never by name. Memory stays flat whatever the size of the file; only the strings
of a workbook are kept while it is read (openpyxl does so), which the size limit bounds.
"""

import codecs
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import xlsx
from .problems import FileProblem

MEGABYTE = 1 << 20
CHUNK = 1 << 18
ENCODINGS = ("utf-8", "gb18030", "cp1252", "latin-1", "utf-16")
DELIMITERS = (",", ";", "\t", "|")
MAX_COLUMNS = 400
HEADER_SEARCH = 25
_NOT_WESTERN = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_HIGH = re.compile(rb"[\x80-\xff]+")


@dataclass
class Limits:
    """What is refused, so that a small file cannot fill a disk or a memory."""

    unpacked: int = 2048 * MEGABYTE
    sheet_strings: int = 512 * MEGABYTE
    document: int = 8 * MEGABYTE


class _Counted(io.RawIOBase):
    """A stream that stops with a FileProblem when it gives more than `limit` bytes."""

    def __init__(self, stream, limit):
        self._stream, self._limit, self._seen = stream, limit, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        try:
            data = self._stream.read(len(buffer))
        except (EOFError, OSError, zlib.error) as error:
            raise FileProblem("damaged", detail=str(error)[:120]) from error
        self._seen += len(data)
        if self._seen > self._limit:
            raise FileProblem("too_big", limit=self._limit // MEGABYTE)
        buffer[: len(data)] = data
        return len(data)

    def close(self):
        self._stream.close()
        return super().close()


@contextmanager
def open_bytes(path, limits):
    """The file's bytes, unpacked where it is gzipped, as a buffered stream."""
    with open(path, "rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    stream = gzip.open(path, "rb") if packed else open(path, "rb")  # noqa: SIM115
    buffered = io.BufferedReader(_Counted(stream, limits.unpacked), CHUNK)
    try:
        yield buffered
    finally:
        buffered.close()


def detect_encoding(path, limits=None):
    """Encoding of the whole text, read once from beginning to end.

    UTF-8 is certain: other text does not pass as UTF-8 by chance. GB18030 accepts much of what is
    Western text, so it is believed only where its characters come in pairs of high bytes, as
    Chinese does; otherwise the text is Western.

    :return: one of ENCODINGS; utf-8 also where a byte order mark is to be skipped
    """
    limits = limits or Limits()
    decoders = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8", "gb18030")}
    western, pairs, halves = True, 0, 0
    with open_bytes(path, limits) as stream:
        first = stream.read(CHUNK)
        if not first:
            raise FileProblem("empty")
        if first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        chunk = first
        while chunk:
            if b"\x00" in chunk:
                raise FileProblem("binary")
            following = stream.read(CHUNK)
            for name in list(decoders):
                try:
                    decoders[name].decode(chunk, final=not following)
                except UnicodeDecodeError:
                    del decoders[name]
            if "utf-8" not in decoders:
                western = western and not _NOT_WESTERN.search(chunk)
                paired, single = _high_bytes(chunk)
                pairs, halves = pairs + paired, halves + single
            chunk = following
    if "utf-8" in decoders:
        return "utf-8"
    if "gb18030" in decoders and pairs > 2 * halves:
        return "gb18030"
    return "cp1252" if western else "latin-1"


def _high_bytes(data):
    """(pairs, halves): how many high bytes stand in runs of even length, how many are left over."""
    runs = [len(run) for run in _HIGH.findall(data)]
    return sum(run // 2 for run in runs), sum(run % 2 for run in runs)


def detect_delimiter(sample, name=""):
    """The delimiter that cuts the sample into the most even table.

    :param sample: text of the first lines, complete lines only
    :param name: file name; `.tsv` settles a tie
    """
    lines = sample.splitlines()
    if lines and lines[0][:4].lower() == "sep=" and len(lines[0]) == 5:
        return lines[0][4]
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines[:200], delimiter=delimiter) if any(row)]
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        score = (count / len(rows)) * (width - 1) ** 0.5
        if delimiter == "\t" and name.lower().removesuffix(".gz").endswith(".tsv"):
            score *= 1.5
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


@dataclass
class Table:
    """One table: how it is to be read, its header, and a stream of its rows.

    `header` holds one unique name per column; `header_row` is the row it stands in, counted as a
    spreadsheet counts. `rows()` may be called again and again; each call reads from the file.
    """

    path: str
    name: str = ""
    kind: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""
    header: list = field(default_factory=list)
    header_row: int = 0
    limits: Limits = field(default_factory=Limits)

    def rows(self):
        """(row number, list of texts) of every row below the header that is not empty.

        The list is as long as the header; a row with more values than the header has columns
        keeps them, so that the caller can refuse it.
        """
        width = len(self.header)
        for number, cells in self._raw():
            if number <= self.header_row or not any(cells):
                continue
            while len(cells) > width and not cells[-1]:
                cells.pop()
            if len(cells) < width:
                cells += [""] * (width - len(cells))
            yield number, cells

    def _raw(self):
        """(row number, list of stripped texts) of every row of the file."""
        if self.kind == "xlsx":
            yield from xlsx.rows(self.path, self.sheet, self.limits)
            return
        number, lines, start = 0, 0, 0
        with self._text() as stream:
            reader = csv.reader(stream, delimiter=self.delimiter)
            try:
                for number, cells in enumerate(reader, start=1):
                    start, lines = lines + 1, reader.line_num
                    yield number, [cell.strip() for cell in cells]
            except csv.Error as error:
                # The field size limit: a quotation mark that swallowed the rest of the file.
                raise FileProblem("open_quote", row=number + 1) from error
            except UnicodeDecodeError as error:
                raise FileProblem("encoding", encoding=self.encoding) from error
        if lines > start and self.header and len(cells) < len(self.header) and "\n" in cells[-1]:
            # The last record ran over several lines and ended early: same mistake, shorter file.
            raise FileProblem("open_quote", row=number)

    @contextmanager
    def _text(self):
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        with open_bytes(self.path, self.limits) as stream:
            text = io.TextIOWrapper(stream, encoding=encoding, newline="")
            try:
                yield _without_nul(text)
            finally:
                text.detach()

    def sample(self, count=200):
        """The first rows, as a list."""
        found = []
        for item in self.rows():
            found.append(item)
            if len(found) >= count:
                break
        return found


def _without_nul(lines):
    for line in lines:
        yield line.replace("\x00", "") if "\x00" in line else line


def sniff(path):
    """Kind of file by its first bytes: "xlsx" or "text".

    :raise FileProblem: for everything that is certainly no table
    """
    with open(path, "rb") as stream:
        head = stream.read(512)
    if not head:
        raise FileProblem("empty")
    if head[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except zipfile.BadZipFile as error:
            raise FileProblem("damaged", detail=str(error)[:120]) from error
        if "xl/workbook.xml" in names:
            return "xlsx"
        raise FileProblem("archive")
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        # Both old workbooks and encrypted new ones are kept in this container.
        with open(path, "rb") as stream:
            protected = b"E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d" in stream.read(1 << 16)
        raise FileProblem("protected" if protected else "old_excel")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<table")):
        raise FileProblem("html")
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf")):
        raise FileProblem("binary")
    return "text"


def open_table(path, name="", encoding=None, delimiter=None, sheet=None, known=None, limits=None):
    """Find out how a file is to be read.

    :param path: where it lies
    :param name: as the user called it
    :param encoding, delimiter, sheet: given by the layout, or None to find them
    :param known: function(text) -> bool that says whether a header is a known one; it helps to
        tell the header from title lines above it
    :return: Table
    :raise FileProblem: with what is wrong, in words for the user
    """
    limits = limits or Limits()
    kind = sniff(path)
    table = Table(path=path, name=name, limits=limits)
    if kind == "xlsx":
        table.kind = "xlsx"
        table.sheet = xlsx.choose_sheet(path, sheet, limits)
    else:
        table.encoding = encoding or detect_encoding(path, limits)
        table.delimiter = delimiter or detect_delimiter(_first_text(table), name)
        table.kind = "tsv" if table.delimiter == "\t" else "csv"
    table.header_row, table.header = _find_header(table, known)
    return table


def _first_text(table, size=1 << 16):
    """The first complete lines of a text file."""
    with table._text() as stream:
        try:
            lines, length = [], 0
            for line in stream:
                lines.append(line)
                length += len(line)
                if length > size:
                    break
        except UnicodeDecodeError as error:
            raise FileProblem("encoding", encoding=table.encoding) from error
    return "".join(lines)


def _find_header(table, known):
    """(row number, unique names) of the header: the first row that looks like one.

    Titles, comments and empty rows may stand above it. The row with most known headers wins; where
    none is known, the first of the widest rows.
    """
    best, best_score = None, (0, 0)
    for number, cells in table._raw():
        if number > HEADER_SEARCH:
            break
        filled = [cell for cell in cells if cell]
        if not filled:
            continue
        score = (sum(1 for cell in filled if known and known(cell)), len(filled))
        if score > best_score:
            best, best_score = (number, cells), score
    if not best:
        raise FileProblem("empty")
    number, cells = best
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise FileProblem("too_many_columns", limit=MAX_COLUMNS)
    return number, unique_names(cells)


def unique_names(cells):
    """Header texts without line breaks; an empty one becomes "(3)", a repeated one "Name (2)"."""
    seen, names = set(), []
    for position, cell in enumerate(cells, start=1):
        name = base = " ".join(cell.split())[:200] or f"({position})"
        count = 1
        while name in seen:
            count += 1
            name = f"{base} ({count})"
        seen.add(name)
        names.append(name)
    return names

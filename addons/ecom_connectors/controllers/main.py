import csv
import io
import re

from odoo import http
from odoo.http import content_disposition, request

_NUMBER = re.compile(r"^[+-]?[\d.,\s]+$")


def safe_cell(text):
    """A cell that no spreadsheet program takes for a formula. The import takes the guard off."""
    text = "" if text is None else str(text)
    if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _NUMBER.match(text):
        return "'" + text
    return text


class EcomImportController(http.Controller):
    @http.route(
        "/ecom/import/<int:import_id>/rejected.csv", type="http", auth="user", readonly=True
    )
    def download_rejected(self, import_id):
        """Rows of a file that need a correction: their own columns, then row and reason."""
        record = request.env["ecom.import"].browse(import_id).exists()
        if not record or not record.has_access("read"):
            raise request.not_found()
        name = (record.file_name or "file").rsplit(".", 1)[0]
        return request.make_response(
            self._get_csv(record),
            headers=[
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", content_disposition(f"{name}-rejected.csv")),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    def _get_csv(self, record):
        """The whole download as text; at most MAX_REJECTS problems are stored."""
        out = io.StringIO()
        out.write("\ufeff")  # spreadsheet programs then read it as UTF-8
        writer = csv.writer(out)
        header = record._get_header()
        titles = [record.env._("Row in the file"), record.env._("Reason")]
        writer.writerow([*map(safe_cell, header), *titles])
        rows, reasons = {}, {}
        for reject in record.reject_ids:
            for number, cells in reject.cells or ():
                rows[number] = cells
            where = f"{reject.column}: " if reject.column else ""
            reasons.setdefault(reject.row, []).append(f"{where}{reject.reason}")
            if not header:
                rows.setdefault(reject.row, [])
        for number in sorted(rows):
            cells = rows[number][: len(header)] if header else []
            writer.writerow(
                [safe_cell(cell) for cell in cells]
                + [number, safe_cell("; ".join(reasons.get(number, [])))]
            )
        return out.getvalue().encode()

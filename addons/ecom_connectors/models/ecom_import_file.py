import os
import tempfile
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.tools import config

from ..const import MAX_SIZE, PARAM_MAX_SIZE
from ..tools import columns, documents, grouping, headers, json_stream, tabular
from ..tools.problems import FileProblem

SPOOL_FOLDER = "ecom_spool"
SAMPLE_ROWS = 2000


class EcomImport(models.Model):
    """The file itself: where it lies, how it is read, its rows grouped by order."""

    _inherit = "ecom.import"

    def _get_attachment(self):
        # The attachment of a field belongs to its record; whoever reads that may read this.
        return (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_field", "=", "file"),
                    ("res_id", "=", self.id),
                ],
                limit=1,
            )
        )

    @contextmanager
    def _open_file(self):
        """Path of the file on disk, read by others as a stream."""
        self.ensure_one()
        attachment = self._get_attachment()
        if not attachment:
            raise FileProblem("empty")
        if attachment.store_fname:
            path = attachment._full_path(attachment.store_fname)
            if os.path.exists(path):
                yield path
                return
        # Attachments are kept in the database here.
        with tempfile.NamedTemporaryFile(prefix="ecom_import_") as copy:
            copy.write(attachment.raw or b"")
            copy.flush()
            yield copy.name

    def _read_file(self):
        """Find out what the files are and which layouts read them."""
        for record in self:
            try:
                record._check_size()
                record._read_header()
            except FileProblem as error:
                record.file_info = record.file_kind = False
                record._fail(error)

    def _check_size(self):
        limit = int(self.env["ir.config_parameter"].sudo().get_param(PARAM_MAX_SIZE) or MAX_SIZE)
        if self._get_attachment().file_size > limit * tabular.MEGABYTE:
            raise FileProblem("too_big", limit=limit)

    def _read_header(self):
        with self._open_file() as path:
            if tabular.sniff(path) == "text" and json_stream.is_json(path):
                self.write(
                    {"file_kind": "documents", "file_info": {"kind": "json"}, "message": False}
                )
                return
            mapping = self.mapping_id
            options = mapping._get_spec()["options"] if mapping else {}
            table = tabular.open_table(
                path,
                self.file_name or "",
                encoding=options.get("encoding"),
                delimiter=options.get("delimiter"),
                sheet=options.get("sheet"),
                known=headers.field_of,
            )
            samples = table.sample(SAMPLE_ROWS)
        mapping = mapping or mapping._find(self.channel_id, table.header)
        if not mapping:
            name = (self.file_name or self.env._("File")).rsplit("/", 1)[-1][:60]
            mapping = mapping._create_proposal(self.channel_id, name, table.header, samples)
        mapping._update_columns(table.header, samples)
        self.with_context(ecom_header_read=True).write(
            {
                "file_kind": "table",
                "file_info": {
                    "kind": table.kind,
                    "encoding": table.encoding,
                    "delimiter": table.delimiter,
                    "sheet": table.sheet,
                    "header": table.header,
                    "header_row": table.header_row,
                },
                "mapping_id": mapping.id,
                "message": False,
                "state": "draft",
            }
        )

    # === SPOOL === #

    def _get_spool_path(self):
        folder = os.path.join(config["data_dir"], SPOOL_FOLDER, self.env.cr.dbname)
        return os.path.join(folder, f"{self.id}.sqlite")

    def _get_spool(self):
        """The file's orders, see tools/grouping. Made again where it is gone: after a restart
        on another machine, or when the temporary files were cleaned up."""
        self.ensure_one()
        path, options = self._get_spool_path(), (self.spec or {}).get("options", {})
        info = self.file_info or {}
        source = repr(
            (
                self._get_attachment().checksum,
                sorted((key, str(value)) for key, value in info.items()),
                options.get("fill_down"),
                (self.spec or {}).get("columns"),
            )
        )
        if grouping.is_made_from(path, source):
            spool = grouping.Spool(path)
        else:
            with self._open_file() as file_path:
                spool = self._build_spool(path, file_path, source, options)
        # Also of a spool that was there already: the first try may not have come to its end.
        if self.file_kind == "table" and not spool.row_count:
            raise FileProblem("no_rows")
        return spool

    def _build_spool(self, path, file_path, source, options):
        if self.file_kind == "documents":
            return grouping.build(path, json_stream.documents(file_path), None, source)
        table = tabular.Table(path=file_path, name=self.file_name or "", **(self.file_info or {}))
        key = columns.key_position(self.spec, table.header)
        rows = table.rows()
        if options.get("fill_down"):
            rows = grouping.filled_down(rows, key)
        return grouping.build(path, rows, key, source)

    def _drop_spool(self):
        path = self._get_spool_path()
        if os.path.exists(path):
            os.unlink(path)

    @api.autovacuum
    def _gc_spools(self):
        """Throw away spools of imports that ended without doing it, e.g. by a kill."""
        folder = os.path.dirname(self._get_spool_path())
        if not os.path.isdir(folder):
            return
        records = self.search([("state", "in", ("checking", "ready", "running"))])
        busy = {f"{record.id}.sqlite" for record in records}
        limit = fields.Datetime.now().timestamp() - 3600
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if name not in busy and os.path.getmtime(path) < limit:
                os.unlink(path)

    # === DOCUMENTS === #

    def _get_builder(self):
        """:return: tools.documents.Builder, None for a file of documents"""
        if self.file_kind == "documents":
            return None
        channel = self.channel_id
        return documents.Builder(
            self.spec,
            self._get_header(),
            currency=channel.currency_id.name or channel.company_id.currency_id.name,
            prices_include_tax=channel.prices_include_tax,
        )

    def _build(self, builder, key, rows):
        """Documents of one order number. :return: list of tools.documents.Built"""
        if builder:
            return builder.build(key, rows)
        return [
            documents.Built(
                "refund" if document.get("type") == "refund" else "order",
                str(document.get("external_id") or ""),
                document,
                rows=[number],
            )
            for number, document in rows
        ]

from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from odoo.addons.ecom_order_mgmt.tools import canonical

from ..const import SHOWN_PROBLEMS
from ..tools import columns
from ..tools.problems import FileProblem
from ..tools.values import currency_decimals

BUSY = ("checking", "running")


class EcomImport(models.Model):
    """A file of orders on its way in.

    Life cycle: *draft* (uploaded, the layout is set up) -> *checking* -> *ready* (every error is
    known, nothing is written) -> *running* -> *done*. It can be *cancelled* while it runs and
    continued from there; *failed* says that the file cannot be read.

    How far it is (`cursor`) is stored in the same transaction as the orders that were taken in,
    so that a killed server continues without doubling or losing any.
    """

    _name = "ecom.import"
    _description = "File of Orders"
    _order = "id desc"
    _rec_name = "file_name"
    _check_company_auto = True

    channel_id = fields.Many2one(
        "ecom.channel", required=True, index=True, ondelete="cascade", check_company=False
    )
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    file = fields.Binary(
        attachment=True,
        required=False,
        copy=False,
        help="CSV, TSV, Excel (.xlsx), JSON or JSON Lines; CSV and JSON may be gzipped (.gz).",
    )
    file_name = fields.Char(copy=False)
    file_kind = fields.Selection(
        [("table", "Table"), ("documents", "Canonical documents")], readonly=True, copy=False
    )
    file_note = fields.Char("Read As", compute="_compute_file_note")
    file_info = fields.Json(readonly=True, copy=False)
    mapping_id = fields.Many2one(
        "ecom.import.mapping",
        "Layout",
        domain="[('channel_id', '=', channel_id)]",
        index="btree_not_null",
        ondelete="set null",
        help="Says which column means what. It is kept for the next file with the same columns.",
    )
    mapping_line_ids = fields.One2many(related="mapping_id.line_ids", readonly=False)
    tz = fields.Selection(related="mapping_id.tz", readonly=False)
    date_order = fields.Selection(related="mapping_id.date_order", readonly=False)
    date_formats = fields.Char(related="mapping_id.date_formats", readonly=False)
    decimal_mark = fields.Selection(related="mapping_id.decimal_mark", readonly=False)
    encoding = fields.Selection(related="mapping_id.encoding", readonly=False)
    delimiter = fields.Selection(related="mapping_id.delimiter", readonly=False)
    sheet = fields.Char(related="mapping_id.sheet", readonly=False)
    prices_include_tax = fields.Selection(related="mapping_id.prices_include_tax", readonly=False)
    tax = fields.Selection(related="mapping_id.tax", readonly=False)
    tax_rate = fields.Float(related="mapping_id.tax_rate", readonly=False)
    refund_prefix = fields.Char(related="mapping_id.refund_prefix", readonly=False)
    refund_negative = fields.Boolean(related="mapping_id.refund_negative", readonly=False)
    paid = fields.Boolean(related="mapping_id.paid", readonly=False)
    fill_down = fields.Boolean(related="mapping_id.fill_down", readonly=False)
    services = fields.Text(related="mapping_id.services", readonly=False)

    state = fields.Selection(
        [
            ("draft", "Columns"),
            ("checking", "Checking"),
            ("ready", "Preview"),
            ("running", "Importing"),
            ("done", "Done"),
            ("cancelled", "Stopped"),
            ("failed", "Failed"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
        copy=False,
    )
    message = fields.Text(readonly=True, copy=False)
    spec = fields.Json(
        readonly=True, copy=False, help="The layout as it was when the import began."
    )
    # --- progress
    cursor = fields.Integer(readonly=True, copy=False, help="Orders that are through.")
    row_count = fields.Integer("Rows", readonly=True, copy=False)
    order_count = fields.Integer("Orders in File", readonly=True, copy=False)
    seconds_spent = fields.Float(readonly=True, copy=False)
    progress = fields.Float(compute="_compute_progress")
    remaining_text = fields.Char("Remaining", compute="_compute_progress")
    started_at = fields.Datetime(readonly=True, copy=False)
    finished_at = fields.Datetime(readonly=True, copy=False)
    # --- what came of it
    created_count = fields.Integer("New", readonly=True, copy=False)
    updated_count = fields.Integer("Changed", readonly=True, copy=False)
    unchanged_count = fields.Integer("Known Already", readonly=True, copy=False)
    stale_count = fields.Integer("Older Than Known", readonly=True, copy=False)
    parked_count = fields.Integer("Parked", readonly=True, copy=False)
    rejected_count = fields.Integer("Rows Left Out", readonly=True, copy=False)
    problem_count = fields.Integer("Problems", readonly=True, copy=False)
    summary = fields.Json(readonly=True, copy=False)
    preview = fields.Json(readonly=True, copy=False)
    preview_html = fields.Html("First Orders", compute="_compute_preview_html", sanitize=False)
    reject_ids = fields.One2many("ecom.import.reject", "import_id", "Found", readonly=True)
    order_ids = fields.One2many("ecom.order", "import_id", "Orders")
    order_link_count = fields.Integer(compute="_compute_link_counts")
    parked_link_count = fields.Integer(compute="_compute_link_counts")
    refund_link_count = fields.Integer(compute="_compute_link_counts")

    @api.depends("file_info", "file_kind")
    def _compute_file_note(self):
        kinds = {"xlsx": "Excel", "csv": "CSV", "tsv": "TSV", "json": "JSON"}
        delimiters = {",": "‘,’", ";": "‘;’", "\t": "Tab", "|": "‘|’"}
        for record in self:
            info = record.file_info or {}
            parts = [kinds.get(info.get("kind"), "")]
            if info.get("kind") in ("csv", "tsv"):
                parts += [info["encoding"].upper(), delimiters.get(info["delimiter"], "")]
            elif info.get("sheet"):
                parts.append(info["sheet"])
            record.file_note = ", ".join(filter(None, parts)) or False

    @api.depends("cursor", "order_count", "seconds_spent", "state")
    def _compute_progress(self):
        for record in self:
            total = record.order_count
            if record.state == "done":
                record.progress = 100.0
            else:
                record.progress = round(100.0 * record.cursor / total, 1) if total else 0.0
            record.remaining_text = record._get_remaining_text()

    def _get_remaining_text(self):
        if self.state not in BUSY:
            return False
        if not self.cursor or not self.seconds_spent:
            return self.env._("Reading the file…")
        left = self.seconds_spent / self.cursor * (self.order_count - self.cursor)
        if left < 60:
            return self.env._("less than a minute left")
        return self.env._("about %(minutes)s min left", minutes=round(left / 60))

    @api.depends("preview", "channel_id.tz")
    def _compute_preview_html(self):
        for record in self:
            record.preview_html = record.preview and self.env["ir.qweb"]._render(
                "ecom_connectors.import_preview", record._prepare_preview_values()
            )

    def _prepare_preview_values(self):
        tz = self.channel_id.tz or "UTC"

        def when(document):
            moment = canonical.utc(document.get("placed_at") or document.get("created_at"))
            return moment and format_datetime(self.env, moment, tz=tz, dt_format="short")

        def amount(document, text):
            places = max(currency_decimals(document["currency"]), len(text.partition(".")[2]))
            return format(Decimal(text), f",.{places}f")

        return {"documents": self.preview, "when": when, "amount": amount}

    def _compute_link_counts(self):
        def count(model, *domain):
            return dict(
                self.env[model]._read_group(
                    [("import_id", "in", self.ids), *domain], ["import_id"], ["__count"]
                )
            )

        orders = count("ecom.order")
        parked = count("ecom.order", ("cause", "!=", False))
        refunds = count("ecom.refund")
        for record in self:
            record.order_link_count = orders.get(record, 0)
            record.parked_link_count = parked.get(record, 0)
            record.refund_link_count = refunds.get(record, 0)

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records.filtered("file")._read_file()
        return records

    def write(self, vals):
        if vals.get("file") and any(record.state in BUSY for record in self):
            raise UserError(self.env._("Stop the import before you exchange its file."))
        result = super().write(vals)
        reading = self.env.context.get("ecom_header_read")
        if vals.get("file"):
            self._reset()
            self._read_file()
        elif not reading and {"mapping_id", "encoding", "delimiter", "sheet"} & vals.keys():
            # The header may be another one now.
            self.filtered(lambda record: record.state == "draft" and record.file)._read_file()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        if any(record.state == "running" for record in self):
            raise UserError(self.env._("Stop the import before you delete it."))

    def unlink(self):
        for record in self:
            record._drop_spool()
        return super().unlink()

    # === ACTIONS === #

    def action_read(self):
        """Button of a new import: the client has saved it, which reads the file."""
        return True

    def action_check(self):
        """Button: read the whole file and find every error, without writing any order."""
        self.ensure_one()
        self._check_may_import()
        if self.state not in ("draft", "ready", "failed"):
            raise UserError(self.env._("This file is being imported or is done already."))
        if not self.file_info:
            if not self.file:
                raise UserError(self.env._("Choose a file first."))
            self._read_file()
        self._reset()
        problems = self._get_layout_problems()
        if problems:
            self.message = "\n".join(problems)
            return True
        self._begin("checking")
        return True

    def action_import(self):
        """Button: take the orders in. Small files at once, others in the background."""
        self.ensure_one()
        self._check_may_import()
        if self.state != "ready":
            raise UserError(self.env._("Have the file checked first."))
        self._reset(keep_preview=True)
        self._begin("running")
        return True

    def action_back(self):
        """Button: back to the columns."""
        self.ensure_one()
        self._check_may_import()
        if self.state not in ("ready", "failed", "checking"):
            raise UserError(self.env._("This file is imported already."))
        self._reset()
        return True

    def action_cancel(self):
        """Button: stop; orders that are in stay in."""
        self._check_may_import()
        for record in self.filtered(lambda r: r.state in BUSY):
            if record.try_lock_for_update(allow_referencing=True):
                record._stop()
            else:
                # Within seconds: the worker that has it looks for this before its next chunk.
                self.env["ecom.import.stop"].sudo().create({"import_id": record.id})
        return True

    def _stop(self):
        """End a check or an import before its end. A stopped import can be continued."""
        if self.state == "checking":
            self._reset()
        else:
            self.write({"state": "cancelled", "finished_at": fields.Datetime.now()})

    def action_continue(self):
        """Button: go on where a stopped or failed import ended."""
        self.ensure_one()
        self._check_may_import()
        if self.state not in ("cancelled", "failed") or not self.spec:
            raise UserError(self.env._("This import cannot be continued."))
        self.write({"message": False})
        self._begin("running", resume=True)
        return True

    def action_open_orders(self):
        return self._open("ecom_order_mgmt.ecom_order_action")

    def action_open_parked(self):
        return self._open("ecom_order_mgmt.ecom_order_parked_action", ("cause", "!=", False))

    def action_open_refunds(self):
        return self._open("ecom_order_mgmt.ecom_refund_action")

    def action_download_rejected(self):
        """Button: the rows that need a correction, as CSV with the reason in the last column."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/ecom/import/{self.id}/rejected.csv"}

    def _open(self, xmlid, *domain):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = [("import_id", "=", self.id), *domain]
        action["context"] = {}
        return action

    def _check_may_import(self):
        """:raise AccessError: the user may not import into this channel"""
        self.check_access("write")
        self.channel_id.check_access("read")

    # === TOOLING === #

    def _get_layout_problems(self):
        """:return: texts; empty where the layout can read the file"""
        self.ensure_one()
        if self.file_kind != "table":
            return []
        spec = self.mapping_id._get_spec()
        return [problem.text(self.env._) for problem in columns.check(spec, self._get_header())]

    def _get_header(self):
        return (self.file_info or {}).get("header", [])

    def _reset(self, keep_preview=False):
        """Forget what a check or import found; the layout stays."""
        self.sudo().reject_ids.unlink()
        vals = dict.fromkeys(
            ("cursor", "created_count", "updated_count", "unchanged_count", "stale_count",
             "parked_count", "rejected_count", "problem_count", "seconds_spent"), 0
        )  # fmt: skip
        vals |= {"message": False, "started_at": False, "finished_at": False, "state": "draft"}
        if not keep_preview:
            vals |= {"preview": False, "summary": False}
        self.write(vals)

    def _fail(self, error):
        """Say why the file cannot be read further. What is in stays in."""
        problem = error.problem if isinstance(error, FileProblem) else None
        text = problem.text(self.env._) if problem else str(error)
        self.write({"state": "failed", "message": text, "finished_at": fields.Datetime.now()})

    def _get_result(self):
        """:return: what :meth:`ecom.channel.import_file` answers"""
        self.ensure_one()
        return {
            "import_id": self.id,
            "state": self.state,
            "rows": self.row_count,
            "orders": self.order_count,
            "created": self.created_count,
            "updated": self.updated_count,
            "unchanged": self.unchanged_count,
            "stale": self.stale_count,
            "parked": self.parked_count,
            "rejected": self.rejected_count,
            "message": self.message or "",
            "errors": [
                {
                    "row": reject.row,
                    "column": reject.column or "",
                    "value": reject.value or "",
                    "code": reject.code or "",
                    "reason": reject.reason or "",
                }
                for reject in self.reject_ids.sorted(lambda r: (r.row, r.id))[:SHOWN_PROBLEMS]
            ],
        }

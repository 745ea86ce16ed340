import logging
import random
import time
from decimal import Decimal

from odoo import api, fields, models, modules

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE
from odoo.addons.ecom_order_mgmt.tools import canonical

from ..const import (
    CHECK_CHUNK,
    CHUNK,
    INLINE_ROWS,
    MAX_REJECTS,
    PARAM_INLINE_ROWS,
    PREVIEW_ORDERS,
    PROBLEMS_KEY,
    SHOWN_PROBLEMS,
)
from ..tools.problems import FileProblem, Problem
from .ecom_import import BUSY

_logger = logging.getLogger(__name__)

MAX_RETRIES = 8
# Bytes of a row, and how much a packed file grows; only to guess whether a file is small.
ROW_BYTES = 40
PACKED = 8


class EcomImport(models.Model):
    """Running: chunk by chunk, each with its orders and its place in one transaction."""

    _inherit = "ecom.import"

    def _start(self):
        """Import without a check before; what import_file does."""
        self.ensure_one()
        problems = self._get_layout_problems()
        if problems:
            self.write({"state": "failed", "message": "\n".join(problems)})
            return
        self._begin("running")

    def _begin(self, state, resume=False):
        """Check or import: now, where the file is small, else in the background."""
        self.ensure_one()
        vals = {"state": state, "started_at": self.started_at or fields.Datetime.now()}
        self.env["ecom.import.stop"].sudo().search([("import_id", "=", self.id)]).unlink()
        if not resume:
            vals["spec"] = self.mapping_id._get_spec() if self.file_kind == "table" else {}
        self.write({**vals, "finished_at": False})
        if not self._run_inline():
            self.env.ref("ecom_connectors.ir_cron_import").sudo()._trigger()

    def _run_inline(self):
        """Run to the end in this transaction, if the file is small. :return: whether it was"""
        if self.env.context.get("ecom_import_queue"):
            return False
        rows = int(
            self.env["ir.config_parameter"].sudo().get_param(PARAM_INLINE_ROWS) or INLINE_ROWS
        )
        size = self._get_attachment().file_size or 0
        packed = (self.file_name or "").lower().endswith((".gz", ".xlsx"))
        if size * (PACKED if packed else 1) > rows * ROW_BYTES * 10:
            return False
        try:
            self._load_spool()
            if self.row_count > rows:
                return False
            while self.state in BUSY:
                self._run_chunk()
        except FileProblem as error:
            self._fail(error)
        return True

    # === TIMER === #

    @api.model
    def _get_busy_domain(self):
        return [("state", "in", BUSY)]

    @api.model
    def _cron_run(self):
        """Go on with every import in hand, until there is none or the timer's time is over."""
        for record in self.search(self._get_busy_domain(), order="id"):
            if not record._run_to_end():
                return

    def _run_to_end(self):
        """Chunks until the import ends, each in a transaction of its own.

        :return: False where the timer's time ran out before
        """
        seconds_left = 1
        while seconds_left:
            seconds_left = self._run_next()
            if seconds_left is None:
                return True
        return False

    def _run_next(self):
        """One chunk, committed with the place in the file. Chunks that meet a concurrent change
        run again on a new snapshot; Odoo does that for requests, but not for timers.

        :return: seconds that are left to the timer; None where there is nothing to do: the import
            ended, was stopped, or another worker has it in hand
        """
        self.ensure_one()
        for attempt in range(MAX_RETRIES + 1):
            try:
                if not self.try_lock_for_update(allow_referencing=True) or self.state not in BUSY:
                    return None
                if self._is_stop_wanted():
                    return self._commit_chunk(0)
                before = self.cursor
                self._run_chunk()
                return self._commit_chunk(self.cursor - before)
            except RETRYABLE as error:
                if modules.module.current_test or attempt == MAX_RETRIES:
                    raise
                self.env.cr.rollback()
                _logger.info("Import %s: chunk runs again (%s)", self.id, type(error).__name__)
                time.sleep(random.uniform(0, 0.1 * 2**attempt))
            except Exception as error:
                if modules.module.current_test:
                    raise
                self.env.cr.rollback()
                if not isinstance(error, FileProblem):
                    _logger.exception("Import %s failed", self.id)
                self._fail(error)
                return self._commit_chunk(0)
        return None

    def _is_stop_wanted(self):
        """Stop if somebody asked for it. :return: whether somebody did"""
        wanted = self.env["ecom.import.stop"].sudo().search([("import_id", "=", self.id)])
        if wanted:
            wanted.unlink()
            self._stop()
        return bool(wanted)

    def _commit_chunk(self, processed):
        """End the chunk's transaction. :return: seconds that are left to the timer"""
        if modules.module.current_test:
            self.env.flush_all()
            return float("inf")
        remaining = self.search_count(self._get_busy_domain())
        return self.env["ir.cron"]._commit_progress(processed=processed, remaining=remaining)

    # === CHUNKS === #

    def _load_spool(self):
        """:return: the spool; the first time, its counts and the rows that belong to no order"""
        spool = self._get_spool()
        if self.cursor == 0:
            self.row_count, self.order_count = spool.row_count, spool.order_count
        return spool

    def _run_chunk(self):
        """Check or import the next orders, and count."""
        self.ensure_one()
        began = time.monotonic()
        # Texts are for whoever started the import, not for the timer's user.
        self = self.with_context(lang=self.create_uid.lang or self.env.lang)
        spool = self._load_spool()
        checking = self.state == "checking"
        size = CHECK_CHUNK if checking else CHUNK
        if self.cursor == 0:
            self._store_rejects(spool)
        builder, built = self._get_builder(), []
        position = self.cursor
        for position, key, rows in spool.orders(self.cursor, size):  # noqa: B007 - the last one
            for document in self._build(builder, key, rows):
                built.append((document, key, rows))
        if checking:
            self._check_documents(built)
        else:
            self._import_documents(built)
        done = not built or position + 1 >= self.order_count
        vals = {
            "cursor": self.order_count if done else position + 1,
            "seconds_spent": self.seconds_spent + time.monotonic() - began,
        }
        if done:
            vals |= {
                "state": "ready" if checking else "done",
                "finished_at": fields.Datetime.now(),
            }
            if checking:
                vals["cursor"] = 0
                vals["seconds_spent"] = 0
        self.write(vals)
        if done and not checking:
            self._drop_spool()

    def _store_rejects(self, spool):
        """Rows without an order number: nothing can be done with them but to tell."""
        self.rejected_count = spool.reject_count
        header = self._get_header()
        column = header[0] if header else ""
        for path, name in ((v, k) for k, v in (self.spec or {}).get("columns", {}).items()):
            if path == "external_id":
                column = name
        vals = []
        for row, code, cells in spool.rejects(self._get_reject_room()):
            value = cells[header.index(column)] if column in header else ""
            problem = Problem(code, row, column, value)
            vals.append(
                {
                    "outcome": "rejected",
                    "cells": [[row, cells]],
                    **self._prepare_reject_vals(problem),
                }
            )
        self.problem_count += spool.reject_count
        self.env["ecom.import.reject"].sudo().create(vals)

    def _prepare_reject_vals(self, problem):
        return {
            "import_id": self.id,
            "row": problem.row,
            "column": problem.column,
            "value": problem.value,
            "code": problem.code,
            "reason": problem.text(self.env._),
        }

    def _get_reject_room(self):
        """:return: how many more problems may be stored"""
        limit = SHOWN_PROBLEMS if self.state == "checking" else MAX_REJECTS
        stored = self.env["ecom.import.reject"].sudo().search_count([("import_id", "=", self.id)])
        return max(0, limit - stored)

    def _store_problems(self, built):
        """Keep what is wrong with documents that will be parked.

        :param built: [(tools.documents.Built, order number, rows)] with problems
        """
        room, vals = self._get_reject_room(), []
        for document, key, rows in built:
            self.problem_count += len(document.problems)
            for index, problem in enumerate(document.problems):
                if len(vals) >= room:
                    break
                vals.append(
                    {
                        "outcome": "parked",
                        "order_number": key or document.external_id,
                        # All rows of the order: a correction needs the whole of it.
                        "cells": (
                            [[row, cells] for row, cells in rows]
                            if not index and self.file_kind == "table"
                            else False
                        ),
                        **self._prepare_reject_vals(problem),
                    }
                )
        self.env["ecom.import.reject"].sudo().create(vals)

    # === CHECK === #

    def _check_documents(self, built):
        """Find every error of these documents, count and sum what is fine."""
        summary = self.summary or {"orders": 0, "refunds": 0, "totals": {}}
        preview = self.preview or []
        channel = self.channel_id.sudo().with_context(ecom_canonical=self.file_kind == "table")
        for document, _key, _rows in built:
            if not document.problems:
                self._check_document(channel, document)
            if document.problems:
                continue
            self._add_to_summary(summary, document)
            if len(preview) < PREVIEW_ORDERS:
                preview.append(document.document)
        self._store_problems([item for item in built if item[0].problems])
        self.write({"summary": summary, "preview": preview or False})
        self.parked_count += sum(1 for item in built if item[0].problems)

    def _check_document(self, channel, document):
        """What the intake would find wrong, as problems of the document's first row."""
        try:
            document.document = canonical.normalise(channel._map_document(document.document))
        except canonical.InvalidDocument as error:
            document.problems += [
                Problem("document", document.rows[0], path or "", "", (("detail", message),))
                for path, message in error.errors
            ]

    @api.model
    def _add_to_summary(self, summary, document):
        content = document.document
        refund = document.kind == "refund"
        summary["refunds" if refund else "orders"] += 1
        amount = Decimal(content["amount"] if refund else content["total"])
        totals, currency = summary["totals"], content["currency"]
        totals[currency] = str(Decimal(totals.get(currency, "0")) + (-amount if refund else amount))
        day = (content.get("created_at") or content["placed_at"])[:10]
        summary["first"] = min(summary.get("first", day), day)
        summary["last"] = max(summary.get("last", day), day)

    # === IMPORT === #

    def _import_documents(self, built):
        """Hand documents to the channel's intake, and count what came of them."""
        channel = self.channel_id.sudo().with_context(ecom_canonical=self.file_kind == "table")
        results = channel._ingest(
            [self._prepare_document(document) for document, _key, _rows in built], source="file"
        )
        counts = dict.fromkeys(("created", "updated", "unchanged", "stale", "parked"), 0)
        touched = {"order": [], "refund": []}
        for (document, _key, _rows), result in zip(built, results, strict=True):
            counts[result["outcome"]] += 1
            if result["cause"] == "invalid_document" and not document.problems:
                document.problems.append(
                    Problem("document", document.rows[0], params=(("detail", result["message"]),))
                )
            if result["outcome"] in ("created", "updated", "parked"):
                # A refund is answered with the order that it belongs to.
                key = result["order_id" if document.kind == "order" else "external_id"]
                touched[document.kind].append(key)
        for outcome, count in counts.items():
            self[f"{outcome}_count"] += count
        self._store_problems([item for item in built if item[0].problems])
        orders = channel.env["ecom.order"].browse(touched["order"])
        refunds = channel.env["ecom.refund"].search(
            [("channel_id", "=", channel.id), ("external_id", "in", touched["refund"])]
        )
        for records in (orders, refunds):
            records.with_context(tracking_disable=True).write({"import_id": self.id})

    def _prepare_document(self, document):
        """:return: what the intake gets; a document with problems tells them as its cause"""
        if not document.problems:
            return document.document
        reasons = []
        for problem in document.problems[:50]:
            where = self.env._("Row %(row)s", row=problem.row)
            if problem.column:
                where += f", {problem.column}"
            found = f" “{problem.value}”" if problem.value else ""
            reasons.append([f"{where}:{found}", problem.text(self.env._)])
        return {
            "type": document.kind,
            "external_id": document.external_id,
            PROBLEMS_KEY: reasons,
            "rows": document.rows,
            "document": document.document,
        }

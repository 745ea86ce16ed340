import base64
import io
import zipfile
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools.pdf import merge_pdf

# How long an agent may take to print what it fetched, before another one gets it.
LEASE = timedelta(minutes=2)
FAILED_LEASE = timedelta(minutes=10)
MAX_JOBS = 100
TEXT_FORMATS = ("zpl", "epl")


class EcomLabel(models.Model):
    """Printing: by hand from the queue, or by a program beside the printer (a *print agent*).

    An agent fetches jobs and says which were printed. A job that was fetched is nobody else's for
    two minutes; one that nobody reported is given out again. So a label may be printed twice if
    an agent dies, never not at all; it is one parcel all the same.
    """

    _inherit = "ecom.label"

    warehouse_id = fields.Many2one(
        "stock.warehouse", related="shipment_id.warehouse_id", store=True, index="btree_not_null"
    )
    printed_at = fields.Datetime("Printed On", readonly=True, copy=False)
    printed_by_id = fields.Many2one("res.users", "Printed By", readonly=True, copy=False)
    print_lease = fields.Datetime("With a Printer Until", readonly=True, copy=False)
    print_error = fields.Char("Printer Says", readonly=True, copy=False)
    to_print = fields.Boolean(compute="_compute_to_print", search="_search_to_print")

    _print_idx = models.Index(
        "(warehouse_id, id) WHERE state = 'bought' AND printed_at IS NULL AND is_return IS NOT TRUE"
    )

    @api.depends("state", "printed_at", "is_return")
    def _compute_to_print(self):
        for label in self:
            label.to_print = (
                label.state == "bought" and not label.printed_at and not label.is_return
            )

    def _search_to_print(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain(self._get_print_domain())
        if set(value) == {True}:
            return domain
        return ~domain if set(value) == {False} else Domain.TRUE

    @api.model
    def _get_print_domain(self):
        """:return: domain of labels that lie in the queue: bought, of parcels that are here still.
        Labels of returns go to the buyer."""
        return [
            ("state", "=", "bought"),
            ("printed_at", "=", False),
            ("is_return", "=", False),
            ("attachment_ids", "!=", False),
        ]

    # === BY HAND === #

    def action_print(self):
        """Button: one file of all of them. What was printed before is printed again."""
        labels = self._check_staff()
        labels = labels.filtered(lambda label: label.state == "bought" and label.attachment_ids)
        if not labels:
            raise UserError(self.env._("There is no document to print."))
        labels._note_printed()
        ids = ",".join(map(str, labels.sorted("id").ids))
        return {"type": "ir.actions.act_url", "url": f"/ecom/labels?ids={ids}", "target": "new"}

    @api.model
    def action_print_all(self, *_args):
        """Button: all that lie in the queue, of the user's own warehouse where there is one."""
        domain = Domain(self._get_print_domain())
        warehouse = self.env.user.property_warehouse_id
        if warehouse:
            domain &= Domain("warehouse_id", "=", warehouse.id)
        labels = self.search(domain, order="id")
        if not labels:
            raise UserError(self.env._("Everything is printed."))
        return labels.action_print()

    def _note_printed(self):
        self.write(
            {
                "printed_at": fields.Datetime.now(),
                "printed_by_id": self.env.uid,
                "print_lease": False,
                "print_error": False,
            }
        )

    def _get_documents(self):
        """:return: list of (name, format, bytes): the label first, then what else must be on or
        in the parcel"""
        self.ensure_one()
        # Who may see the label may have its documents.
        return [
            (item.name, item.name.rsplit(".", 1)[-1].lower(), item.raw)
            for item in self.sudo().attachment_ids.sorted("id")
        ]

    def _get_print_file(self):
        """:return: (name, bytes): labels for a label printer in one text, pages in one PDF; a ZIP
        where there is both"""
        texts, pages, others = [], [], []
        for label in self:
            for name, kind, data in label._get_documents():
                (texts if kind in TEXT_FORMATS else pages if kind == "pdf" else others).append(
                    (name, data)
                )
        files = [(name, data) for name, data in others]
        if texts:
            files.append(("labels.zpl", b"\n".join(data for _name, data in texts)))
        if pages:
            files.append(("labels.pdf", self._merge_pages(pages)))
        if len(files) == 1:
            return files[0]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files:
                archive.writestr(name, data)
        return "labels.zip", buffer.getvalue()

    def _merge_pages(self, pages):
        """:return: one PDF; each page keeps the size that the carrier gave it"""
        if len(pages) == 1:
            return pages[0][1]
        try:
            return merge_pdf([data for _name, data in pages])
        except Exception as error:  # whatever the PDF library thinks of a carrier's file
            names = ", ".join(name for name, _data in pages)
            raise UserError(
                self.env._("One of these files cannot be read: %(names)s. %(error)s",
                           names=names, error=error)
            ) from error  # fmt: skip

    # === BY AN AGENT === #

    @api.model
    def _check_agent(self):
        if not self.env.su and not self.env.user.has_group("stock.group_stock_user"):
            raise AccessError(self.env._("Only warehouse staff may print labels."))

    @api.model
    def fetch_print_jobs(self, warehouse=None, limit=20):
        """What is to be printed now. Public: polled by a print agent over ``/json/2``.

        :param warehouse: short name (code) of the warehouse; default: all that have an agent
        :param limit: how many labels at most
        :return: list of dicts `id`, `key`, `shipment`, `carrier`, `numbers`, `warehouse` and
            `documents`: list of `name`, `kind` ("label" first, then "document"), `format` (pdf,
            zpl, …) and `data` (base64)
        """
        self._check_agent()
        now = fields.Datetime.now()
        domain = (
            Domain(self._get_print_domain())
            & Domain("warehouse_id.ecom_label_printing", "=", "agent")
            & (Domain("print_lease", "=", False) | Domain("print_lease", "<", now))
        )
        if warehouse:
            domain &= Domain("warehouse_id.code", "=", warehouse)
        limit = max(1, min(int(limit), MAX_JOBS))
        # The access rules chose them; noting who has them needs no right to change labels.
        labels = self.search(domain, order="id", limit=limit).sudo().try_lock_for_update()
        labels.write({"print_lease": now + LEASE})
        return [label._prepare_print_job() for label in labels]

    def _prepare_print_job(self):
        self.ensure_one()
        return {
            "id": self.id,
            "key": self.key,
            "shipment": self.shipment_id.name,
            "carrier": self.carrier_id.name,
            "numbers": (self.numbers or "").split(","),
            "warehouse": self.warehouse_id.code or None,
            "documents": [
                {
                    "name": name,
                    "kind": "document" if index else "label",
                    "format": kind,
                    "data": base64.b64encode(data).decode(),
                }
                for index, (name, kind, data) in enumerate(self._get_documents())
            ],
        }

    def report_printed(self, error=None):
        """The agent printed these labels, or could not. Public.

        :param error: what the printer says; the labels are given out again after ten minutes
        :return: True
        """
        self._check_agent()
        self.check_access("read")
        labels = self.sudo()  # see fetch_print_jobs
        if error:
            labels.write(
                {
                    "print_error": str(error)[:300],
                    "print_lease": fields.Datetime.now() + FAILED_LEASE,
                }
            )
        else:
            labels._note_printed()
        return True


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    ecom_label_printing = fields.Selection(
        [("hand", "By hand, from the queue"), ("agent", "By a print agent")],
        "Labels Are Printed",
        default="hand",
        help="A print agent is a small program beside the printer that fetches bought labels.",
    )


class EcomShipment(models.Model):
    _inherit = "ecom.shipment"

    label_to_print = fields.Boolean(compute="_compute_label_to_print")

    @api.depends("label_ids.to_print")
    def _compute_label_to_print(self):
        for shipment in self:
            shipment.label_to_print = any(shipment.label_ids.mapped("to_print"))

    def action_print_label(self):
        """Button: the labels of these parcels, those that are not printed first of all."""
        labels = self.label_ids.filtered(lambda item: item.state == "bought" and not item.is_return)
        return (labels.filtered("to_print") or labels).action_print()

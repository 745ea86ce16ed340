from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    ecom_return_id = fields.Many2one(
        "ecom.return", "After-Sales Case", index="btree_not_null", copy=False, readonly=True
    )

    def _post(self, soft=True):
        posted = super()._post(soft)
        invoices = posted.filtered(lambda move: move.move_type == "out_invoice")
        orders = invoices.line_ids.sale_line_ids.order_id
        if orders:
            # Refunds that were made before the invoice are credited as soon as there is one. An
            # accountant posts without rights on the cases.
            self.env["ecom.return"].sudo().search(
                [("sale_order_id", "in", orders.ids), ("credit_state", "=", "waiting")]
            )._create_credit_notes()
        return posted


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    ecom_invoice_line_id = fields.Many2one(
        "account.move.line",
        "Credits",
        index="btree_not_null",
        copy=False,
        readonly=True,
        help="The invoice line that this line of a credit note takes back.",
    )
    ecom_return_line_id = fields.Many2one(
        "ecom.return.line", index="btree_not_null", copy=False, readonly=True, ondelete="set null"
    )
    ecom_credit_split = fields.Json(
        copy=False, readonly=True, help="Base and taxes that this line credits, as decimal texts."
    )

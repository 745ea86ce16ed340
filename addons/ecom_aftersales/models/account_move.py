from decimal import Decimal

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

    def _stock_account_prepare_realtime_out_lines_vals(self):
        """Odoo takes the cost of goods back for the quantity of each line of a credit note, also where
        only money goes back. Here for the pieces that come back, out of what the invoice booked."""
        vals_list = super()._stock_account_prepare_realtime_out_lines_vals()
        ours = self.invoice_line_ids.filtered("ecom_credit_split")
        if not ours:
            return vals_list
        vals_list = [vals for vals in vals_list if vals.get("cogs_origin_id") not in ours.ids]
        return vals_list + [vals for line in ours for vals in line._ecom_prepare_cost_back()]


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

    def _ecom_get_cost_credited(self, without=None):
        """:return: pieces of this invoice line whose cost posted credit notes took back (Decimal)"""
        lines = self.search(
            [("ecom_invoice_line_id", "=", self.id), ("parent_state", "=", "posted")]
        )
        return sum(
            (
                Decimal((line.ecom_credit_split or {}).get("back", "0"))
                for line in lines - (without or self.browse())
            ),
            Decimal(0),
        )

    def _ecom_prepare_cost_back(self):
        """:return: values of the entries that take back the cost of goods for this line of a credit
        note; all pieces together take back exactly what the invoice booked"""
        pieces = Decimal(self.ecom_credit_split.get("back", "0"))
        origin = self.ecom_invoice_line_id
        booked = origin.move_id.line_ids.filtered(lambda line: line.cogs_origin_id == origin)
        if not pieces or not booked or not origin.quantity:
            return []
        before = origin._ecom_get_cost_credited(without=self)
        whole = Decimal(repr(origin.quantity))

        def back_until(line, count):
            return line.company_currency_id.round(line.balance * float(count / whole))

        return [
            {
                "name": line.name,
                "move_id": self.move_id.id,
                "partner_id": self.move_id.commercial_partner_id.id,
                "product_id": line.product_id.id,
                "product_uom_id": line.product_uom_id.id,
                "quantity": float(pieces),
                "price_unit": line.price_unit,
                "amount_currency": back_until(line, before) - back_until(line, before + pieces),
                "account_id": line.account_id.id,
                "analytic_distribution": line.analytic_distribution,
                "display_type": "cogs",
                "tax_ids": [],
                "cogs_origin_id": self.id,
            }
            for line in booked
        ]

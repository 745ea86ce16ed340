from collections import defaultdict
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
        vals_list = [vals for vals in vals_list if vals.get("cogs_origin_id") not in ours.ids]
        return vals_list + ours._ecom_prepare_cost_back()


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

    def _ecom_get_credits(self):
        """:return: lines of posted credit notes that credit these invoice lines"""
        return self.search_fetch(
            [("ecom_invoice_line_id", "in", self.ids), ("parent_state", "=", "posted")]
        )

    def _ecom_get_cost_back(self):
        """:return: pieces whose cost this line of a credit note takes back (Decimal)"""
        self.ensure_one()
        return Decimal((self.ecom_credit_split or {}).get("back", "0"))

    def _ecom_prepare_cost_back(self):
        """:return: values of the entries that take back the cost of goods for these lines of credit
        notes; all pieces together take back exactly what the invoice booked"""
        lines = self.filtered(lambda line: line._ecom_get_cost_back())
        booked = lines.ecom_invoice_line_id.move_id.line_ids.filtered("cogs_origin_id")
        if not booked:
            return []
        done = defaultdict(Decimal)
        for credit in lines.ecom_invoice_line_id._ecom_get_credits() - self:
            done[credit.ecom_invoice_line_id] += credit._ecom_get_cost_back()
        result = []
        for line in lines:
            origin = line.ecom_invoice_line_id
            before = done[origin]
            done[origin] += line._ecom_get_cost_back()
            for cost in booked.filtered(lambda entry, origin=origin: entry.cogs_origin_id == origin):
                result.append(line._ecom_prepare_cost_entry(cost, before, done[origin]))
        return result

    def _ecom_prepare_cost_entry(self, cost, before, after):
        """:param cost: what the invoice booked
        :param before: pieces whose cost was taken back before this line, and `after` it
        :return: values of the entry that takes back its part of it"""
        whole = Decimal(repr(cost.cogs_origin_id.quantity))

        def back_until(pieces):
            return cost.company_currency_id.round(cost.balance * float(pieces / whole))

        return {
            "name": cost.name,
            "move_id": self.move_id.id,
            "partner_id": self.move_id.commercial_partner_id.id,
            "product_id": cost.product_id.id,
            "product_uom_id": cost.product_uom_id.id,
            "quantity": float(after - before),
            "price_unit": cost.price_unit,
            "amount_currency": back_until(before) - back_until(after),
            "account_id": cost.account_id.id,
            "analytic_distribution": cost.analytic_distribution,
            "display_type": "cogs",
            "tax_ids": [],
            "cogs_origin_id": self.id,
        }

from odoo import api, models


class PaymentTransaction(models.Model):
    """Nobody pays in the shop for a delivery on a day that cannot be kept any more."""

    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        transactions = super().create(vals_list)
        orders = transactions.sale_order_ids.filtered(lambda o: o.state in ("draft", "sent"))
        # In the shop the buyer can go back and choose. A quotation is the salesperson's word: when
        # it is confirmed, the day is planned anew.
        if "website_id" in orders._fields:
            orders.filtered("website_id")._ecom_check_day()
        return transactions

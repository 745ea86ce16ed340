from odoo import api, fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    ecom_order_id = fields.Many2one(
        "ecom.order", "Channel Order", readonly=True, copy=False, ondelete="restrict"
    )
    ecom_channel_id = fields.Many2one(
        "ecom.channel", "Sales Channel", readonly=True, copy=False, index="btree_not_null"
    )
    ecom_currency_id = fields.Many2one("res.currency", copy=False)

    _ecom_order_uniq = models.UniqueIndex(
        "(ecom_order_id) WHERE ecom_order_id IS NOT NULL",
        "The channel order has a sale order already.",
    )

    @api.depends("ecom_currency_id")
    def _compute_currency_id(self):
        """A channel's order keeps the currency that the buyer paid in, without a price list."""
        channel_orders = self.filtered("ecom_currency_id")
        for order in channel_orders:
            order.currency_id = order.ecom_currency_id
        return super(SaleOrder, self - channel_orders)._compute_currency_id()

    def _prepare_confirmation_values(self):
        values = super()._prepare_confirmation_values()
        # The date the buyer ordered stays; action_confirm() sees to it that channel orders and
        # others do not share these values.
        if self.ecom_order_id:
            values.pop("date_order", None)
        return values

    def action_confirm(self):
        channel_orders = self.filtered("ecom_order_id")
        if not channel_orders or channel_orders == self:
            return super().action_confirm()
        super(SaleOrder, channel_orders).action_confirm()
        return super(SaleOrder, self - channel_orders).action_confirm()

    def _confirmation_error_message(self):
        """Orders of a channel are confirmed after their review only, by whatever door."""
        message = super()._confirmation_error_message()
        # The person who confirms need not see the channel's intake record.
        channel_order = self.ecom_order_id.sudo()
        if message or not channel_order:
            return message
        if channel_order.state == "parked" or channel_order.review_state != "approved":
            return self.env._(
                "Order %(order)s of channel %(channel)s has not passed its review. Approve the "
                "channel order; it is confirmed then.",
                order=channel_order.display_name,
                channel=channel_order.channel_id.name,
            )
        return False

    def _action_confirm(self):
        result = super()._action_confirm()
        self.ecom_order_id.sudo().filtered(lambda order: not order.confirmed_at).write(
            {"confirmed_at": fields.Datetime.now()}
        )
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        self.ecom_order_id.sudo().filtered("confirmed_at").write({"confirmed_at": False})
        return result

    def action_open_ecom_order(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ecom.order",
            "res_id": self.ecom_order_id.id,
            "view_mode": "form",
        }

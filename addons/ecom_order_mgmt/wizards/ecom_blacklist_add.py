from odoo import fields, models
from odoo.exceptions import UserError


class EcomBlacklistAdd(models.TransientModel):
    """Puts the buyer of an order on the blacklist."""

    _name = "ecom.blacklist.add"
    _description = "Put on the Blacklist"

    order_id = fields.Many2one(
        "ecom.order", required=True, default=lambda self: self.env.context.get("active_id")
    )
    customer_name = fields.Char(related="order_id.customer_name")
    email = fields.Boolean("E-mail", default=True)
    phone = fields.Boolean(default=True)
    address = fields.Boolean(help="Leave out where others live or work there as well.")
    reason = fields.Char(required=True)
    expires_at = fields.Datetime("Until", help="Empty: for ever.")

    def _get_kinds(self):
        self.ensure_one()
        return [kind for kind in ("email", "phone", "address") if self[kind]]

    def action_apply(self):
        self.ensure_one()
        self.env["ecom.blacklist"].check_access("create")
        kinds = self._get_kinds()
        if not kinds:
            raise UserError(self.env._("Choose what to put on the list."))
        self.env["ecom.blacklist"]._add_order(
            self.order_id, kinds, self.reason, self.expires_at or False
        )
        return {"type": "ir.actions.act_window_close"}

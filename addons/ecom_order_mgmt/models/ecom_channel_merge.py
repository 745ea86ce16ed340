from odoo import api, fields, models
from odoo.exceptions import ValidationError


class EcomChannel(models.Model):
    """When several orders of one recipient leave in one parcel."""

    _inherit = "ecom.channel"

    merge_mode = fields.Selection(
        [("off", "Never"), ("propose", "Propose it"), ("auto", "By itself")],
        string="Merge Parcels",
        default="propose",
        required=True,
        help="Orders that go to the same recipient from the same warehouse can leave in one "
        "parcel. Invoices, payments and returns stay with each order.",
    )
    merge_scope = fields.Selection(
        [("channel", "Of this channel only"), ("company", "Of all channels of the company")],
        string="Merge Orders",
        default="channel",
        required=True,
    )
    merge_window = fields.Integer(
        "Wait for Others",
        default=60,
        help="Minutes that a parcel waits for further orders of the same recipient.",
    )
    merge_cap = fields.Integer(
        "But at Most", default=4, help="Hours after its first order that a parcel waits at most."
    )
    merge_max_orders = fields.Integer("Orders per Parcel", default=10)
    merge_max_weight = fields.Float(
        "Weight per Parcel", digits="Stock Weight", help="0: no limit. Of parcels that are merged."
    )
    merge_cod = fields.Boolean(
        "Cash on Delivery Too", help="Merge orders that are paid on delivery, too."
    )
    merge_presale = fields.Boolean(
        "Presales Too", help="Merge orders that hold goods sold before they are there, too."
    )
    cancel_until = fields.Selection(
        [("picking", "Picking begins"), ("packed", "The parcel is packed")],
        string="Accept Cancellations Until",
        default="packed",
        required=True,
        help="Later ones stop the parcel, and a person decides. What has left cannot be cancelled.",
    )

    @api.constrains("merge_window", "merge_cap", "merge_max_orders")
    def _check_merge(self):
        for channel in self:
            if channel.merge_window < 0 or channel.merge_cap < 0 or channel.merge_max_orders < 2:
                raise ValidationError(
                    self.env._("A parcel waits no negative time, and can hold at least two orders.")
                )

from odoo import fields, models


class EcomMappingMixin(models.AbstractModel):
    """Something of a channel that must be told what it is here; orders wait for it meanwhile.

    Heirs have `channel_id`, a stored `state` ('missing' or 'done') and a Many2many `order_ids`
    of the orders that wait. When the state becomes 'done', these orders go on by themselves.
    """

    _name = "ecom.mapping.mixin"
    _description = "Mapping with Waiting Orders"

    replayed_count = fields.Integer(
        "Orders Replayed",
        readonly=True,
        copy=False,
        help="Orders that waited for this mapping and went on when it was made.",
    )
    waiting_count = fields.Integer("Waiting Orders", compute="_compute_waiting_count")

    def _compute_waiting_count(self):
        for record in self:
            record.waiting_count = len(record.order_ids)

    def write(self, vals):
        missing = self.filtered(lambda record: record.state == "missing")
        result = super().write(vals)
        done = missing.filtered(lambda record: record.state == "done")
        if done:
            done._replay_waiting()
        return result

    def _replay_waiting(self):
        """Send the waiting orders on, and tell the user how many they are."""
        # The person who maps products need not have write access to orders: what happens to them
        # is a consequence of the mapping.
        records = self.sudo()
        orders = records.order_ids
        for record in records:
            record.replayed_count += len(record.order_ids)
        records.order_ids = False
        replayed = orders._replay()
        if replayed:
            self.env.user._bus_send(
                "simple_notification",
                {
                    "type": "success",
                    "message": self.env._(
                        "%(count)s orders that waited for this go on now.", count=len(replayed)
                    ),
                },
            )
        return replayed

    def action_open_waiting(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecom_order_mgmt.ecom_order_parked_action"
        )
        action["domain"] = [("id", "in", self.order_ids.ids)]
        return action

from odoo import fields, models


class EcomTicketSplit(models.TransientModel):
    """Moves messages of a ticket that are about something else to a ticket of their own."""

    _name = "ecom.ticket.split"
    _description = "Split a Ticket"

    ticket_id = fields.Many2one(
        "ecom.ticket", required=True, default=lambda self: self.env.context.get("active_id")
    )
    subject = fields.Char(required=True)
    message_ids = fields.Many2many(
        "mail.message",
        required=True,
        domain="[('model', '=', 'ecom.ticket'), ('res_id', '=', ticket_id), "
        "('message_type', 'in', ('email', 'comment'))]",
    )

    def action_apply(self):
        self.ensure_one()
        new_id = self.ticket_id.action_split(self.message_ids.ids, self.subject)
        return {
            "type": "ir.actions.act_window",
            "res_model": "ecom.ticket",
            "res_id": new_id,
            "view_mode": "form",
        }

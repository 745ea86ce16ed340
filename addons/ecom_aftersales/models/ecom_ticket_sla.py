from odoo import fields, models

KINDS = [
    ("question", "Question"),
    ("tracking", "Where is my order"),
    ("cancel", "Cancel or change"),
    ("return", "Return or refund"),
    ("complaint", "Complaint"),
    ("invoice", "Invoice"),
    ("rating", "Bad rating"),
    ("alert", "Alert"),
    ("other", "Other"),
]


class EcomTicketSla(models.Model):
    """Within how many hours a buyer is answered, by channel and kind of ticket."""

    _name = "ecom.ticket.sla"
    _description = "Answer Time"
    _order = "sequence, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    team_ids = fields.Many2many("ecom.ticket.team", string="Teams", help="Empty: all.")
    channel_ids = fields.Many2many("ecom.channel", string="Channels", help="Empty: all.")
    connector = fields.Char(
        "Platform",
        help="Short name of a connector, e.g. amazon: all channels of it. Empty: all.",
    )
    kind = fields.Selection(KINDS, help="Empty: every kind.")
    hours = fields.Float("Answer Within (hours)", required=True, default=24)
    around_clock = fields.Boolean(
        "Weekends and Nights Count",
        help="As Amazon counts. Otherwise only the working hours of the team count.",
    )

    _hours_check = models.Constraint("CHECK (hours > 0)", "The time to answer must be above zero.")

    def _fits(self, ticket):
        return (
            (not self.company_id or self.company_id == ticket.company_id)
            and (not self.team_ids or ticket.team_id in self.team_ids)
            and (not self.channel_ids or ticket.channel_id in self.channel_ids)
            and (not self.connector or self.connector == ticket.channel_id.connector)
            and (not self.kind or self.kind == ticket.kind)
        )


class EcomTicketEvent(models.Model):
    """What starts, stops and pauses the clock of a ticket."""

    _name = "ecom.ticket.event"
    _description = "Event of a Ticket"
    _order = "at, id"

    ticket_id = fields.Many2one("ecom.ticket", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    at = fields.Datetime(required=True, default=fields.Datetime.now)
    kind = fields.Selection(
        [
            ("buyer", "The buyer wrote"),
            ("answer", "We answered"),
            ("auto", "Automatic reply"),
            ("wait", "Waits for the buyer"),
            ("resume", "Goes on"),
            ("no_answer", "No answer needed"),
        ],
        required=True,
    )
    message_id = fields.Many2one("mail.message", index="btree_not_null", ondelete="set null")


class EcomTicketPresence(models.Model):
    """Who looks at a ticket at this moment, so that two agents do not answer at once."""

    _name = "ecom.ticket.presence"
    _description = "Agent on a Ticket"

    ticket_id = fields.Many2one("ecom.ticket", required=True, index=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    seen_at = fields.Datetime(required=True)

    _once = models.UniqueIndex("(ticket_id, user_id)")

import ast

from odoo import api, fields, models
from odoo.exceptions import ValidationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class EcomTicketTeam(models.Model):
    """People who answer buyers, their mail address, and when they are at work."""

    _name = "ecom.ticket.team"
    _description = "After-Sales Team"
    _inherit = ["mail.alias.mixin", "mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    channel_ids = fields.Many2many(
        "ecom.channel", string="Channels", help="Tickets of these channels come to this team."
    )
    member_ids = fields.Many2many("res.users", string="Members")
    assignment = fields.Selection(
        [
            ("manual", "By hand"),
            ("round_robin", "In turn"),
            ("load", "Whoever has fewest open tickets"),
        ],
        default="load",
        required=True,
    )
    acknowledge = fields.Boolean(
        "Confirm Receipt", help="Buyers get an automatic mail when their message has arrived."
    )
    tz = fields.Selection(
        lambda self: self.env["res.partner"]._fields["tz"]._description_selection(self.env),
        string="Time Zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
    )
    hour_from = fields.Float("Works From", default=9.0)
    hour_to = fields.Float("Until", default=17.0)
    work_mon = fields.Boolean("Monday", default=True)
    work_tue = fields.Boolean("Tuesday", default=True)
    work_wed = fields.Boolean("Wednesday", default=True)
    work_thu = fields.Boolean("Thursday", default=True)
    work_fri = fields.Boolean("Friday", default=True)
    work_sat = fields.Boolean("Saturday")
    work_sun = fields.Boolean("Sunday")
    open_count = fields.Integer("Open", compute="_compute_counts")
    late_count = fields.Integer("Late", compute="_compute_counts")

    @api.constrains("hour_from", "hour_to")
    def _check_hours(self):
        for team in self:
            if not 0 <= team.hour_from < team.hour_to <= 24:
                raise ValidationError(self.env._("Work ends after it begins, on the same day."))

    def _compute_counts(self):
        Ticket = self.env["ecom.ticket"]
        domain = [("team_id", "in", self.ids), ("is_open", "=", True)]
        open_ = dict(Ticket._read_group(domain, ["team_id"], ["__count"]))
        late = dict(
            Ticket._read_group(
                [*domain, ("deadline", "<", fields.Datetime.now())], ["team_id"], ["__count"]
            )
        )
        for team in self:
            team.open_count = open_.get(team, 0)
            team.late_count = late.get(team, 0)

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get("ecom.ticket").id
        if self.id:
            values["alias_defaults"] = defaults = ast.literal_eval(self.alias_defaults or "{}")
            defaults["team_id"] = self.id
        return values

    def _get_hours(self):
        """:return: {weekday: (from, to)}"""
        self.ensure_one()
        return {
            index: (self.hour_from, self.hour_to)
            for index, day in enumerate(DAYS)
            if self[f"work_{day}"]
        }

    def _choose_member(self):
        """:return: the member who gets the next ticket; empty where a person chooses"""
        self.ensure_one()
        members = self.member_ids.filtered("active")
        if not members or self.assignment == "manual":
            return self.env["res.users"]
        Ticket = self.env["ecom.ticket"]
        if self.assignment == "load":
            counts = dict(
                Ticket._read_group(
                    [("user_id", "in", members.ids), ("is_open", "=", True)],
                    ["user_id"],
                    ["__count"],
                )
            )
            return min(members, key=lambda user: (counts.get(user, 0), user.id))
        last = dict(
            Ticket._read_group(
                [("user_id", "in", members.ids), ("team_id", "=", self.id)],
                ["user_id"],
                ["id:max"],
            )
        )
        return min(members, key=lambda user: (last.get(user, 0), user.id))

    def action_open_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecom_aftersales.ecom_ticket_action")
        action["domain"] = [("team_id", "=", self.id)]
        action["context"] = {"default_team_id": self.id, "search_default_open": 1}
        return action

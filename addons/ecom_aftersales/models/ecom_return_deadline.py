from odoo import api, fields, models


class EcomReturn(models.Model):
    """Platforms wait for answers only so long: deadlines escalate at half time and at 80 %."""

    _inherit = "ecom.return"

    escalation = fields.Integer(default=0, readonly=True, help="How often it was escalated.")

    @api.model
    def _cron_escalate_deadlines(self):
        """Remind the agent at 50 % of the time, the channel's responsible at 80 %."""
        now = fields.Datetime.now()
        cases = self.search(
            [
                "|",
                ("platform_state", "=", "open"),
                # Decided, but the platform has not heard of it.
                ("platform_answer", "in", ("waiting", "failed", "manual")),
                ("platform_deadline", "!=", False),
                ("escalation", "<", 2),
            ]
        )
        for case in cases:
            whole = (case.platform_deadline - case.create_date).total_seconds()
            gone = (now - case.create_date).total_seconds()
            part = gone / whole if whole > 0 else 1.0
            step = 2 if part >= 0.8 else 1 if part >= 0.5 else 0
            if step <= case.escalation:
                continue
            case.escalation = step
            user = case.user_id if step == 1 else case.channel_id.user_id
            case.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=fields.Date.to_date(case.platform_deadline),
                summary=self.env._(
                    "%(case)s: answer the platform by %(when)s",
                    case=case.name,
                    when=fields.Datetime.to_string(case.platform_deadline),
                ),
                user_id=(user or case.channel_id.user_id or self.env.user).id,
            )
            case._decide(
                "platform",
                self.env._(
                    "%(part)s %% of the platform's time are over: escalated.",
                    part=int(min(part, 1) * 100),
                ),
            )

    # === NAVIGATION === #

    def action_open_differences(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecom_aftersales.ecom_return_difference_action"
        )
        action["domain"] = [("return_id", "=", self.id)]
        return action

    def action_open_desk(self):
        self.ensure_one()
        return {
            "type": "ir.actions.client",
            "tag": "ecom_aftersales.receiving_desk",
            "params": {"code": self.name},
        }

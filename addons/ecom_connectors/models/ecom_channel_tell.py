from odoo import fields, models


class EcomChannel(models.Model):
    """Telling the platform: what waits, what went out."""

    _inherit = "ecom.channel"

    task_ids = fields.One2many("ecom.task", "channel_id")
    task_waiting_count = fields.Integer("To Tell", compute="_compute_task_counts")
    task_failed_count = fields.Integer("Not Told", compute="_compute_task_counts")
    webhook_last_at = fields.Datetime("Last Webhook", compute="_compute_webhook_health")
    webhook_health = fields.Selection(
        [("off", "Off"), ("ok", "Coming in"), ("silent", "Silent")],
        string="Webhooks",
        compute="_compute_webhook_health",
        help="Silent: orders were read by poll after the last webhook came in, so that the platform "
        "seems to have stopped calling.",
    )

    def _compute_task_counts(self):
        groups = (
            self.env["ecom.task"]
            .sudo()
            ._read_group(
                [("channel_id", "in", self.ids), ("state", "in", ("waiting", "failed"))],
                ["channel_id", "state"],
                ["__count"],
            )
        )
        counts = {(channel.id, state): count for channel, state, count in groups}
        for channel in self:
            channel.task_waiting_count = counts.get((channel.id, "waiting"), 0)
            channel.task_failed_count = counts.get((channel.id, "failed"), 0)

    def _compute_webhook_health(self):
        last = dict(
            self.env["ecom.webhook"]
            .sudo()
            ._read_group(
                [("channel_id", "in", self.ids)], ["channel_id"], ["received_at:max"]
            )
        )
        orders = dict(
            self.env["ecom.order"]
            .sudo()
            ._read_group(
                [("channel_id", "in", self.ids), ("source", "=", "platform")],
                ["channel_id"],
                ["external_updated_at:max"],
            )
        )
        for channel in self:
            channel.webhook_last_at = last.get(channel, False)
            if not channel.webhooks_registered:
                channel.webhook_health = "off"
                continue
            newest, heard = orders.get(channel), last.get(channel)
            silent = newest and (
                not heard or (newest - heard).total_seconds() > 2 * 60 * channel.connector_interval
            )
            channel.webhook_health = "silent" if silent else "ok"

    def _run_tasks(self):
        """Carry out what waits on these channels, also what was put off. :return: Counter"""
        now = fields.Datetime.now()
        put_off = self.env["ecom.task"].sudo().search(
            [
                ("channel_id", "in", self.ids),
                ("state", "=", "waiting"),
                ("next_try", ">", now),
                ("last_error", "!=", False),
            ]
        )  # fmt: skip
        put_off.write({"next_try": now})
        return self.env["ecom.task"].sudo()._run_due(self)

    def action_open_tasks(self):
        return self._action_open("ecom_connectors.ecom_task_action", [])

    def action_open_webhooks(self):
        return self._action_open("ecom_connectors.ecom_webhook_action", [])

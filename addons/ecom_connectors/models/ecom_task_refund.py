from odoo import models


class EcomTask(models.Model):
    """Whoever asked for a refund hears what became of it."""

    _inherit = "ecom.task"

    def _carry_out(self):
        result = super()._carry_out()
        if result == "sent":
            self._tell_refund_asker("done", self.remote_ref)
        return result

    def _fail(self, message, answer=None, unsure=False):
        result = super()._fail(message, answer, unsure=unsure)
        self._tell_refund_asker("unsure" if unsure else "refused", message=message)
        return result

    def action_retry(self):
        tasks = self._check_reviewer()
        tasks.filtered(lambda t: t.state == "failed")._tell_refund_asker("again")
        return super().action_retry()

    def action_give_up(self):
        tasks = self._check_reviewer().filtered(lambda t: t.state in ("failed", "waiting"))
        untried = tasks.filtered(lambda t: not t.attempts)
        result = super().action_give_up()
        reason = self.env._("A person gave it up.")
        untried._tell_refund_asker("refused", message=reason)
        (tasks - untried)._tell_refund_asker("given_up", message=reason)
        return result

    def _tell_refund_asker(self, outcome, reference=None, message=None):
        for task in self.filtered(lambda t: t.kind == "refund" and t.order_id):
            key = task.idempotency_key.removeprefix(task.order_id._get_refund_key(""))
            task.order_id._on_refund_told(key, outcome, reference, message)


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    def _get_refund_key(self, key):
        return f"refund/{self.external_id}/{key}"

    def _can_tell_refund(self):
        """In shadow mode nothing is told: whoever runs the shop gives the money back."""
        channel = self.channel_id
        return (
            channel.is_platform
            and channel.push_refunds
            and not channel.connector_shadow
            and channel._get_handler()._get_capabilities().push_refund
        )

    def _withdraw_refund(self, key, looked=False):
        # Whoever asked for the refund may take it back without rights on the outbox.
        task = (
            self.env["ecom.task"]
            .sudo()
            .search(
                [
                    ("channel_id", "=", self.channel_id.id),
                    ("idempotency_key", "=", self._get_refund_key(key)),
                ]
            )
        )
        if not task or task.state in ("cancelled", "shadow"):
            return True
        if task.state == "done":
            return False
        # A row that the outbox has in hand is not waited for: then the platform is being asked.
        if not task.try_lock_for_update():
            return False
        never_asked = task.state == "waiting" and not task.attempts
        if never_asked or (task.state == "failed" and (looked or not task.unsure)):
            task.write({"state": "cancelled"})
            return True
        return False

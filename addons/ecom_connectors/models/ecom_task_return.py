from datetime import timedelta

from odoo import api, fields, models

# So long before a platform's deadline an answer that could not be given is tried once more.
_BEFORE_DEADLINE = timedelta(minutes=15)


class EcomTask(models.Model):
    """Answers to requests of buyers: due before the platform's deadline, and whoever decided hears
    what became of them."""

    _inherit = "ecom.task"

    def _carry_out(self):
        result = super()._carry_out()
        if result == "sent":
            self._tell_return_asker("done")
        return result

    def _wait(self, error, counts=True):
        result = super()._wait(error, counts=counts)
        if self.kind == "return" and self.state == "waiting":
            self._hurry()
        return result

    def _hurry(self):
        """The pauses between tries grow; none of them lasts beyond the deadline."""
        deadline = fields.Datetime.to_datetime((self.payload or {}).get("deadline"))
        now = fields.Datetime.now()
        if not deadline or deadline <= now or self.next_try <= deadline - _BEFORE_DEADLINE:
            return
        self.next_try = max(min(deadline - _BEFORE_DEADLINE, self.next_try), now + timedelta(minutes=1))
        cron = self.env.ref("ecom_connectors.ir_cron_tasks", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger(self.next_try)

    def _fail(self, message, answer=None, unsure=False):
        result = super()._fail(message, answer, unsure=unsure)
        self._tell_return_asker("unsure" if unsure else "refused", message)
        return result

    def action_retry(self):
        tasks = self._check_reviewer()
        tasks.filtered(lambda t: t.state == "failed")._tell_return_asker("again")
        return super().action_retry()

    def action_give_up(self):
        tasks = self._check_reviewer().filtered(lambda t: t.state in ("failed", "waiting"))
        result = super().action_give_up()
        tasks._tell_return_asker("given_up", self.env._("A person gave it up."))
        return result

    def _tell_return_asker(self, outcome, message=None):
        for task in self.filtered(lambda t: t.kind == "return" and t.order_id):
            task.order_id._on_return_told(
                task.payload["case_id"], task.payload["answer"], outcome, message
            )


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    @api.private
    def tell_return(self, case_id, answer, **details):
        """See ecom_order_mgmt. In shadow mode nothing is told: whoever runs the shop answers."""
        self.ensure_one()
        # Whoever decides about a case has no rights on the outbox.
        task = self.env["ecom.task"].sudo()._add(
            self.channel_id,
            "return",
            f"return/{case_id}/{answer}",
            {"case_id": case_id, "answer": answer, **details},
            order=self,
            about=f"return/{case_id}",
        )
        return task.filtered(lambda t: t.state != "shadow")

    def _withdraw_return(self, case_id, looked=False):
        tasks = self.env["ecom.task"].sudo().search(
            [
                ("channel_id", "=", self.channel_id.id),
                ("object_key", "=", f"return/{case_id}"),
                ("state", "in", ("waiting", "failed", "done")),
            ],
            order="id desc", limit=1,
        )  # fmt: skip
        if not tasks:
            return True
        # A row that the outbox has in hand is not waited for: then the platform is being asked.
        if tasks.state == "done" or not tasks.try_lock_for_update():
            return False
        never_asked = tasks.state == "waiting" and not tasks.attempts
        if never_asked or (tasks.state == "failed" and (looked or not tasks.unsure)):
            tasks.state = "cancelled"
            return True
        return False

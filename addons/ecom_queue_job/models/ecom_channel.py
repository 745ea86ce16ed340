from collections import Counter

from odoo import api, models

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE
from odoo.addons.ecom_order_mgmt.models.ecom_channel_intake import BATCH
from odoo.addons.queue_job.exception import RetryableJobError

# A job that met the work of another worker comes back after this.
BUSY_SECONDS = 10
MAX_RETRIES = 8


class EcomChannel(models.Model):
    """The pipeline of a channel runs as jobs, one batch per step and job.

    Every channel is a lane (a sub-channel of `root.ecom`). A job that waits does all that is due
    when it runs: a second one is not made meanwhile. Odoo's timer stays, and sees only that there
    is a job where there is work.
    """

    _inherit = "ecom.channel"

    def _trigger_processing(self):
        self.filtered(lambda channel: channel.state != "paused")._enqueue_pipeline()

    @api.model
    def _cron_process_orders(self):
        for channel in self.search([("state", "!=", "paused")]):
            if any(channel._find_due()):
                channel._enqueue_pipeline()

    def _enqueue_pipeline(self, seconds=0):
        for channel in self:
            # Same rights as the timer, whoever took the order in.
            channel.sudo().with_delay(
                channel=f"root.ecom.c{channel.id}",
                identity_key=f"ecom_order_mgmt.process:{channel.id}",
                description=self.env._("Process the orders of %s", channel.display_name),
                eta=seconds or None,
                max_retries=MAX_RETRIES,
            )._process_job()

    def _find_due(self):
        """:return: iterator over recordsets: the next batch of each step of the pipeline"""
        self.ensure_one()
        Order = self.env["ecom.order"]
        for domain, _step in self._get_pipeline():
            yield Order.search([("channel_id", "=", self.id), *domain], order="id", limit=BATCH)

    def _process_job(self):
        """One batch of each step, in the job's transaction; what is left is a job of its own.

        :return: counts by outcome, shown on the job
        :raise RetryableJobError: a concurrent change; the job runs again on a new snapshot
        """
        self.ensure_one()
        if self.state == "paused":
            return {}
        channel = self.with_company(self.company_id)
        totals, full = Counter(), False
        try:
            for domain, step in channel._get_pipeline():
                orders = self.env["ecom.order"].search(
                    [("channel_id", "=", channel.id), *domain], order="id", limit=BATCH
                )
                full = full or len(orders) == BATCH
                locked = orders.with_env(channel.env).try_lock_for_update(allow_referencing=True)
                totals.update(getattr(locked, step)(final=self._is_last_try()))
            totals["replayed"] += self.env["ecom.refund"]._retry_parked(channel)
            self.env.flush_all()
        except RETRYABLE as error:
            raise RetryableJobError(str(error), seconds=BUSY_SECONDS) from error
        if full:
            channel._enqueue_pipeline()
        elif channel._count_remaining():
            # Another worker has them in hand, or a lane is busy.
            channel._enqueue_pipeline(seconds=BUSY_SECONDS)
        return {outcome: count for outcome, count in totals.items() if count}

    def _is_last_try(self):
        """Whether a unique value that is taken parks its order, instead of trying again."""
        uuid = self.env.context.get("job_uuid")
        job = uuid and self.env["queue.job"].search([("uuid", "=", uuid)], limit=1)
        return bool(job) and job.retry >= MAX_RETRIES - 1

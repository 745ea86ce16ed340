import logging
import random
import time
from collections import Counter
from datetime import timedelta

from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from odoo import api, fields, models, modules
from odoo.fields import Domain
from odoo.tools.gc import disabling_gc

from ..concurrency import RETRYABLE, WorkAlone
from ..fast import LATE

_logger = logging.getLogger(__name__)

BATCH = 50
# Orders looked at for a batch: those that other workers hold are passed by.
LOOK_AHEAD = 4 * BATCH
MAX_RETRIES = 8
# How long a call waits for what other workers have in hand without any progress of theirs.
WAIT_SECONDS = 20
# How soon to look whether the lane of a warehouse is free again, where nothing else is to do.
LANE_POLL_SECONDS = 0.05
# Steps that build first and take the stock last, where that can be done.
LATE_STEPS = {"_confirm_batch"}


class PipelineStep:
    """One step of the pipeline as one run goes through it: every order once, in their order."""

    def __init__(self, domain, method):
        self.domain = Domain(domain)
        self.method = method
        self.last_id = 0
        # Beyond `last_id`, where orders before them wait for their turn.
        self.tried = set()
        self.failures = 0
        # Whether the stock of a batch is in hand from its beginning.
        self.careful = method not in LATE_STEPS

    def get_domain(self):
        domain = Domain("id", ">", self.last_id) & self.domain
        return domain & Domain("id", "not in", list(self.tried)) if self.tried else domain

    def advance(self, tried_ids, left_ids):
        """:param left_ids: of the orders that are to be tried again"""
        self.failures = 0
        self.tried.update(tried_ids)
        self.tried.difference_update(left_ids)
        if not left_ids:
            self.last_id = max(self.tried, default=self.last_id)
            self.tried.clear()


class EcomChannel(models.Model):
    """The pipeline: received orders become deliveries, batch by batch.

    Any number of workers may run it at the same time, in timers or calls, on one server or on
    several: what one has in hand is locked, the others pass it by. A batch is one transaction.
    """

    _inherit = "ecom.channel"

    def _trigger_processing(self, at=None):
        """Wake the timer that processes orders (after the commit), or at a later moment."""
        if self.filtered(lambda channel: channel.state != "paused"):
            cron = self.env.ref("ecom_order_mgmt.ir_cron_process", raise_if_not_found=False)
            if cron:
                cron.sudo()._trigger(at=at)

    def process_orders(self):
        """Run the pipeline for these channels now, to the end of what is due.

        What another worker has in hand at this moment is waited for, for some time.

        :return: counts by outcome: accepted, cancelled, parked, approved, held, confirmed,
            replayed (what other workers did is not in them); and `remaining`, what is still in
            other hands
        """
        self._check_may_import()
        # Same rights as the timer, whoever presses the button.
        channels = self.sudo()
        totals = channels._process_orders()
        deadline = time.monotonic() + WAIT_SECONDS
        while totals["remaining"] and not modules.module.current_test:
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
            remaining = totals.pop("remaining")
            totals.update(channels._process_orders())
            if totals["remaining"] < remaining:
                deadline = time.monotonic() + WAIT_SECONDS
        return dict(totals)

    @api.model
    def _cron_process_orders(self):
        channels = self.search([("state", "!=", "paused")])
        if channels._process_orders()["remaining"]:
            # Another worker has them in hand. Should it end before its time, they are not to wait
            # for the next round.
            channels._trigger_processing(fields.Datetime.now() + timedelta(seconds=10))

    def _process_orders(self):
        totals = Counter(
            dict.fromkeys(
                ("accepted", "cancelled", "parked", "approved", "held", "confirmed", "replayed"), 0
            )
        )
        for channel in self:
            if channel.state == "paused":
                continue
            channel = channel.with_company(channel.company_id)
            channel._run_pipeline(totals)
            channel._run_refunds(totals)
        totals["remaining"] = self._count_remaining()
        return totals

    def _count_remaining(self):
        """:return: how many orders of these channels the pipeline should have seen to by now"""
        Order = self.env["ecom.order"]
        # A channel's timer may be paused meanwhile; what waits for a person has a cause.
        confirm = Domain(Order._get_confirm_domain()) & Domain("cause", "=", False)
        due = Domain(Order._get_received_domain()) | confirm
        running = self.filtered(lambda channel: channel.state != "paused")
        return Order.search_count(Domain("channel_id", "in", running.ids) & due)

    def _get_pipeline(self):
        """:return: list of (domain of ecom.order, name of a method): what happens to the orders of
            this channel, in this order. The method runs on locked orders, takes `final` (see
            :meth:`ecom.order._guarded`) and returns counts by outcome. Orders that it cannot have
            a try at now, because another worker holds what they need, are in `left`."""
        self.ensure_one()
        Order = self.env["ecom.order"]
        return [
            (Order._get_retry_domain(), "_retry_batch"),
            (Order._get_received_domain(), "_accept_batch"),
            (Order._get_review_domain(self), "_review_batch"),
            (Order._get_confirm_domain(), "_confirm_batch"),
        ]

    def _run_pipeline(self, totals):
        """Take turns: one batch of every step, until none has anything to do.

        So workers that share the work do not stand in line. While one confirms for a warehouse,
        which is one worker's business at a time, the others take in what is confirmed next.
        """
        steps = [PipelineStep(domain, method) for domain, method in self._get_pipeline()]
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            worked = waiting = False
            for step in steps:
                found, left, time_left = self._run_batch(step, totals)
                worked |= found > left
                waiting |= bool(left)
                if not time_left:
                    self._trigger_processing()
                    return
            if worked:
                deadline = time.monotonic() + WAIT_SECONDS
            elif not waiting or modules.module.current_test or time.monotonic() > deadline:
                return
            else:
                time.sleep(LANE_POLL_SECONDS)

    def _run_batch(self, step, totals):
        """Run a step on the next orders that are its to see to, in a transaction of their own.

        A batch that fails for a concurrent change runs again on a new snapshot; Odoo does that
        for requests, but not for timers.

        :return: (number of orders that were looked at, number of those that were left for now,
            seconds that are left to a timer)
        :raise RETRYABLE: failed too often
        """
        while True:
            late = not step.careful and not step.failures and self._begin_reading_afresh()
            Order = self.env["ecom.order"].with_context(**{LATE: True} if late else {})
            domain = Domain("channel_id", "=", self.id) & step.get_domain()
            orders = Order.search(domain, order="id", limit=LOOK_AHEAD)
            if not orders:
                # The next step has to see what other workers did meanwhile: whoever confirms on
                # an older state of the stock than the one before him, does it in vain.
                return 0, 0, self._commit_batch()
            try:
                # Locking may itself find that a row was changed since the snapshot.
                locked = orders.try_lock_for_update(allow_referencing=True, limit=BATCH)
                seen = orders.ids if len(locked) < BATCH else orders.ids[: _upto(orders, locked)]
                counts = Counter()
                left = Order
                if locked:
                    # A batch makes many thousands of objects that are all in use to its end:
                    # looking for rubbish among them again and again finds none.
                    with disabling_gc():
                        found = getattr(locked, step.method)(final=step.failures >= MAX_RETRIES - 1)
                    left = found.pop("left", left)
                    counts.update(found)
                time_left = self._commit_batch()
            except RETRYABLE as error:
                if modules.module.current_test:
                    raise  # the test's own transaction cannot be rolled back here
                step.failures += 1
                # What comes after is probably of the same kind.
                step.careful |= isinstance(error, WorkAlone)
                if step.failures >= MAX_RETRIES:
                    raise
                self.env.cr.rollback()
                self.env.invalidate_all()
                _logger.info("Channel %s: batch runs again (%s)", self.id, type(error).__name__)
                if step.failures > 1:
                    time.sleep(random.uniform(0, 0.05 * 2**step.failures))
                continue
            step.advance(seen, left.ids)
            totals.update(counts)
            return len(seen), len(left), time_left

    def _begin_reading_afresh(self):
        """Have the transaction that begins now read what others commit while it runs.

        :return: whether it does; not where something was read in it already
        """
        cr = self.env.cr
        if modules.module.current_test:
            return False
        if cr.connection.info.transaction_status != TRANSACTION_STATUS_IDLE:
            return False
        cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        return True

    def _run_refunds(self, totals):
        """Match refunds whose order has come in since; a concurrent change puts it off."""
        refunds = self.env["ecom.refund"]
        self._commit_or_put_off(lambda: totals.update(replayed=refunds._retry_parked(self)))

    def _commit_or_put_off(self, work):
        """Do a batch in a transaction of its own.

        :param work: function without arguments
        :return: False where a concurrent change stood in the way: all of it is taken back, and the
            timer tries again
        """
        try:
            work()
            self._commit_batch()
        except RETRYABLE:
            if modules.module.current_test:
                raise  # the test's own transaction cannot be rolled back here
            self.env.cr.rollback()
            self._trigger_processing()
            return False
        return True

    def _commit_batch(self):
        """End the transaction of a batch; what is done stays done, whatever comes after.

        :return: seconds that are left to a timer; 0 asks to stop
        """
        if modules.module.current_test:
            self.env.flush_all()
            return float("inf")
        return self.env["ir.cron"]._commit_progress()


def _upto(orders, locked):
    """:return: how many of `orders` come before the last one of `locked`, with that one"""
    return orders.ids.index(max(locked.ids)) + 1

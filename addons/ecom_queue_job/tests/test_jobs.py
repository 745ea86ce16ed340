from unittest.mock import patch

from odoo.exceptions import ConcurrencyError
from odoo.tests import tagged

from odoo.addons.ecom_order_mgmt.tests.common import EcomCase
from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import Job


@tagged("post_install", "-at_install")
class TestJobs(EcomCase):
    def _jobs(self, state="pending"):
        return self.env["queue.job"].search(
            [
                ("identity_key", "=", f"ecom_order_mgmt.process:{self.channel.id}"),
                ("state", "=", state),
            ]
        )

    def _perform(self, record):
        job = Job.load(self.env, record.uuid)
        job.set_started()
        job.store()
        job.perform()
        job.set_done()
        job.store()
        return job.result

    def test_orders_become_one_job(self):
        self._import(self._document("Q-1"))
        self._import(self._document("Q-2"))
        job = self._jobs()
        self.assertEqual(len(job), 1)
        self.assertEqual(job.channel, f"root.ecom.c{self.channel.id}")

    def test_a_job_does_the_whole_way(self):
        _result, orders = self._import(self._document("Q-1"), self._document("Q-2"))
        result = self._perform(self._jobs())
        self.assertEqual(orders.mapped("review_state"), ["approved", "approved"])
        self.assertTrue(all(orders.mapped("confirmed_at")))
        self.assertEqual(result["confirmed"], 2)
        self.assertEqual(self._reserved(self.product), 2)

    def test_what_comes_in_while_a_job_runs_gets_a_job(self):
        self._import(self._document("Q-1"))
        running = self._jobs()
        job = Job.load(self.env, running.uuid)
        job.set_started()
        job.store()
        self._import(self._document("Q-2"))
        self.assertEqual(len(self._jobs()), 1)
        self.assertNotEqual(self._jobs(), running)

    def test_more_than_a_batch(self):
        module = "odoo.addons.ecom_queue_job.models.ecom_channel.BATCH"
        with patch(module, 2):
            _result, orders = self._import(*[self._document(f"Q-{i}") for i in range(5)])
            done = 0
            while self._jobs() and done < 10:
                self._perform(self._jobs())
                done += 1
        self.assertTrue(all(orders.mapped("confirmed_at")))
        self.assertEqual(self._reserved(self.product), 5)
        self.assertGreaterEqual(done, 3)

    def test_concurrent_change_is_tried_again(self):
        self._import(self._document("Q-1"))
        Order = type(self.env["ecom.order"])
        with (
            patch.object(Order, "_accept_batch", side_effect=ConcurrencyError("busy")),
            self.assertRaises(RetryableJobError),
        ):
            self._perform(self._jobs())

    def test_paused_channel_gets_no_job(self):
        self.channel.state = "paused"
        self._import(self._document("Q-1"))
        self.assertFalse(self._jobs())

    def test_the_timer_only_looks_for_work(self):
        self.env["ecom.channel"]._cron_process_orders()
        self.assertFalse(self._jobs())
        _result, order = self._import(self._document("Q-1"))
        self._jobs().unlink()
        self.env["ecom.channel"]._cron_process_orders()
        self.assertEqual(len(self._jobs()), 1)
        self.assertEqual(order.state, "received")

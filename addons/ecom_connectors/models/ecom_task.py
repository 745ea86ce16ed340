import logging
from collections import Counter
from datetime import timedelta

from odoo import api, fields, models, modules
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE, create_once

from ..exceptions import EcomAuthError, EcomConnectorError, EcomDataError, EcomRetryableError
from ..platforms.base import Unmappable

_logger = logging.getLogger(__name__)

WAITS = (1, 2, 5, 10, 20, 30, 60, 120)
# A call lasts less than this. A task that somebody took and did not finish in that time was
# interrupted (killed between the platform's answer and our commit): it is looked into again.
LEASE = timedelta(minutes=10)


class EcomTask(models.Model):
    """One thing to tell a platform.

    It is written in the transaction of what happened, and carried out later, in one of its own per
    call. Tasks of one object keep their order; an object that is stuck does not block others. A
    task that may have been carried out already says so (`attempts`), and the connector looks first.
    """

    _name = "ecom.task"
    _description = "Outgoing Message"
    _order = "id desc"
    _rec_name = "idempotency_key"

    channel_id = fields.Many2one(
        "ecom.channel", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [
            ("shipment", "Shipment"),
            ("cancel", "Cancellation"),
            ("refund", "Refund"),
            ("return", "Answer to a return"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("done", "Told"),
            ("failed", "Needs a person"),
            ("cancelled", "Given up"),
            ("shadow", "Shadow mode"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        index=True,
    )
    idempotency_key = fields.Char("Key", required=True, readonly=True)
    object_key = fields.Char("About", required=True, readonly=True)
    order_id = fields.Many2one(
        "ecom.order", "Channel Order", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    picking_id = fields.Many2one(
        "stock.picking", "Transfer", readonly=True, ondelete="set null", index="btree_not_null"
    )
    payload = fields.Json("What is Told", readonly=True)
    attempts = fields.Integer(readonly=True)
    next_try = fields.Datetime(readonly=True, default=fields.Datetime.now)
    started_at = fields.Datetime("Last Try", readonly=True)
    done_at = fields.Datetime("Told On", readonly=True)
    remote_ref = fields.Char("Platform's Id", readonly=True)
    last_answer = fields.Text(readonly=True)
    last_error = fields.Text("Last Trouble", readonly=True)
    unsure = fields.Boolean(
        readonly=True, help="It failed, and the platform may have done it all the same."
    )
    explanation = fields.Text("Why It Was Not Told", compute="_compute_explanation")

    _key_uniq = models.UniqueIndex("(channel_id, idempotency_key)")
    _due_idx = models.Index("(next_try, id) WHERE state = 'waiting'")
    _object_idx = models.Index(
        "(channel_id, object_key, id) WHERE state IN ('waiting', 'failed')"
    )

    @api.depends("state", "next_try", "last_error", "channel_id.state", "started_at")
    def _compute_explanation(self):
        for task in self:
            task.explanation = task._explain()

    def _explain(self):
        self.ensure_one()
        if self.state == "done":
            return False
        if self.state == "shadow":
            return self.env._("The channel is in shadow mode: nothing is told to the shop.")
        if self.state == "cancelled":
            return self.env._("A person gave it up.")
        if self.state == "failed":
            return self.last_error or self.env._("The shop refused it.")
        if self.channel_id.state == "paused":
            return self.env._("The channel is paused.")
        if self.channel_id.state == "needs_auth":
            return self.env._("The channel needs a new sign-in.")
        before = self._get_earlier()
        if before:
            return self.env._("It waits for an earlier message: %(key)s", key=before.display_name)
        if self.last_error:
            return self.env._(
                "Tried %(count)s times, again at %(time)s (UTC): %(error)s",
                count=self.attempts, time=self.next_try, error=self.last_error,
            )  # fmt: skip
        return self.env._("It is about to be told.")

    def _get_earlier(self):
        if not self.id or not isinstance(self.id, int):
            return self.browse()
        return self.search(
            [
                ("channel_id", "=", self.channel_id.id),
                ("object_key", "=", self.object_key),
                ("id", "<", self.id),
                ("state", "in", ("waiting", "failed")),
            ],
            order="id", limit=1,
        )  # fmt: skip

    # === MAKING === #

    @api.model
    def _add(self, channel, kind, key, payload, *, order, picking=None, about=None):
        """Put a message on its way; the same key is one message, however often it is added.

        :param about: the object whose messages keep their order; none: the order
        :return: the task, new or not; empty where the platform cannot be told
        """
        if not channel.is_platform:
            return self.browse()
        able = channel._get_handler()._get_capabilities()
        if not getattr(able, f"push_{kind}") or not channel[f"push_{kind}s"]:
            return self.browse()
        known = self.search([("channel_id", "=", channel.id), ("idempotency_key", "=", key)])
        if known:
            return known
        task = create_once(
            self,
            [
                {
                    "channel_id": channel.id,
                    "kind": kind,
                    "state": "shadow" if channel.connector_shadow else "waiting",
                    "idempotency_key": key,
                    "object_key": about or f"order/{order.external_id}",
                    "order_id": order.id,
                    "picking_id": picking.id if picking else False,
                    "payload": {"order_id": order.external_id, "number": order.number, **payload},
                }
            ],
        )
        if task.state == "waiting":
            cron = self.env.ref("ecom_connectors.ir_cron_tasks", raise_if_not_found=False)
            if cron:
                cron.sudo()._trigger()
        return task

    # === CARRYING OUT === #

    @api.model
    def _cron_run(self):
        self._run_due()

    @api.model
    def _run_due(self, channels=None):
        """Carry out what is due, one call and one transaction each. :return: Counter"""
        counts = Counter()
        failures = 0
        while True:
            try:
                task = self._take_next(channels)
                if not task:
                    break
                counts[task._carry_out()] += 1
                if not self._commit():
                    break
                failures = 0
            except RETRYABLE as error:
                if modules.module.current_test:
                    raise
                self.env.cr.rollback()
                failures += 1
                _logger.info("Outbox: again (%s)", type(error).__name__)
                if failures > 8:
                    break
        return counts

    def _commit(self):
        if modules.module.current_test:
            self.env.flush_all()
            return float("inf")
        return self.env["ir.cron"]._commit_progress()

    @api.model
    def _take_next(self, channels=None):
        """:return: a due task that nobody else has in hand, marked as being carried out"""
        self.flush_model()
        self.env["ecom.channel"].flush_model(["state", "active"])
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.id FROM ecom_task t
                  JOIN ecom_channel c ON c.id = t.channel_id
                 WHERE t.state = 'waiting' AND t.next_try <= %(now)s AND c.active
                   AND c.state NOT IN ('paused', 'needs_auth')
                   AND (%(all)s OR t.channel_id = ANY(%(channels)s))
                   AND NOT EXISTS (
                        SELECT 1 FROM ecom_task e
                         WHERE e.channel_id = t.channel_id AND e.object_key = t.object_key
                           AND e.id < t.id AND e.state IN ('waiting', 'failed'))
                 ORDER BY t.next_try, t.id
                 LIMIT 1
                   FOR NO KEY UPDATE OF t SKIP LOCKED
                """,
                now=now,
                all=channels is None,
                channels=channels.ids if channels is not None else [],
            )
        )
        task = self.browse([row[0] for row in rows])
        if task:
            task.write(
                {"attempts": task.attempts + 1, "started_at": now, "next_try": now + LEASE}
            )
            # From here on others see that it is in hand; the call itself holds no lock.
            self._commit()
        return task

    def _carry_out(self):
        """:return: 'sent', 'waiting' or 'failed'"""
        self.ensure_one()
        channel = self.channel_id.with_company(self.company_id)
        handler = channel._get_handler()
        try:
            values = {**(self.payload or {}), "key": self.idempotency_key, **self._get_present()}
            result = getattr(handler, f"_push_{self.kind}")(channel, self, values) or {}
        except EcomAuthError as error:
            self._wait(error, counts=False)
            channel._on_trouble(error)
            return "waiting"
        except EcomRetryableError as error:
            return self._wait(error, counts=error.counts)
        except EcomDataError as error:
            return self._fail(error.message, error.answer)
        except (UserError, Unmappable) as error:
            return self._fail(str(error))
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            # An answer of a shape that the connector does not know must not stop the others.
            _logger.exception("Task %s", self.idempotency_key)
            return self._fail(
                self.env._(
                    "The shop answered what this connector does not understand (%(error)s).",
                    error=f"{type(error).__name__}: {error}",
                ),
                unsure=True,
            )
        self.write(
            {
                "state": "done",
                "done_at": fields.Datetime.now(),
                "remote_ref": result.get("ref") or self.remote_ref,
                "last_answer": result.get("answer") or False,
                "last_error": False,
            }
        )
        return "sent"

    def _get_present(self):
        """:return: what is known by now, and was not when the message was written: a tracking number
        often comes a moment after the goods"""
        picking = self.picking_id
        if self.kind != "shipment" or not picking:
            return {}
        tracking = picking.ecom_shipment_id.tracking_ref or picking.carrier_tracking_ref
        known = {
            "tracking": tracking,
            "tracking_url": picking.carrier_tracking_url,
            "carrier": (picking.ecom_shipment_id.carrier_id or picking.carrier_id).name,
        }
        return {key: value for key, value in known.items() if value}

    def _wait(self, error, counts=True):
        attempts = self.attempts if counts else self.attempts - (not error_unsure(error))
        if counts and attempts > len(WAITS):
            return self._fail(error.message, error.answer, unsure=True)
        delay = getattr(error, "delay", None)
        if delay is None:
            delay = WAITS[max(attempts, 1) - 1] * 60 if counts else 60
        next_try = fields.Datetime.now() + timedelta(seconds=max(delay, 1))
        self.write(
            {
                "attempts": attempts,
                "next_try": next_try,
                "last_error": error.message,
                "last_answer": error.answer or False,
            }
        )
        cron = self.env.ref("ecom_connectors.ir_cron_tasks", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger(next_try)
        return "waiting"

    def _fail(self, message, answer=None, unsure=False):
        """:param unsure: the platform may have done it all the same"""
        self.write(
            {
                "state": "failed",
                "last_error": message,
                "last_answer": answer or False,
                "unsure": unsure,
            }
        )
        if self.order_id:
            self.order_id.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("The shop was not told"),
                note=message,
                user_id=(self.channel_id.user_id or self.channel_id.create_uid).id,
            )
        return "failed"

    # === ACTIONS === #

    def _check_reviewer(self):
        if not self.env.su and not self.env.user.has_group("ecom_order_mgmt.group_ecom_reviewer"):
            raise AccessError(self.env._("Only reviewers may decide about outgoing messages."))
        self.check_access("read")
        # Tasks are written by the outbox and by these buttons only.
        return self.sudo()

    def action_retry(self):
        """Button: try now, as if for the first time (the connector still looks first)."""
        tasks = self._check_reviewer().filtered(lambda t: t.state in ("failed", "waiting"))
        now = fields.Datetime.now()
        for task in tasks:
            in_hand = task.state == "waiting" and task.started_at and not task.last_error
            if not (in_hand and task.next_try > now):
                task.write({"state": "waiting", "attempts": 1, "next_try": now})
        tasks.channel_id._trigger_sync()
        return True

    def action_give_up(self):
        """Button: the shop is told by hand; later messages of the same order go on."""
        tasks = self._check_reviewer()
        tasks.filtered(lambda t: t.state in ("failed", "waiting", "shadow")).write(
            {"state": "cancelled"}
        )
        tasks.channel_id._trigger_sync()
        return True


def error_unsure(error):
    """Whether the request of an EcomConnectorError may have reached the platform."""
    return isinstance(error, EcomConnectorError) and getattr(error, "unsure", False)

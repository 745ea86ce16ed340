import logging
from collections import Counter
from datetime import timedelta

from odoo import api, fields, models, modules
from odoo.exceptions import UserError
from odoo.service import server
from odoo.tools import SQL, ormcache

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE

from ..exceptions import EcomAuthError, EcomConnectorError, EcomRetryableError
from ..platforms.base import Unmappable

# An answer of a shape that a connector does not know ends in one of these.
UNEXPECTED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)

_logger = logging.getLogger(__name__)

BATCH = 200
KEEP_DAYS = 14
MAX_ATTEMPTS = 8
SHOWN_HEADERS = 4000
# Odoo's workers let 8 connections for each of them wait. Who comes when these are taken is not
# refused but not heard, and tries again after one second, three, seven: platforms send in bursts.
WAITING_CONNECTIONS = 1024


class EcomWebhook(models.Model):
    """What a platform told us, as it came: stored, acknowledged, and processed later.

    It is a hint only. The order is read anew from the platform; what the webhook carries counts
    where the platform cannot be asked.
    """

    _name = "ecom.webhook"
    _description = "Webhook Delivery"
    _order = "id desc"
    _rec_name = "topic"

    channel_id = fields.Many2one(
        "ecom.channel", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    delivery_key = fields.Char("Delivery", required=True, readonly=True)
    topic = fields.Char(readonly=True)
    headers = fields.Json(readonly=True)
    body = fields.Text(readonly=True)
    state = fields.Selection(
        [("new", "To do"), ("done", "Done"), ("failed", "Not readable")],
        default="new",
        required=True,
        readonly=True,
    )
    received_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    attempts = fields.Integer(readonly=True)
    message = fields.Text(readonly=True)

    _delivery_uniq = models.UniqueIndex("(channel_id, delivery_key)")
    _new_idx = models.Index("(channel_id, id) WHERE state = 'new'")
    _received_idx = models.Index("(channel_id, received_at)")

    def _register_hook(self):
        """Let a burst of deliveries wait for a worker; the system's own limit (``somaxconn``) holds."""
        super()._register_hook()
        listening = getattr(server.server, "socket", None)
        if listening:
            listening.listen(WAITING_CONNECTIONS)

    @api.model
    def _get_target(self, token):
        """Whom a webhook address is of, from the memory of this process: a busy shop calls hundreds
        of times a second.

        :return: (ecom.channel, its connector's model, {name: secret text})
        :raise LookupError: nobody's, or of a channel that is archived
        :raise UserError: the server's key does not fit
        """
        channel_id, connector, secrets = self._get_cached_target(token)
        channel = self.env["ecom.channel"].browse(channel_id)
        return channel, self.env[f"ecom.connector.{connector}"], dict(secrets)

    @api.model
    @ormcache("token")
    def _get_cached_target(self, token):
        """Forgotten when a channel's address, connector or secrets change. What raises is not kept,
        so that nobody fills the memory with addresses that do not exist."""
        channel = token and self.env["ecom.channel"].sudo().search(
            [("webhook_token", "=", token), ("active", "=", True)], limit=1
        )
        if not channel or not channel.is_platform:
            raise LookupError(token)
        secrets = self.env["ecom.credential"].sudo()._load(channel, lasting=True)
        return channel.id, channel.connector, tuple(secrets.items())

    @api.model
    def _store(self, channel, delivery_key, topic, headers, body):
        """Keep a delivery. The same one again is no second one.

        One statement, without the ORM's checks: the platform waits for our answer.

        :return: whether it is new
        """
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO ecom_webhook (channel_id, company_id, delivery_key, topic, headers, body,
                                          state, received_at, attempts, create_uid, write_uid,
                                          create_date, write_date)
                     SELECT id, company_id, %(key)s, %(topic)s, %(headers)s, %(body)s,
                            'new', %(now)s, 0, 1, 1, %(now)s, %(now)s
                       FROM ecom_channel WHERE id = %(channel)s
                ON CONFLICT (channel_id, delivery_key) DO NOTHING
                  RETURNING id
                """,
                channel=channel.id,
                key=delivery_key[:256],
                topic=(topic or "")[:256],
                headers=self._fields["headers"].convert_to_column(headers, self),
                body=body,
                now=fields.Datetime.now(),
            )
        )
        return bool(rows)

    @api.model
    def _get_timer(self):
        # By its cached id: env.ref() would look whether it exists, each time.
        data = self.env["ir.model.data"]._xmlid_to_res_id("ecom_connectors.ir_cron_webhooks")
        return self.env["ir.cron"].browse(data)

    @api.model
    def _cron_process(self):
        channels = self.search([("state", "=", "new")]).channel_id
        for channel in channels:
            if channel.is_platform and channel.state not in ("paused", "needs_auth"):
                self._process(channel.with_company(channel.company_id))
        channels._cron_progress()

    @api.model
    def _process(self, channel):
        """Take in what the deliveries of a channel are about: each order once, however many of
        them speak of it and in whatever order they came. :return: Counter of outcomes"""
        totals, polls = Counter(), []
        while channel._may_call() or not channel._get_handler()._get_capabilities().poll:
            try:
                events = self.search(
                    [("channel_id", "=", channel.id), ("state", "=", "new")],
                    order="id", limit=BATCH,
                ).try_lock_for_update()  # fmt: skip
                if not events:
                    return totals
                more = events._process_batch(channel, totals, polls)
                time_left = channel._commit_batch()
            except RETRYABLE as error:
                if modules.module.current_test:
                    raise
                self.env.cr.rollback()
                _logger.info("Webhooks of channel %s again (%s)", channel.id, type(error).__name__)
                channel._trigger_sync()
                return totals
            if polls and more:
                channel._run_sync("orders", totals)
                polls.clear()
            if not more or not time_left:
                return totals
        return totals

    def _process_batch(self, channel, totals, polls):
        """:param list polls: gets the deliveries after which only a poll knows what changed
        :return: whether to go on with the next batch"""
        handler = channel._get_handler()
        hooks = {}
        for event in self:
            try:
                hooks[event] = handler._read_webhook(
                    channel, event._get_headers(), (event.body or "").encode()
                )
            except (ValueError, LookupError, TypeError, AttributeError, UserError) as error:
                event.write({"state": "failed", "message": f"{type(error).__name__}: {error}"})
        ids = [order_id for hook in hooks.values() for order_id in hook.order_ids]
        documents = [document for hook in hooks.values() for document in hook.documents]
        done = self.browse([event.id for event in hooks])
        try:
            totals.update(channel._fetch_and_ingest(ids, documents))
        except EcomConnectorError as error:
            channel._on_trouble(error)
            refused = not isinstance(error, EcomRetryableError | EcomAuthError)
            self._put_off(done, error.message, refused or getattr(error, "counts", True))
            return False
        except (UserError, Unmappable) as error:
            self._put_off(done, str(error), True)
            return False
        except UNEXPECTED as error:
            _logger.exception("Webhooks of channel %s", channel.id)
            if not modules.module.current_test:
                self.env.cr.rollback()
            self._put_off(done, f"{type(error).__name__}: {error}", True)
            return False
        done.write({"state": "done", "message": False})
        polls += [event for event, hook in hooks.items() if hook.poll]
        return True

    def _put_off(self, events, message, counts):
        """They wait for the next run; after many of them a person has to look."""
        for attempts, same in events.grouped("attempts").items():
            attempts += bool(counts)
            same.write(
                {
                    "attempts": attempts,
                    "message": message,
                    "state": "failed" if attempts >= MAX_ATTEMPTS else "new",
                }
            )
        events.channel_id._trigger_sync(fields.Datetime.now() + timedelta(minutes=1))

    def _get_headers(self):
        return {key.lower(): value for key, value in (self.headers or {}).items()}

    def action_process_again(self):
        """Button: read failed deliveries once more."""
        self.check_access("write")
        self.filtered(lambda event: event.state == "failed").write({"state": "new", "attempts": 0})
        self.channel_id._trigger_sync()
        return True

    @api.autovacuum
    def _gc_webhooks(self):
        """Old deliveries have done their duty; the order keeps what matters."""
        limit = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        old = self.search([("received_at", "<", limit), ("state", "!=", "new")], limit=10000)
        old.unlink()
        return len(old), len(old) == 10000

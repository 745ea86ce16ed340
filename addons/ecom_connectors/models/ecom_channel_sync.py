import logging
from collections import Counter
from datetime import timedelta

from odoo import api, fields, models, modules
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE
from odoo.addons.ecom_order_mgmt.tools.canonical import utc

from .. import platforms
from ..exceptions import EcomAuthError, EcomConnectorError, EcomRetryableError
from ..platforms.base import Unmappable

_logger = logging.getLogger(__name__)

KINDS = ("orders", "listings", "shipments", "stock")
RECONCILE_DAYS = 2
REFUNDS_LATE = timedelta(days=3)
UNEXPECTED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
WAITS = (1, 2, 5, 10, 20, 30, 60, 120)


class EcomChannel(models.Model):
    """Reading what the platform has: by poll, after a webhook, and once a day for certainty."""

    _inherit = "ecom.channel"

    # === PUBLIC === #

    def sync_now(self, kinds=None):
        """Read orders and tell the shop what is due, now.

        :param kinds: list of 'orders', 'listings', 'shipments' (shipments, cancellations and
            refunds) and 'stock', or None: all but 'listings'
        :return: dict with counts: `read`, `created`, `updated`, `unchanged`, `stale`, `parked`,
            `accepted`, `confirmed`, `sent`, `waiting`, `failed`, `stock_sent`, and `message` (the
            last trouble, or False)
        """
        self._check_may_import()
        kinds = tuple(kinds or ("orders", "shipments", "stock"))
        unknown = set(kinds) - set(KINDS)
        if unknown:
            raise UserError(
                self.env._(
                    "Unknown kinds: %(unknown)s. Known ones: %(known)s.",
                    unknown=", ".join(sorted(unknown)),
                    known=", ".join(KINDS),
                )
            )
        # Same rights as the timers, whoever presses the button.
        channels = self.sudo()
        totals = Counter(dict.fromkeys(
            ("read", "created", "updated", "unchanged", "stale", "parked", "accepted", "confirmed",
             "sent", "waiting", "failed", "stock_sent"), 0,
        ))  # fmt: skip
        for channel in channels.filtered("is_platform"):
            channel = channel.with_company(channel.company_id)
            if "listings" in kinds and channel.can_read_listings:
                channel._run_sync("listings", totals)
            if "orders" in kinds:
                totals.update(self.env["ecom.webhook"].sudo()._process(channel))
                channel._run_sync("orders", totals)
                if platforms.get_capabilities(channel.connector).refunds_apart:
                    channel._run_sync("refunds", totals)
                if channel._reads_returns():
                    channel._run_sync("returns", totals)
                totals.update(channel.process_orders())
            if "shipments" in kinds:
                totals.update(channel._run_tasks())
            if "stock" in kinds:
                channel._run_sync("stock", totals)
        result = {key: value for key, value in totals.items() if key != "remaining"}
        troubled = channels.filtered("connector_message")[:1]
        return {**result, "message": troubled.connector_message or False}

    def action_sync_now(self):
        """Button: :meth:`sync_now`, and what came of it."""
        self.ensure_one()
        counts = self.sync_now()
        if counts["message"]:
            return self._notify(counts["message"], "danger")
        return self._notify(
            self.env._(
                "%(read)s orders read, %(created)s new, %(sent)s messages sent, %(stock_sent)s "
                "quantities published.",
                **counts,
            ),
            "success",
        )

    def action_backfill(self, since=None, until=None):
        """Read orders of the past, in the background, within the platform's limits.

        :param since, until: datetimes (UTC); without `since`, from `Orders Since` on
        """
        self._check_may_import()
        for channel in self.sudo():
            sync = channel._get_sync("backfill")
            sync.write(
                {
                    "cursor_at": since or channel.connector_since,
                    "until_at": until or fields.Datetime.now(),
                    "page": False,
                    "next_at": fields.Datetime.now(),
                    "message": False,
                }
            )
        self.sudo()._trigger_sync()
        return True

    # === TIMERS === #

    @api.model
    def _cron_sync(self):
        """Poll the channels whose time has come, each in transactions of its own."""
        channels = self.search(
            Domain("connector", "in", list(platforms.REGISTRY))
            & Domain("state", "not in", ("paused", "needs_auth"))
        )
        self._cron_progress(remaining=len(channels))
        for channel in channels:
            channel = channel.with_company(channel.company_id)
            for kind in ("orders", "returns", "refunds", "backfill", "reconcile", "listings", "stock", "compare"):
                if channel._is_due(kind):
                    channel._run_sync(kind, Counter())
            if not self._cron_progress(processed=1):
                break

    @api.model
    def _cron_progress(self, processed=0, remaining=None):
        """:return: seconds that are left to the timer"""
        if modules.module.current_test:
            self.env.flush_all()
            return float("inf")
        return self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    def _is_due(self, kind):
        able = platforms.get_capabilities(self.connector)
        if kind in ("listings", "compare"):
            # Asked for by a person or at night; only what was interrupted goes on by itself.
            sync = self._get_sync(kind)
            return bool(sync.page and (not sync.next_at or sync.next_at <= fields.Datetime.now()))
        if kind in ("orders", "reconcile", "backfill") and not able.poll:
            return False
        if kind == "refunds" and not able.refunds_apart:
            return False
        if kind == "returns" and not self._reads_returns():
            return False
        if kind == "stock" and not (able.push_stock and self.stock_publish):
            return False
        sync = self._get_sync(kind)
        now = fields.Datetime.now()
        if kind == "backfill":
            return bool(sync.until_at and sync.next_at and sync.next_at <= now)
        if kind == "reconcile" and not sync.next_at:
            # The first one a day after the channel was connected.
            sync.next_at = now + timedelta(days=1)
        return not sync.next_at or sync.next_at <= now

    def _get_sync(self, kind):
        self.ensure_one()
        sync = self.env["ecom.sync"].sudo().search(
            [("channel_id", "=", self.id), ("kind", "=", kind)]
        )  # fmt: skip
        return sync or self.env["ecom.sync"].sudo().create({"channel_id": self.id, "kind": kind})

    def _run_sync(self, kind, totals):
        """Run one kind now; what goes wrong is kept on its row and on the channel, never raised."""
        self.ensure_one()
        if not self._may_call():
            return
        sync = self._get_sync(kind)
        # Two workers must not poll the same thing; the other one is at it already.
        try:
            if not sync.try_lock_for_update(allow_referencing=True):
                return
        except RETRYABLE:
            if modules.module.current_test:
                raise
            self.env.cr.rollback()
            return
        sync.started_at = fields.Datetime.now()
        try:
            getattr(self, f"_sync_{kind}")(sync, totals)
        except EcomConnectorError as error:
            self._on_sync_error(sync, error)
        except (UserError, Unmappable) as error:
            self._on_sync_error(sync, EcomConnectorError(str(error)))
        except UNEXPECTED as error:
            # An answer of a shape that the connector does not know: this channel waits for a
            # person, the others go on.
            _logger.exception("Channel %s: %s", self.id, kind)
            if not modules.module.current_test:
                self.env.cr.rollback()
            message = self.env._(
                "The shop answered what this connector does not understand (%(error)s).",
                error=f"{type(error).__name__}: {error}",
            )
            self._on_sync_error(sync, EcomConnectorError(message))
        except RETRYABLE as error:
            if modules.module.current_test:
                raise
            # Somebody else changed the same orders at this moment: the next run sees that.
            self.env.cr.rollback()
            _logger.info("Channel %s: %s again later (%s)", self.id, kind, type(error).__name__)
            self._trigger_sync()
        else:
            self._on_sync_success(sync)
        self._commit_batch()

    def _on_sync_error(self, sync, error):
        now = fields.Datetime.now()
        counts = getattr(error, "counts", True)
        wait = WAITS[min(sync.failures, len(WAITS) - 1)] * 60
        delay = getattr(error, "delay", None)
        sync.write(
            {
                "message": f"{error.message}\n{error.answer}" if error.answer else error.message,
                "failures": sync.failures + (1 if counts else 0),
                "next_at": now + timedelta(seconds=wait if delay is None else max(delay, 1)),
            }
        )
        if isinstance(error, EcomRetryableError) and not counts:
            self._trigger_sync(sync.next_at)
            return
        self._on_trouble(error)
        if self.state == "ok" and sync.kind == "orders" and sync.failures >= 3:
            self.state = "lagging"
        if not isinstance(error, EcomAuthError):
            self._trigger_sync(sync.next_at)

    def _on_sync_success(self, sync):
        now = fields.Datetime.now()
        wait = {"reconcile": timedelta(days=1), "listings": timedelta(days=1)}.get(
            sync.kind, timedelta(minutes=self.connector_interval)
        )
        sync.write(
            {"message": False, "failures": 0, "succeeded_at": now, "next_at": now + wait}
        )
        if sync.kind == "backfill":
            sync.write({"next_at": False, "until_at": False, "page": False})
        if sync.kind == "orders":
            self.connector_message = False
            if self.state == "lagging":
                self.state = "ok"

    # === ORDERS === #

    def _sync_orders(self, sync, totals):
        self._read_orders(sync, self._since(sync.cursor_at), None, totals)

    def _sync_refunds(self, sync, totals):
        """Platforms book refunds late, under an earlier date: some days are read again each time."""
        self._read_orders(sync, self._since(sync.cursor_at) - REFUNDS_LATE, None, totals)

    def _sync_reconcile(self, sync, totals):
        """Everything of two days again: what a webhook or a poll may have missed."""
        now = fields.Datetime.now()
        since = max(now - timedelta(days=RECONCILE_DAYS), self._since(False))
        self._read_orders(sync, since, None, totals)

    def _sync_backfill(self, sync, totals):
        self._read_orders(sync, sync.cursor_at, sync.until_at, totals)

    def _read_orders(self, sync, since, until, totals):
        """Read page by page; each is stored before the cursor moves on, so that a kill costs one
        page that is read again."""
        handler = self._get_handler()
        cursor = sync.page if sync.kind == "backfill" else None
        fetch = {"backfill": handler._fetch_past, "refunds": lambda channel, since, _until, cursor: handler._fetch_refunds(
            channel, since, cursor)}.get(sync.kind, handler._fetch_orders)  # fmt: skip
        read = 0
        while True:
            page = fetch(self, since, until, cursor)
            results = self._ingest(page.documents, "platform")
            read += len(results)
            totals["read"] += len(results)
            totals.update(entry["outcome"] for entry in results)
            vals = {"read_count": read}
            newest = utc(page.newest) if page.newest else False
            if newest:
                newest = newest.replace(microsecond=0)
                if not sync.cursor_at or newest > sync.cursor_at:
                    vals["cursor_at"] = newest
            if sync.kind == "backfill":
                # Its pages go on from where they were, not from the latest change.
                vals.pop("cursor_at", None)
                vals["page"] = page.next
            sync.write(vals)
            cursor = page.next
            time_left = self._commit_batch()
            if cursor is None:
                return
            if not time_left:
                raise EcomRetryableError(
                    self.env._("More is to be read."), delay=1, counts=False
                )

    def _fetch_and_ingest(self, external_ids, documents=()):
        """Read orders anew and take them in; where the platform cannot be asked, what it sent.

        :param external_ids: of orders that something happened to
        :param documents: what webhooks carried, for orders that cannot be fetched
        :return: Counter of outcomes
        """
        handler, counts, fetched = self._get_handler(), Counter(), []
        for external_id in dict.fromkeys(external_ids):
            document = handler._fetch_order(self, external_id)
            if document is not None:
                fetched.append(document)
        results = self._ingest([*fetched, *documents], "platform")
        counts["read"] += len(fetched)
        counts.update(entry["outcome"] for entry in results)
        return counts

    # === RETURNS === #

    def _reads_returns(self):
        """Whether requests to return are to be asked for; many platforms tell them with the order."""
        able = platforms.get_capabilities(self.connector)
        return able.poll and able.returns and self.read_returns

    def _sync_returns(self, sync, totals):
        """As orders: what was read is stored before the cursor moves on."""
        handler, cursor = self._get_handler(), None
        since = self._since(sync.cursor_at)
        while True:
            page = handler._fetch_returns(self, since, cursor)
            results = self._ingest(page.documents, "platform")
            totals.update(entry["outcome"] for entry in results if entry["outcome"] != "unchanged")
            newest = utc(page.newest) if page.newest else False
            if newest and (not sync.cursor_at or newest > sync.cursor_at):
                sync.cursor_at = newest.replace(microsecond=0)
            cursor = page.next
            time_left = self._commit_batch()
            if cursor is None:
                return
            if not time_left:
                raise EcomRetryableError(self.env._("More is to be read."), delay=1, counts=False)

    # === CATALOGUE === #

    def _sync_listings(self, sync, totals):
        handler, cursor = self._get_handler(), sync.page or None
        read = sync.read_count if cursor else 0
        if not cursor:
            sync.began_at = fields.Datetime.now()
        while True:
            page = handler._fetch_listings(self, cursor)
            since = sync.began_at if read else None
            self.env["ecom.listing"].sudo()._store_listings(self, page.documents, since)
            read += len(page.documents)
            totals["read"] += len(page.documents)
            cursor = page.next
            sync.write({"read_count": read, "page": cursor})
            self._commit_batch()
            if cursor is None:
                self.env["ecom.listing"].sudo().search(
                    [("channel_id", "=", self.id), ("state", "=", "missing")]
                )._propose()
                return

    def action_read_listings(self):
        """Button: read the catalogue and match it to products."""
        self.ensure_one()
        counts = self.sync_now(["listings"])
        if counts["message"]:
            return self._notify(counts["message"], "danger")
        return self._notify(
            self.env._("%(count)s things to sell were read.", count=counts["read"]), "success"
        )

    @api.model
    def _cron_stock(self):
        """Tell shops of changed stock, soon after it changed."""
        channels = self.search([("stock_publish", "=", True), ("stock_blocked", "=", False)])
        for channel in channels.filtered("can_push_stock"):
            channel.with_company(channel.company_id)._run_sync("stock", Counter())
        self._cron_progress()

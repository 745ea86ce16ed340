import logging
import time
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.ecom_order_mgmt.tools import canonical

from .. import platforms
from ..exceptions import EcomConnectorError, EcomRetryableError
from ..platforms.base import as_list, dec

_logger = logging.getLogger(__name__)

DAYS = 7
# A person waits so long for a comparison; the timers do what is left.
AT_ONCE = 60
# One that was begun longer ago is begun anew: too much changed meanwhile.
FRESH = timedelta(hours=6)
GIVE_UP = 8


class EcomChannel(models.Model):
    """Whether the shop and we agree: orders, totals, shipments, refunds and stock."""

    _inherit = "ecom.channel"

    compare_ids = fields.One2many("ecom.compare", "channel_id", readonly=True)
    compared_at = fields.Datetime("Compared On", copy=False, readonly=True)
    compare_count = fields.Integer("Differences", compute="_compute_compare_count")

    def _compute_compare_count(self):
        counts = dict(
            self.env["ecom.compare"]
            .sudo()
            ._read_group([("channel_id", "in", self.ids)], ["channel_id"], ["__count"])
        )
        for channel in self:
            channel.compare_count = counts.get(channel, 0)

    def action_compare(self, days=DAYS):
        """Read the shop's orders of some days and its stock, and list what differs from ours.

        Where there is more to read than the shop's limit of calls allows at once, the timers read on
        and write the differences when everything is read; asked again, this goes on from there too.

        :return: dict with `compared` (orders), `stock` (listings), `differences` (number) and
            `rows` (kind, key, ours, theirs, why of each); `pending` is true while there is more to
            read: then there are no `rows` yet, and `differences` is None
        :raise UserError: the shop cannot be asked
        """
        self.ensure_one()
        self._check_may_import()
        return self.sudo()._compare(days)

    def action_open_compare(self):
        """Button: compare now and show the differences."""
        self.ensure_one()
        report = self.action_compare()
        if report["pending"]:
            return self._notify(
                self.env._(
                    "%(orders)s orders and %(listings)s listings are compared; the rest follows by itself, "
                    "within the shop's limits.",
                    orders=report["compared"], listings=report["stock"],
                ),
                "info",
            )  # fmt: skip
        return self._action_open("ecom_connectors.ecom_compare_action", [])

    @api.model
    def _cron_compare(self):
        for channel in self.search([("connector", "in", list(platforms.REGISTRY))]):
            if channel._may_call() and platforms.get_capabilities(channel.connector).compare:
                try:
                    channel._compare(DAYS)
                except UserError as error:
                    _logger.warning("Channel %s was not compared: %s", channel.id, error)
                channel._commit_batch()

    def _compare(self, days):
        sync = self._get_sync("compare")
        run = self._begin_compare(sync, days)
        stop = time.monotonic() + AT_ONCE
        try:
            self._read_to_compare(sync, run, lambda: time.monotonic() < stop)
        except EcomConnectorError as error:
            if not isinstance(error, EcomRetryableError) or error.counts:
                self._on_trouble(error)
                raise UserError(error.message) from None
            self._put_off_compare(sync, error)
            return {
                "compared": len(run["orders"]), "stock": run["listings"], "differences": None, "rows": [], "pending": True,
            }  # fmt: skip
        return self._finish_compare(sync, run)

    def _begin_compare(self, sync, days):
        """:return: a comparison under way, or a new one: where it has come to, and what was read. Kept
        on the synchronisation's row, as JSON."""
        now, run = fields.Datetime.now(), sync.page
        if run and run["days"] == days and fields.Datetime.to_datetime(run["began"]) > now - FRESH:
            return {**run, "again": True}
        since = now - timedelta(days=days)
        since = max(since, self._since(False)) if self.connector_since else since
        return {
            "days": days, "began": fields.Datetime.to_string(now), "since": fields.Datetime.to_string(since),
            "stage": "orders", "cursor": None, "orders": {}, "refunds": {}, "stock": [], "listings": 0, "again": False,
        }  # fmt: skip

    def _put_off_compare(self, sync, error):
        sync.next_at = fields.Datetime.now() + timedelta(seconds=max(error.delay or 60, 1))
        sync.message = error.message
        self._trigger_sync(sync.next_at)
        self._commit_batch()

    def _sync_compare(self, sync, totals):
        """The timers go on with a comparison that was put off."""
        run = {**(sync.page or {}), "again": True}
        if "stage" not in run or sync.failures >= GIVE_UP:
            sync.page = False
            return
        self._read_to_compare(sync, run)
        self._finish_compare(sync, run)

    def _read_to_compare(self, sync, run, time_left=None):
        """Read orders, then listings, page by page; what was read until something stops it is kept.

        :raise: the exceptions of a call
        """
        handler = self._get_handler()
        stages = ["orders", "listings"] if self.stock_publish and self.can_read_listings else ["orders"]
        time_left = time_left or self._commit_batch
        try:
            for stage in stages[stages.index(run["stage"]) if run["stage"] in stages else len(stages) :]:
                if run["stage"] != stage:
                    run.update(stage=stage, cursor=None)
                while True:
                    page = self._read_compare_page(handler, run)
                    run["cursor"] = page.next
                    if page.next is None:
                        break
                    if not time_left():
                        raise EcomRetryableError(self.env._("More is to be read."), delay=1, counts=False)
        except EcomConnectorError:
            sync.page = run
            raise

    def _read_compare_page(self, handler, run):
        if run["stage"] == "listings":
            page = handler._fetch_listings(self, run["cursor"])
            run["stock"] += self._compare_stock(page.documents)
            run["listings"] += len(page.documents)
            return page
        since = fields.Datetime.to_datetime(run["since"])
        page = handler._fetch_orders(self, since, None, run["cursor"])
        for raw in page.documents:
            for mapped in handler._map(self, raw):
                self._note_theirs(handler, run, mapped, raw)
        return page

    def _note_theirs(self, handler, run, mapped, raw):
        """Keep what matters of an order or a refund of the shop's."""
        if mapped.document is None or mapped.kind == "listing":
            return
        try:
            document = canonical.normalise(mapped.document)
        except canonical.InvalidDocument:
            return
        if document["type"] == "refund":
            # A refund that is read a second time is the same one.
            known = run["refunds"].setdefault(document.get("order_external_id") or "", {})
            known[document["external_id"]] = document["amount"]
            return
        shipped = handler._get_shipped(raw)
        run["orders"][document["external_id"]] = {
            "total": document["total"], "status": document["status"], "shipped": shipped,
            "updated_at": document.get("updated_at"),
        }  # fmt: skip

    def _finish_compare(self, sync, run):
        rows = self._compare_orders(run) + run["stock"]
        self.compare_ids.unlink()
        self.env["ecom.compare"].create([{"channel_id": self.id, **row} for row in rows])
        self.compared_at = fields.Datetime.now()
        sync.write({"page": False, "message": False, "failures": 0})
        return {
            "compared": len(run["orders"]),
            "stock": run["listings"],
            "differences": len(rows),
            "rows": [{k: row.get(k) for k in ("kind", "key", "ours", "theirs", "why")} for row in rows],
            "pending": False,
        }

    def _compare_orders(self, run):
        """:return: list of values of ecom.compare"""
        theirs = run["orders"]
        orders = self.env["ecom.order"].search(
            [("channel_id", "=", self.id), "|", ("external_id", "in", list(theirs)),
             "&", "&", ("external_updated_at", ">=", run["since"]), ("external_updated_at", "<=", run["began"]),
             ("source", "=", "platform")],
        )  # fmt: skip
        ours = {order.external_id: order for order in orders}
        rows = [
            {"kind": "missing_here", "key": key, "theirs": facts["total"], "ours": "-"}
            for key, facts in theirs.items()
            if key not in ours
        ]
        for key, order in ours.items():
            if key not in theirs:
                rows.append({"kind": "missing_there", "key": key, "order_id": order.id, "ours": str(order.amount_total), "theirs": "-"})
                continue
            read = canonical.utc(theirs[key]["updated_at"])
            known = order.external_updated_at
            if run["again"] and read and known and known.replace(microsecond=0) > read.replace(microsecond=0):
                continue  # it changed while the others were read: the next comparison sees it
            refunded = sum((Decimal(amount) for amount in run["refunds"].get(key, {}).values()), Decimal(0))
            rows += self._compare_order(order, theirs[key], refunded)
        return rows

    def _compare_order(self, order, document, refunded):
        base_row = {"key": order.number or order.external_id, "order_id": order.id}
        rows = []
        sale = order.sale_order_id
        unit = Decimal(str(order.currency_id.rounding or 0.01))
        total = Decimal(str(sale.amount_total if sale else order.amount_total))
        cancelled = order.state == "cancelled" or order.review_state == "rejected"
        differs = abs(total - Decimal(document["total"])) >= unit / 2
        # What a cancelled order would have cost is nobody's business any more.
        if order.state == "accepted" and not cancelled and differs:
            rows.append({**base_row, "kind": "total", "ours": str(total), "theirs": document["total"],
                         "why": order.cause_message or False})  # fmt: skip
        if cancelled != (document["status"] == "cancelled"):
            rows.append({**base_row, "kind": "status", "ours": "cancelled" if cancelled else "open",
                         "theirs": document["status"], "why": self._explain_tasks(order, "cancel")})  # fmt: skip
        apart = self._get_handler()._get_capabilities().refunds_apart
        mine = refunded if apart else sum((Decimal(str(refund.amount)) for refund in order.refund_ids), Decimal(0))
        if abs(mine - refunded) >= unit / 2:
            rows.append({**base_row, "kind": "refund", "ours": str(mine), "theirs": str(refunded),
                         "why": self._explain_tasks(order, "refund")})  # fmt: skip
        shipped = document["shipped"]
        if shipped is not None and not cancelled:
            left = sum(line["quantity"] for p in sale.picking_ids if p.state == "done"
                       and p.picking_type_code == "outgoing" for line in p._ecom_get_lines())  # fmt: skip
            if abs(float(shipped) - left) > 1e-6:
                rows.append({**base_row, "kind": "shipment", "ours": f"{left:g}", "theirs": f"{shipped:g}",
                             "why": self._explain_tasks(order, "shipment")})  # fmt: skip
        return rows

    def _explain_tasks(self, order, kind):
        waiting = order.task_ids.filtered(lambda task: task.kind == kind and task.state != "done")
        return "; ".join(task.explanation or "" for task in waiting)[:512] or False

    def _compare_stock(self, documents):
        rows = []
        shown = [((d.get("sku") or d["external_id"])[:128], d) for d in documents if "quantity" in d]
        listings = self.env["ecom.listing"].search(
            [("channel_id", "=", self.id), ("key", "in", [key for key, _d in shown]), ("published_at", "!=", False)]
        )
        by_key = {listing.key: listing for listing in listings}
        # A SKU that the shop has twice is compared twice.
        for key, document in shown:
            listing, there = by_key.get(key), float(document["quantity"])
            if listing and there != listing.published_quantity:
                rows.append({"kind": "stock", "key": key, "ours": str(listing.published_quantity),
                             "theirs": f"{there:g}", "why": listing.stock_message})  # fmt: skip
        return rows


class EcomConnector(models.AbstractModel):
    _inherit = "ecom.connector"

    def _get_shipped(self, raw):
        """:return: pieces that the platform's order says were shipped; None where it does not say.
        Understands the shapes of the platforms that can be compared."""
        if not isinstance(raw, dict):
            return None
        if "shipments" in raw:
            parcels = [(s.get("lines"), "quantity") for s in as_list(raw["shipments"])]
        elif self._platform == "medusa":
            parcels = [(f.get("items"), "quantity") for f in as_list(raw.get("fulfillments"))
                       if f.get("shipped_at") and not f.get("canceled_at")]  # fmt: skip
        elif self._platform == "saleor":
            parcels = [(f.get("lines"), "quantity") for f in as_list(raw.get("fulfillments"))
                       if f.get("status") == "FULFILLED"]  # fmt: skip
        elif self._platform == "vendure":
            parcels = [(f.get("lines"), "quantity") for f in as_list(raw.get("fulfillments"))
                       if f.get("state") in ("Shipped", "Delivered")]  # fmt: skip
        else:
            return None
        return float(sum(dec(line.get(key)) for lines, key in parcels for line in as_list(lines)))

import logging
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.ecom_order_mgmt.tools import canonical

from .. import platforms
from ..exceptions import EcomConnectorError
from ..platforms.base import as_list, dec

_logger = logging.getLogger(__name__)

DAYS = 7


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

        :return: dict with `compared` (orders), `stock` (listings), `differences` (number) and
            `rows` (kind, key, ours, theirs, why of each)
        :raise UserError: the shop cannot be asked
        """
        self.ensure_one()
        self._check_may_import()
        return self.sudo()._compare(days)

    def action_open_compare(self):
        """Button: compare now and show the differences."""
        self.ensure_one()
        self.action_compare()
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
        since = fields.Datetime.now() - timedelta(days=days)
        since = max(since, self._since(False)) if self.connector_since else since
        try:
            documents = self._read_to_compare(since)
            listings = self._read_listings_to_compare()
        except EcomConnectorError as error:
            self._on_trouble(error)
            raise UserError(error.message) from None
        rows, compared = self._compare_orders(documents, since)
        rows += self._compare_stock(listings)
        self.compare_ids.unlink()
        self.env["ecom.compare"].create([{"channel_id": self.id, **row} for row in rows])
        self.compared_at = fields.Datetime.now()
        return {
            "compared": compared,
            "stock": len(listings),
            "differences": len(rows),
            "rows": [{k: row.get(k) for k in ("kind", "key", "ours", "theirs", "why")} for row in rows],
        }

    def _read_to_compare(self, since):
        handler, cursor, documents = self._get_handler(), None, []
        while True:
            page = handler._fetch_orders(self, since, None, cursor)
            documents += page.documents
            cursor = page.next
            if cursor is None:
                return documents

    def _read_listings_to_compare(self):
        if not self.stock_publish or not self.can_read_listings:
            return []
        handler, cursor, listings = self._get_handler(), None, []
        while True:
            page = handler._fetch_listings(self, cursor)
            listings += page.documents
            cursor = page.next
            if cursor is None:
                return listings

    def _compare_orders(self, documents, since):
        handler = self._get_handler()
        theirs, refunds, raws = {}, {}, {}
        for raw in documents:
            for mapped in handler._map(self, raw):
                if mapped.document is None:
                    continue
                try:
                    document = canonical.normalise(mapped.document)
                except canonical.InvalidDocument:
                    continue
                if document["type"] == "refund":
                    key = document.get("order_external_id")
                    refunds[key] = refunds.get(key, Decimal(0)) + Decimal(document["amount"])
                else:
                    theirs[document["external_id"]] = document
                    raws[document["external_id"]] = raw
        orders = self.env["ecom.order"].search(
            [("channel_id", "=", self.id), "|", ("external_id", "in", list(theirs)),
             "&", ("external_updated_at", ">=", since), ("source", "=", "platform")],
        )  # fmt: skip
        ours = {order.external_id: order for order in orders}
        rows = [
            {"kind": "missing_here", "key": key, "theirs": document["total"], "ours": "-"}
            for key, document in theirs.items()
            if key not in ours
        ]
        for key, order in ours.items():
            if key not in theirs:
                rows.append({"kind": "missing_there", "key": key, "order_id": order.id, "ours": str(order.amount_total), "theirs": "-"})
                continue
            rows += self._compare_order(order, theirs[key], raws[key], refunds.get(key, Decimal(0)))
        return rows, len(theirs)

    def _compare_order(self, order, document, raw, refunded):
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
        mine = sum((Decimal(str(refund.amount)) for refund in order.refund_ids), Decimal(0))
        if abs(mine - refunded) >= unit / 2:
            rows.append({**base_row, "kind": "refund", "ours": str(mine), "theirs": str(refunded),
                         "why": self._explain_tasks(order, "refund")})  # fmt: skip
        shipped = self._get_handler()._get_shipped(raw)
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
        elif self._platform == "vendure":
            parcels = [(f.get("lines"), "quantity") for f in as_list(raw.get("fulfillments"))
                       if f.get("state") in ("Shipped", "Delivered")]  # fmt: skip
        else:
            return None
        return float(sum(dec(line.get(key)) for lines, key in parcels for line in as_list(lines)))

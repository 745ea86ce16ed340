import contextlib

from odoo import fields, models

from odoo.addons.ecom_order_mgmt.tools.canonical import utc

from ..platforms.base import rounded

DRY_RUN = 50


class _Undo(Exception):
    """Ends a dry run: everything it wrote goes."""


class EcomChannel(models.Model):
    """What would become of a shop's orders, before any of them is taken in."""

    _inherit = "ecom.channel"

    def _dry_run(self, limit=DRY_RUN):
        """Read orders and take them in as always, in a savepoint that is rolled back: what is said
        is what the pipeline itself would do, and nothing stays. (Numbers that a sequence gave out
        are skipped afterwards, as after any order that was not kept.)

        :return: (list of values of ecom.connect.line, whether the shop has more)
        :raise EcomConnectorError: the shop cannot be read
        """
        self.ensure_one()
        handler, documents, cursor = self._get_handler(), [], None
        while len(documents) < limit:
            page = handler._fetch_orders(self, self._since(False), None, cursor)
            documents += page.documents
            cursor = page.next
            if cursor is None:
                break
        rows = []
        # Orders are written by the intake only, on behalf of whoever may connect shops.
        channel = self.sudo().with_company(self.company_id).with_context(tracking_disable=True)
        channel.env.flush_all()
        with contextlib.suppress(_Undo), self.env.cr.savepoint():
            rows += channel._try_documents(documents[:limit])
            raise _Undo()
        return rows, cursor is not None or len(documents) > limit

    def _try_documents(self, documents):
        results = self._ingest(documents, "platform")
        orders = self.env["ecom.order"].browse(
            entry["order_id"] for entry in results if entry["order_id"]
        )
        orders.filtered(lambda order: order.state == "received")._accept_batch(final=True)
        causes = dict(orders._fields["cause"]._description_selection(self.env))
        rows = []
        for entry in results:
            order = orders.browse(entry["order_id"])
            if not order:
                # A refund, or a document that names no order: it says so itself.
                if entry["outcome"] != "parked":
                    continue
                rows.append({"number": entry["external_id"] or "?", "outcome": "park", "reason": entry["message"]})
                continue
            document = order.document or {}
            parked = order.state == "parked"
            known = entry["outcome"] in ("unchanged", "stale", "updated") and not parked
            reason = order.cause_message or entry["message"] or False
            label = causes.get(order.cause)
            rows.append(
                {
                    "number": order.number or order.external_id,
                    "placed_at": self._naive(document.get("placed_at")),
                    "total": self._in_words(document),
                    "outcome": "park" if parked else "known" if known else "import",
                    "reason": ": ".join(filter(None, (label, reason)))[:500] if parked else False,
                }
            )
        return rows

    def _in_words(self, document):
        """:return: the total as a person reads it, e.g. 35.90 EUR"""
        if not document.get("total"):
            return False
        return f"{rounded(document['total'], document['currency'])} {document['currency']}"

    def _naive(self, text):
        return fields.Datetime.to_string(utc(text).replace(microsecond=0)) if text else False

    def action_connect(self):
        """Button: the set-up assistant for this channel."""
        self.ensure_one()
        self._check_connector_manager()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecom_connectors.ecom_connect_action")
        action["context"] = {"default_channel_id": self.id}
        return action

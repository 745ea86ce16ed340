from odoo import models

from odoo.addons.ecom_order_mgmt.tools.canonical import InvalidDocument

from .. import platforms
from ..const import PROBLEMS_KEY


class EcomChannel(models.Model):
    """The platform's own documents become canonical ones on their way in."""

    _inherit = "ecom.channel"

    def _is_own_document(self, document):
        """Whether the connector's mapping is to read this one."""
        return (
            self.connector in platforms.REGISTRY
            and not self.env.context.get("ecom_canonical")
            and not (isinstance(document, dict) and PROBLEMS_KEY in document)
        )

    def _ingest(self, documents, source="api"):
        """A platform's document may hold more than one: an order and its refunds, or a whole page.
        The answer has one entry per document all the same, about the first thing in it."""
        self.ensure_one()
        own = [document for document in documents if self._is_own_document(document)]
        if not own:
            return super()._ingest(documents, source)
        handler = self._get_handler()
        mapped = {id(document): handler._map(self, document) for document in own}
        channel = self.with_context(ecom_mapped=mapped)
        carts = self._get_carts(mapped) if source == "platform" else {}
        rest = [document for document in documents if id(document) not in carts]
        found = iter(super(EcomChannel, channel)._ingest(rest, source))
        results = [carts.get(id(document)) or next(found) for document in documents]
        more = [result for document in own for result in mapped[id(document)][1:]]
        self._ingest_more(more, source)
        return results

    def _get_carts(self, mapped):
        """Carts, drafts and unpaid orders that a platform lists among its orders: nobody has to look
        at them, and they come again when they are placed.

        :return: {id of a document: what its reader hears} of those that we do not know as orders
        """
        waiting = {
            key: results[0]
            for key, results in mapped.items()
            if len(results) == 1 and results[0].code == "not_placed" and results[0].external_id
        }
        known = set(
            self.env["ecom.order"]
            .sudo()
            .search([("channel_id", "=", self.id), ("external_id", "in", [r.external_id for r in waiting.values()])])
            .mapped("external_id")
        ) if waiting else set()  # fmt: skip
        return {
            key: {"external_id": result.external_id, "outcome": "unchanged", "order_id": False, "cause": False,
                  "message": result.message}
            for key, result in waiting.items() if result.external_id not in known
        }  # fmt: skip

    def _ingest_more(self, mapped, source):
        """Take in what documents hold besides their first thing: refunds, further orders.

        :return: what became of each of these
        """
        listings = [each.document for each in mapped if each.document and each.kind == "listing"]
        if listings:
            self.env["ecom.listing"].sudo()._store_listings(self, listings)
        unwanted = {"listing"} if self.read_returns else {"listing", "return"}
        rest = [each for each in mapped if each.kind not in unwanted]
        # Orders keep what the platform sent of them, as those that came alone do.
        raws = [each.raw if each.raw is not None else each.document for each in rest]
        if not rest:
            return []
        known = {id(raw): [each] for raw, each in zip(raws, rest, strict=True)}
        return super(EcomChannel, self.with_context(ecom_mapped=known))._ingest(raws, source)

    def _map_document(self, document):
        if not self._is_own_document(document):
            return super()._map_document(document)
        mapped = self.env.context.get("ecom_mapped", {}).get(id(document))
        if mapped is None:
            mapped = self._get_handler()._map(self, document)
        first = mapped[0]
        if first.kind == "listing" and first.document:
            first.code, first.message = "not_an_order", self.env._("is a product, no order")
            first.document = None
        if first.document is None:
            raise InvalidDocument(
                [("", first.message)],
                first.external_id,
                first.kind if first.kind in ("order", "refund", "return") else "order",
            )
        return self._complete_cancelled(first.document)

    def _complete_cancelled(self, document):
        """Platforms empty an order that they cancel: what we know of it stays, and is cancelled.

        :return: canonical document
        """
        if document.get("status") != "cancelled" or float(document.get("total") or 0):
            return document
        known = self.env["ecom.order"].sudo().search(
            [("channel_id", "=", self.id), ("external_id", "=", document["external_id"])], limit=1
        )  # fmt: skip
        if not known.document:
            return document
        kept = {key: document[key] for key in ("status", "updated_at") if key in document}
        return {**known.document, **kept}

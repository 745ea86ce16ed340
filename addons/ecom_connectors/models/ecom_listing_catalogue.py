from odoo import api, fields, models


class EcomListing(models.Model):
    """What the platform's catalogue says of a listing."""

    _inherit = "ecom.listing"

    listing_ref = fields.Char(
        "Channel's Id", readonly=True, index="btree_not_null", help="Variant, offer or stock item."
    )
    channel_quantity = fields.Float(
        "Stock on the Channel", readonly=True, help="What the shop showed when it was last read."
    )
    channel_data = fields.Json(readonly=True, help="What the connector needs to publish stock.")
    read_at = fields.Datetime("Last Read", readonly=True)

    @api.model
    def _store_listings(self, channel, documents):
        """Keep what a catalogue page says; products are matched where it is certain, and nothing
        is made twice, however often the catalogue is read."""
        wanted = {}
        for document in documents:
            key = document.get("sku") or document["external_id"]
            wanted[key[:128]] = document
        if not wanted:
            return
        lines = [
            {
                "sku": key,
                "name": document.get("name") or key,
                "barcode": document.get("barcode"),
            }
            for key, document in wanted.items()
        ]
        found = self._get_for_lines(channel, lines)
        now = fields.Datetime.now()
        for key, document in wanted.items():
            vals = {
                "listing_ref": document.get("external_id"),
                "channel_data": document.get("extra") or False,
                "read_at": now,
            }
            if "quantity" in document:
                vals["channel_quantity"] = float(document["quantity"])
            if document.get("name"):
                vals["name"] = document["name"][:512]
            found[key].write(vals)



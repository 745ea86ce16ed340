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
    channel_twins = fields.Json(
        "Others of This SKU",
        readonly=True,
        help="Further things of the shop that bear the same SKU: they are told the same stock.",
    )
    read_at = fields.Datetime("Last Read", readonly=True)

    @api.model
    def _store_listings(self, channel, documents, since=None):
        """Keep what a catalogue page says; products are matched where it is certain, and nothing
        is made twice, however often the catalogue is read.

        :param since: when this reading of the catalogue began, where it has more pages than this
        """
        wanted, doubled = {}, {}
        for document in documents:
            key = (document.get("sku") or document["external_id"])[:128]
            if key in wanted:
                doubled.setdefault(key, []).append(document)
            else:
                wanted[key] = document
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
            listing, twins = found[key], [self._get_twin(each) for each in doubled.get(key, ())]
            if since and listing.read_at and listing.read_at >= since:
                # An earlier page had this SKU too.
                twins = [*(listing.channel_twins or []), self._get_twin(document), *twins]
                listing.channel_twins = [t for t in twins if t["listing_id"] != listing.listing_ref]
                continue
            vals = {
                "channel_twins": twins or False,
                "listing_ref": document.get("external_id"),
                "channel_data": document.get("extra") or False,
                "read_at": now,
            }
            if "quantity" in document:
                vals["channel_quantity"] = float(document["quantity"])
            if (document.get("extra") or {}).get("kept_by_platform"):
                vals["publish"] = False
            if document.get("name"):
                vals["name"] = document["name"][:512]
            listing.write(vals)

    @api.model
    def _get_twin(self, document):
        return {"listing_id": document.get("external_id"), "extra": document.get("extra") or {}}



from odoo import api, models

# What the buyer's page reads of each record. Shipments, deliveries, orders and people have some
# hundred columns each; reading them all costs more than the rest of the page.
SHIPMENT = [
    "name", "active", "state", "frozen", "company_id", "warehouse_id", "carrier_id", "partner_id",
    "merged_into_id", "access_token", "tracking_ref", "tracking_status", "shipped_at",
    "delivered_at", "eta", "delivery_option_id", "deliver_from", "deliver_by",
]  # fmt: skip
PICKING = ["state", "sale_id"]
MOVE = ["state", "quantity", "product_uom_qty", "product_id"]
PARCEL = [
    "carrier_id", "carrier_code", "tracking_ref", "voided", "status", "status_at", "attempts",
    "eta", "eta_from", "eta_source", "pickup_code", "pickup_place", "company_id",
    "package_id",
]  # fmt: skip
EVENT = [
    "occurred_at", "utc_offset", "status", "text", "city", "country_code", "latitude", "longitude",
]  # fmt: skip
PARTNER = [
    "name", "street", "street2", "zip", "phone", "email", "lang", "tz", "city", "country_id",
]  # fmt: skip
PACKED = ["state", "product_id", "quantity", "result_package_id"]


class EcomShipment(models.Model):
    """How the buyer's page is read: few columns, and one query for each kind of record."""

    _inherit = "ecom.shipment"

    @api.model
    def _find_for_page(self, token):
        """:return: the shipment of this token, that may be read by whoever knows it, or none"""
        # What is not named above is read by itself where it is needed, never with all the rest.
        Shipment = self.sudo().with_context(active_test=False, prefetch_fields=False)
        shipment = Shipment.search_fetch([("access_token", "=", token)], SHIPMENT, limit=1)
        # A parcel that travels in another one is seen there.
        if shipment.merged_into_id:
            shipment = shipment.merged_into_id
            shipment.fetch(SHIPMENT)
        return shipment.with_context(active_test=True)

    def _for_page(self, wished=None):
        """Read what the page says.

        :param wished: language that the buyer asks for
        :return: this shipment in the language asked for, else the buyer's, else the browser's"""
        self.ensure_one()
        pickings = _fetch_lines(self, "picking_ids", PICKING)
        pickings.sale_id.fetch(["partner_id"])
        self.warehouse_id.fetch(["partner_id"])
        self.company_id.fetch(["name", "partner_id"])
        people = (
            pickings.sale_id.partner_id | self.partner_id
            | self.warehouse_id.partner_id | self.company_id.partner_id
        )  # fmt: skip
        people.fetch(PARTNER)
        page = self.with_context(lang=self._get_page_lang(wished))
        parcels = _fetch_lines(page, "parcel_ids", PARCEL)
        _fetch_lines(parcels, "event_ids", EVENT)
        parcels.carrier_id.fetch(["name", "tracking_url"])
        moves = _fetch_lines(page.picking_ids, "move_ids", MOVE)
        if len(parcels) > 1:
            packed = _fetch_lines(page.picking_ids, "move_line_ids", PACKED)
            packed.result_package_id.fetch(["name"])
        moves.product_id.fetch(["product_tmpl_id", "combination_indices"])
        orders = page.env["ecom.order"].search_fetch(
            [("shipment_ids", "in", page.ids)], ["number", "external_id"]
        )
        page._fields["order_ids"]._insert_cache(page, [orders._ids])
        return page

    def _get_page_lang(self, wished):
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        wished = (wished or "").replace("-", "_")
        for code in (wished, self.buyer_lang, self.env.lang):
            if code in installed:
                return code
        return "en_US"


def _fetch_lines(records, name, field_names):
    """Read a One2many and what its lines say by one query instead of two. :return: the lines"""
    field = records._fields[name]
    lines = records.env[field.comodel_name].with_context(active_test=False)
    lines = lines.search_fetch(
        [(field.inverse_name, "in", records.ids)], [field.inverse_name, *field_names]
    )
    by_record = lines.grouped(field.inverse_name)
    field._insert_cache(records, [by_record.get(record, lines.browse())._ids for record in records])
    return records.mapped(name)

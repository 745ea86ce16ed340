from odoo import fields, models


class EcomListing(models.Model):
    """What the shop shows of a listing."""

    _inherit = "ecom.listing"

    publish = fields.Boolean(
        "Publish Stock", default=True, help="Off for what the platform keeps in its own warehouse."
    )
    published_quantity = fields.Integer("Published", readonly=True, copy=False)
    published_at = fields.Datetime("Published On", readonly=True, copy=False)
    stock_stale = fields.Boolean("Not Confirmed", readonly=True, copy=False)
    stock_rising = fields.Boolean(
        "More to Come", readonly=True, copy=False, help="An increase is being shown in steps."
    )
    stock_message = fields.Char("Why Not Published", readonly=True, copy=False)
    stock_push_ids = fields.One2many("ecom.stock.push", "listing_id", "Ledger", readonly=True)

    _publish_idx = models.Index("(channel_id) WHERE publish AND product_id IS NOT NULL")

    def _get_published(self):
        """:return: list of dicts `listing_id`, `extra`: the shop's things that are told this stock"""
        self.ensure_one()
        own = {"listing_id": self.listing_ref or self.key, "extra": self.channel_data or {}}
        return [own, *(self.channel_twins or [])]

    def action_open_stock(self):
        """Button: what the shop was told of this listing, over time."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecom_connectors.ecom_stock_push_action"
        )
        action["domain"] = [("listing_id", "=", self.id)]
        action["context"] = {}
        action["name"] = self.display_name
        return action

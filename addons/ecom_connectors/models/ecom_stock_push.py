import uuid
from datetime import timedelta

from odoo import api, fields, models

KEEP_DAYS = 90


class EcomStockPush(models.Model):
    """One quantity that a shop was told: computed, sent, acknowledged, and why it is that."""

    _name = "ecom.stock.push"
    _description = "Published Quantity"
    _order = "id desc"
    _rec_name = "listing_id"

    listing_id = fields.Many2one(
        "ecom.listing", required=True, readonly=True, ondelete="cascade", index=True
    )
    channel_id = fields.Many2one(
        "ecom.channel", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    product_id = fields.Many2one(related="listing_id.product_id")
    state = fields.Selection(
        [
            ("computed", "To send"),
            ("sent", "Sent"),
            ("acknowledged", "Shown"),
            ("refused", "Refused"),
            ("superseded", "Replaced"),
            ("shadow", "Shadow mode"),
        ],
        default="computed",
        required=True,
        readonly=True,
    )
    available = fields.Float("Available Here", readonly=True)
    quantity = fields.Integer("Published", readonly=True)
    before = fields.Integer("Published Before", readonly=True)
    formula = fields.Char("Why", readonly=True)
    computed_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    sent_at = fields.Datetime(readonly=True)
    acknowledged_at = fields.Datetime("Shown Since", readonly=True)
    message = fields.Char(readonly=True)
    feed_id = fields.Many2one(
        "ecom.stock.feed", "File", readonly=True, ondelete="set null", index="btree_not_null"
    )

    _open_idx = models.Index("(channel_id, id) WHERE state IN ('computed', 'sent')")

    @api.model
    def _new_batch_key(self):
        return uuid.uuid4().hex

    @api.autovacuum
    def _gc_pushes(self):
        limit = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        old = self.search([("computed_at", "<", limit)], limit=10000)
        old.unlink()
        return len(old), len(old) == 10000

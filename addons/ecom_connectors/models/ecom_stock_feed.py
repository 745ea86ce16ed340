from odoo import fields, models


class EcomStockFeed(models.Model):
    """Many quantities that a platform takes as one file and works through by itself.

    *waiting* (about to be handed over, or interrupted while it was), *sent* (the platform has it),
    *done* (it said of each listing what became of it) or *failed*. What a kill interrupts is taken
    up again from the references kept here; nothing in it depends on how often it arrives.
    """

    _name = "ecom.stock.feed"
    _description = "Stock in One File"
    _order = "id desc"
    _rec_name = "remote_ref"

    channel_id = fields.Many2one(
        "ecom.channel", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    state = fields.Selection(
        [("waiting", "To send"), ("sent", "With the platform"), ("done", "Done"), ("failed", "Failed")],
        default="waiting",
        required=True,
        readonly=True,
    )
    document_ref = fields.Char("Document", readonly=True)
    remote_ref = fields.Char("Platform's Id", readonly=True)
    tried_at = fields.Datetime("Handed Over On", readonly=True)
    done_at = fields.Datetime(readonly=True)
    message = fields.Text("What Happened", readonly=True)
    items = fields.Json(readonly=True, help="What the file says, in its order.")
    push_ids = fields.One2many("ecom.stock.push", "feed_id", "Ledger", readonly=True)
    push_count = fields.Integer("Listings", compute="_compute_push_count")

    _open_idx = models.Index("(channel_id) WHERE state IN ('waiting', 'sent')")

    def _compute_push_count(self):
        counts = dict(
            self.env["ecom.stock.push"]._read_group(
                [("feed_id", "in", self.ids)], ["feed_id"], ["__count"]
            )
        )
        for feed in self:
            feed.push_count = counts.get(feed, 0)

    def _keep(self, **values):
        """Write what the platform answered, for good: the next step may not live to see its end."""
        self.write(values)
        self.channel_id._commit_batch()

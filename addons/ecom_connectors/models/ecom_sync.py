from odoo import fields, models


class EcomSync(models.Model):
    """How far one kind of reading or telling has come on a channel.

    Rows of their own: the channel's row would be written by every poll, and whoever imports orders
    side by side would fail for it.
    """

    _name = "ecom.sync"
    _description = "Synchronisation of a Channel"
    _order = "channel_id, kind"
    _rec_name = "kind"

    channel_id = fields.Many2one(
        "ecom.channel", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [
            ("orders", "New and changed orders"),
            ("refunds", "Refunds"),
            ("reconcile", "Daily reconciliation"),
            ("backfill", "Orders of the past"),
            ("listings", "Catalogue"),
            ("stock", "Stock"),
            ("compare", "Comparison"),
            ("returns", "Requests to return"),
        ],
        required=True,
        readonly=True,
    )
    cursor_at = fields.Datetime(
        "Read Up To",
        readonly=True,
        help="Latest change among the orders that were read and stored. Never the present time: "
        "what the shop's clock or ours says makes no gap.",
    )
    until_at = fields.Datetime("To", readonly=True)
    page = fields.Json("Next Page", readonly=True)
    began_at = fields.Datetime("Reading Began", readonly=True)
    started_at = fields.Datetime("Last Try", readonly=True)
    succeeded_at = fields.Datetime("Last Success", readonly=True)
    next_at = fields.Datetime("Next Time", readonly=True)
    failures = fields.Integer("Failed in a Row", readonly=True)
    message = fields.Text("What Happened", readonly=True)
    read_count = fields.Integer("Read Last Time", readonly=True)

    _kind_uniq = models.UniqueIndex("(channel_id, kind)")

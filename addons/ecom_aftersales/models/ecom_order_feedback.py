from odoo import api, fields, models
from odoo.fields import Domain

_BATCH = 100
# Nobody remembers an order of last year.
_MAX_AGE_DAYS = 60


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    rating_days = fields.Integer(
        "Ask for a Rating After (days)",
        help="Days after the last parcel left at which the buyer is asked how it was. 0: never. Do "
        "not ask where the platform forbids writing to its buyers.",
    )


class EcomOrder(models.Model):
    """Buyers are asked once how an order was; who is not content becomes a ticket."""

    _inherit = "ecom.order"

    rating_asked_at = fields.Datetime(readonly=True, copy=False)

    @api.model
    def _cron_ask_ratings(self):
        template = self.env.ref(
            "ecom_aftersales.mail_template_order_rating", raise_if_not_found=False
        )
        if not template:
            return
        now = fields.Datetime.now()
        oldest = fields.Datetime.subtract(now, days=_MAX_AGE_DAYS)
        for channel in self.env["ecom.channel"].search([("rating_days", ">", 0)]):
            limit = fields.Datetime.subtract(now, days=channel.rating_days)
            while True:
                orders = self.search(
                    Domain("channel_id", "=", channel.id)
                    & Domain("rating_asked_at", "=", False)
                    & Domain("state", "=", "accepted")
                    & Domain("delivery_status", "=", "full")
                    & Domain("sale_order_id.effective_date", "<=", limit)
                    & Domain("placed_at", ">=", oldest)
                    & Domain("partner_id.email", "!=", False),
                    limit=_BATCH,
                    order="id",
                ).try_lock_for_update()
                if not orders:
                    break
                orders.rating_asked_at = now
                # Whoever has a case open has told us already.
                for order in orders.filtered(lambda o: not o.return_ids):
                    order.rating_send_request(
                        template, lang=order.partner_id.lang, force_send=False
                    )
                self.env["ir.cron"]._commit_progress(len(orders))

    def rating_apply(
        self,
        rate,
        token=None,
        rating=None,
        feedback=None,
        subtype_xmlid=None,
        notify_delay_send=False,
    ):
        result = super().rating_apply(
            rate, token, rating, feedback, subtype_xmlid, notify_delay_send
        )
        if rate <= 2:
            # Buyers rate without rights of their own.
            Ticket = self.env["ecom.ticket"].sudo()
            for order in self:
                known = Ticket.search(
                    [("order_id", "=", order.id), ("kind", "=", "rating")], limit=1
                )
                if known:
                    known.description = feedback or known.description
                    continue
                Ticket.create(
                    {
                        "name": self.env._("Bad rating of %(order)s", order=order.display_name),
                        "kind": "rating",
                        "source": "rating",
                        "description": feedback,
                        "order_id": order.id,
                        "partner_id": order.partner_id.id,
                        "company_id": order.company_id.id,
                        "priority": "1",
                    }
                )
        return result

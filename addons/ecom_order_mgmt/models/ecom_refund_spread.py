from odoo import fields, models

from ..tools import matching


class EcomRefund(models.Model):
    """A refund that names no order, and whose goods were bought in several, becomes one per order.

    The first order's part stays on the refund itself; the others are refunds of their own, with
    ids made of the channel's, so that the channel may send the refund again and nothing doubles.
    """

    _inherit = "ecom.refund"

    part_of_id = fields.Many2one(
        "ecom.refund",
        "Part Of",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="The channel's refund was for goods of several orders; this is the part of one.",
    )
    part_ids = fields.One2many("ecom.refund", "part_of_id", "Other Parts", readonly=True)

    def _spread(self, candidates):
        """Share this refund out to the orders that together hold its goods.

        :param candidates: (order, its document, documents of its refunds), the likeliest first
        :return: the refunds, this one first; empty where the orders do not hold all of it
        """
        self.ensure_one()
        if self.part_ids or self.part_of_id:
            # Shared out before; a person decided on what became of it.
            return self.browse()
        parts = matching.spread(self.document, candidates)
        if not parts:
            return self.browse()
        (_order, document), *others = parts
        vals_list = [
            {
                **self._prepare_part_vals(part),
                "external_id": f"{self.external_id}#{number}",
                "number": f"{self.number}#{number}",
                "part_of_id": self.id,
            }
            for number, (_order, part) in enumerate(others, start=2)
        ]
        self.with_context(tracking_disable=True).write(
            {"document": document, "amount": float(document["amount"])}
        )
        refunds = self + self.with_context(tracking_disable=True).create(vals_list)
        for refund, (order, _document) in zip(refunds, parts, strict=True):
            refund._set_order(order, "goods")
        return refunds

    def _report_changed_parts(self, vals):
        """The channel changed a refund that is shared out: a person has to look at its parts."""
        self.digest = vals["digest"]
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("The channel changed a refund of several orders"),
            note=self.env._(
                "It is now %(amount)s %(currency)s in all. Correct the parts by hand.",
                amount=vals["document"]["amount"],
                currency=vals["currency_code"],
            ),
            user_id=(self.channel_id.user_id or self.env.user).id,
        )

    def _prepare_part_vals(self, document):
        return {
            "channel_id": self.channel_id.id,
            "refunded_at": self.refunded_at,
            "external_updated_at": self.external_updated_at,
            "currency_code": self.currency_code,
            "currency_id": self.currency_id.id,
            "amount": float(document["amount"]),
            "reason": self.reason,
            "customer_name": self.customer_name,
            "buyer_key": self.buyer_key,
            "document": document,
        }

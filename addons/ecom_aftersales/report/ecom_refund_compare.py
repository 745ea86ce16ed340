from odoo import fields, models
from odoo.tools import SQL


class EcomRefundCompare(models.Model):
    """What channels say they gave back, beside what cases here say: one row per refund.

    A refund known on both sides is one row. What is on one side only is what a person looks for.
    """

    _name = "ecom.refund.compare"
    _description = "Refunds There and Here"
    _auto = False
    _order = "date desc, id"

    date = fields.Datetime(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    channel_id = fields.Many2one("ecom.channel", readonly=True)
    order_id = fields.Many2one("ecom.order", "Channel Order", readonly=True)
    refund_id = fields.Many2one("ecom.refund", "Channel's Refund", readonly=True)
    return_id = fields.Many2one("ecom.return", "Case", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    side = fields.Selection(
        [
            ("both", "On both sides"),
            ("waiting", "On its way to the channel"),
            ("there", "Only there"),
            ("here", "Only here"),
        ],
        readonly=True,
    )
    amount_there = fields.Monetary("There", readonly=True)
    amount_here = fields.Monetary("Here", readonly=True)
    difference = fields.Monetary(readonly=True, help="There less here.")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT refund.id AS id, refund.refunded_at AS date, refund.company_id,
                   refund.channel_id, refund.order_id, refund.id AS refund_id,
                   COALESCE(payment.return_id, refund.return_id) AS return_id, refund.currency_id,
                   CASE WHEN payment.id IS NULL THEN 'there' ELSE 'both' END AS side,
                   refund.amount AS amount_there, COALESCE(payment.amount, 0) AS amount_here,
                   refund.amount - COALESCE(payment.amount, 0) AS difference
              FROM ecom_refund refund
         LEFT JOIN ecom_return_payment payment ON payment.refund_id = refund.id
                   AND payment.state NOT IN ('failed', 'cancelled')
         UNION ALL
            SELECT -payment.id AS id, payment.create_date AS date, payment.company_id,
                   payment.channel_id, kase.order_id, NULL AS refund_id,
                   payment.return_id, payment.currency_id,
                   CASE WHEN payment.state = 'done' THEN 'here' ELSE 'waiting' END AS side,
                   0 AS amount_there, payment.amount AS amount_here,
                   -payment.amount AS difference
              FROM ecom_return_payment payment
              JOIN ecom_return kase ON kase.id = payment.return_id
             WHERE payment.refund_id IS NULL AND payment.channel_id IS NOT NULL
               AND payment.state NOT IN ('failed', 'cancelled')
            """
        )

from odoo import fields, models
from odoo.tools import SQL


class EcomRatingReport(models.Model):
    """What buyers said: one row per rating of a ticket, and one per product of a rated order."""

    _name = "ecom.rating.report"
    _description = "Rating Analysis"
    _auto = False
    _order = "date desc"

    date = fields.Datetime(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    channel_id = fields.Many2one("ecom.channel", readonly=True)
    order_id = fields.Many2one("ecom.order", "Channel Order", readonly=True)
    ticket_id = fields.Many2one("ecom.ticket", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    carrier_id = fields.Many2one("delivery.carrier", readonly=True)
    user_id = fields.Many2one("res.users", "Agent", readonly=True)
    subject = fields.Selection([("order", "Order"), ("ticket", "Ticket")], readonly=True)
    rating = fields.Float("Rating (1-5)", readonly=True, aggregator="avg")
    feedback = fields.Text(readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row_number() OVER (ORDER BY rated.rating_id, rated.product_id) AS id, rated.*
              FROM (
            SELECT r.id AS rating_id, r.write_date AS date, o.company_id, o.channel_id,
                   o.id AS order_id, NULL::integer AS ticket_id, goods.product_id,
                   parcel.carrier_id, NULL::integer AS user_id, 'order' AS subject, r.rating,
                   r.feedback
              FROM rating_rating r
              JOIN ecom_order o ON o.id = r.res_id
         LEFT JOIN LATERAL (
                   SELECT DISTINCT line.product_id
                     FROM sale_order_line line
                     JOIN product_product p ON p.id = line.product_id
                     JOIN product_template t ON t.id = p.product_tmpl_id
                    WHERE line.order_id = o.sale_order_id AND t.type = 'consu'
                   ) goods ON TRUE
         LEFT JOIN LATERAL (
                   SELECT s.carrier_id
                     FROM ecom_shipment s
                     JOIN ecom_shipment_ecom_order_rel rel ON rel.shipment_id = s.id
                    WHERE rel.order_id = o.id AND s.carrier_id IS NOT NULL
                 ORDER BY s.id LIMIT 1
                   ) parcel ON TRUE
             WHERE r.res_model = 'ecom.order' AND r.consumed
         UNION ALL
            SELECT r.id, r.write_date, t.company_id, t.channel_id, t.order_id, t.id,
                   NULL, NULL, t.user_id, 'ticket', r.rating, r.feedback
              FROM rating_rating r
              JOIN ecom_ticket t ON t.id = r.res_id
             WHERE r.res_model = 'ecom.ticket' AND r.consumed
                   ) rated
            """
        )


class ProductProduct(models.Model):
    _inherit = "product.product"

    ecom_rating = fields.Float(
        "Buyers' Rating",
        compute="_compute_ecom_rating",
        groups="ecom_order_mgmt.group_ecom_viewer",
        help="Average of what buyers said of orders with this product, from 1 to 5.",
    )
    ecom_rating_count = fields.Integer(
        "Rated Orders",
        compute="_compute_ecom_rating",
        groups="ecom_order_mgmt.group_ecom_viewer",
    )

    def _compute_ecom_rating(self):
        figures = {
            product: (rating, count)
            for product, rating, count in self.env["ecom.rating.report"]._read_group(
                [("product_id", "in", self.ids)], ["product_id"], ["rating:avg", "__count"]
            )
        }
        for product in self:
            product.ecom_rating, product.ecom_rating_count = figures.get(product, (0.0, 0))

    def action_open_ecom_ratings(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecom_aftersales.ecom_rating_report_action"
        )
        action["domain"] = [("product_id", "=", self.id)]
        return action

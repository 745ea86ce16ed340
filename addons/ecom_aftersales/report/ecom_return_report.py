from odoo import fields, models
from odoo.tools import SQL


class EcomReturnReport(models.Model):
    """Sold and returned pieces side by side, so that a return rate is their quotient.

    One row for each sold order line (positive `sold`) and one for each line of a case.
    """

    _name = "ecom.return.report"
    _description = "Return Analysis"
    _auto = False
    _order = "date desc"

    date = fields.Datetime(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    channel_id = fields.Many2one("ecom.channel", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    product_tmpl_id = fields.Many2one("product.template", "Product Family", readonly=True)
    categ_id = fields.Many2one("product.category", "Category", readonly=True)
    supplier_id = fields.Many2one("res.partner", "Main Supplier", readonly=True)
    carrier_id = fields.Many2one("delivery.carrier", readonly=True)
    reason_id = fields.Many2one("ecom.return.reason", readonly=True)
    fault = fields.Selection(
        [
            ("buyer", "Buyer"),
            ("seller", "Us"),
            ("carrier", "Carrier"),
            ("supplier", "Supplier"),
            ("platform", "Platform"),
        ],
        string="Party at Fault",
        readonly=True,
    )
    type = fields.Selection(
        lambda self: self.env["ecom.return"]._fields["type"].selection, readonly=True
    )
    return_id = fields.Many2one("ecom.return", "Case", readonly=True)
    sold = fields.Float("Sold Pieces", readonly=True)
    returned = fields.Float("Returned Pieces", readonly=True)
    return_rate = fields.Float(
        "Return Rate (%)",
        readonly=True,
        aggregator="avg",
        help="Returned pieces by sold pieces. Empty where nothing was sold, as by reason.",
    )
    amount = fields.Float("Given Back", readonly=True, help="In the company's currency.")
    value_recovered = fields.Float("Recovered at Cost", readonly=True, help="Graded A or B.")
    value_lost = fields.Float("Lost at Cost", readonly=True, help="Graded C.")
    refund_days = fields.Float("Days to Refund", readonly=True, aggregator="avg")

    @property
    def _table_query(self):
        return SQL("%s UNION ALL %s", self._query_sold(), self._query_returned())

    def _read_group_select(self, aggregate_spec, query):
        """A rate of many rows is the quotient of their sums."""
        if aggregate_spec != "return_rate:avg":
            return super()._read_group_select(aggregate_spec, query)
        returned = self._field_to_sql(self._table, "returned", query)
        sold = self._field_to_sql(self._table, "sold", query)
        return SQL("100.0 * SUM(%s) / NULLIF(SUM(%s), 0)", returned, sold)

    def _query_sold(self):
        return SQL(
            """
            SELECT -sol.id AS id, so.date_order AS date, so.company_id, so.ecom_channel_id AS channel_id,
                   sol.product_id, pp.product_tmpl_id, pt.categ_id,
                   supplier.partner_id AS supplier_id, so.carrier_id,
                   NULL::integer AS reason_id, NULL::varchar AS fault, NULL::varchar AS type,
                   NULL::integer AS return_id,
                   sol.product_uom_qty AS sold, 0.0 AS returned,
                   NULL::double precision AS return_rate,
                   0.0 AS amount, 0.0 AS value_recovered, 0.0 AS value_lost,
                   NULL::double precision AS refund_days
              FROM sale_order_line sol
              JOIN sale_order so ON so.id = sol.order_id
              JOIN product_product pp ON pp.id = sol.product_id
              JOIN product_template pt ON pt.id = pp.product_tmpl_id
         LEFT JOIN LATERAL (%s) supplier ON TRUE
             WHERE so.state = 'sale' AND sol.display_type IS NULL AND pt.type = 'consu'
            """,
            self._query_supplier(),
        )

    def _query_returned(self):
        return SQL(
            """
            SELECT rl.id AS id, r.create_date AS date, r.company_id, r.channel_id,
                   rl.product_id, pp.product_tmpl_id, pt.categ_id,
                   supplier.partner_id AS supplier_id, so.carrier_id,
                   COALESCE(rl.reason_id, r.reason_id) AS reason_id, r.fault, r.type,
                   r.id AS return_id,
                   0.0 AS sold, rl.quantity AS returned,
                   NULL::double precision AS return_rate,
                   rl.amount / COALESCE(NULLIF(so.currency_rate, 0), 1) AS amount,
                   COALESCE(g.recovered, 0.0) AS value_recovered, COALESCE(g.lost, 0.0) AS value_lost,
                   r.refund_days
              FROM ecom_return_line rl
              JOIN ecom_return r ON r.id = rl.return_id
         LEFT JOIN sale_order so ON so.id = r.sale_order_id
              JOIN product_product pp ON pp.id = rl.product_id
              JOIN product_template pt ON pt.id = pp.product_tmpl_id
         LEFT JOIN LATERAL (%s) supplier ON TRUE
         LEFT JOIN LATERAL (
                   SELECT SUM(value) FILTER (WHERE grade IN ('a', 'b')) AS recovered,
                          SUM(value) FILTER (WHERE grade = 'c') AS lost
                     FROM ecom_return_grading WHERE line_id = rl.id
                   ) g ON TRUE
             WHERE r.request_state IN ('new', 'approved')
            """,
            self._query_supplier(),
        )

    def _query_supplier(self):
        return SQL(
            """
            SELECT s.partner_id FROM product_supplierinfo s
             WHERE s.product_tmpl_id = pp.product_tmpl_id
          ORDER BY s.sequence, s.id LIMIT 1
            """
        )


class EcomTicketReport(models.Model):
    """Answers in time and late, by channel, kind, agent and week."""

    _name = "ecom.ticket.report"
    _description = "Ticket Analysis"
    _auto = False
    _order = "date desc"

    date = fields.Datetime(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    channel_id = fields.Many2one("ecom.channel", readonly=True)
    team_id = fields.Many2one("ecom.ticket.team", readonly=True)
    user_id = fields.Many2one("res.users", "Agent", readonly=True)
    kind = fields.Selection(
        lambda self: self.env["ecom.ticket"]._fields["kind"].selection, readonly=True
    )
    source = fields.Selection(
        lambda self: self.env["ecom.ticket"]._fields["source"].selection, readonly=True
    )
    tickets = fields.Integer(readonly=True)
    answered_in_time = fields.Integer(readonly=True)
    answered_late = fields.Integer(readonly=True)
    kept_percent = fields.Float("Kept (%)", readonly=True, aggregator="avg")
    first_answer_hours = fields.Float("Hours to First Answer", readonly=True, aggregator="avg")
    rating = fields.Float("Rating (1-5)", readonly=True, aggregator="avg")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT t.id, t.create_date AS date, t.company_id, t.channel_id, t.team_id, t.user_id,
                   t.kind, t.source, 1 AS tickets, t.answered_in_time, t.answered_late,
                   CASE WHEN COALESCE(t.answered_in_time, 0) + COALESCE(t.answered_late, 0) > 0
                        THEN 100.0 * COALESCE(t.answered_in_time, 0)
                             / (COALESCE(t.answered_in_time, 0) + COALESCE(t.answered_late, 0)) END
                   AS kept_percent,
                   NULLIF(t.first_answer_hours, 0) AS first_answer_hours, rated.rating
              FROM ecom_ticket t
         LEFT JOIN LATERAL (
                   SELECT AVG(rating) AS rating FROM rating_rating
                    WHERE res_model = 'ecom.ticket' AND res_id = t.id AND consumed
                   ) rated ON TRUE
             WHERE t.merged_into_id IS NULL
            """
        )


class ProductProduct(models.Model):
    _inherit = "product.product"

    ecom_return_rate = fields.Float(
        "Return Rate",
        compute="_compute_ecom_return_rate",
        groups="ecom_order_mgmt.group_ecom_viewer",
        help="Returned pieces by sold pieces, of all time.",
    )

    def _compute_ecom_return_rate(self):
        figures = {
            product: (sold, returned)
            for product, sold, returned in self.env["ecom.return.report"]._read_group(
                [("product_id", "in", self.ids)],
                ["product_id"],
                ["sold:sum", "returned:sum"],
            )
        }
        for product in self:
            sold, returned = figures.get(product, (0, 0))
            product.ecom_return_rate = returned / sold if sold else 0.0

    def action_open_ecom_returns(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecom_aftersales.ecom_return_action")
        action["domain"] = [("line_ids.product_id", "=", self.id)]
        action["context"] = {}
        return action

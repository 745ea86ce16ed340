from odoo import api, fields, models
from odoo.tools import SQL


class EcomReviewQueue(models.Model):
    """Where orders wait for a person, and how many: one row per kind of exception and company.

    A view of the database; nothing is stored.
    """

    _name = "ecom.review.queue"
    _description = "Review Queue"
    _auto = False
    _order = "overdue_count desc, order_count desc"
    _rec_name = "type"

    type = fields.Selection("_selection_type", "Queue", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    order_count = fields.Integer("Orders", readonly=True)
    overdue_count = fields.Integer("Overdue", readonly=True)
    oldest_at = fields.Datetime("Waiting Since", readonly=True)
    group_id = fields.Many2one("res.groups", "Owner", readonly=True)

    @api.model
    def _selection_type(self):
        types = self.env["ecom.exception"]._fields["type"]._description_selection(self.env)
        return [("waiting", self.env._("Waiting for approval")), *types]

    @property
    def _table_query(self):
        self.env["ecom.exception"].flush_model()
        self.env["ecom.order"].flush_model(["state", "review_state", "channel_id", "company_id"])
        # Ids must stay the same while the queue lasts: that of its oldest member, doubled so that
        # the two kinds of members cannot meet.
        return SQL(
            """SELECT 2 * min(e.id) AS id, e.type, e.company_id, e.group_id,
                      count(DISTINCT e.order_id) AS order_count,
                      count(DISTINCT e.order_id)
                          FILTER (WHERE e.due_at < now() AT TIME ZONE 'UTC') AS overdue_count,
                      min(e.create_date) AS oldest_at
                 FROM ecom_exception e
                 JOIN ecom_order o ON o.id = e.order_id
                WHERE e.state = 'open' AND o.state != 'cancelled'
             GROUP BY e.type, e.company_id, e.group_id
            UNION ALL
               SELECT 2 * min(o.id) + 1, 'waiting', o.company_id, NULL::integer,
                      count(*), 0, min(o.received_at)
                 FROM ecom_order o
                 JOIN ecom_channel c ON c.id = o.channel_id
                WHERE o.state = 'accepted' AND o.review_state = 'waiting' AND c.approval = 'manual'
             GROUP BY o.company_id"""
        )

    def action_open(self):
        """Open the orders of the queue, the first of them being the most urgent one."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecom_order_mgmt.ecom_review_action")
        labels = dict(self._fields["type"]._description_selection(self.env))
        action["display_name"] = labels[self.type]
        if self.type == "waiting":
            action["domain"] = [
                ("state", "=", "accepted"),
                ("review_state", "=", "waiting"),
                ("channel_id.approval", "=", "manual"),
                ("company_id", "=", self.company_id.id),
            ]
        else:
            exception = [
                ("type", "=", self.type),
                ("state", "=", "open"),
                ("group_id", "=", self.group_id.id),
            ]
            action["domain"] = [
                ("exception_ids", "any", exception),
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "cancelled"),
            ]
        return action

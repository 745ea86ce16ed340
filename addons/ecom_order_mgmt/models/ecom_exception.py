from odoo import api, fields, models


class EcomException(models.Model):
    """A reason why an order waits. An order can have several; they stay as history when solved.

    Opened by the pipeline (its own checks and the users' rules) and by people who hold an order;
    resolved by the person who approves, by the pipeline when the reason is gone, or when its time
    is over.
    """

    _name = "ecom.exception"
    _description = "Order Exception"
    _order = "state, id desc"

    order_id = fields.Many2one("ecom.order", required=True, index=True, ondelete="cascade")
    channel_id = fields.Many2one(
        related="order_id.channel_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True, index=True
    )
    type = fields.Selection(
        [
            ("total_difference", "Total differs"),
            ("changed_too_late", "Changed too late"),
            ("manual", "Held by a person"),
            ("rule", "Held by a rule"),
            ("finance", "Finance review"),
            ("blacklist", "Blacklisted"),
            ("duplicate_number", "Order number twice"),
            ("address", "Address"),
            ("same_buyer", "Same buyer, another order"),
            ("message", "Message or memo"),
            ("margin", "Margin"),
            ("stock_shortage", "Not enough stock"),
            ("refund_open", "Refund open"),
            ("presale_unpaid", "Presale not paid"),
            ("unmapped", "Not mapped"),
            ("rule_failed", "Rule does not work"),
        ],
        required=True,
        help="Queue in which the order waits.",
    )
    message = fields.Text(required=True, help="What is wrong, in words.")
    blocking = fields.Boolean(
        default=True, help="The order is held until this is solved. Otherwise it is only noted."
    )
    force_only = fields.Boolean(
        help="An ordinary approval does not solve it: only who may force an approval can."
    )
    group_id = fields.Many2one(
        "res.groups",
        "Owner",
        index="btree_not_null",
        ondelete="set null",
        help="Who has to see to it. Empty: any reviewer.",
    )
    rule_id = fields.Many2one(
        "ecom.rule", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    rule_version = fields.Integer(readonly=True)
    until = fields.Datetime("Waits Until", help="It is solved by itself at this time.")
    due_at = fields.Datetime("Due", help="By when a person should have looked at it.")
    state = fields.Selection([("open", "Open"), ("resolved", "Resolved")], default="open")
    resolved_at = fields.Datetime(readonly=True)
    resolved_by_id = fields.Many2one("res.users", readonly=True)
    resolution = fields.Char(readonly=True)

    _open_type_uniq = models.UniqueIndex(
        "(order_id, type, COALESCE(rule_id, 0)) WHERE state = 'open'",
        "An exception of this type is open on the order already.",
    )
    _queue_idx = models.Index("(type, company_id) WHERE state = 'open'")

    @api.model_create_multi
    def create(self, vals_list):
        finance = self.env.ref("ecom_order_mgmt.group_ecom_finance", raise_if_not_found=False)
        for vals in vals_list:
            if vals.get("type") == "finance" and finance:
                vals.setdefault("group_id", finance.id)
        return super().create(vals_list)

    def _resolve(self, reason):
        """Close those that are open. :param str reason: why, for the history"""
        self.filtered(lambda e: e.state == "open").write(
            {
                "state": "resolved",
                "resolved_at": fields.Datetime.now(),
                "resolved_by_id": self.env.uid,
                "resolution": reason,
            }
        )

    def _filter_decidable(self, user):
        """:return: those that `user` may close by an ordinary approval"""
        return self.filtered(
            lambda e: not e.force_only and (not e.group_id or e.group_id in user.all_group_ids)
        )

    def action_open_order(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ecom.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
        }

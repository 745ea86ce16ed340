from odoo import api, fields, models

STAGES = [
    ("ready", "Not picked"),
    ("picking", "Being picked"),
    ("packed", "Packed"),
    ("shipped", "Gone"),
]
_OPEN = "open"


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    intercept_hours = fields.Integer(
        "Decide on Stopped Parcels Within",
        default=24,
        help="Hours that the channel leaves for an answer to a request that came too late to be "
        "carried out by itself.",
    )
    _intercept_hours_positive = models.Constraint(
        "CHECK(intercept_hours >= 0)", "Times must not be negative."
    )


class EcomInterception(models.Model):
    """One request of a channel (cancel, change, refund) that met a parcel on its way out.

    It says how far the parcel was, by when the channel wants an answer, and how it ended. Life
    cycle: *open* (a person decides) -> *applied* (the order was cancelled), *released* (the parcel
    went on), or *withdrawn* (the channel took its request back). What could be carried out by
    itself is *applied* at once; what had left is *refused*, and comes back as a return if at all.
    """

    _name = "ecom.interception"
    _description = "Interception of a Parcel"
    _order = "id desc"

    order_id = fields.Many2one("ecom.order", required=True, index=True, ondelete="cascade")
    channel_id = fields.Many2one(related="order_id.channel_id")
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="order_id.currency_id")
    shipment_ids = fields.Many2many("ecom.shipment", string="Parcels", readonly=True)
    kind = fields.Selection(
        [("cancel", "Cancellation"), ("change", "Change"), ("refund", "Refund")],
        required=True,
        readonly=True,
    )
    stage = fields.Selection(STAGES, "Parcel Was", required=True, readonly=True)
    what = fields.Text("What Happened", readonly=True)
    requested_at = fields.Datetime(default=fields.Datetime.now, readonly=True)
    deadline_at = fields.Datetime("Answer By", readonly=True)
    outcome = fields.Selection(
        [
            (_OPEN, "A person decides"),
            ("applied", "Stopped, carried out"),
            ("released", "Sent all the same"),
            ("withdrawn", "Request withdrawn"),
            ("refused", "Too late: it had left"),
        ],
        default=_OPEN,
        required=True,
        readonly=True,
        index=True,
    )
    decided_at = fields.Datetime(readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True)
    amount_saved = fields.Monetary(
        readonly=True, help="Value of the order that did not go out for nothing."
    )

    @api.depends("order_id", "kind")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            record.display_name = f"{record.order_id.display_name}: {labels.get(record.kind, '')}"

    def _conclude(self, outcome):
        """Say how open ones ended."""
        todo = self.filtered(lambda record: record.outcome == _OPEN)
        for record in todo:
            record.write(
                {
                    "outcome": outcome,
                    "decided_at": fields.Datetime.now(),
                    "decided_by_id": self.env.uid,
                    "amount_saved": record.order_id.amount_total if outcome == "applied" else 0,
                }
            )
        todo.order_id.activity_unlink(["ecom_order_mgmt.mail_activity_interception"])


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    interception_ids = fields.One2many("ecom.interception", "order_id", readonly=True)

    def _note_interception(self, kind, stage, what, parcels, outcome=_OPEN):
        """Record a request that met a parcel; a person is asked where it is open.

        Another addon sees to what follows (a return case, say) by extending this.

        :return: the record; of a repeated request the one that is open already
        """
        self.ensure_one()
        now = fields.Datetime.now()
        same = self.interception_ids.filtered(lambda r: r.kind == kind and r.outcome == _OPEN)
        if same and outcome == _OPEN:
            same[0].write({"what": what, "shipment_ids": [fields.Command.set(parcels.ids)]})
            return same[0]
        deadline = fields.Datetime.add(now, hours=self.channel_id.intercept_hours)
        record = self.env["ecom.interception"].create(
            {
                "order_id": self.id,
                "kind": kind,
                "stage": stage,
                "what": what,
                "shipment_ids": [fields.Command.set(parcels.ids)],
                "deadline_at": deadline,
                "outcome": outcome,
                "decided_at": now if outcome != _OPEN else False,
                "amount_saved": self.amount_total if outcome == "applied" else 0,
            }
        )
        if outcome == _OPEN:
            self.activity_schedule(
                "ecom_order_mgmt.mail_activity_interception",
                date_deadline=fields.Date.to_date(deadline),
                note=what,
                user_id=self.channel_id.user_id.id or self.env.uid,
            )
        return record

    def _get_parcel_stage(self, parcels):
        """:return: how far the furthest of these parcels is, as an interception says it"""
        states = set(parcels.mapped("state"))
        if states & {"shipped", "delivered"}:
            return "shipped"
        return next((stage for stage in ("packed", "picking") if stage in states), "ready")

    def _stop_refunded(self):
        """The channel gave all the money back: nothing of these orders must leave any more."""
        for order in self:
            given = sum(order.refund_ids.mapped("amount"))
            parcels = order._get_parcels_here().filtered(lambda s: not s.frozen)
            full = (
                order.currency_id
                and order.currency_id.compare_amounts(given, order.amount_total) >= 0
            )
            if not parcels or not full or order.sale_order_id.state != "sale":
                continue
            message = self.env._("%s: the channel paid all of it back.", order.display_name)
            stage = order._get_parcel_stage(parcels)
            parcels._freeze(message)
            order._note_interception("refund", stage, message, parcels)
            order._decide("intercept", message)


class EcomRefund(models.Model):
    _inherit = "ecom.refund"

    def _set_order(self, order, how):
        result = super()._set_order(order, how)
        # Where the refund undid the approval, there is no parcel any more.
        if order:
            order._stop_refunded()
        return result


class EcomShipment(models.Model):
    _inherit = "ecom.shipment"

    def action_release(self):
        result = super().action_release()
        # Whoever may let a parcel go has decided about the request.
        records = self.sudo().order_ids.interception_ids
        records.filtered(lambda r: r.shipment_ids & self)._conclude("released")
        return result


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _action_cancel(self):
        result = super()._action_cancel()
        # Whoever cancels an order need not see its parcels.
        self.sudo().ecom_order_id.interception_ids._conclude("applied")
        return result

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

CLOSED = ("shipped", "delivered", "cancelled")


class EcomShipment(models.Model):
    """One parcel (or set of parcels) that leaves one warehouse for one recipient.

    It holds the deliveries of one order, or of several that were merged; sale orders themselves
    are never merged. The stage follows from what happened: stock is reserved (*ready*), somebody
    began (*picking*), everything is in the box (*packed*), the deliveries are validated
    (*shipped*), the recipient has it (*delivered*). The moments are in `started_at`, `packed_at`,
    `shipped_at` and `delivered_at`; whoever learns of such a moment sets it, the stage follows.
    """

    _name = "ecom.shipment"
    _description = "Shipment"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "due_at, id"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True, copy=False, default="/")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        readonly=True,
        check_company=True,
        index="btree_not_null",
        help="Warehouse that the parcel leaves. Empty: the goods come from somebody else.",
    )
    carrier_id = fields.Many2one(
        "delivery.carrier", check_company=True, index="btree_not_null", tracking=True
    )
    tracking_ref = fields.Char(
        "Tracking Number",
        copy=False,
        index="btree_not_null",
        tracking=True,
        help="Several numbers are separated by commas.",
    )
    tracking_url = fields.Char(compute="_compute_tracking_url")
    state = fields.Selection(
        [
            ("draft", "Waiting for Stock"),
            ("ready", "Ready"),
            ("picking", "Picking"),
            ("packed", "Packed"),
            ("shipped", "Shipped"),
            ("delivered", "Delivered"),
            ("cancelled", "Cancelled"),
        ],
        string="Stage",
        compute="_compute_state",
        store=True,
        index=True,
        tracking=True,
        group_expand=True,
    )
    priority = fields.Selection([("0", "Normal"), ("1", "Urgent")], default="0")
    frozen = fields.Boolean(
        "Stopped",
        readonly=True,
        copy=False,
        tracking=True,
        help="The parcel must not leave: see the reason.",
    )
    freeze_reason = fields.Char("Reason for the Stop", readonly=True, copy=False)

    picking_ids = fields.One2many("stock.picking", "ecom_shipment_id", "Deliveries", readonly=True)
    move_ids = fields.Many2many("stock.move", compute="_compute_move_ids", string="Goods")
    order_ids = fields.Many2many(
        "ecom.order",
        "ecom_shipment_ecom_order_rel",
        "shipment_id",
        "order_id",
        string="Channel Orders",
        compute="_compute_order_ids",
        store=True,
    )
    order_count = fields.Integer(compute="_compute_order_count", string="Orders")
    merged_into_id = fields.Many2one(
        "ecom.shipment",
        "Travels In",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The parcel that this one was put into.",
    )
    merged_ids = fields.One2many(
        "ecom.shipment", "merged_into_id", "Parcels Inside", context={"active_test": False}
    )

    partner_id = fields.Many2one("res.partner", "Recipient", readonly=True, index=True)
    country_id = fields.Many2one(related="partner_id.country_id")
    recipient_key = fields.Char(
        readonly=True,
        copy=False,
        help="Same key: same recipient at the same address, as far as the channel lets us know.",
    )
    due_at = fields.Datetime(
        "Due",
        compute="_compute_due_at",
        store=True,
        index=True,
        help="When the parcel has to be handed over: the earliest date of its orders.",
    )
    eta = fields.Datetime("Expected Arrival")
    started_at = fields.Datetime("Picking Began", readonly=True, copy=False)
    packed_at = fields.Datetime("Packed On", readonly=True, copy=False)
    shipped_at = fields.Datetime("Shipped On", readonly=True, copy=False)
    delivered_at = fields.Datetime("Delivered On", readonly=True, copy=False)

    _recipient_idx = models.Index(
        "(warehouse_id, recipient_key) WHERE recipient_key IS NOT NULL "
        "AND state IN ('draft', 'ready') AND active"
    )

    # === COMPUTE METHODS === #

    @api.depends("picking_ids.move_ids")
    def _compute_move_ids(self):
        for shipment in self:
            # What is on its way to the recipient now: the last step that is there.
            shipment.move_ids = shipment._get_last_pickings().move_ids

    @api.depends("picking_ids.sale_id.ecom_order_id", "picking_ids.state")
    def _compute_order_ids(self):
        for shipment in self:
            live = shipment.picking_ids.filtered(lambda picking: picking.state != "cancel")
            orders = (live or shipment.picking_ids).sale_id.ecom_order_id
            if shipment.order_ids != orders:
                shipment.order_ids = orders
            else:
                shipment.order_ids = shipment.order_ids

    @api.depends("order_ids")
    def _compute_order_count(self):
        for shipment in self:
            shipment.order_count = len(shipment.order_ids)

    @api.depends("picking_ids.date_deadline", "picking_ids.scheduled_date", "order_ids.ship_by")
    def _compute_due_at(self):
        for shipment in self:
            dates = [order.ship_by for order in shipment.order_ids if order.ship_by]
            dates = dates or [p.date_deadline or p.scheduled_date for p in shipment.picking_ids]
            shipment.due_at = min(filter(None, dates), default=False) or shipment.due_at

    @api.depends(
        "picking_ids.state",
        "picking_ids.move_ids.state",
        "started_at",
        "packed_at",
        "delivered_at",
        "merged_into_id",
    )
    def _compute_state(self):
        for shipment in self:
            shipment.state = shipment._get_stage()

    def _get_stage(self):
        self.ensure_one()
        pickings = self.picking_ids.filtered(lambda picking: picking.state != "cancel")
        if not pickings:
            return "cancelled" if self.picking_ids or self.merged_into_id else "draft"
        leaving = pickings.filtered(lambda picking: picking._ecom_leaves())
        if leaving and all(picking.state == "done" for picking in leaving):
            return "delivered" if self.delivered_at else "shipped"
        if self.packed_at:
            return "packed"
        todo = pickings.filtered(lambda picking: picking.state != "done")
        if self.started_at or todo != pickings:
            return "picking"
        # Asked through the field, so that many shipments are read at once; no delivery is done.
        moves = self.picking_ids.move_ids.filtered(lambda move: move.state != "cancel")
        return "ready" if all(move.state == "assigned" for move in moves) else "draft"

    @api.depends("tracking_ref", "carrier_id", "picking_ids.carrier_tracking_url")
    def _compute_tracking_url(self):
        for shipment in self:
            urls = shipment.picking_ids.filtered("carrier_tracking_url")
            shipment.tracking_url = shipment.tracking_ref and urls[:1].carrier_tracking_url

    def _get_last_pickings(self):
        """:return: the deliveries themselves; before they are there, the steps towards them"""
        pickings = self.picking_ids.filtered(lambda picking: picking.state != "cancel")
        if len(pickings) == 1:
            return pickings
        before = pickings.move_ids.move_orig_ids.picking_id
        return (pickings - before) or self.picking_ids

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        unnamed = [vals for vals in vals_list if vals.get("name", "/") == "/"]
        # Making a shipment is the right; its number needs no right of its own.
        sequence = self.env.ref("ecom_order_mgmt.sequence_ecom_shipment").sudo()
        for vals, name in zip(unnamed, sequence._ecom_next(len(unnamed)), strict=True):
            vals["name"] = name
        return super().create(vals_list)

    def write(self, vals):
        result = super().write(vals)
        if "carrier_id" in vals:
            todo = self.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
            todo.filtered(lambda p: p.carrier_id.id != vals["carrier_id"]).write(
                {"carrier_id": vals["carrier_id"]}
            )
        if "tracking_ref" in vals:
            self._get_last_pickings().filtered(
                lambda p: (p.carrier_tracking_ref or False) != (vals["tracking_ref"] or False)
            ).write({"carrier_tracking_ref": vals["tracking_ref"]})
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.picking_ids:
            raise UserError(self.env._("Shipments that hold deliveries cannot be deleted."))

    # === ACTIONS === #

    def _check_packer(self):
        """:return: these shipments, to be changed by the action that asks
        :raise AccessError: the user neither works in stock nor reviews orders"""
        if not self.env.su:
            user = self.env.user
            if not user.has_group("stock.group_stock_user") and not user.has_group(
                "ecom_order_mgmt.group_ecom_reviewer"
            ):
                raise AccessError(self.env._("Only warehouse staff and reviewers may do this."))
            self.check_access("read")
        # A packer may not own the orders and invoices behind a parcel; what he may do with the
        # parcel was checked above.
        return self.sudo()

    def action_ship(self):
        """Hand the parcels over: validate their deliveries with what is in them.

        What could not be reserved stays behind as a shipment of its own.

        :return: True
        :raise UserError: a parcel is stopped, gone, or holds nothing
        """
        shipments = self._check_packer()
        for shipment in shipments:
            shipment._check_can_leave()
        pickings = shipments._get_last_pickings().filtered(lambda p: p.state != "done")
        pickings.with_context(skip_backorder=True, skip_sms=True).button_validate()
        left = pickings.filtered(lambda picking: picking.state != "done")
        if left:
            raise UserError(
                self.env._(
                    "Delivery %(name)s asks for more, such as lot numbers. Open it and validate "
                    "it there.",
                    name=left[0].name,
                )
            )
        return True

    def _check_can_leave(self):
        self.ensure_one()
        if self.frozen:
            raise UserError(
                self.env._(
                    "STOP. %(name)s must not leave: %(reason)s",
                    name=self.name,
                    reason=self.freeze_reason or "",
                )
            )
        if self.state in CLOSED:
            states = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(name)s is %(state)s already.", name=self.name, state=states[self.state]
                )
            )
        last = self._get_last_pickings()
        if not all(picking._ecom_leaves() for picking in last):
            raise UserError(
                self.env._(
                    "%(name)s is not at its last step: finish %(picking)s first.",
                    name=self.name,
                    picking=last[0].name,
                )
            )
        if not any(move.quantity for move in last.move_ids):
            raise UserError(self.env._("%(name)s: nothing is in stock for it.", name=self.name))

    def action_pack(self):
        """Everything is in the box. :return: True"""
        shipments = self._check_packer()
        for shipment in shipments:
            shipment._check_can_leave()
        now = fields.Datetime.now()
        for shipment in shipments:
            shipment.write({"packed_at": now, "started_at": shipment.started_at or now})
        return True

    def action_start(self):
        """Somebody picks the goods now. :return: True"""
        shipments = self._check_packer()
        for shipment in shipments:
            shipment._check_can_leave()
        shipments.filtered(lambda s: not s.started_at).write({"started_at": fields.Datetime.now()})
        return True

    def action_void(self):
        """Take the label back: the parcel is to be packed, and labelled, again.

        :return: True
        :raise UserError: a parcel is gone already
        """
        shipments = self._check_packer()
        for shipment in shipments:
            if shipment.state in CLOSED:
                raise UserError(
                    self.env._(
                        "%(name)s is gone or cancelled; its label cannot be taken back.",
                        name=shipment.name,
                    )
                )
        shipments.write({"tracking_ref": False, "packed_at": False})
        return True

    def _freeze(self, reason):
        """Stop parcels, wherever they are in the warehouse. The scan refuses them."""
        self.write({"frozen": True, "freeze_reason": reason})

    def action_release(self):
        """The reason for the stop is gone. :return: True"""
        self._check_packer().write({"frozen": False, "freeze_reason": False})
        return True

    def _mark_delivered(self, when=None):
        """Whoever hears it from the carrier says so here; the stage follows."""
        self.write({"delivered_at": when or fields.Datetime.now()})

    def _note_departure(self):
        """Deliveries were validated: parcels that are complete by this have left."""
        for shipment in self.filtered(lambda s: s.state == "shipped" and not s.shipped_at):
            refs = [p.carrier_tracking_ref for p in shipment._get_last_pickings()]
            shipment.write(
                {
                    "shipped_at": fields.Datetime.now(),
                    "tracking_ref": shipment.tracking_ref
                    or ",".join(dict.fromkeys(filter(None, refs)))
                    or False,
                }
            )

    def action_open_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecom_order_mgmt.ecom_order_action")
        action["domain"] = [("id", "in", self.order_ids.ids)]
        action["context"] = {}
        return action

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class EcomShipmentClaim(models.Model):
    """What we claim for a parcel that was lost, damaged or late, of whom, and what came of it."""

    _name = "ecom.shipment.claim"
    _description = "Parcel Claim"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    name = fields.Char("Carrier's Case Number", tracking=True)
    parcel_id = fields.Many2one(
        "ecom.shipment.parcel", required=True, index=True, ondelete="restrict"
    )
    shipment_id = fields.Many2one(
        "ecom.shipment", related="parcel_id.shipment_id", store=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", related="parcel_id.company_id", store=True, index=True
    )
    carrier_id = fields.Many2one(related="parcel_id.carrier_id", store=True, index="btree_not_null")
    kind = fields.Selection(
        [("lost", "Lost"), ("damaged", "Damaged"), ("late", "Late")],
        default="lost",
        required=True,
        tracking=True,
    )
    fault = fields.Selection(
        [
            ("unknown", "Not known yet"),
            ("carrier", "Carrier"),
            ("us", "Us"),
            ("buyer", "Buyer"),
        ],
        "Party at Fault",
        default="unknown",
        required=True,
        tracking=True,
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )
    amount = fields.Monetary("Claimed", tracking=True, help="Value of the goods and the postage.")
    amount_received = fields.Monetary("Received", tracking=True)
    state = fields.Selection(
        [
            ("draft", "To Send"),
            ("sent", "Sent"),
            ("paid", "Paid"),
            ("refused", "Refused"),
            ("found", "Parcel Found"),
        ],
        default="draft",
        required=True,
        tracking=True,
    )
    deadline = fields.Date(help="Last day on which the carrier takes the claim.")
    sent_on = fields.Date(readonly=True)
    closed_on = fields.Date(readonly=True)
    note = fields.Text()

    _open_uniq = models.UniqueIndex(
        "(parcel_id, kind) WHERE state IN ('draft', 'sent')",
        "There is an open claim of this kind for the parcel.",
    )
    _amounts = models.Constraint(
        "CHECK (amount >= 0 AND amount_received >= 0)", "Amounts must not be negative."
    )

    @api.depends("name", "parcel_id.tracking_ref")
    def _compute_display_name(self):
        for claim in self:
            claim.display_name = claim.name or claim.parcel_id.tracking_ref or self.env._("New")

    @api.constrains("state", "amount_received", "fault")
    def _check_outcome(self):
        for claim in self:
            if claim.state == "paid" and not claim.amount_received:
                raise ValidationError(self.env._("Enter the amount that was received."))
            if claim.state in ("paid", "refused") and claim.fault == "unknown":
                raise ValidationError(self.env._("Enter the party at fault."))

    @api.onchange("parcel_id")
    def _onchange_parcel_id(self):
        if self.parcel_id and not self.amount:
            self.amount = self.parcel_id._get_value()

    def write(self, vals):
        today = fields.Date.context_today(self)
        if vals.get("state") == "sent":
            vals = {"sent_on": today, **vals}
        elif vals.get("state") in ("paid", "refused", "found"):
            vals = {"closed_on": today, **vals}
        return super().write(vals)

    def action_send(self):
        self.write({"state": "sent"})

    def action_paid(self):
        self.write({"state": "paid"})

    def action_refused(self):
        self.write({"state": "refused"})

    def action_found(self):
        self.write({"state": "found"})


class EcomShipmentParcel(models.Model):
    _inherit = "ecom.shipment.parcel"

    def _get_value(self):
        """:return: what the buyer paid for what is in the shipment, in the company's currency"""
        self.ensure_one()
        total = 0
        # Whoever claims need not see the sale.
        for move in self.sudo().shipment_id._get_last_pickings().move_ids:
            line = move.sale_line_id
            if line and line.product_uom_qty:
                share = (move.quantity or move.product_uom_qty) / line.product_uom_qty
                total += line.currency_id._convert(
                    line.price_total * min(share, 1),
                    self.currency_id,
                    self.company_id,
                    line.order_id.date_order or fields.Date.today(),
                )
        return self.currency_id.round(total)

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class EcomReturnPolicy(models.Model):
    _inherit = "ecom.return.policy"

    give_label = fields.Boolean(
        "Give a Label",
        help="Buyers who ship goods back get a label of the carrier that brought them, to print.",
    )


class EcomReturn(models.Model):
    """The label with which a buyer sends goods back: bought by a carrier addon, printed by the buyer."""

    _inherit = "ecom.return"

    label_state = fields.Selection(
        [
            ("none", "None"),
            ("ordered", "Being made"),
            ("bought", "Ready"),
            ("refused", "Refused"),
            ("unknown", "To be checked"),
            ("void", "Given back"),
        ],
        "Return Label",
        default="none",
        required=True,
        readonly=True,
        copy=False,
    )
    label_message = fields.Text("About the Label", readonly=True, copy=False)
    label_shipment_id = fields.Many2one(
        "ecom.shipment", readonly=True, copy=False, index="btree_not_null"
    )
    label_ids = fields.Many2many(
        "ir.attachment", "ecom_return_label_rel", string="Label to Print", readonly=True, copy=False
    )
    label_currency_id = fields.Many2one("res.currency", readonly=True, copy=False)
    label_cost = fields.Monetary(
        currency_field="label_currency_id",
        readonly=True,
        copy=False,
        help="What the carrier takes for it. What the buyer pays of that is the policy's fee.",
    )

    def action_order_label(self):
        """Button: have the carrier make a label for what comes back.

        :raise UserError: none can be had, in words
        """
        for case in self._check_agent():
            if case.goods_state not in ("awaiting", "in_transit"):
                raise UserError(self.env._("Nothing comes back on %(case)s.", case=case.name))
            case._order_label()
        return True

    def _await_goods(self):
        result = super()._await_goods()
        for case in self:
            if case.goods_state != "awaiting" or case.method != "ship":
                continue
            if case.policy_id.give_label and case.label_state == "none":
                try:
                    case._order_label()
                except UserError as error:
                    # The buyer can do without; an agent may see to it.
                    case.label_message = str(error)
                    case._decide("goods", self.env._("No return label: %(why)s", why=str(error)))
        return result

    def _order_label(self):
        self.ensure_one()
        shipment = self.picking_ids.return_id.ecom_shipment_id[:1]
        if not shipment:
            raise UserError(self.env._("What comes back did not leave in a parcel of ours."))
        moves = self.picking_ids.move_ids.filtered(lambda move: move.state != "cancel")
        goods = {}
        for move in moves:
            goods[move.product_id] = goods.get(move.product_id, 0) + move.product_qty
        label = shipment._order_return_label(
            self.name,
            weight=sum(product.weight * quantity for product, quantity in goods.items()),
            goods=goods,
        )
        self.label_shipment_id = shipment
        self._take_label(label)

    def _take_label(self, label):
        """:param dict label: as of ecom.shipment._get_return_label; the same twice changes nothing"""
        self.ensure_one()
        before = self.label_state
        vals = {"label_state": label["state"], "label_message": label.get("message") or False}
        if label["state"] == "bought":
            vals |= {
                "return_tracking_ref": label["number"],
                "return_carrier_id": label.get("carrier_id"),
                "label_currency_id": label.get("currency_id"),
                "label_cost": label.get("amount") or 0,
            }
            if not self.label_ids:
                # Copies of the case's own: the carrier's papers stay with the warehouse.
                originals = self.env["ir.attachment"].browse(label.get("attachment_ids") or [])
                copies = [
                    original.copy({"res_model": self._name, "res_id": self.id}).id
                    for original in originals
                ]
                vals["label_ids"] = [Command.set(copies)]
        self.write(vals)
        if label["state"] == before:
            return
        if label["state"] == "bought" and self.request_state != "approved":
            # It was being bought while the case came to its end.
            self.label_shipment_id._void_return_label(self.name)
        elif label["state"] == "bought":
            self._decide("goods", self.env._("Return label %(number)s.", number=label["number"]))
            self._tell_buyer_of_label()
        elif label["state"] in ("refused", "unknown"):
            self._decide(
                "goods", self.env._("No return label: %(why)s", why=label.get("message") or "-")
            )
            self._remind(self.env._("Send the buyer a label"), label.get("message"))

    def _tell_buyer_of_label(self):
        self.message_post(
            body=self.env._(
                "The label for your return is ready. Open your return's page to print it."
            ),
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.partner_id.ids,
        )

    def _withdraw(self, reason):
        result = super()._withdraw(reason)
        if self.label_state in ("ordered", "bought"):
            self.label_shipment_id._void_return_label(self.name)
        return result


class EcomShipment(models.Model):
    _inherit = "ecom.shipment"

    def _return_label_changed(self, reference, label):
        result = super()._return_label_changed(reference, label)
        # The worker that buys labels has no rights on cases.
        case = (
            self.env["ecom.return"]
            .sudo()
            .search([("name", "=", reference), ("label_shipment_id", "in", self.ids)], limit=1)
        )
        if case:
            case._take_label(label)
        return result

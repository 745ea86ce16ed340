from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.ecom_order_mgmt.concurrency import create_once


class EcomShipment(models.Model):
    """Shipments whose carrier sells labels."""

    _inherit = "ecom.shipment"

    label_ids = fields.One2many("ecom.label", "shipment_id", "Labels", readonly=True)
    label_state = fields.Char(compute="_compute_label_state")
    sells_labels = fields.Boolean(compute="_compute_label_state")

    @api.depends("label_ids.state", "carrier_id")
    def _compute_label_state(self):
        states = dict(self.env["ecom.label"]._fields["state"]._description_selection(self.env))
        for shipment in self:
            label = shipment.label_ids.filtered(lambda item: not item.is_return)[:1]
            shipment.label_state = states.get(label.state, False)
            # Whoever packs may know that the carrier sells labels here.
            shipment.sells_labels = shipment.carrier_id.sudo().delivery_type == "karrio"

    def action_buy_label(self):
        """Button: order the label; it is bought after the commit.

        :return: True
        """
        shipments = self._check_packer()
        for shipment in shipments:
            shipment._check_can_leave()
            if not shipment.sells_labels:
                raise UserError(
                    self.env._("%(name)s: its carrier sells no labels here.", name=shipment.name)
                )
        shipments._order_labels()
        return True

    def action_buy_return_label(self):
        self._check_packer()._order_labels(is_return=True)
        return True

    def _order_labels(self, is_return=False, return_ref=None, **vals):
        """:param return_ref: what goods come back for; one return label for each of them
        :param vals: further values of the labels
        :return: the labels, new or not: at most one per shipment"""
        Label = self.env["ecom.label"].sudo()  # whoever may pack may order the label of the parcel
        here = Label.search(
            [
                ("shipment_id", "in", self.ids),
                ("is_return", "=", is_return),
                ("return_ref", "=", return_ref or False),
                ("state", "not in", ("voided", "failed", "cancelled")),
            ]
        )
        labels = create_once(
            Label,
            [
                {
                    "shipment_id": shipment.id,
                    "carrier_id": shipment.carrier_id.id,
                    "account_id": shipment.carrier_id.sudo().ecom_account_id.id,
                    "is_return": is_return,
                    "return_ref": return_ref,
                    **vals,
                }
                for shipment in self.sudo() - here.shipment_id
                if shipment.sells_labels
            ],
        )
        for label in labels:
            label.key = f"EL{label.id}"
        if labels:
            labels._trigger()
        return here | labels

    def _void_labels(self):
        # Whoever may take the parcel back may give its label back.
        self.sudo().label_ids.filtered(lambda label: not label.is_return)._void()

    def action_void(self):
        result = super().action_void()
        self._void_labels()
        return result

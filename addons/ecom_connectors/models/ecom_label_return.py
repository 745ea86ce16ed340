from odoo import models
from odoo.exceptions import UserError

STATES = {
    "waiting": "ordered",
    "sending": "ordered",
    "unknown": "unknown",
    "bought": "bought",
    "voiding": "void",
    "voided": "void",
    "failed": "refused",
    "cancelled": "void",
}


class EcomLabel(models.Model):
    _inherit = "ecom.label"

    def _get_return_info(self):
        """:return: dict, see :meth:`EcomShipment._get_return_label`"""
        self.ensure_one()
        number = (self.numbers or "").split(",")[0] or False
        pattern = self.carrier_id.tracking_url
        return {
            "state": STATES[self.state],
            "message": self.answer or False,
            "number": number,
            "carrier_id": self.carrier_id.id,
            "carrier": self.carrier_id.name,
            "tracking_url": number
            and pattern
            and pattern.replace("<shipmenttrackingnumber>", number),
            "amount": self.amount,
            "currency_id": self.currency_id.id,
            "attachment_ids": self.attachment_ids.sorted("id").ids,
        }


class EcomShipment(models.Model):
    """Return labels are bought at the carrier that brought the parcel."""

    _inherit = "ecom.shipment"

    def _get_return_label_problem(self):
        self.ensure_one()
        carrier = self.carrier_id.sudo()
        if not carrier or carrier.delivery_type != "karrio":
            return self.env._("The carrier of %s sells no labels here.", self.name)
        if carrier.ecom_account_id.library_missing:
            return self.env._("The program library for carriers is not installed on the server.")
        if self.state not in ("shipped", "delivered"):
            return self.env._("%s has not left yet: there is nothing to send back.", self.name)
        return False

    def _get_return_labels(self, reference):
        # Whoever may ask for the return may know of its label; callers check their own rights.
        return self.sudo().label_ids.filtered(
            lambda label: label.is_return and label.return_ref == reference
        )

    def _buy_return_label(self, reference, weight, warehouse, goods):
        if not reference:
            raise UserError(self.env._("A return label needs to know what it is for."))
        self._order_labels(
            is_return=True,
            return_ref=reference,
            return_weight=weight or 0.0,
            return_warehouse_id=warehouse and warehouse.id,
            return_goods=goods and {str(product.id): qty for product, qty in goods.items()},
        )
        self.invalidate_recordset(["label_ids"])
        return self._get_return_label(reference)

    def _get_return_label(self, reference):
        self.ensure_one()
        # Newest first: an earlier one may have been refused or given back.
        label = self._get_return_labels(reference).sorted("id", reverse=True)[:1]
        return label._get_return_info() if label else None

    def _void_return_label(self, reference):
        self.ensure_one()
        self._get_return_labels(reference)._void()
        return super()._void_return_label(reference)

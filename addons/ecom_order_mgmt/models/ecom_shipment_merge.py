from odoo import models
from odoo.exceptions import UserError


class EcomShipment(models.Model):
    """Merging: several orders of one recipient leave in one parcel."""

    _inherit = "ecom.shipment"

    def action_merge(self):
        """Put these parcels into the one that is due first.

        Each order keeps its own delivery, invoice and returns; only parcel, label and tracking
        number are shared.

        :return: True
        :raise UserError: they differ in warehouse, recipient or carrier, or one is on the way
        """
        shipments = self._check_packer()
        shipments._check_can_merge()
        shipments._merge(self.env._("Merged by %(user)s.", user=self.env.user.name))
        return True

    def _check_can_merge(self):
        if len(self) < 2:
            raise UserError(self.env._("Choose at least two shipments to merge."))
        for shipment in self:
            message = shipment._get_no_merge_reason()
            if message:
                raise UserError(message)
        if len(self.company_id) > 1 or len(set(self.mapped("warehouse_id.id"))) > 1:
            raise UserError(self.env._("The shipments leave different warehouses."))
        if len(set(self.mapped("recipient_key"))) > 1 or not self[0].recipient_key:
            raise UserError(self.env._("The shipments go to different recipients."))
        if len(set(self.mapped("carrier_id.id"))) > 1:
            raise UserError(self.env._("The shipments travel with different carriers."))

    def _get_no_merge_reason(self):
        """:return: why this shipment cannot be merged with any other, or False"""
        self.ensure_one()
        if self.state not in ("draft", "ready"):
            return self.env._(
                "%(name)s is being picked, or gone: it cannot be merged any more.", name=self.name
            )
        if self.frozen:
            return self.env._("%(name)s is stopped: it cannot be merged.", name=self.name)
        if self.tracking_ref:
            return self.env._("%(name)s has a label already.", name=self.name)
        return False

    def _merge(self, why):
        """:return: the shipment that holds them all now"""
        target, *_others = self.sorted(lambda s: (s.due_at or s.create_date, s.id))
        others = self - target
        # Parcels that these were merged into by an earlier merge go along.
        target_orders = target.order_ids
        moved_orders = others.order_ids
        others.picking_ids.write({"ecom_shipment_id": target.id})
        others.with_context(active_test=False).merged_ids.write({"merged_into_id": target.id})
        others.write({"merged_into_id": target.id, "active": False})
        if any(shipment.priority == "1" for shipment in self):
            target.priority = "1"
        numbers = ", ".join((target_orders | moved_orders).mapped("display_name"))
        target._message_log(
            body=self.env._("%(why)s Orders in this parcel: %(orders)s.", why=why, orders=numbers)
        )
        for order in target_orders | moved_orders:
            order._decide(
                "merge",
                self.env._(
                    "%(why)s Travels in %(name)s together with %(orders)s.",
                    why=why,
                    name=target.name,
                    orders=", ".join(
                        ((target_orders | moved_orders) - order).mapped("display_name")
                    )
                    or self.env._("no other order"),
                ),
            )
        return target

    def action_unmerge(self):
        """Give every order of these parcels a parcel of its own again.

        :return: True
        :raise UserError: a parcel is being picked already
        """
        shipments = self._check_packer()
        for shipment in shipments:
            if shipment.state not in ("draft", "ready", "picking") or shipment.started_at:
                raise UserError(
                    self.env._(
                        "%(name)s is picked already: it cannot be taken apart.",
                        name=shipment.name,
                    )
                )
            if shipment.tracking_ref:
                raise UserError(
                    self.env._("%(name)s has a label. Void it first.", name=shipment.name)
                )
            shipment._unmerge(
                shipment.with_context(active_test=False).merged_ids,
                self.env._("Taken apart by %(user)s.", user=self.env.user.name),
            )
        return True

    def _unmerge(self, parts, why):
        """Take some of the parcels that were put into this one out again.

        :param parts: shipments of `merged_ids`
        """
        self.ensure_one()
        pickings = self.picking_ids
        for part in parts:
            own = pickings.filtered(lambda p, part=part: p.ecom_own_shipment_id == part)
            part.write({"merged_into_id": False, "active": True})
            own.write({"ecom_shipment_id": part.id})
            part.order_ids._decide(
                "merge",
                self.env._("%(why)s Travels in %(name)s alone.", why=why, name=part.name),
            )
        if parts:
            self._message_log(
                body=self.env._(
                    "%(why)s Out of this parcel: %(names)s.",
                    why=why,
                    names=", ".join(parts.mapped("name")),
                )
            )

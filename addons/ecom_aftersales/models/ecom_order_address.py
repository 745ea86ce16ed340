from odoo import fields, models
from odoo.exceptions import UserError


class EcomOrder(models.Model):
    """A buyer asks an agent for another delivery address.

    What it does depends on how far the goods are, as for a change by the channel (see
    ``ecom.order._apply_changes``). The agent's address holds against later messages of the channel,
    until the channel itself names another one than it did before.
    """

    _inherit = "ecom.order"

    agent_address = fields.Json(
        readonly=True,
        copy=False,
        help="The address that an agent entered, and the channel's that it took the place of.",
    )

    def _get_address_effect(self):
        """:return: (may it be changed, what the change does now, in words)"""
        self.ensure_one()
        if not self.document or self.review_state == "rejected" or self.state == "cancelled":
            return False, self.env._("The order is closed.")
        stage = self._get_fulfilment_stage()
        if stage in ("shipped", "delivered") or self._get_undo_stage() >= 3:
            return False, self.env._(
                "It has left us. Ask the carrier to redirect it, or stop it and send it again."
            )
        if self._is_too_late(["address"]):
            return True, self.env._(
                "It is being packed: the parcel is stopped, its label is void, and the packer is told "
                "the new address."
            )
        if self.confirmed_at:
            return True, self.env._(
                "The delivery is made anew: review and choice of the warehouse start again. A label is "
                "bought only once."
            )
        return True, self.env._("Nothing is on its way yet: the order just gets the new address.")

    def _change_address(self, address):
        """Give the order another delivery address.

        :param dict address: of a canonical document
        :raise UserError: it is too late, or the address is no different
        """
        self.ensure_one()
        possible, effect = self._get_address_effect()
        if not possible:
            raise UserError(effect)
        before = self.document.get("shipping_address") or {}
        if before == address:
            raise UserError(self.env._("This is the address that the order has already."))
        channels_own = (self.agent_address or {}).get("channel") or before
        self.write(
            {
                "document": {**self.document, "shipping_address": address},
                "agent_address": {"channel": channels_own, "agent": address},
                "state": "received",
                "cause": False,
                "cause_message": False,
                "version": self.version + 1,
                "pending_changes": sorted({*(self.pending_changes or ()), "address"}),
            }
        )
        self._decide(
            "change",
            self.env._(
                "%(user)s changed the delivery address for the buyer: %(address)s. %(effect)s",
                user=self.env.user.name,
                address=", ".join(filter(None, address.values())),
                effect=effect,
            ),
        )
        self._accept_batch(final=True)
        self.channel_id._trigger_processing()

    def _apply_document_vals(self, vals):
        """The channel repeats the address that the agent replaced: the agent's stays."""
        kept = self.agent_address
        document = vals.get("document")
        if kept and document:
            if document.get("shipping_address") == kept["channel"]:
                vals = {**vals, "document": {**document, "shipping_address": kept["agent"]}}
            else:
                vals = {**vals, "agent_address": False}
        return super()._apply_document_vals(vals)

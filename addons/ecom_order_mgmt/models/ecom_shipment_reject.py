from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

REASONS = [
    ("not_found", "Goods not found"),
    ("damaged", "Goods damaged"),
    ("capacity", "Too much to do"),
    ("closed", "Warehouse closed"),
]
MAX_REROUTES = 3


class EcomShipment(models.Model):
    """A picker who cannot deliver says why; the order goes to another warehouse."""

    _inherit = "ecom.shipment"

    def _reject(self, reason, pause_hours=2, note=None):
        """:param reason: key of `REASONS`: the first two say that the goods are not there, the
        others that the warehouse cannot send anything for some time"""
        self.ensure_one()
        shipment = self._check_packer()
        if shipment.state not in ("draft", "ready", "picking", "packed"):
            raise UserError(self.env._("%(name)s is gone or cancelled.", name=shipment.name))
        shipment._unmerge(
            shipment.with_context(active_test=False).merged_ids, self.env._("Rejected.")
        )
        warehouse = shipment.warehouse_id
        text = dict(REASONS)[reason]
        if reason in ("capacity", "closed"):
            until = fields.Datetime.now() + timedelta(hours=pause_hours)
            warehouse.ecom_paused_until = max(warehouse.ecom_paused_until or until, until)
        else:
            shipment._ask_to_count()
        shipment._message_log(
            body=self.env._(
                "Rejected by %(user)s: %(reason)s. %(note)s",
                user=self.env.user.name,
                reason=text,
                note=note or "",
            )
        )
        for order in shipment.order_ids:
            order._reroute(warehouse, text)
        return True

    def _ask_to_count(self):
        """Put the goods on the list of what has to be counted, today."""
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "in", self.move_ids.product_id.ids),
                ("location_id", "child_of", self.warehouse_id.lot_stock_id.id),
            ]
        )
        quants.write({"inventory_date": fields.Date.context_today(self)})


class EcomOrder(models.Model):
    _inherit = "ecom.order"

    def _reroute(self, warehouse, why):
        """Send an order to another warehouse: it is confirmed anew, as if for the first time."""
        self.ensure_one()
        self.excluded_warehouse_ids = [fields.Command.link(warehouse.id)]
        busy = self.shipment_ids.filtered(
            lambda s: s.state in ("picking", "packed", "shipped", "delivered")
            and s.warehouse_id != warehouse
        )
        reason = False
        if self.channel_id.sourcing != "best":
            reason = self.env._("the channel delivers from one warehouse only")
        elif self.reroute_count >= MAX_REROUTES:
            reason = self.env._("it was sent on %(count)s times already", count=MAX_REROUTES)
        elif busy:
            reason = self.env._("another parcel of it is on its way")
        if reason:
            message = self.env._(
                "%(warehouse)s cannot deliver (%(why)s), and %(reason)s.",
                warehouse=warehouse.name,
                why=why,
                reason=reason,
            )
            self._open_exception("not_deliverable", message)
            self._get_parcels_here()._freeze(message)
            self._decide("source", message)
            return
        sale_order = self.sale_order_id.with_context(tracking_disable=True)
        sale_order.locked = False
        sale_order.order_line.move_ids.filtered(lambda m: m.state != "done").picked = False
        sale_order._action_cancel()
        sale_order.action_draft()
        sale_order.order_line.write({"ecom_warehouse_id": False, "ecom_allocation": False})
        sale_order.commitment_date = False
        self.write(
            {
                "sourced_at": False,
                "source_locked": False,
                "confirmed_at": False,
                "reroute_count": self.reroute_count + 1,
            }
        )
        self._decide(
            "source",
            self.env._(
                "%(warehouse)s cannot deliver (%(why)s): another warehouse is looked for.",
                warehouse=warehouse.name,
                why=why,
            ),
        )
        self.channel_id._trigger_processing()

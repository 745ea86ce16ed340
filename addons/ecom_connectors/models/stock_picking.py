from odoo import fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    ecom_task_ids = fields.One2many("ecom.task", "picking_id", "Messages to the Shop")
    ecom_told = fields.Text("Shop Told", compute="_compute_ecom_told")

    def _compute_ecom_told(self):
        """In words, for whoever asks why the shop does not know of a parcel."""
        for picking in self:
            # Warehouse users see where it stands, not the outbox itself.
            tasks = picking.sudo().ecom_task_ids
            picking.ecom_told = "\n".join(
                task.explanation or self.env._("Told on %(time)s (UTC)", time=task.done_at)
                for task in tasks
            )

    def _action_done(self):
        result = super()._action_done()
        self.filtered(lambda picking: picking.state == "done")._ecom_tell_shipment()
        return result

    def _ecom_tell_shipment(self):
        """Goods left for the buyer: the shop is to know."""
        # Whoever packs need not see channels; what the shop must know does not depend on it.
        for picking in self.sudo():
            order = picking.sale_id.ecom_order_id
            if not order or picking.picking_type_code != "outgoing":
                continue
            lines = picking._ecom_get_lines()
            if lines:
                self.env["ecom.task"].sudo()._add(
                    order.channel_id,
                    "shipment",
                    f"ship/{order.external_id}/{picking.id}",
                    picking._ecom_prepare_shipment(lines),
                    order=order,
                    picking=picking,
                )

    def _ecom_prepare_shipment(self, lines):
        """:return: what a platform is told of a parcel; the same for every connector"""
        self.ensure_one()
        shipped = self.date_done or fields.Datetime.now()
        return {
            "shipment": self.name,
            "tracking": self.carrier_tracking_ref or None,
            "tracking_url": self.carrier_tracking_url or None,
            "carrier": self.carrier_id.name or None,
            "carrier_code": self.carrier_id.delivery_type or None,
            "shipped_at": f"{shipped.isoformat(timespec='seconds')}Z",
            "warehouse": self.picking_type_id.warehouse_id.code or None,
            "lines": lines,
        }

    def _ecom_get_lines(self):
        """:return: list of dicts `line_id`, `sku`, `quantity`: pieces of the channel's own lines.
        Of a kit as many as are complete in this transfer."""
        self.ensure_one()
        result = []
        done = self.move_ids.filtered(lambda move: move.state == "done")
        for line in done.sale_line_id:
            if not line.ecom_line_ref or line.ecom_kind not in ("product", False):
                continue
            moves = done.filtered(lambda move, line=line: move.sale_line_id == line)
            if line.product_id in moves.product_id:
                quantity = sum(moves.mapped("quantity"))
            else:
                quantity = self._ecom_count_kits(line, moves)
            if quantity > 0:
                result.append(
                    {
                        "line_id": line.ecom_line_ref,
                        "sku": line.product_id.default_code or None,
                        "quantity": int(quantity) if quantity == int(quantity) else quantity,
                    }
                )
        return result

    def _ecom_count_kits(self, line, moves):
        demand = {}
        for move in line.move_ids:
            if move.state != "cancel" and move.location_dest_id.usage == "customer":
                demand[move.product_id] = demand.get(move.product_id, 0) + move.product_uom_qty
        shares = [
            sum(m.quantity for m in moves if m.product_id == product) / total
            for product, total in demand.items()
            if total
        ]
        return round(min(shares, default=0) * line.product_uom_qty + 1e-6, 2) // 1

from odoo import fields, models


class EcomOrder(models.Model):
    """What a shop's own site may show its customer."""

    _inherit = "ecom.order"

    def get_status(self):
        """:return: dict of one order, JSON-able; times are ISO 8601 in UTC:

        - `order`: number, external_id, channel, placed_at, state, cause, total, currency
        - `review`: state, reason and (if held for a time) until
        - `allocation`: warehouses and their `state`: none, waiting, partial or reserved; reason
          and promised_at where the warehouse was chosen
        - `shipments`: list of name, state (draft, ready, picking, packed, shipped, delivered or
          cancelled), stopped, carrier, tracking_ref, tracking_url, eta, shipped_at, delivered_at
          and lines (sku, name, quantity) of this order, though others may travel along
        - `payment`: state, paid_at
        - `refunds`: list of number, amount, currency, refunded_at
        """
        self.ensure_one()
        self.check_access("read")
        # Whoever may read the channel order may know where its goods are; stock and sales
        # rights are not needed for that.
        order = self.sudo()
        return {
            "order": {
                "number": order.number,
                "external_id": order.external_id,
                "channel": order.channel_id.name,
                "placed_at": _iso(order.placed_at),
                "state": order.state,
                "cause": order.cause or None,
                "message": order.cause_message or None,
                "total": order.amount_total,
                "currency": order.currency_code,
            },
            "review": {
                "state": order.review_state,
                "reason": order.hold_reason or None,
                "until": _iso(order.hold_until),
            },
            "allocation": order._get_allocation(),
            "shipments": [order._get_shipment(s) for s in order.shipment_ids.sorted("id")],
            "payment": {"state": order.payment_state, "paid_at": _iso(order.paid_at)},
            "refunds": [
                {
                    "number": refund.number,
                    "amount": refund.amount,
                    "currency": refund.currency_code,
                    "refunded_at": _iso(refund.refunded_at),
                }
                for refund in order.refund_ids
            ],
        }

    def _get_allocation(self):
        moves = self.sale_order_id.order_line.move_ids.filtered(
            lambda move: move.state not in ("cancel", "done")
        )
        # A picking is "assigned" with one reserved line out of many: the moves tell.
        states = set(moves.mapped("state"))
        if not moves:
            state = "none"
        elif states == {"assigned"}:
            state = "reserved"
        elif states & {"assigned", "partially_available"}:
            state = "partial"
        else:
            state = "waiting"
        return {
            "state": state,
            "warehouses": moves.warehouse_id.mapped("name")
            or self.sale_order_id.warehouse_id.mapped("name"),
            "reason": self.source_summary or None,
            "promised_at": _iso(self.promised_at),
        }

    def _get_shipment(self, shipment):
        moves = shipment.move_ids.filtered(
            lambda move: move.state != "cancel" and move.sale_line_id.order_id == self.sale_order_id
        )
        closed = shipment.state in ("delivered", "cancelled")
        return {
            "name": shipment.name,
            "state": shipment.state,
            "stopped": shipment.frozen,
            "carrier": shipment.carrier_id.name or None,
            "tracking_ref": shipment.tracking_ref or None,
            "tracking_url": shipment.tracking_url or None,
            "eta": None if closed else _iso(shipment.eta or shipment.due_at),
            "shipped_at": _iso(shipment.shipped_at),
            "delivered_at": _iso(shipment.delivered_at),
            "lines": [
                {
                    "sku": move.product_id.default_code or None,
                    "name": move.product_id.name,
                    "quantity": move.product_uom_qty,
                }
                for move in moves
            ],
        }


def _iso(value):
    return f"{fields.Datetime.to_datetime(value).isoformat()}Z" if value else None

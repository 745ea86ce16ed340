from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import AccessError

from ..tools import amounts
from .sale_order import exact

MAX_ROWS = 30


class EcomOrder(models.Model):
    """The agent's page: all about one buyer and one order on one screen."""

    _inherit = "ecom.order"

    def get_agent_page(self):
        """:return: dict, JSON-able: order, buyer, parcels, money, cases, tickets, orders of the
            buyer, and `steps`: what may be done now, with what it costs and does
        :raise AccessError: the user is no agent"""
        self.ensure_one()
        if not self.env.su and not self.env.user.has_group("ecom_aftersales.group_ecom_agent"):
            raise AccessError(self.env._("Only after-sales agents may do this."))
        self.check_access("read")
        # Agents see sales, parcels and payments of the order at hand without rights on those apps.
        order = self.sudo()
        sale_order = order.sale_order_id
        currency = order.currency_id or order.company_id.currency_id
        cases = order.return_ids
        tickets = self.env["ecom.ticket"].search(
            [("order_id", "=", order.id)], limit=MAX_ROWS, order="id desc"
        )
        return {
            "order": {
                "id": order.id,
                "name": order.display_name,
                "channel": order.channel_id.name,
                "placed_at": fields.Datetime.to_string(order.placed_at),
                "total": currency.format(order.amount_total),
                "state": self._label("state"),
                "review": self._label("review_state"),
                "payment": self._label("payment_state"),
                "note": order.seller_memo or "",
                "buyer_message": order.buyer_message or "",
            },
            "buyer": order._get_agent_buyer(),
            "lines": [
                {
                    "id": line.id,
                    "product": line.product_id.display_name or line.name,
                    "quantity": line.product_uom_qty,
                    "delivered": line.qty_delivered,
                    "total": currency.format(line.price_total),
                }
                for line in sale_order.order_line
                if not line.display_type
            ],
            "parcels": order.get_status()["shipments"],
            "money": order._get_agent_money(currency),
            "cases": [
                {
                    "id": case.id,
                    "name": case.name,
                    "type": case._label_of("type"),
                    "request": case._label_of("request_state"),
                    "goods": case._label_of("goods_state"),
                    "money": case._label_of("money_state"),
                    "due": currency.format(case.amount_due),
                }
                for case in cases
            ],
            "tickets": [
                {
                    "id": ticket.id,
                    "name": ticket.display_name,
                    "state": dict(ticket._fields["state"]._description_selection(self.env))[
                        ticket.state
                    ],
                    "date": fields.Datetime.to_string(ticket.create_date),
                }
                for ticket in tickets
            ],
            "steps": order._get_agent_steps(currency),
        }

    def _label(self, name):
        value = self[name]
        return dict(self._fields[name]._description_selection(self.env)).get(value, "")

    def _get_agent_buyer(self):
        partner = self.partner_id.commercial_partner_id
        orders = self.search(
            [
                ("company_id", "=", self.company_id.id),
                "|",
                ("partner_id", "child_of", partner.id or 0),
                ("id", "=", self.id),
            ],
            order="placed_at desc, id desc",
        )
        company_currency = self.company_id.currency_id
        value = 0.0
        for order in orders:
            if order.state == "accepted" and order.currency_id:
                value += order.currency_id._convert(
                    order.amount_total,
                    company_currency,
                    order.company_id,
                    fields.Date.to_date(order.placed_at) or fields.Date.today(),
                )
        back = self.env["ecom.return"].search_count(
            [("partner_id", "child_of", partner.id or 0), ("request_state", "=", "approved")]
        )
        return {
            "name": self.customer_name or partner.name or "",
            "email": self.partner_id.email or "",
            "phone": self.partner_id.phone or "",
            "city": ", ".join(
                filter(None, [self.partner_id.city, self.partner_id.country_id.name])
            ),
            "tags": partner.category_id.mapped("name"),
            "order_count": len(orders),
            "return_count": back,
            "value": company_currency.format(value),
            "orders": [
                {
                    "id": order.id,
                    "name": order.display_name,
                    "date": fields.Datetime.to_string(order.placed_at),
                    "total": (order.currency_id or company_currency).format(order.amount_total),
                    "state": order._label("state"),
                    "cases": order.return_count,
                }
                for order in orders[:MAX_ROWS]
            ],
        }

    def _get_agent_money(self, currency):
        sale_order = self.sale_order_id
        if not sale_order:
            return {"paid": "", "refunded": "", "left": "", "refunds": []}
        labels = dict(
            self.env["ecom.return.payment"]._fields["state"]._description_selection(self.env)
        )
        return {
            "paid": currency.format(float(sale_order._ecom_get_paid())),
            "refunded": currency.format(float(sale_order._ecom_get_refunded())),
            "left": currency.format(float(sale_order._ecom_get_refundable())),
            "refunds": [
                {
                    "id": payment.id,
                    "amount": currency.format(payment.amount),
                    "state": labels[payment.state],
                    "case": payment.return_id.name,
                }
                for payment in sale_order.ecom_return_ids.payment_ids
            ],
        }

    def _get_agent_steps(self, currency):
        """:return: list of {"type", "label", "effect"}: what may be done with the order now"""
        sale_order = self.sale_order_id
        if not sale_order:
            return []
        lines = sale_order._ecom_get_amount_lines()
        goods = [line for line in lines if line.kind == amounts.GOODS]
        wanted = {
            line.key: line.quantity - line.taken for line in goods if line.quantity > line.taken
        }
        given = sum((exact(case.amount_shipping) for case in self.return_ids), Decimal(0))
        result = amounts.compute(
            lines,
            wanted,
            exact(currency.rounding),
            shipping_rule="last",
            shipping_given=given,
        )
        left = sale_order._ecom_get_refundable()
        money = currency.format(float(amounts.cap(result.total, left, Decimal(0))))
        open_pieces = sum(
            move.product_qty
            for line in sale_order.order_line
            for move in self.env["ecom.return"]._get_open_moves(line)
        )
        delivered = any(line.qty_delivered > 0 for line in sale_order.order_line)
        cost = sum(
            line.product_id.standard_price * line.product_uom_qty
            for line in sale_order.order_line
            if line.product_id.type == "consu"
        )
        steps = []
        if wanted and (open_pieces or sale_order.state in ("draft", "sent")):
            steps.append(
                {
                    "type": "intercept",
                    "label": self.env._("Stop It"),
                    "effect": self.env._(
                        "%(n)s pieces are not sent and free again; up to %(money)s go back.",
                        n=f"{open_pieces:g}",
                        money=money,
                    ),
                }
            )
        possible, effect = self._get_address_effect()
        if possible:
            steps.append(
                {"type": "address", "label": self.env._("Change Address"), "effect": effect}
            )
        if wanted and delivered:
            steps += [
                {
                    "type": "return",
                    "label": self.env._("Return"),
                    "effect": self.env._("Goods come back; then up to %(money)s.", money=money),
                },
                {
                    "type": "exchange",
                    "label": self.env._("Exchange"),
                    "effect": self.env._("A replacement is reserved; the difference is settled."),
                },
            ]
        if wanted and left > 0:
            steps.append(
                {
                    "type": "refund_only",
                    "label": self.env._("Refund"),
                    "effect": self.env._("Up to %(money)s; nothing comes back.", money=money),
                }
            )
        if delivered:
            steps += [
                {
                    "type": "resend",
                    "label": self.env._("Resend"),
                    "effect": self.env._(
                        "Sent again for free; the goods cost us up to %(cost)s.",
                        cost=self.company_id.currency_id.format(cost),
                    ),
                },
                {
                    "type": "warranty",
                    "label": self.env._("Repair"),
                    "effect": self.env._("Comes back, is repaired under warranty."),
                },
            ]
        return steps

    def action_agent_step(self, kind):
        """A step of the page: open the dialogue for it. :return: action"""
        self.ensure_one()
        if kind == "address":
            return self.env["ecom.order.address"]._open(self)
        allowed = [step["type"] for step in self.get_agent_page()["steps"]]
        vals = {"type": kind} if kind in allowed else {}
        return self.env["ecom.return.new"]._open(order=self, **vals)

    def action_open_agent_page(self):
        self.ensure_one()
        return {
            "type": "ir.actions.client",
            "tag": "ecom_aftersales.agent_page",
            "name": self.display_name,
            "params": {"order_id": self.id},
        }


class EcomReturn(models.Model):
    _inherit = "ecom.return"

    def _label_of(self, name):
        return dict(self._fields[name]._description_selection(self.env)).get(self[name], "")


class EcomTicket(models.Model):
    _inherit = "ecom.ticket"

    def action_open_agent_page(self):
        self.ensure_one()
        return self.order_id.action_open_agent_page()

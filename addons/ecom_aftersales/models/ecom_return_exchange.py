from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .sale_order import exact


class EcomReturn(models.Model):
    """Replacements: an order of their own, reserved for some days, sent when the policy says."""

    _inherit = "ecom.return"

    def _create_replacement(self):
        """Make the replacement order. An exchange costs its price, a resend nothing."""
        for case in self:
            if case.exchange_order_id:
                continue
            order = case.sale_order_id
            days = case.policy_id.reserve_days
            until = fields.Datetime.add(fields.Datetime.now(), days=days or 7)
            new = (
                self.env["sale.order"]
                .with_company(case.company_id)
                .create(case._prepare_replacement_vals(order))
            )
            case.write(
                {
                    "exchange_order_id": new.id,
                    "exchange_state": "reserved",
                    "exchange_until": until,
                    "exchange_amount": new.amount_total,
                }
            )
            if case.type == "exchange":
                case._settle_price_difference()
            new.action_confirm()
            # Reserved, but nobody packs it before its time.
            pickings = new.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
            pickings.write({"ecom_held_for_return_id": case.id})
            short = pickings.move_ids.filtered(
                lambda m: m.state in ("confirmed", "waiting", "partially_available")
            )
            if short:
                what = ", ".join(short.product_id.mapped("display_name"))
                case._remind(
                    self.env._("Not in stock for the replacement: %(what)s", what=what),
                    self.env._("It is sent as soon as stock comes in, or agree on a refund."),
                    until,
                )
            case._decide(
                "exchange",
                self.env._(
                    "Replacement %(order)s over %(amount)s, reserved until %(until)s.",
                    order=new.name,
                    amount=case._format(new.amount_total),
                    until=fields.Date.to_string(until),
                ),
                rule=case.policy_id.name,
            )

    def _get_replacement_shortage(self):
        """:return: names of what is to be sent instead and is not in stock, as text; "" for none"""
        self.ensure_one()
        if self.type not in ("exchange", "resend"):
            return ""
        wanted = {}
        for line in self.line_ids:
            product = line.exchange_product_id or line.product_id
            if product.is_storable:
                pieces = line.exchange_quantity or line.quantity
                wanted[product] = wanted.get(product, 0) + pieces
        warehouse = self.sale_order_id.warehouse_id
        return ", ".join(
            product.display_name
            for product, pieces in wanted.items()
            if product.uom_id.compare(
                product.with_context(warehouse_id=warehouse.id).free_qty, pieces
            )
            < 0
        )

    def _prepare_replacement_vals(self, order):
        free = self.type == "resend"
        lines = []
        for line in self.line_ids:
            product = line.exchange_product_id or line.product_id
            quantity = line.exchange_quantity or line.quantity
            sale_line = line.sale_line_id
            vals = {
                "product_id": product.id,
                "product_uom_qty": quantity,
                "tax_ids": [Command.set(sale_line.tax_ids.ids)],
            }
            if free:
                vals |= {"price_unit": 0.0, "technical_price_unit": -1.0}
            elif product == sale_line.product_id:
                # The same goods cost what the buyer paid for them.
                each = exact(line.amount) / exact(line.quantity)
                vals |= {
                    "price_unit": self._get_price_unit(sale_line, each),
                    "technical_price_unit": -1.0,
                }
            lines.append(Command.create(vals))
        return {
            "partner_id": order.partner_id.id,
            "partner_invoice_id": order.partner_invoice_id.id,
            "partner_shipping_id": order.partner_shipping_id.id,
            "company_id": order.company_id.id,
            "warehouse_id": order.warehouse_id.id,
            "ecom_currency_id": order.currency_id.id,
            "origin": self.name,
            "client_order_ref": order.client_order_ref,
            "fiscal_position_id": order.fiscal_position_id.id,
            "team_id": order.team_id.id,
            "order_line": lines,
        }

    def _get_exchanged_value(self):
        """:return: what of the returned goods' money pays for the replacement (Decimal)"""
        self.ensure_one()
        if self.type != "exchange" or self.exchange_state not in (
            "reserved",
            "payment",
            "released",
        ):
            return Decimal(0)
        return max(min(exact(self.exchange_amount), self._get_returned_value()), Decimal(0))

    def _get_returned_value(self):
        """:return: what the goods that come back are worth, with their shipping and less fees (Decimal)"""
        return exact(self.amount_goods) + exact(self.amount_shipping) - exact(self.amount_fees)

    def _get_price_unit(self, sale_line, each):
        """:return: the unit price that comes to `each`, taxes included"""
        taxes = sale_line.tax_ids.flatten_taxes_hierarchy()
        if not taxes or any(taxes.mapped("price_include")) or not sale_line.price_total:
            return float(each)
        return float(each * exact(sale_line.price_subtotal) / exact(sale_line.price_total))

    def _settle_price_difference(self):
        """The replacement costs more: waive it within the tolerance, else it is to be paid.
        It costs less: the rest is due to the buyer."""
        self.ensure_one()
        goods = self._get_returned_value()
        more = exact(self.exchange_amount) - goods
        tolerance = exact(self.policy_id.exchange_tolerance)
        currency = self.currency_id
        if currency.compare_amounts(float(more), 0) > 0:
            if more <= tolerance:
                self._discount_replacement(more)
                self._decide(
                    "exchange",
                    self.env._(
                        "The replacement costs %(more)s more: waived, up to %(limit)s are.",
                        more=self._format(float(more)),
                        limit=self._format(float(tolerance)),
                    ),
                    rule=self.policy_id.name,
                )
            else:
                self._ask_for_difference()
        self.amount_due = float(
            max(goods + exact(self.amount_adjustment) - exact(self.exchange_amount), Decimal(0))
        )

    def _discount_replacement(self, amount):
        """Lower the replacement's price by `amount`, on its dearest line."""
        order = self.exchange_order_id
        line = max(order.order_line, key=lambda ln: ln.price_total)
        each = (exact(line.price_total) - amount) / exact(line.product_uom_qty)
        line.write({"price_unit": self._get_price_unit(line, each), "technical_price_unit": -1.0})
        self.exchange_amount = order.amount_total

    def action_release(self):
        """Send the replacement now, whatever the policy waits for."""
        for case in self._check_agent():
            if case.exchange_state != "reserved":
                raise UserError(self.env._("%(case)s has nothing to release.", case=case.name))
            case._release_replacement()
        return True

    def _release_replacement(self):
        for case in self:
            case.exchange_order_id.picking_ids.write({"ecom_held_for_return_id": False})
            case.exchange_state = "released"
            case._decide(
                "exchange",
                self.env._("Replacement %(order)s may leave.", order=case.exchange_order_id.name),
                rule=case.policy_id.name,
            )
            if case.type == "exchange":
                case._refund_due()

    @api.model
    def _cron_expire_reservations(self):
        """Give stock back that was kept too long for replacements."""
        due = self.search(
            [
                ("exchange_state", "in", ("reserved", "payment")),
                ("exchange_until", "<", fields.Datetime.now()),
                ("goods_state", "in", ("none", "awaiting")),
            ]
        )
        for case in due:
            case.exchange_order_id._action_cancel()
            case.write({"exchange_state": "expired"})
            case._decide(
                "exchange",
                self.env._("The old goods did not come in time: the reservation ended."),
                rule=case.policy_id.name,
            )
            case._remind(
                self.env._("Reservation of %(case)s ended", case=case.name),
                self.env._("Agree with the buyer on a new replacement or a refund."),
            )


class StockPicking(models.Model):
    _inherit = "stock.picking"

    ecom_held_for_return_id = fields.Many2one(
        "ecom.return",
        "Held for",
        copy=True,
        index="btree_not_null",
        help="This replacement must not leave before the case says so.",
    )

    def _pre_action_done_hook(self):
        held = self.filtered(lambda p: p.ecom_held_for_return_id)
        if held:
            case = held[0].ecom_held_for_return_id.sudo()
            raise UserError(
                self.env._(
                    "%(picking)s is a replacement and is held for %(case)s: the old goods are not "
                    "back, or the difference is not paid. An agent can release it there.",
                    picking=held[0].name,
                    case=case.name,
                )
            )
        return super()._pre_action_done_hook()

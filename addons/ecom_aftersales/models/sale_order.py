from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import amounts
from .ecom_return import TAKING_TYPES

_SHIPPING_KINDS = ("shipping",)


def exact(value):
    """:return: a float of the ORM as the Decimal that it stands for"""
    return Decimal(repr(value or 0.0))


class SaleOrder(models.Model):
    """What was paid, given back and delivered of an order: the limits of every case."""

    _inherit = "sale.order"

    ecom_return_ids = fields.One2many(
        "ecom.return", "sale_order_id", groups="ecom_order_mgmt.group_ecom_viewer"
    )
    ecom_return_count = fields.Integer(
        "Cases", compute="_compute_ecom_return_count", groups="ecom_order_mgmt.group_ecom_viewer"
    )
    ecom_refund_version = fields.Integer(
        copy=False, readonly=True, help="Counted up by every refund, so that two never overlap."
    )

    def _compute_ecom_return_count(self):
        counts = dict(
            self.env["ecom.return"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["__count"]
            )
        )
        for order in self:
            order.ecom_return_count = counts.get(order, 0)

    def action_open_ecom_returns(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecom_aftersales.ecom_return_action")
        action["domain"] = [("sale_order_id", "=", self.id)]
        action["context"] = {"ecom_sale_order_id": self.id}
        return action

    def action_ecom_new_return(self):
        """Button: open the dialogue that starts a case about this order."""
        self.ensure_one()
        return self.env["ecom.return.new"]._open(sale_order=self)

    def _action_confirm(self):
        """What was given back before the order was confirmed, is not sent."""
        result = super()._action_confirm()
        # Whoever confirms orders need not see cases.
        self.env["ecom.return"].sudo().search(
            [
                ("sale_order_id", "in", self.ids),
                ("request_state", "=", "approved"),
                ("type", "in", TAKING_TYPES),
            ]
        )._stop_unshipped()
        return result

    # === LIMITS === #

    def _ecom_lock_refunds(self):
        """Make this the only transaction that gives money or goods of these orders back.

        The row is *written*, not only locked: who comes second must fail and look again, because
        its snapshot does not show what the first one did. Requests are run again by Odoo.

        :raise SerializationFailure: another transaction was faster
        """
        if self.ids:
            self.env.cr.execute(
                SQL(
                    "UPDATE sale_order SET ecom_refund_version = COALESCE(ecom_refund_version, 0) + 1"
                    " WHERE id IN %s",
                    tuple(sorted(self.ids)),
                )
            )
            self.invalidate_recordset(["ecom_refund_version"])

    def _ecom_get_paid(self):
        """What the buyer paid, in the order's currency. The same payment may be known by several
        doors (the channel's document, a transaction, a paid invoice): the largest of them counts.

        :return: Decimal
        """
        self.ensure_one()
        order = self.ecom_order_id
        doors = [Decimal(0)]
        if order:
            payments = [
                Decimal(payment["amount"])
                for payment in (order.document or {}).get("payments", [])
                # What the carrier collects is paid when the invoice is.
                if payment.get("state", "paid") in ("paid", "refunded")
                and payment.get("kind") != "cash_on_delivery"
            ]
            if payments:
                doors.append(sum(payments))
            elif order.payment_state in ("paid", "partially_refunded", "refunded"):
                doors.append(exact(order.amount_total))
        doors.append(self._ecom_get_paid_online())
        invoices = self.invoice_ids.filtered(
            lambda move: move.state == "posted"
            and move.move_type == "out_invoice"
            and move.currency_id == self.currency_id
        )
        settled = sum(exact(m.amount_total) - exact(m.amount_residual) for m in invoices)
        if settled:
            # What a credit note settles was never paid.
            credited = sum(
                (
                    exact(partial["amount"])
                    for move in invoices
                    for partial in (move.invoice_payments_widget or {}).get("content", [])
                    if partial.get("move_id")
                    and self.env["account.move"].browse(partial["move_id"]).move_type
                    == "out_refund"
                ),
                Decimal(0),
            )
            doors.append(settled - credited)
        # A replacement is paid for with the goods that come back for it, as far as those were paid.
        # What it costs more was asked for; where no payment is known here, an agent has confirmed it.
        cases = self.env["ecom.return"].search(
            [("exchange_order_id", "=", self.id), ("type", "=", "exchange")]
        )
        exchanged = Decimal(0)
        for case in cases:
            exchanged += min(case._get_exchanged_value(), case.sale_order_id._ecom_get_paid())
            if case.exchange_state in ("reserved", "released"):
                doors.append(case._get_price_difference())
        return max(doors) + exchanged

    def _ecom_get_paid_online(self):
        """:return: what payments in Odoo brought, in the order's currency (Decimal)"""
        return sum(
            (
                exact(tx.amount)
                for tx in self.transaction_ids
                if tx.state == "done"
                and tx.operation != "refund"
                and tx.currency_id == self.currency_id
            ),
            Decimal(0),
        )

    def _ecom_get_refunded(self):
        """What went back to the buyer already, or is on its way. :return: Decimal"""
        self.ensure_one()
        live = self.env["ecom.return.payment"].search_fetch(
            [
                ("sale_order_id", "=", self.id),
                ("state", "not in", ("failed", "cancelled")),
            ]
        )
        total = sum((exact(payment.amount) for payment in live), Decimal(0))
        # Refunds that the channel made, and that have no case yet.
        refunds = self.ecom_order_id.refund_ids - live.refund_id
        total += sum(
            (exact(r.amount) for r in refunds if r.currency_id == self.currency_id), Decimal(0)
        )
        # What an exchange took over to its replacement is no longer this order's to give.
        total += sum((case._get_exchanged_value() for case in self.ecom_return_ids), Decimal(0))
        # Refunds made on the payment itself, past the cases.
        others = self.transaction_ids.child_transaction_ids.filtered(
            lambda tx: tx.operation == "refund" and tx.state not in ("error", "cancel")
        )
        total += sum((exact(abs(tx.amount)) for tx in others - live.refund_tx_id), Decimal(0))
        return total

    def _ecom_get_refundable(self):
        """:return: what may still be given back (Decimal, never negative)"""
        return max(self._ecom_get_paid() - self._ecom_get_refunded(), Decimal(0))

    def _ecom_get_amount_lines(self, without=None, taken=None):
        """The order as :func:`..tools.amounts.compute` wants it; kits by component.

        :param without: case whose own pieces do not count as taken
        :param taken: what :meth:`_ecom_get_taken` gives without that case, where it is known
        :return: list of OrderLine; keys are (sale line id, product id)
        """
        self.ensure_one()
        if taken is None:
            taken = self._ecom_get_taken(without)
        rounding = exact(self.currency_id.rounding)
        result = []
        for line in self.order_line.filtered(lambda line: not line.display_type):
            kind = line._ecom_get_amount_kind()
            quantity, total = exact(line.product_uom_qty), exact(line.price_total)
            if kind != amounts.GOODS:
                result.append(
                    amounts.OrderLine((line.id, line.product_id.id), kind, quantity, total)
                )
                continue
            ratios = line._ecom_get_components()
            weights = line._ecom_get_component_weights(ratios)
            for (product, ratio), part in zip(
                ratios.items(), amounts.share(total, weights, rounding), strict=True
            ):
                key = (line.id, product.id)
                result.append(
                    amounts.OrderLine(
                        key,
                        kind,
                        quantity * ratio,
                        part,
                        taken.get(key, Decimal(0)),
                        line.id if len(ratios) > 1 else None,
                    )
                )
        return result

    def _ecom_get_taken(self, without=None):
        """:return: {(sale line id, product id): pieces that live cases took} (Decimal)"""
        taken = defaultdict(Decimal)
        lines = self.env["ecom.return.line"].search_fetch(
            [
                ("return_id", "not in", without.ids if without else []),
                ("return_id.sale_order_id", "in", self.ids),
                ("return_id.request_state", "in", ("new", "approved")),
                ("return_id.type", "in", TAKING_TYPES),
                ("sale_line_id", "!=", False),
            ]
        )
        for line in lines:
            for product, ratio in line._get_component_ratios().items():
                taken[(line.sale_line_id.id, product.id)] += exact(line.quantity) * ratio
        return taken

    def _ecom_get_delivered_at(self):
        """:return: when the last of the goods arrived, as far as carriers say it, else when they left
        us; False where nothing left, or where a carrier still has a parcel that it reports on"""
        self.ensure_one()
        done = self.env["stock.picking"].search_fetch(
            [
                ("sale_id", "=", self.id),
                ("state", "=", "done"),
                ("picking_type_id.code", "=", "outgoing"),
                ("return_id", "=", False),
            ],
            ["date_done", "ecom_shipment_id"],
        )
        moments = []
        for picking in done:
            shipment = picking.ecom_shipment_id
            if shipment.delivered_at:
                moments.append(shipment.delivered_at)
            elif shipment._is_watched():
                return False
            else:
                moments.append(picking.date_done)
        return max(moments, default=False)


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _ecom_get_amount_kind(self):
        """:return: what the line is to a refund: goods, discount, shipping or other"""
        self.ensure_one()
        if self.ecom_kind in _SHIPPING_KINDS or (not self.ecom_kind and self.is_delivery):
            return amounts.SHIPPING
        if self.ecom_kind == "discount" or (
            self.price_total < 0 and self.ecom_kind in (False, "product")
        ):
            return amounts.DISCOUNT
        if self.ecom_kind not in (False, "product") or not self.product_id:
            return amounts.OTHER
        return amounts.GOODS

    ecom_components = fields.Json(
        "Goods That Move",
        compute="_compute_ecom_components",
        help="[product id, pieces in one unit of the line as decimal text] of each.",
    )

    @api.depends("product_id", "product_uom_id", "company_id")
    def _compute_ecom_components(self):
        kits = self._ecom_find_kits()
        for line in self:
            product = line.product_id
            ratios = line._ecom_explode(kits[product]) if kits.get(product) else {}
            if not ratios and product:
                pieces = line.product_uom_id._compute_quantity(1.0, product.uom_id, round=False)
                ratios = {product: exact(round(pieces, 6))}
            line.ecom_components = [[part.id, str(ratio)] for part, ratio in ratios.items()]

    def _ecom_find_kits(self):
        """:return: {product: its bill of materials as a kit}, where Manufacturing is installed"""
        kits = {}
        if "mrp.bom" in self.env:
            for company, lines in self.grouped("company_id").items():
                kits |= self.env["mrp.bom"]._bom_find(
                    lines.product_id, company_id=company.id, bom_type="phantom"
                )
        return kits

    def _ecom_explode(self, bom):
        """:return: {product: pieces in one unit of this line} of a kit (Decimal)"""
        factor = self.product_uom_id._compute_quantity(1.0, bom.product_uom_id, round=False)
        _boms, parts = bom.explode(self.product_id, factor / bom.product_qty)
        ratios = defaultdict(Decimal)
        for bom_line, values in parts:
            if bom_line.product_id.type == "service":
                continue
            pieces = bom_line.product_uom_id._compute_quantity(
                values["qty"], bom_line.product_id.uom_id, round=False
            )
            ratios[bom_line.product_id] += exact(round(pieces, 6))
        return ratios

    def _ecom_get_components(self):
        """:return: {product that moves: pieces of it in one unit of this line} (Decimal)

        One entry, the product itself, where the line is no kit.
        """
        self.ensure_one()
        Product = self.env["product.product"]
        return {Product.browse(part): Decimal(ratio) for part, ratio in self.ecom_components or []}

    def _ecom_get_component_weights(self, ratios):
        """By what a kit's money is shared over its components: cost, else price, else pieces."""
        if len(ratios) == 1:
            return [Decimal(1)]
        for name in ("standard_price", "lst_price"):
            weights = [
                exact(product.with_company(self.company_id)[name]) * ratio
                for product, ratio in ratios.items()
            ]
            if all(weight > 0 for weight in weights):
                return weights
        return list(ratios.values())

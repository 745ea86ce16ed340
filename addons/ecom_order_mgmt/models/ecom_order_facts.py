from collections import defaultdict
from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL

from ..tools import review_facts

# Kinds of lines that are no goods: what is earned with them is not the goods' margin.
_NO_GOODS = {"shipping", "gift_wrap", "fee", "cod_fee", "duty", "tip"}


class EcomOrder(models.Model):
    """Facts about an order that rules ask: columns, so that many orders are judged at once.

    Filled when an order is accepted or changed, and brought up to date before each review.
    """

    _inherit = "ecom.order"

    facts_at = fields.Datetime(readonly=True, copy=False)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    amount_company = fields.Monetary(
        "Total in Company Currency", readonly=True, currency_field="company_currency_id"
    )
    discount_share = fields.Float(
        "Discount %",
        readonly=True,
        digits=(16, 2),
        help="Percent off the goods, given by the shop.",
    )
    margin = fields.Monetary(
        readonly=True,
        currency_field="currency_id",
        help="Goods without tax, after discounts, less their present cost. Shipping is no part of it.",
    )
    margin_rate = fields.Float("Margin %", readonly=True, digits=(16, 2))
    is_below_cost = fields.Boolean("Sold Below Cost", readonly=True)
    weight = fields.Float("Weight (kg)", readonly=True, digits="Stock Weight")
    quantity_max = fields.Float(
        "Most of One Product", readonly=True, digits="Product Unit", help="Pieces of one SKU."
    )
    skus = fields.Char("SKUs", readonly=True)
    buyer_order_count = fields.Integer("Earlier Orders of the Buyer", readonly=True)
    buyer_days = fields.Integer("Days Since the Buyer's First Order", readonly=True)
    payment_method = fields.Char(readonly=True)
    is_gift_only = fields.Boolean("Gifts Only", readonly=True)
    has_presale = fields.Boolean("Presale", readonly=True)
    wants_invoice = fields.Boolean("Company Invoice Wanted", readonly=True)
    risk_score = fields.Float("Platform's Risk Score", readonly=True)
    delivery_option = fields.Char("Delivery Chosen by the Buyer", readonly=True)
    document_tags = fields.Char("Tags From the Channel", readonly=True)
    ship_contact_id = fields.Many2one("res.partner", "Delivery Address", readonly=True)
    ship_zip = fields.Char("Ship-to Postal Code", readonly=True)
    ship_city = fields.Char("Ship-to City", readonly=True)
    ship_state_id = fields.Many2one("res.country.state", "Ship-to State", readonly=True)
    is_po_box = fields.Boolean("To a P.O. Box", readonly=True)
    product_tag_ids = fields.Many2many(
        "product.tag", "ecom_order_product_tag_rel", string="Product Tags", readonly=True
    )
    buyer_tag_ids = fields.Many2many(related="partner_id.category_id", string="Buyer Tags")
    channel_tag_ids = fields.Many2many(related="channel_id.tag_ids", string="Channel Tags")

    def _accept(self, resolved):
        result = super()._accept(resolved)
        self._refresh_facts()
        return result

    def _apply_changes(self, resolved):
        result = super()._apply_changes(resolved)
        self.filtered(lambda order: order.state == "accepted")._refresh_facts()
        return result

    def _refresh_facts(self):
        """Bring the facts up to date; only what changed is written."""
        # A JSON field is copied each time it is read: once is enough.
        documents = {order: order.document for order in self if order.sale_order_id}
        documents = {order: document for order, document in documents.items() if document}
        orders = self.browse([order.id for order in documents])
        if not orders:
            return
        now = fields.Datetime.now()
        facts = orders._get_line_facts()
        buyers = orders._get_buyer_facts()
        tags = defaultdict(orders.browse)
        for order, document in documents.items():
            contact = order.sale_order_id.partner_shipping_id
            vals = {
                **review_facts.of_document(document),
                **facts[order.id],
                **buyers.get(order.id, {"buyer_order_count": 0, "buyer_days": 0}),
                "ship_contact_id": contact.id,
                "ship_state_id": contact.state_id.id,
            }
            product_tags = tuple(sorted(vals.pop("product_tag_ids")))
            if product_tags != tuple(sorted(order.product_tag_ids.ids)):
                tags[product_tags] |= order
            changed = order._filter_changed(vals)
            if changed or not order.facts_at:
                # The ORM gathers these into few statements when it flushes.
                order.write({**changed, "facts_at": now})
        for tag_ids, group in tags.items():
            group.product_tag_ids = [fields.Command.set(tag_ids)]

    def _filter_changed(self, vals):
        """:return: those of the values that differ from what the order has"""
        changed = {}
        for name, value in vals.items():
            field, known = self._fields[name], self[name]
            if field.relational:
                known = known.id
            elif field.type in ("float", "monetary"):
                digits = field.get_digits(self.env) if field.type == "float" else (16, 2)
                if round(known - value, (digits or (16, 6))[1]) == 0:
                    continue
            if known != value:
                changed[name] = value
        return changed

    def _get_line_facts(self):
        """:return: {order id: values} of what the lines of the sale orders tell"""
        by_sale_order = {order.sale_order_id.id: order for order in self}
        groups = self.env["sale.order.line"]._read_group(
            [("order_id", "in", list(by_sale_order)), ("display_type", "=", False)],
            ["order_id", "product_id", "ecom_kind"],
            ["product_uom_qty:sum", "price_subtotal:sum"],
        )
        lines = defaultdict(list)
        for sale_order, product, kind, quantity, subtotal in groups:
            lines[sale_order.id].append((product, kind, quantity, subtotal))
        return {
            order.id: order._sum_lines(lines[sale_order_id])
            for sale_order_id, order in by_sale_order.items()
        }

    def _sum_lines(self, lines):
        """:param lines: list of (product, kind, quantity, amount without tax)"""
        rate = Decimal(str(self.sale_order_id.currency_rate or 1))
        revenue = cost = weight = Decimal(0)
        below_cost, tags = False, set()
        for product, kind, quantity, subtotal in lines:
            if kind in _NO_GOODS:
                continue
            subtotal, quantity = Decimal(str(subtotal)), Decimal(str(quantity))
            revenue += subtotal
            if kind not in ("product", False, None):
                continue
            unit_cost = Decimal(str(product.with_company(self.company_id).standard_price))
            line_cost = unit_cost * quantity * rate
            cost += line_cost
            weight += Decimal(str(product.weight)) * quantity
            below_cost = below_cost or 0 < subtotal < line_cost
            tags.update(product.all_product_tag_ids.ids)
        margin, margin_rate = review_facts.margin(revenue, cost)
        total = Decimal(str(self.amount_total)) / rate
        return {
            "amount_company": self.company_id.currency_id.round(float(total)),
            "margin": self.currency_id.round(float(margin)) if self.currency_id else float(margin),
            "margin_rate": float(margin_rate),
            "is_below_cost": bool(below_cost),
            "weight": float(weight),
            "product_tag_ids": tags,
        }

    def _get_buyer_facts(self):
        """:return: {order id: values} of how well the buyer is known, by the orders made before"""
        self.flush_model(["partner_id", "company_id", "placed_at", "state"])
        rows = self.env.execute_query(
            SQL(
                """SELECT o.id, count(*), min(e.placed_at), o.placed_at
                     FROM ecom_order o
                     JOIN ecom_order e ON e.partner_id = o.partner_id
                                      AND e.company_id = o.company_id
                                      AND e.state = 'accepted'
                                      AND (e.placed_at, e.id) < (o.placed_at, o.id)
                    WHERE o.id IN %s
                 GROUP BY o.id""",
                tuple(self.ids),
            )
        )
        return {
            order_id: {"buyer_order_count": count, "buyer_days": (placed_at - first).days}
            for order_id, count, first, placed_at in rows
        }

from datetime import timedelta

from odoo import models
from odoo.fields import Domain

from ..tools import patterns, review_facts

# Past orders count as open for so many days, where nobody says when they were shipped.
_OPEN_DAYS = 3


class EcomRuleCheck(models.Model):
    """The built-in checks. Each looks at all orders at once and writes nothing."""

    _inherit = "ecom.rule.check"

    def _check_duplicate_number(self, orders, past):
        """The later one of two orders of a company with one number."""
        Order = self.env["ecom.order"].sudo()
        numbers = [order.number for order in orders if order.number]
        groups = Order.search_fetch(
            [
                ("company_id", "in", orders.company_id.ids),
                ("number", "in", numbers),
                ("state", "!=", "cancelled"),
            ],
            ["number", "company_id", "channel_id"],
            order="id",
        ).grouped(lambda order: (order.company_id, order.number))
        result = {}
        for order in orders:
            first = groups.get((order.company_id, order.number), order)[:1]
            if first.id < order.id:
                result[order.id] = self.env._(
                    "number %(number)s is that of an earlier order of channel %(channel)s too",
                    number=order.number,
                    channel=first.channel_id.name,
                )
        return result

    def _check_blacklist(self, orders, past):
        return self.env["ecom.blacklist"]._find(orders)

    def _check_address(self, orders, past):
        labels = {
            "name": self.env._("name"),
            "street": self.env._("street"),
            "city": self.env._("city"),
            "country": self.env._("country"),
            "zip": self.env._("postal code"),
            "state": self.env._("state"),
        }
        result = {}
        for order in orders:
            if order.fulfilled_by == "platform":
                continue
            document = order.document or {}
            address = document.get("shipping_address") or document.get("billing_address") or {}
            country = order.country_id
            missing = review_facts.missing_address_parts(
                address, country.zip_required, country.state_required
            )
            if missing:
                result[order.id] = self.env._(
                    "the address has no %(parts)s", parts=", ".join(labels[key] for key in missing)
                )
        return result

    def _check_carrier_reach(self, orders, past):
        """Carriers are asked for the address only: prices and weights are the carrier stage's."""
        # Which carriers there are is no secret of the sales team.
        carriers = self.env["delivery.carrier"].sudo().search([("active", "=", True)])
        if not carriers:
            return {}
        reached, result = {}, {}
        for order in orders:
            contact = order.ship_contact_id or order.sale_order_id.partner_shipping_id
            if not contact or order.fulfilled_by == "platform":
                continue
            key = (order.company_id, contact.country_id, contact.state_id, contact.zip)
            if key not in reached:
                reached[key] = any(
                    carrier._match_address(contact)
                    for carrier in carriers
                    if carrier.company_id in (order.company_id, self.env["res.company"])
                )
            if not reached[key]:
                result[order.id] = self.env._(
                    "no carrier delivers to %(zip)s %(city)s, %(country)s",
                    zip=contact.zip or "",
                    city=contact.city or "",
                    country=contact.country_id.name or "?",
                )
        return result

    def _check_same_buyer(self, orders, past):
        """Another order of the buyer that has not left yet; of each pair, both are told."""
        Order = self.env["ecom.order"].sudo()
        domain = Domain("partner_id", "in", orders.partner_id.ids) & Domain(
            "state", "=", "accepted"
        )
        if not past:
            domain &= Domain("review_state", "!=", "rejected")
            domain &= Domain("sale_order_id.delivery_status", "!=", "full")
        if self.variant == "unpaid":
            domain &= Domain("payment_state", "in", ("unpaid", "authorized", "partially_paid"))
        elif self.variant == "confirmed" and not past:
            domain &= Domain("confirmed_at", "!=", False)
        others = Order.search_fetch(
            domain,
            ["partner_id", "company_id", "placed_at", "number", "ship_contact_id"],
            order="placed_at, id",
        ).grouped("partner_id")
        days = self.value or (_OPEN_DAYS if past else 0)
        result = {}
        for order in orders:
            found = [
                other
                for other in others.get(order.partner_id, ())
                if other != order
                and other.company_id == order.company_id
                and self._is_near(order, other, days, past)
                and self._is_address_as_asked(order, other)
            ]
            if found:
                result[order.id] = self.env._(
                    "the same buyer has %(count)s other open order(s): %(numbers)s",
                    count=len(found),
                    numbers=", ".join(other.number or "?" for other in found[:5]),
                )
        return result

    def _is_near(self, order, other, days, past):
        if not order.placed_at or not other.placed_at:
            return not days
        if past and other.placed_at > order.placed_at:
            return False
        return not days or abs(order.placed_at - other.placed_at) <= timedelta(days=days)

    def _is_address_as_asked(self, order, other):
        if self.variant == "same_address":
            return order.ship_contact_id == other.ship_contact_id
        return self.variant != "other_address" or order.ship_contact_id != other.ship_contact_id

    def _check_memo_pattern(self, orders, past):
        sources = [
            ("buyer", "buyer_message", self.env._("the buyer's message")),
            ("seller", "seller_memo", self.env._("the memo")),
        ]
        result = {}
        for order in orders:
            for where, field, label in sources:
                if self.where not in (where, "both"):
                    continue
                phrase = patterns.find(self.text, order[field])
                if phrase:
                    result[order.id] = self.env._(
                        "%(where)s says “%(phrase)s”", where=label, phrase=phrase
                    )
                    break
        return result

    def _check_sku_pattern(self, orders, past):
        """Products whose SKU fits, together at least `value` pieces."""
        result = {}
        for order in orders:
            found = {
                sku: quantity
                for sku, quantity in review_facts.quantity_by_sku(order.document or {"lines": []}).items()
                if patterns.matches_whole(self.text, sku)
            }  # fmt: skip
            if found and float(sum(found.values())) >= self.value:
                result[order.id] = self.env._(
                    "it holds %(goods)s",
                    goods=", ".join(f"{quantity:g} × {sku}" for sku, quantity in found.items()),
                )
        return result

    def _check_margin_floor(self, orders, past):
        return {
            order.id: self.env._(
                "margin %(margin).1f %% is under the floor of %(floor).1f %%",
                margin=order.margin_rate,
                floor=self.value,
            )
            for order in orders
            # A gift earns nothing by intention.
            if order.facts_at and not order.is_gift_only and order.margin_rate < self.value
        }

    def _check_below_cost(self, orders, past):
        return {
            order.id: self.env._("something is sold below its cost")
            for order in orders
            if order.is_below_cost
        }

    def _check_stock_shortage(self, orders, past):
        """What is free now in the order's warehouse is less than what it needs."""
        result = {}
        todo = orders.filtered(
            lambda order: order.sale_order_id and order.fulfilled_by != "platform"
        )
        for warehouse, group in todo.grouped(lambda o: o.sale_order_id.warehouse_id).items():
            needed = self._get_needed(group)
            wanted = sorted({pid for wants in needed.values() for pid in wants})
            # Reviewers need no right to see stock: the finding says what is missing.
            products = self.env["product.product"].sudo().browse(wanted)
            if warehouse:
                products = products.with_context(warehouse_id=warehouse.id)
            free = {product.id: product for product in products}
            for order in group:
                short = [
                    (free[pid], quantity)
                    for pid, quantity in needed.get(order.id, {}).items()
                    if free[pid].is_storable
                    and free[pid].uom_id.compare(free[pid].free_qty, quantity) < 0
                ]
                if short:
                    result[order.id] = self.env._(
                        "%(warehouse)s has not enough of %(goods)s",
                        warehouse=warehouse.name or self.env._("The warehouse"),
                        goods=", ".join(
                            self.env._(
                                "%(sku)s (%(free)g of %(needed)g)",
                                sku=product.default_code or product.name,
                                free=max(product.free_qty, 0),
                                needed=quantity,
                            )
                            for product, quantity in short
                        ),
                    )
        return result

    def _get_needed(self, orders):
        """:return: {order id: {product id: quantity that is not delivered yet}}"""
        lines = self.env["sale.order.line"].sudo()
        groups = lines._read_group(
            [
                ("order_id", "in", orders.sale_order_id.ids),
                ("product_id.is_storable", "=", True),
                ("state", "!=", "cancel"),
            ],
            ["order_id", "product_id"],
            ["product_uom_qty:sum", "qty_delivered:sum"],
        )
        by_sale_order = {order.sale_order_id.id: order.id for order in orders}
        result = {}
        for sale_order, product, quantity, delivered in groups:
            wants = result.setdefault(by_sale_order[sale_order.id], {})
            wants[product.id] = quantity - delivered
        return result

    def _check_refund_open(self, orders, past):
        """Money was given back, says a refund of the channel or the order's payment state."""
        domain = [("order_id", "in", orders.ids)]
        refunds = self.env["ecom.refund"].sudo()._read_group(
            domain, ["order_id"], ["__count", "amount:sum"]
        )  # fmt: skip
        result = {
            order.id: self.env._(
                "%(count)s refund(s) of %(amount)s were reported",
                count=count,
                amount=order.currency_id.format(amount) if order.currency_id else amount,
            )
            for order, count, amount in refunds
        }
        labels = dict(orders._fields["payment_state"]._description_selection(self.env))
        for order in orders:
            if order.payment_state in ("refunded", "partially_refunded", "voided"):
                result.setdefault(
                    order.id,
                    self.env._("its payment is “%s” on the channel", labels[order.payment_state]),
                )
        return result

    def _check_presale_unpaid(self, orders, past):
        return {
            order.id: self.env._("it holds a presale, and is not paid in full")
            for order in orders
            if order.has_presale and order.payment_state != "paid"
        }

    def _check_unmapped(self, orders, past):
        return {
            order.id: self.env._(
                "not mapped: %s",
                ", ".join(
                    [listing.key for listing in order.missing_listing_ids]
                    + [mapping.key for mapping in order.missing_mapping_ids]
                ),
            )
            for order in orders
            if order.missing_listing_ids or order.missing_mapping_ids
        }

    def _check_condition(self, orders, past):
        domain = self.rule_id._parse_domain(self.domain)
        found = orders.filtered_domain(domain)
        return {order.id: self.rule_id._explain(domain, order) for order in found}

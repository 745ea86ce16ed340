import logging
from decimal import Decimal

from psycopg2 import IntegrityError
from psycopg2 import errors as pg_errors

from odoo import api, models
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.fields import Command

from .. import fast
from ..concurrency import RETRYABLE
from ..exceptions import ParkOrder
from ..fast import BATCH
from ..tools import canonical, totals

_logger = logging.getLogger(__name__)

# Methods that compute a sale order line, whose versions of them are accounted for, and what they
# come to before anything is sold or invoiced.
_NEW_LINE = (
    (
        ("_compute_qty_invoiced", "_prepare_qty_invoiced", "_get_invoice_lines"),
        {"sale"},
        {"qty_invoiced": 0.0},
    ),
    (("_compute_qty_to_invoice",), {"sale"}, {"qty_to_invoice": 0.0}),
    (("_compute_invoice_status",), {"sale", "sale_stock"}, {"invoice_status": "no"}),
    (("_compute_untaxed_amount_invoiced",), {"sale"}, {"untaxed_amount_invoiced": 0.0}),
    (("_compute_untaxed_amount_to_invoice",), {"sale"}, {"untaxed_amount_to_invoice": 0.0}),
)


class EcomOrder(models.Model):
    """From a stored document to a draft sale order whose total is the channel's."""

    _inherit = "ecom.order"

    @api.model
    def _get_received_domain(self):
        return [("state", "=", "received")]

    def _accept_batch(self, final=False):
        """Process received orders (locked, of one channel). :return: counts by outcome"""
        # Another worker may have taken them between our search and our lock.
        todo = self.filtered(lambda order: order.state == "received")
        gone = todo.filtered(
            lambda order: order.channel_status == "cancelled" and not order.sale_order_id
        )
        gone.write({"state": "cancelled", "cause": False, "cause_message": False})
        resolved, going_on = (todo - gone)._park_unresolved()
        known = going_on.filtered("sale_order_id")
        for channel_id, found in resolved.items():
            ours = going_on.filtered(lambda order, c=channel_id: order.channel_id.id == c)
            (ours - known)._guarded(lambda orders, f=found: orders._accept(f), final)
            (ours & known)._guarded(lambda orders, f=found: orders._apply_changes(f), final)
        return {
            "accepted": len(todo.filtered(lambda order: order.state == "accepted")),
            "cancelled": len(todo.filtered(lambda order: order.state == "cancelled")),
            "parked": len(todo.filtered(lambda order: order.state == "parked")),
        }

    def _guarded(self, work, final=False):
        """Run `work` on these orders; where it fails, find the order that is to blame.

        The batch is halved until the bad order stands alone; it is parked, the others go on.
        Concurrent changes are no fault of an order: they are raised, and the whole batch runs
        again on a new snapshot.

        :param final: the batch has failed for a concurrent change too often; a unique value that
            is taken parks its order then
        """
        if not self:
            return
        try:
            with self.env.cr.savepoint():
                work(self)
                self.env.flush_all()  # SQL errors show here, inside the savepoint
                return
        except (*RETRYABLE, LockError) as error:
            if not (final and isinstance(error, ConcurrencyError) and len(self) == 1):
                raise
            reason = str(error)
        except pg_errors.UniqueViolation as error:
            if not final:
                raise ConcurrencyError(str(error)) from error
            reason = str(error)
        except ParkOrder as error:
            if len(self) == 1:
                self._park(error.cause, error.message)
                return
            reason = error.message
        except (UserError, IntegrityError, pg_errors.DataError) as error:
            reason = str(error)
        except Exception as error:  # a fault of ours must not stop the other orders
            if len(self) == 1:
                _logger.exception("Order %s cannot be processed", self.display_name)
            reason = f"{type(error).__name__}: {error}"
        if len(self) == 1:
            self._park("processing_error", reason)
            return
        half = len(self) // 2
        self[:half]._guarded(work, final)
        self[half:]._guarded(work, final)

    def _accept(self, resolved):
        """Make the sale orders. :raise ParkOrder: where a batch of one cannot be accepted"""
        order_totals = {order: order._compute_totals(resolved) for order in self}
        customers = self._match_customers(resolved)
        sale_orders = (
            self.env["sale.order"]
            .with_context(
                **{"tracking_disable": True, "mail_create_nosubscribe": True, BATCH: True}
            )
            .create(
                [
                    order._prepare_sale_order_vals(resolved, order_totals[order], customers[order])
                    for order in self
                ]
            )
        )
        for order, sale_order in zip(self, sale_orders, strict=True):
            order._check_same_total(sale_order, order_totals[order])
            order.write(
                {
                    "state": "accepted",
                    "cause": False,
                    "cause_message": False,
                    "attempts": 0,
                    "pending_changes": False,
                    "sale_order_id": sale_order.id,
                    **order._prepare_accepted_facts(resolved, order_totals[order], sale_order),
                }
            )
        self._note_differences(order_totals)

    def _prepare_accepted_facts(self, resolved, total, sale_order):
        adjusted = sum(
            line.total for line in total.lines if line.kind in ("rounding", "adjustment")
            and line.index is None
        )  # fmt: skip
        return {
            "partner_id": sale_order.partner_id.id,
            "country_id": sale_order.partner_shipping_id.country_id.id,
            "currency_id": sale_order.currency_id.id,
            "amount_difference": float(adjusted),
        }

    # === TOTALS === #

    def _compute_totals(self, resolved):
        """:return: OrderTotal, closed by a rounding or adjustment line where one is needed
        :raise ParkOrder: the total is too far off, or nothing is sold"""
        self.ensure_one()
        channel, document = self.channel_id, self.document
        currency = resolved.currencies[document["currency"]][0]
        rounding = Decimal(str(currency.rounding))
        total = totals.compute(document, self._includes_tax(channel, document), rounding)
        self._check_not_empty(total)
        off = abs(total.difference)
        if not off:
            return total
        if off > Decimal(str(channel.tolerance_block)):
            raise ParkOrder(
                "total_mismatch",
                self.env._(
                    "The channel says %(stated)s, its lines come to %(computed)s: a difference "
                    "of %(difference)s is above the %(limit)s that the channel accepts.",
                    stated=total.stated,
                    computed=total.stated - total.difference,
                    difference=total.difference,
                    limit=channel.tolerance_block,
                ),
            )
        kind = "rounding" if off <= Decimal(str(channel.tolerance_auto)) else "adjustment"
        total.lines.append(
            totals.LineTotal(
                None, kind, Decimal(1), total.difference, total.difference, total.difference
            )
        )
        return total

    def _check_same_total(self, sale_order, total):
        """Odoo's own sum is the proof. :raise ParkOrder: it is not the channel's"""
        if sale_order.currency_id.compare_amounts(sale_order.amount_total, float(total.stated)):
            raise ParkOrder(
                "total_mismatch",
                self.env._(
                    "Odoo computes a total of %(computed)s where the channel says %(stated)s. "
                    "Check the taxes that are mapped.",
                    computed=sale_order.amount_total,
                    stated=total.stated,
                ),
            )

    def _note_differences(self, order_totals):
        """Tell what was added so that the totals agree; what is more than rounding is held."""
        decisions = []
        for order, total in order_totals.items():
            if not total.difference:
                continue
            kind = total.lines[-1].kind
            summary = (
                self.env._(
                    "A rounding line of %(amount)s makes the total the channel's %(total)s; up to "
                    "%(limit)s is rounded without asking.",
                    amount=total.difference,
                    total=total.stated,
                    limit=order.channel_id.tolerance_auto,
                )
                if kind == "rounding"
                else self.env._(
                    "The lines come to %(amount)s less than the channel's total of %(total)s. An "
                    "adjustment line closes the gap, and a person is asked to look.",
                    amount=total.difference,
                    total=total.stated,
                )
            )
            decisions.append(
                {
                    "order_id": order.id,
                    "stage": "total",
                    "rule": "tolerance_auto" if kind == "rounding" else "tolerance_block",
                    "summary": summary,
                    "details": {"difference": str(total.difference), "total": str(total.stated)},
                }
            )
            if kind == "adjustment":
                order._open_exception("total_difference", summary)
        self.env["ecom.decision"].create(decisions)

    # === VALUES === #

    def _prepare_sale_order_vals(self, resolved, total, customer):
        self.ensure_one()
        channel, document = self.channel_id, self.document
        partner, invoice, delivery = customer
        return {
            "ecom_order_id": self.id,
            "ecom_channel_id": channel.id,
            "ecom_currency_id": resolved.currencies[document["currency"]][0].id,
            "company_id": channel.company_id.id,
            "partner_id": partner.id,
            "partner_invoice_id": invoice.id,
            "partner_shipping_id": delivery.id,
            "pricelist_id": False,
            "date_order": canonical.utc(document["placed_at"]),
            "client_order_ref": document["number"],
            "origin": self.display_name,
            "user_id": channel.user_id.id,
            "team_id": channel.team_id.id,
            "warehouse_id": channel._get_warehouse().id,
            "require_signature": False,
            "require_payment": False,
            "note": False,
            "order_line": self._prepare_line_commands(resolved, total),
        }

    def _prepare_line_commands(self, resolved, total):
        known = self._prepare_new_line_vals()
        return [
            Command.create({**known, **self._prepare_line_vals(resolved, line)})
            for line in total.lines
        ]

    def _prepare_line_vals(self, resolved, line):
        """:param LineTotal line: what the line comes to"""
        document = self.document
        source = document["lines"][line.index] if line.index is not None else {}
        currency = resolved.currencies[document["currency"]][0]
        if line.kind == "product":
            listing = resolved.listings[self.env["ecom.listing"]._line_key(source)]
            product = listing.product_id
        else:
            product = self._get_kind_product(line.kind)
        price, discount = line.price_and_discount(Decimal(str(currency.rounding)))
        vals = {
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "product_uom_qty": float(line.quantity),
            "price_unit": float(price),
            "discount": float(discount),
            "tax_ids": False,
            "customer_lead": product.sale_delay,
            "ecom_kind": line.kind,
            "ecom_line_ref": source.get("id"),
            **self._prepare_tax_vals(resolved, line, source, float(price), float(discount)),
        }
        # Never equal to the price: a price that somebody set by hand, as Odoo sees it, and so
        # one that a later change of the quantity leaves alone.
        vals["technical_price_unit"] = vals["price_unit"] + 1
        name = source.get("name")
        if not name and line.index is None and line.kind == "discount":
            titles = [d.get("title") or d.get("code") for d in document.get("discounts", [])]
            name = ", ".join(filter(None, titles))
        vals["name"] = name or product.display_name
        return vals

    def _prepare_new_line_vals(self):
        """:return: what Odoo computes of every line that is no part of an invoice or a sale yet:
        known from the beginning, it is not computed and written a second time. Empty where
        another module computes it"""
        Line = self.env["sale.order.line"]
        vals = {}
        for methods, modules, known in _NEW_LINE:
            if all(fast.only_known(Line, name, modules) for name in methods):
                vals.update(known)
        if fast.only_known(Line, "_compute_warehouse_id", {"sale_stock", "ecom_order_mgmt"}):
            vals["warehouse_id"] = self.channel_id._get_warehouse().id
        return vals

    def _prepare_tax_vals(self, resolved, line, source, price, discount):
        """The channel's net and tax amounts, as Odoo's tax engine takes them."""
        document = self.document
        included = self._includes_tax(self.channel_id, document)
        country = self._get_ship_country(document, resolved.countries)
        amounts = {}
        for index, tax in totals.own_taxes(source):
            mapping = resolved.taxes[self._tax_key(tax, included, country)]
            if mapping and mapping.tax_id:
                amounts[mapping.tax_id] = amounts.get(mapping.tax_id, 0) + line.taxes[index]
        if not amounts:
            return {}
        vals = {"tax_ids": [Command.set([tax.id for tax in amounts])]}
        if not line.quantity:
            return vals
        if any(tax.price_include != included for tax in amounts):
            # Said in the other price mode, so that the line shows the same money.
            if included:
                price, discount = float(line.net / line.quantity), 0.0
            else:
                price, discount = float(line.total / line.quantity), 0.0
            vals |= {"price_unit": price, "discount": discount}
        company = self.company_id
        currency = resolved.currencies[document["currency"]][0]
        rate = self.env["res.currency"]._get_conversion_rate(
            company.currency_id, currency, company, canonical.utc(document["placed_at"]).date()
        )

        def in_company(amount):
            return company.currency_id.round(float(amount) / rate)

        vals["extra_tax_data"] = {
            "currency_id": currency.id,
            "price_unit": price,
            "discount": discount,
            "quantity": float(line.quantity),
            "rate": rate,
            "manual_total_excluded_currency": float(line.net),
            "manual_total_excluded": in_company(line.net),
            "manual_tax_amounts": {
                str(tax.id): {
                    "tax_amount_currency": float(amount),
                    "base_amount_currency": float(line.net),
                    "tax_amount": in_company(amount),
                    "base_amount": in_company(line.net),
                }
                for tax, amount in amounts.items()
            },
        }
        return vals

    @api.model
    def _get_kind_product(self, kind):
        """:return: the service product of a kind of line, made again where it was deleted"""
        xmlid = f"ecom_order_mgmt.product_{kind}"
        product = self.env.ref(xmlid, raise_if_not_found=False)
        if not product:
            labels = dict(self.env["sale.order.line"]._fields["ecom_kind"].selection)
            product = self.env["product.product"].create(
                {"name": labels[kind], "type": "service", "invoice_policy": "order"}
            )
            self.env["ir.model.data"]._update_xmlids(
                [{"xml_id": xmlid, "record": product, "noupdate": True}]
            )
        return product

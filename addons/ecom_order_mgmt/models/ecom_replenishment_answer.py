from collections import defaultdict
from datetime import datetime, time

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL

from ..tools.replenishment.quantity import round_up

# What a person may write; all else is worked out.
ANSWERS = {"qty", "answer_reason"}


class EcomReplenishment(models.Model):
    """Answers to suggestions, and the orders that come of them."""

    _inherit = "ecom.replenishment"

    def write(self, vals):
        own = {name for name in vals if not name.startswith(("message_", "activity_"))}
        if not self.env.su and own:
            if own - ANSWERS:
                raise AccessError(
                    self.env._("Only the quantity and the reason of a suggestion can be changed.")
                )
            if self.filtered(lambda r: r.state not in ("open", "postponed")):
                raise UserError(self.env._("Suggestions that are decided cannot be changed."))
        return super().write(vals)

    # === ACTIONS === #

    def action_accept(self):
        """Order what is suggested. Whatever is decided already stays as it is."""
        self.check_access("write")
        self._accept()
        return self._action_show_orders()

    def action_change(self, qty, reason):
        """Change the quantity and say why; it is learned from.

        :raise UserError: no reason, a negative quantity, or not waiting any more
        """
        self.ensure_one()
        if not (reason or "").strip():
            raise UserError(self.env._("Please say why the quantity is changed."))
        if qty < 0:
            raise UserError(self.env._("A quantity cannot be negative."))
        if self.state not in ("open", "postponed"):
            raise UserError(self.env._("Suggestions that are decided cannot be changed."))
        self.write({"qty": qty, "answer_reason": reason.strip()})
        self.message_post(
            body=self.env._(
                "Quantity %(qty)s instead of %(suggested)s: %(reason)s",
                qty=qty,
                suggested=self.qty_suggested,
                reason=reason.strip(),
            )
        )
        return True

    def action_refuse(self, reason):
        """Order nothing, and do not ask again for a while.

        :raise UserError: no reason was given
        """
        self.check_access("write")
        if not (reason or "").strip():
            raise UserError(self.env._("Please say why nothing shall be ordered."))
        waiting = self._lock_waiting()
        today = fields.Date.today()
        for policy, records in waiting.grouped("policy_id").items():
            days = policy.snooze_days if policy else 14
            records.write(
                {
                    "state": "refused",
                    "answer_reason": reason.strip(),
                    "snoozed_until": fields.Date.add(today, days=days),
                    **self._prepare_answer_vals(),
                }
            )
        return True

    def action_open_answer(self):
        """Ask for a changed quantity, or for the reason of a refusal."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change"),
            "res_model": "ecom.replenishment.answer",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_replenishment_ids": self.ids,
                "default_action": "change",
                "default_qty": self.qty,
            },
        }

    def action_open_document(self):
        """Show what was ordered."""
        self.ensure_one()
        for record in (self.purchase_id, self.picking_id, self.orderpoint_id):
            if record:
                return {
                    "type": "ir.actions.act_window",
                    "res_model": record._name,
                    "res_id": record.id,
                    "view_mode": "form",
                }
        return False

    def _action_show_orders(self):
        purchases = self.purchase_line_id.order_id
        if len(self) == 1 and (self.purchase_id or self.picking_id):
            return self.action_open_document()
        if purchases:
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Ordered"),
                "res_model": "purchase.order",
                "view_mode": "list,form",
                "domain": [("id", "in", purchases.ids)],
            }
        return True

    # === ACCEPTING === #

    def _lock_waiting(self):
        """:return: those that still wait, locked and with sudo: who may answer them has been
            checked, and the state of a suggestion is written by its answer only
        :raise LockError: somebody is deciding one of them at this moment"""
        self.sudo().lock_for_update(allow_referencing=True)
        self.invalidate_recordset()
        return self.sudo().filtered(lambda r: r.state in ("open", "postponed"))

    def _prepare_answer_vals(self):
        return {"answered_by_id": self.env.uid, "answered_at": fields.Datetime.now()}

    def _accept(self, automatic=False):
        """Order the waiting ones among these, each once.

        Those without a supplier go on waiting. What came in or was ordered since it was worked out is taken off first: nothing is
        ordered twice, also when somebody has ordered by hand meanwhile.

        :return: the suggestions that were ordered
        """
        waiting = self._lock_waiting()
        without_supplier = waiting.filtered(lambda r: r.source == "buy" and not r.partner_id)
        if without_supplier == waiting and waiting and not automatic:
            raise UserError(
                self.env._(
                    "These products have no supplier: %(products)s. Enter one on the product's "
                    "Purchase page first.",
                    products=", ".join(without_supplier.product_id[:5].mapped("display_name")),
                )
            )
        waiting = (waiting - without_supplier)._take_off_news()
        by_rule = waiting.filtered(
            lambda r: r.policy_id.apply_mode == "rule" and r.source != "transfer"
        )
        by_rule._write_orderpoints()
        to_order = waiting - by_rule
        to_order.filtered(lambda r: r.source == "buy").with_env(self.env)._order_purchases()
        to_order.filtered(lambda r: r.source == "transfer")._order_transfers()
        to_order.filtered(lambda r: r.source == "make")._order_productions()
        for record in waiting:
            record.write(
                {
                    "state": "accepted",
                    "automatic": automatic,
                    "qty_done": record.qty,
                    **self._prepare_answer_vals(),
                }
            )
            if automatic:
                record.answer_reason = self.env._(
                    "Accepted by itself: policy %(policy)s trusts class %(abc)s.",
                    policy=record.policy_id.name,
                    abc=record.abc,
                )
        # The unique index of waiting suggestions sees what is in the database only.
        waiting.flush_recordset(["state"])
        return waiting

    def _take_off_news(self):
        """Reduce by what is on its way or asked for now and was not when it was worked out.

        :return: those of which something is left to order; the others expire, with the reason
        """
        left = self.browse()
        for company, records in self.grouped("company_id").items():
            products = records.product_id
            stock = self._stock_facts(company, products.ids)
            requested = self._requested(company, products)
            own = records._accepted_since()
            for record in records:
                key = (record.product_id.id, record.warehouse_id.id)
                arrivals = stock[key]["arrivals"] if key in stock else {}
                now = sum(arrivals.values()) + requested.get(key, 0.0)
                news = now - record.inbound - own.get(record.id, 0.0)
                if record.product_id.uom_id.compare(news, 0.0) > 0:
                    record._reduce_by(news)
                if record.product_id.uom_id.compare(record.qty, 0.0) > 0:
                    left |= record
                else:
                    record.write(
                        {
                            "state": "expired",
                            "answer_reason": self.env._(
                                "Nothing left to order: %(qty)s more are on their way or asked "
                                "for than when this was worked out.",
                                qty=round(news, 2),
                            ),
                        }
                    )
        return left

    def _reduce_by(self, qty):
        self.ensure_one()
        policy = self.policy_id
        whole = self.source != "transfer"
        rest = round_up(
            self.qty - qty,
            policy.moq if whole else 0.0,
            policy.multiple if whole else 0.0,
            policy.carton if whole else 0.0,
        )
        self.message_post(
            body=self.env._(
                "Reduced from %(before)s to %(after)s: %(qty)s have been ordered meanwhile.",
                before=self.qty,
                after=rest,
                qty=round(qty, 2),
            )
        )
        self.qty = rest

    def _accepted_since(self):
        """:return: {id: quantity} that our own other suggestions of the same item have ordered
        since these were worked out: it was reckoned with"""
        self.env.flush_all()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT one.id, SUM(other.qty_done)
                      FROM ecom_replenishment one
                      JOIN ecom_replenishment other
                        ON other.product_id = one.product_id
                       AND other.warehouse_id = one.warehouse_id AND other.id <> one.id
                       AND other.state = 'accepted' AND other.answered_at >= one.worked_at
                       AND other.orderpoint_id IS NULL
                     WHERE one.id = ANY(%s)
                     GROUP BY one.id
                    """,
                    self.ids,
                )
            )
        )

    # === ORDERS === #

    def _order_purchases(self):
        """Requests for quotation, one per supplier, warehouse, currency and order date."""
        groups = defaultdict(lambda: self.env["ecom.replenishment"])
        for record in self:
            seller = record._seller()
            currency = seller.currency_id or record.company_id.currency_id
            place = (record.company_id, record.partner_id, record.warehouse_id)
            groups[(*place, currency, record.order_date)] |= record
        for (company, partner, warehouse, currency, day), records in groups.items():
            purchase = self._find_purchase(company, partner, warehouse, currency, day)
            if not purchase:
                purchase = (
                    self.env["purchase.order"]
                    .with_company(company)
                    .create(self._prepare_purchase_vals(company, partner, warehouse, currency, day))
                )
            vals_list = [record._prepare_purchase_line_vals(purchase) for record in records]
            lines = self.env["purchase.order.line"].create(vals_list)
            for record, line in zip(records, lines, strict=True):
                record.sudo().purchase_line_id = line

    def _seller(self):
        self.ensure_one()
        sellers = self._sellers(self.product_id, self.company_id, fields.Date.today())
        fitting = sellers.filtered(
            lambda s: s.partner_id == self.partner_id
            and s.min_qty * (s.product_uom_id or self.uom_id)._compute_quantity(1.0, self.uom_id)
            <= self.qty
        )
        best = fitting.sorted(lambda s: (s.price * (1 - s.discount / 100.0), -s.min_qty))
        return (best or sellers)[:1]

    def _find_purchase(self, company, partner, warehouse, currency, day):
        """:return: our own request for quotation that these lines can join"""
        return self.env["purchase.order"].search(
            [
                ("state", "=", "draft"),
                ("ecom_replenishment_day", "=", day),
                ("partner_id", "=", partner.id),
                ("company_id", "=", company.id),
                ("currency_id", "=", currency.id),
                ("picking_type_id", "=", warehouse.in_type_id.id),
            ],
            limit=1,
        )

    def _prepare_purchase_vals(self, company, partner, warehouse, currency, day):
        partner = partner.with_company(company)
        position = self.env["account.fiscal.position"].with_company(company)
        return {
            "partner_id": partner.id,
            "company_id": company.id,
            "currency_id": currency.id,
            "picking_type_id": warehouse.in_type_id.id,
            "user_id": partner.buyer_id.id,
            "origin": self.env._("Replenishment"),
            "payment_term_id": partner.property_supplier_payment_term_id.id,
            "fiscal_position_id": position._get_fiscal_position(partner).id,
            "date_order": max(fields.Datetime.now(), datetime.combine(day, time(12))),
            "ecom_replenishment_day": day,
        }

    def _prepare_purchase_line_vals(self, purchase):
        self.ensure_one()
        seller = self._seller()
        unit = seller.product_uom_id or self.uom_id
        qty = self.uom_id._compute_quantity(self.qty, unit, rounding_method="UP")
        Line = self.env["purchase.order.line"]
        return {
            **Line._prepare_purchase_order_line(
                self.product_id, qty, unit, self.company_id, self.partner_id, purchase
            ),
            "date_planned": datetime.combine(self.arrival_date, time(12)),
            "order_id": purchase.id,
        }

    def _order_transfers(self):
        """Internal transfers, one per pair of warehouses and day."""
        groups = defaultdict(lambda: self.env["ecom.replenishment"])
        for record in self:
            groups[record.source_warehouse_id, record.warehouse_id, record.order_date] |= record
        for (giver, taker, day), records in groups.items():
            places = {
                "location_id": giver.lot_stock_id.id,
                "location_dest_id": taker.lot_stock_id.id,
            }
            picking = self.env["stock.picking"].create(
                {
                    **places,
                    "picking_type_id": giver.int_type_id.id,
                    "origin": self.env._("Replenishment of %(name)s", name=taker.name),
                    "scheduled_date": max(fields.Datetime.now(), datetime.combine(day, time(12))),
                    "move_ids": [
                        Command.create(
                            {
                                **places,
                                "product_id": record.product_id.id,
                                "product_uom_qty": record.qty,
                                "product_uom": record.uom_id.id,
                                "company_id": record.company_id.id,
                            }
                        )
                        for record in records
                    ],
                }
            )
            picking.action_confirm()
            picking.action_assign()
            records.picking_id = picking

    def _order_productions(self):
        """Manufacturing orders, confirmed, so that their components are planned."""
        if not self:
            return
        products = self.product_id
        for company, records in self.grouped("company_id").items():
            boms = self._boms(company, products)
            for record in records:
                order = (
                    self.env["mrp.production"]
                    .with_company(company)
                    .create(
                        {
                            "product_id": record.product_id.id,
                            "product_qty": record.qty,
                            "product_uom_id": record.uom_id.id,
                            "bom_id": boms[record.product_id].id,
                            "picking_type_id": record.warehouse_id.manu_type_id.id,
                            "company_id": company.id,
                            "date_start": max(
                                fields.Datetime.now(), datetime.combine(record.order_date, time(6))
                            ),
                            "origin": self.env._("Replenishment"),
                        }
                    )
                )
                order.action_confirm()
                record.production_ref = order.name

    def _write_orderpoints(self):
        """Minimum and maximum of the reordering rule; Odoo's scheduler orders by it."""
        Orderpoint = self.env["stock.warehouse.orderpoint"]
        known = {
            (point.product_id, point.location_id): point
            for point in Orderpoint.search(
                [
                    ("product_id", "in", self.product_id.ids),
                    ("location_id", "in", self.warehouse_id.lot_stock_id.ids),
                ]
            )
        }
        for record in self:
            location = record.warehouse_id.lot_stock_id
            # A changed quantity moves the level that is ordered up to.
            up_to = record.order_up_to + record.qty - record.qty_suggested
            vals = {
                "product_min_qty": record.uom_id.round(record.reorder_point),
                "product_max_qty": record.uom_id.round(max(up_to, record.reorder_point)),
            }
            point = known.get((record.product_id, location))
            if point:
                point.write(vals)
            else:
                point = Orderpoint.create(
                    {
                        **vals,
                        "product_id": record.product_id.id,
                        "warehouse_id": record.warehouse_id.id,
                        "location_id": location.id,
                        "company_id": record.company_id.id,
                        "trigger": "auto",
                    }
                )
            record.orderpoint_id = point

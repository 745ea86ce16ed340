from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import centroids, sourcing, splitting

# Days on the road by distance; carriers know better, but only once one is chosen.
_DAYS = ((300, 1), (1000, 2), (3000, 4))
_FAR = 7


class EcomOrder(models.Model):
    """Which warehouses deliver an order, in how many parcels, and why."""

    _inherit = "ecom.order"

    sourced_at = fields.Datetime("Warehouse Chosen On", readonly=True, copy=False)
    source_locked = fields.Boolean(
        "Chosen by a Person",
        readonly=True,
        copy=False,
        help="The warehouse was chosen by a person: nothing changes it.",
    )
    source_summary = fields.Text("Why This Warehouse", readonly=True, copy=False)
    promised_at = fields.Datetime("Promised For", readonly=True, copy=False)
    excluded_warehouse_ids = fields.Many2many(
        "stock.warehouse",
        "ecom_order_excluded_warehouse_rel",
        "order_id",
        "warehouse_id",
        string="Warehouses That Cannot",
        readonly=True,
        copy=False,
    )
    reroute_count = fields.Integer("Sent On", readonly=True, copy=False)

    _to_source_idx = models.Index(
        "(channel_id, id) WHERE state = 'accepted' AND review_state = 'approved' "
        "AND confirmed_at IS NULL AND sourced_at IS NULL"
    )

    @api.model
    def _get_source_domain(self):
        return [*self._get_confirm_domain(), ("sourced_at", "=", False)]

    def _source_batch(self, final=False):
        """Choose the warehouses of approved orders. :return: counts by outcome"""
        todo = self.filtered(
            lambda order: order.review_state == "approved"
            and not order.sourced_at
            and not order.confirmed_at
            and order.sale_order_id.state in ("draft", "sent")
        )
        todo._guarded(lambda orders: orders._source(), final)
        return {"sourced": len(todo.filtered("sourced_at"))}

    def _source(self):
        """Choose and store; what no warehouse can deliver keeps its own, and waits for stock."""
        # Whoever approves an order need not have rights on stock.
        orders = self.sudo()
        plans = orders._plan_sources()
        now = fields.Datetime.now()
        decisions = []
        for order in orders:
            decisions += order._apply_plan(plans.get(order), now)
        self.env["ecom.decision"].sudo().create(decisions)
        # A channel that chooses among warehouses never falls back to one that cannot.
        waiting = {
            order: order._get_unplanned(candidates, lines)
            for order, (plan, candidates, lines) in plans.items()
            if not plan and lines and order.channel_id.sourcing == "best" and order._needs_cover()
        }
        orders._hold_for_stock(waiting, {order: order.source_summary for order in waiting})

    def _get_unplanned(self, candidates, lines):
        """:return: list of (product, warehouse, wanted, free) of what no warehouse has"""
        wanted = defaultdict(float)
        for line in lines:
            for product_id, quantity in line.parts.items():
                wanted[product_id] += quantity * line.quantity
        found = []
        for product_id, quantity in wanted.items():
            places = [c for c in candidates if not c.refused] or candidates
            best = max(places, key=lambda c: c.free.get(product_id, 0.0), default=None)
            free = best.free.get(product_id, 0.0) if best else 0.0
            found.append(
                (
                    self.env["product.product"].browse(product_id),
                    self.env["stock.warehouse"].browse(best.key if best else []),
                    quantity,
                    free,
                )
            )
        return [entry for entry in found if entry[2] > entry[3]] or found

    # === PLANNING === #

    def _plan_sources(self):
        """Plan these orders, the most urgent first; nothing is written.

        :return: dict {order: (Plan or None, candidates, lines)}
        """
        result = {}
        for channel, orders in self.grouped("channel_id").items():
            warehouses = channel._get_source_warehouses()
            locked = orders.filtered("source_locked")
            warehouses |= locked.sale_order_id.order_line.ecom_warehouse_id
            warehouses |= orders.rule_warehouse_id
            lines = orders._get_source_lines()
            products = self.env["product.product"].browse(
                {p for found in lines.values() for line in found for p in line.parts}
            )
            free = warehouses._ecom_get_free(products)
            stock = {
                warehouse: {
                    product_id: free[product_id, warehouse.id]
                    - (warehouse.ecom_safety_stock if channel.sourcing == "best" else 0)
                    for product_id in products.ids
                }
                for warehouse in warehouses
            }
            used = defaultdict(int, warehouses._ecom_get_used_capacity(fields.Datetime.now()))
            for order in orders.sorted(lambda o: o._get_urgency()):
                candidates = order._get_candidates(channel, warehouses, stock, used)
                rated = sourcing.rate(candidates, channel._get_source_weights())
                plan = sourcing.choose(
                    lines[order],
                    rated,
                    max_parts=channel.source_max_parts,
                    split_lines=channel.source_split_lines,
                )
                if plan:
                    sourcing.use(plan, lines[order])
                    for candidate, _quantities in plan.parts:
                        used[candidate.key] += 1
                result[order] = plan, candidates, lines[order]
        return result

    def _get_source_lines(self):
        """:return: dict {order: list of sourcing.Line} of what has to come from a shelf"""
        result = {order: [] for order in self}
        for company, orders in self.grouped("company_id").items():
            lines = orders.sale_order_id.order_line.filtered(
                lambda line: line.product_id.type == "consu" and line.product_uom_qty > 0
            )
            lines -= lines._ecom_get_made_to_order()
            exploded = self.env["stock.warehouse"]._ecom_explode(
                [
                    (line.product_id, line.product_uom_id._compute_quantity(1, line.product_id.uom_id))
                    for line in lines
                ],
                company,
            )  # fmt: skip
            for line, parts in zip(lines, exploded, strict=True):
                parts = {p.id: quantity for p, quantity in parts.items() if p.is_storable}
                if parts:
                    result[line.order_id.ecom_order_id].append(
                        sourcing.Line(line.id, line.product_uom_qty, parts)
                    )
        return result

    def _get_candidates(self, channel, warehouses, stock, used):
        self.ensure_one()
        partner = self.sale_order_id.partner_shipping_id
        place = self.env["stock.warehouse"]._ecom_locate(partner)
        now = fields.Datetime.now()
        chosen = self.sale_order_id.order_line.ecom_warehouse_id
        candidates = []
        for warehouse in warehouses:
            distance = centroids.distance(
                self.env["stock.warehouse"]._ecom_locate(warehouse.partner_id), place
            )
            capacity = warehouse.ecom_daily_capacity
            left = capacity - used[warehouse.id] if capacity else None
            if self.source_locked:
                refused = None if warehouse in chosen else self.env._("a person chose another one")
            elif self.rule_warehouse_id:
                ruled = warehouse == self.rule_warehouse_id
                refused = None if ruled else self.env._("a rule chose another one")
            elif channel.sourcing == "fixed":
                refused = None
            elif warehouse in self.excluded_warehouse_ids:
                refused = self.env._("sent this order on before")
            elif capacity and left <= 0:
                refused = self.env._("has no capacity left today")
            else:
                refused = warehouse._ecom_refusal(partner, now)
            candidates.append(
                sourcing.Candidate(
                    warehouse.id,
                    warehouse.name,
                    stock[warehouse],
                    refused,
                    {
                        "cost": warehouse.ecom_cost + warehouse.ecom_cost_km * (distance or 0),
                        "distance": distance,
                        "capacity": left,
                        "balance": sum(stock[warehouse].values()),
                        "rank": warehouse.sequence,
                    },
                )
            )
        return candidates

    # === WHAT IS STORED === #

    def _apply_plan(self, found, now):
        """:return: list of values of decisions"""
        self.ensure_one()
        plan, candidates, _lines = found or (None, [], [])
        decisions = []
        lines = self.sale_order_id.order_line
        details = [self._describe(candidate, plan) for candidate in candidates]
        if plan:
            parts, notes = self._split_plan(plan)
            self._write_allocation(parts)
            summary = self._explain(plan, candidates)
            if len(parts) > 1 or notes:
                decisions.append(self._prepare_split_decision(parts, notes))
            main = plan.parts[0][0]
            warehouse = self.env["stock.warehouse"].browse(main.key)
            leaves = warehouse._ecom_get_ship_date(now)
            promised = leaves + timedelta(days=_days_on_the_road(main.facts.get("distance")))
        else:
            promised = False
            lines.write({"ecom_allocation": False})
            summary = self.env._(
                "No warehouse has everything: %(reasons)s. It waits until goods arrive.",
                reasons="; ".join(
                    f"{c.name}: {c.refused or self.env._('not enough stock')}" for c in candidates
                )
                or self.env._("none is set up"),
            )
            if not self._get_source_lines()[self]:
                summary = self.env._("Nothing of this order has to come from a shelf.")
        self.write({"sourced_at": now, "source_summary": summary, "promised_at": promised})
        if promised and not self.sale_order_id.commitment_date:
            self.sale_order_id.commitment_date = promised
        decisions.append(
            {
                "order_id": self.id,
                "stage": "source",
                "rule": self._get_source_rule(),
                "summary": summary,
                "details": details,
            }
        )
        return decisions

    def _get_source_rule(self):
        """:return: what a decision names as the rule behind the choice"""
        if self.source_locked:
            return "manual"
        if self.rule_warehouse_id:
            return "review rule"
        return f"sourcing={self.channel_id.sourcing}"

    def _describe(self, candidate, plan):
        chosen = plan and any(candidate is part for part, _quantities in plan.parts)
        facts = {k: round(v, 2) for k, v in candidate.facts.items() if v is not None}
        return {
            "warehouse": candidate.name,
            "chosen": bool(chosen),
            "refused": candidate.refused,
            "score": candidate.score if candidate.score is None else round(candidate.score, 4),
            **facts,
        }

    def _explain(self, plan, candidates):
        others = len([c for c in candidates if not c.refused]) - len(plan.parts)
        texts = []
        for candidate, _quantities in plan.parts:
            distance = candidate.facts.get("distance")
            if distance is None:
                texts.append(candidate.name)
            elif distance < 1:
                texts.append(self.env._("%(name)s (same region)", name=candidate.name))
            else:
                texts.append(
                    self.env._("%(name)s (%(km).0f km away)", name=candidate.name, km=distance)
                )
        if self.source_locked:
            return self.env._("%(names)s: chosen by a person.", names=", ".join(texts))
        if len(plan.parts) == 1:
            return self.env._(
                "%(names)s has everything and comes out best in cost, distance, capacity and stock. "
                "Other warehouses that were possible: %(others)s.",
                names=texts[0],
                others=max(others, 0),
            )
        return self.env._(
            "No single warehouse has everything. %(names)s together deliver it in the fewest parts "
            "(%(tried)s combinations looked at).",
            names=", ".join(texts),
            tried=plan.tried,
        )

    def _write_allocation(self, parts):
        """:param parts: list of (warehouse id, list of splitting.Piece)"""
        by_line = defaultdict(list)
        for number, (warehouse_id, pieces) in enumerate(parts):
            for piece in pieces:
                by_line[piece.key].append([warehouse_id, number, float(piece.quantity)])
        main = parts[0][0]
        for line in self.sale_order_id.order_line:
            allocation = by_line.get(line.id)
            plain = not allocation or (len(allocation) == 1 and allocation[0][1] == 0)
            vals = {
                "ecom_warehouse_id": allocation[0][0] if allocation else main,
                "ecom_allocation": False if plain else allocation,
            }
            if (
                line.ecom_warehouse_id.id != vals["ecom_warehouse_id"]
                or (line.ecom_allocation or False) != vals["ecom_allocation"]
            ):
                line.write(vals)

    # === SPLIT === #

    def _split_plan(self, plan):
        """:return: (list of (warehouse id, list of pieces), notes)"""
        channel = self.channel_id
        lines = {line.id: line for line in self.sale_order_id.order_line}
        planned = {key for _candidate, quantities in plan.parts for key in quantities}
        main = plan.parts[0][0].key
        parts = []
        for candidate, quantities in plan.parts:
            pieces = [self._get_piece(lines[key], quantity) for key, quantity in quantities.items()]
            if candidate.key == main:
                # What needs no stock (consumables) goes along with the biggest part.
                pieces += [
                    self._get_piece(line, line.product_uom_qty)
                    for line in lines.values()
                    if line.id not in planned
                    and line.product_id.type == "consu"
                    and line.product_uom_qty > 0
                ]
            parts.append((candidate.key, pieces))
        result, notes = [], []
        limits = splitting.Limits(
            strategies=tuple(
                name
                for name, on in (
                    ("class", channel.split_by_class),
                    ("date", channel.split_by_date),
                )
                if on
            ),
            max_weight=_positive(channel.split_max_weight),
            max_value=_positive(channel.split_max_value),
            max_items=_positive(channel.split_max_items),
            floor=_positive(channel.split_min_value),
            max_parts=max(channel.split_max_parts - len(parts) + 1, 1),
        )
        for warehouse_id, pieces in parts:
            alone = [p for p in pieces if lines[p.key].product_id.ecom_ship_alone]
            found = splitting.split(
                [[p for p in pieces if p not in alone]] if len(alone) < len(pieces) else [], limits
            )
            notes += found.notes
            result += [(warehouse_id, part) for part in found.parts]
            if not channel.split_alone:
                if alone:
                    result.append((warehouse_id, alone))
                continue
            for piece in alone:
                rest = piece
                while rest.quantity > 1 and len(result) < channel.split_max_parts - 1:
                    first, rest = rest.cut(1)
                    result.append((warehouse_id, [first]))
                result.append((warehouse_id, [rest]))
        return result, notes

    def _get_piece(self, line, quantity):
        quantity = Decimal(str(quantity))
        ordered = Decimal(str(line.product_uom_qty))
        product = line.product_id
        source = {item["id"]: item for item in (self.document or {}).get("lines", [])}.get(
            line.ecom_line_ref, {}
        )
        return splitting.Piece(
            key=line.id,
            quantity=quantity,
            value=Decimal(str(line.price_total)) * quantity / ordered,
            weight=Decimal(str(product.weight)) * quantity,
            gift=bool(source.get("gift")),
            labels={
                "class": product.ecom_transport_class or "normal",
                "date": (source.get("promised_at") or "")[:10],
            },
        )

    def _prepare_split_decision(self, parts, notes):
        total = Decimal(str(self.sale_order_id.amount_total))
        values = [sum((piece.value for piece in pieces), Decimal(0)) for _w, pieces in parts]
        rounding = Decimal(str(self.sale_order_id.currency_id.rounding))
        names = {w.id: w.name for w in self.env["stock.warehouse"].browse({w for w, _p in parts})}
        details = {
            "parts": [
                {
                    "warehouse": names[warehouse_id],
                    "pieces": float(sum(piece.quantity for piece in pieces)),
                    # Shipping, discounts and cash on delivery are shared out by value.
                    "share_of_total": str(share),
                }
                for (warehouse_id, pieces), share in zip(
                    parts, splitting.shares(total, values, rounding), strict=True
                )
            ],
            "strategies": [list(note) for note in notes],
        }
        undone = [f"{name}: {why}" for name, why in notes if why != "done"]
        summary = self.env._("Travels in %(count)s parcels.", count=len(parts))
        if undone:
            summary += " " + self.env._("Not split further: %(why)s.", why="; ".join(undone))
        return {
            "order_id": self.id,
            "stage": "split",
            "rule": ", ".join(name for name, _why in notes) or "warehouse",
            "summary": summary,
            "details": details,
        }

    # === BY HAND === #

    def action_set_warehouse(self, warehouse_id):
        """Choose the warehouse of orders by hand; nothing changes it afterwards.

        :param int warehouse_id: of stock.warehouse
        :return: True
        :raise UserError: an order is confirmed already, or the warehouse is of another company
        """
        orders = self._check_reviewer()
        warehouse = self.env["stock.warehouse"].sudo().browse(warehouse_id).exists()
        for order in orders:
            if order.confirmed_at or not order.sale_order_id:
                raise UserError(
                    self.env._(
                        "Order %(order)s is confirmed already; reject its shipment instead.",
                        order=order.display_name,
                    )
                )
            if warehouse.company_id != order.company_id:
                raise UserError(self.env._("The warehouse belongs to another company."))
        orders.sale_order_id.order_line.write(
            {"ecom_warehouse_id": warehouse.id, "ecom_allocation": False}
        )
        orders.write({"source_locked": True, "sourced_at": False})
        waiting = orders.filtered(lambda o: o.review_state == "held" and o.short_product_ids)
        waiting._decide(
            "source",
            self.env._(
                "%(user)s chose %(warehouse)s.", user=self.env.user.name, warehouse=warehouse.name
            ),
        )
        orders.channel_id._trigger_processing()
        return True

    def _apply_new_content(self, resolved, changes):
        result = super()._apply_new_content(resolved, changes)
        # New lines, perhaps another address: the choice is made again.
        self.write({"sourced_at": False, "source_locked": False})
        return result

    def _get_coverable(self):
        """In place of the stock of one warehouse: whether any choice of warehouses has it."""
        choosing = self.filtered(lambda order: order.channel_id.sourcing == "best")
        plans = choosing._plan_sources() if choosing else {}
        covered = self.browse([order.id for order, found in plans.items() if found[0]])
        covered.write({"sourced_at": False})
        return covered | super(EcomOrder, self - choosing)._get_coverable()


def _positive(number):
    return Decimal(str(number)) if number and number > 0 else None


def _days_on_the_road(distance):
    if distance is None:
        return _FAR
    return next((days for limit, days in _DAYS if distance <= limit), _FAR)

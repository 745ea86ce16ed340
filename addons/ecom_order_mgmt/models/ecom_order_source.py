from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import centroids, sourcing
from ..tools.source_run import Found, SourceRun


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
        asked = orders._ask_stages("source", "split")
        orders -= orders._hold_for_failed_stages(asked)
        plans = orders._plan_sources(asked)
        now = fields.Datetime.now()
        decisions = orders._prepare_stage_decisions(asked)
        for order in orders:
            decisions += order._apply_plan(plans.get(order), now, asked)
        self.env["ecom.decision"].sudo().create(decisions)
        # A channel that chooses among warehouses never falls back to one that cannot.
        waiting = {
            order: order._get_unplanned(found.candidates, found.lines)
            for order, found in plans.items()
            if not found.plan
            and found.lines
            and order.channel_id._plans_sources()
            and order._needs_cover()
        }
        orders._hold_for_stock(waiting, {order: order.source_summary for order in waiting})
        orders._note_expected(waiting)

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

    def _plan_sources(self, asked=None):
        """Plan these orders, the most urgent first; nothing is written.

        :param asked: what the rules say, see :meth:`_ask_stages`
        :return: dict {order: Found}
        """
        asked = self._ask_stages("source", "split") if asked is None else asked
        result = {}
        for channel, orders in self.grouped("channel_id").items():
            rounds = {order: order._get_source_rounds(asked) for order in orders}
            run = orders._prepare_source_run(channel, rounds, asked)
            for order in orders.sorted(lambda o: o._get_urgency()):
                result[order] = order._plan_source(run, rounds[order], asked)
        return result

    def _get_source_rounds(self, asked):
        """:return: list of settings (of the channel, or profiles) that are asked in turn"""
        self.ensure_one()
        profile = self._get_asked(asked, "source").values.get("profile")
        return (profile[0] if profile else self.channel_id)._get_rounds()

    def _prepare_source_run(self, channel, rounds, asked):
        """:return: SourceRun with what all these orders look at, read once"""
        locked = self.filtered("source_locked").sale_order_id.order_line.ecom_warehouse_id
        wanted = locked | self.rule_warehouse_id | self._get_asked_warehouses(asked)
        warehouses = {}
        for settings in dict.fromkeys(s for found in rounds.values() for s in found):
            warehouses[settings] = settings._get_source_warehouses()
        own = wanted.union(*warehouses.values())
        sisters = self._get_sisters(warehouses, wanted)
        lines = self._get_source_lines()
        products = self.env["product.product"].browse(
            {p for found in lines.values() for line in found for p in line.parts}
        )
        free = (own | sisters)._ecom_get_free(products)
        # The warehouse of a channel that chooses none gives all that it has.
        choosing = any(settings._chooses_source() for settings in warehouses)
        keeping = {w: w.ecom_safety_stock if choosing or w not in own else 0 for w in own | sisters}
        stock = {
            warehouse: {p: free[p, warehouse.id] - keeping[warehouse] for p in products.ids}
            for warehouse in own | sisters
        }
        used = defaultdict(int, own._ecom_get_used_capacity(fields.Datetime.now()))
        run = SourceRun(channel, lines, warehouses, wanted, stock, used)
        carriers = own.ecom_carrier_ids
        run.carriers = carriers._as_carriers() if carriers else {}
        if sisters:
            run.kept = sisters._ecom_get_minimums(products)
            for warehouse in sisters:
                left = warehouse.ecom_safety_stock - keeping[warehouse]
                for product_id in products.ids:
                    run.kept[warehouse.id, product_id] += left
        return run

    def _plan_source(self, run, rounds, asked):
        """:return: Found, of the first round that finds something"""
        self.ensure_one()
        lines, first, notes = run.lines[self], None, []
        for settings in rounds:
            candidates = self._get_candidates(run, settings, asked)
            rated = sourcing.rate(candidates, settings._get_source_weights())
            plan = self._search_plan(run, settings, rated, lines, asked)
            if not plan and lines and settings.source_fallback != "wait":
                plan = self._plan_supply(run, settings, rated, lines, asked, notes)
            first = first or Found(None, candidates, lines, notes, settings)
            if plan:
                for candidate, _quantities in plan.parts:
                    run.used[candidate.key] += 1
                return Found(plan, candidates, lines, notes, settings)
            if not lines:
                break
        return first

    def _search_plan(self, run, settings, rated, lines, asked):
        """:return: Plan, what is free lowered by it; or None"""
        tied = sourcing.bundle(lines, self._get_together([line.key for line in lines], asked))
        whole = self._stays_whole(asked)
        options = {
            "max_parts": 1
            if whole
            else min(settings.source_max_parts, run.channel.split_max_parts),
            "split_lines": settings.source_split_lines,
        }
        plan = sourcing.choose(tied, rated, **options)
        if plan and len(plan.parts) > 1:
            # Only now it matters which lines are gifts, and what the parts are worth.
            gifts = self._get_gift_line_ids()
            if gifts or run.channel.split_min_value > 0:
                tied = [
                    replace(
                        line,
                        gift=all(one.key in gifts for one in line.inside or (line,)),
                    )
                    for line in tied
                ]
                plan = sourcing.choose(
                    tied, rated, accept=self._get_floor_check(run.channel, tied), **options
                )
        if plan:
            sourcing.use(plan, tied)
            plan.parts = [
                (candidate, sourcing.unbundle(quantities, tied))
                for candidate, quantities in plan.parts
            ]
        return plan

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
                        sourcing.Line(
                            line.id,
                            line.product_uom_qty,
                            parts,
                            # What is sold by the fraction (metres, kilograms) may be parted so.
                            whole=float(line.product_uom_qty).is_integer(),
                        )
                    )
        return result

    def _get_candidates(self, run, settings, asked):
        self.ensure_one()
        partner = self.sale_order_id.partner_shipping_id
        place = self.env["stock.warehouse"]._ecom_locate(partner)
        now = fields.Datetime.now()
        chosen = self.sale_order_id.order_line.ecom_warehouse_id
        ruled = self._get_ruled_warehouse(asked)
        excluded = self._get_asked(asked, "source").extra.get("excluded", {})
        candidates = []
        mine = ruled | chosen if self.source_locked else ruled
        for warehouse in run.warehouses[settings] | (run.special & mine):
            distance = centroids.distance(
                self.env["stock.warehouse"]._ecom_locate(warehouse.partner_id), place
            )
            capacity = warehouse.ecom_daily_capacity
            left = capacity - run.used[warehouse.id] if capacity else None
            if self.source_locked:
                refused = None if warehouse in chosen else self.env._("a person chose another one")
            elif ruled:
                refused = None if warehouse == ruled else self.env._("a rule chose another one")
            elif warehouse in excluded:
                refused = self.env._("rule “%s” leaves it out", excluded[warehouse].name)
            elif not settings._chooses_source():
                refused = None
            elif warehouse in self.excluded_warehouse_ids:
                refused = self.env._("sent this order on before")
            elif capacity and left <= 0:
                refused = self.env._("has no capacity left today")
            else:
                refused = warehouse._ecom_refusal(partner, now)
                refused = refused or self._get_reach_refusal(warehouse, run.carriers)
            candidates.append(
                sourcing.Candidate(
                    warehouse.id,
                    warehouse.name,
                    run.stock[warehouse],
                    refused,
                    {
                        "cost": warehouse.ecom_cost + warehouse.ecom_cost_km * (distance or 0),
                        "distance": distance,
                        "capacity": left,
                        "balance": sum(run.stock[warehouse].values()),
                        "rank": warehouse.sequence,
                    },
                )
            )
        return candidates

    # === WHAT IS STORED === #

    def _apply_plan(self, found, now, asked):
        """:return: list of values of decisions"""
        self.ensure_one()
        plan, candidates = found.plan, found.candidates
        decisions = []
        lines = self.sale_order_id.order_line
        details = [self._describe(candidate, plan) for candidate in candidates]
        if plan:
            parts, notes = self._split_plan(plan, asked)
            self._write_allocation(parts, plan.supply)
            summary = self._explain(plan, candidates)
            if len(parts) > 1 or notes:
                decisions.append(self._prepare_split_decision(parts, notes))
            promised = self._get_promise(plan, now)
            if plan.supply:
                details += self._describe_supply(plan.supply)
        else:
            promised = False
            lines.write({"ecom_allocation": False})
            summary = self.env._(
                "No warehouse has everything: %(reasons)s. It waits until goods arrive.",
                reasons="; ".join(
                    [f"{c.name}: {c.refused or self.env._('not enough stock')}" for c in candidates]
                    + found.notes
                )
                or self.env._("none is set up"),
            )
            if not found.lines:
                summary = self.env._("Nothing of this order has to come from a shelf.")
        self.write({"sourced_at": now, "source_summary": summary, "promised_at": promised})
        if promised and not self.sale_order_id.commitment_date:
            self.sale_order_id.commitment_date = promised
        decisions.append(
            {
                "order_id": self.id,
                "stage": "source",
                "rule": self._get_source_rule(found, asked),
                "summary": summary,
                "details": details,
            }
        )
        return decisions

    def _get_promise(self, plan, now):
        """:return: when everything of it has arrived"""
        dates = []
        for candidate, quantities in plan.parts:
            if not quantities:
                continue
            warehouse = self.env["stock.warehouse"].browse(candidate.key)
            ready = self._get_supply_date(plan.supply, now) if plan.supply else now
            days = sourcing.days_on_the_road(candidate.facts.get("distance"))
            dates.append(warehouse._ecom_get_ship_date(ready) + timedelta(days=days))
        if plan.supply:
            dates += self._get_dropship_dates(plan.supply, now)
        return max(dates, default=False)

    def _get_source_rule(self, found, asked):
        """:return: what a decision names as the rule behind the choice"""
        if self.source_locked:
            return "manual"
        if self.rule_warehouse_id:
            return "review rule"
        ruled = self._get_asked(asked, "source").values.get("rule_warehouse_id")
        if ruled:
            return ruled[1].name
        settings = found.settings
        is_profile = settings._name == "ecom.source.profile"
        name = settings.name if is_profile else self.channel_id.sourcing
        brought = found.plan and found.plan.supply
        return f"sourcing={name}" + (f", {settings.source_fallback}" if brought else "")

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
        if plan.supply:
            return self._explain_supply(plan.supply, texts)
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

    def _write_allocation(self, parts, supplied=None):
        """:param parts: list of (warehouse id, list of splitting.Piece)
        :param supplied: supply.Supply, where some of it is brought or bought first"""
        by_line = defaultdict(list)
        for number, (warehouse_id, pieces) in enumerate(parts):
            for piece in pieces:
                by_line[piece.key].append([warehouse_id, number, float(piece.quantity)])
        main = parts[0][0]
        for line in self.sale_order_id.order_line:
            allocation = by_line.get(line.id)
            brought = supplied and supplied.pieces.get(line.id)
            if brought:
                allocation = self._mark_supply(allocation or [], brought, supplied, len(parts))
            plain = not allocation or (
                len(allocation) == 1 and allocation[0][1] == 0 and len(allocation[0]) == 3
            )
            vals = {
                "ecom_warehouse_id": allocation[0][0] if allocation else main,
                "ecom_allocation": False if plain else allocation,
            }
            if (
                line.ecom_warehouse_id.id != vals["ecom_warehouse_id"]
                or (line.ecom_allocation or False) != vals["ecom_allocation"]
            ):
                line.write(vals)

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
        choosing = self.filtered(lambda order: order.channel_id._plans_sources())
        plans = choosing._plan_sources() if choosing else {}
        covered = self.browse([order.id for order, found in plans.items() if found.plan])
        covered.write({"sourced_at": False})
        return covered | super(EcomOrder, self - choosing)._get_coverable()

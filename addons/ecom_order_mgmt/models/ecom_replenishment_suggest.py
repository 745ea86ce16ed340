import logging
from datetime import date, timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL, split_every

from ..concurrency import create_once
from ..tools.replenishment import classes, decide, sharing
from ..tools.replenishment.lead_time import LeadTime
from ..tools.replenishment.promotion import Promotion
from ..tools.replenishment.schedule import Calendar

_logger = logging.getLogger(__name__)

BATCH = 500
TRANSFER_DAYS = 2.0
SOON = timedelta(days=7)
WAITING = ("open", "postponed")


class _Case:
    """One product in one warehouse on its way to a suggestion."""

    __slots__ = (
        *("product", "warehouse", "forecast", "policy", "sellers", "pack", "source"),
        *("item", "rules", "service", "decision", "helped"),
    )

    @property
    def key(self):
        return (self.product.id, self.warehouse.id)


class EcomReplenishment(models.Model):
    _inherit = "ecom.replenishment"

    @api.model
    def _suggest(self, company, product_ids=None, progress=None):
        """Work out what to order for a company, and bring the waiting suggestions up to date.

        Runs as often as one likes: a suggestion that waits is corrected, not doubled.

        :param product_ids: only these products
        :param progress: called with (done, in all) after each batch; may commit
        :return: {'items', 'created', 'updated', 'expired', 'postponed', 'accepted'}
        """
        self = self.with_company(company).with_context(tracking_disable=True)
        today = fields.Date.context_today(self.with_context(tz=company.partner_id.tz or "UTC"))
        facts = self._company_facts(company, today)
        ids = self._products_to_look_at(company, facts["policies"], product_ids)
        counts = dict.fromkeys(("items", "created", "updated", "expired"), 0)
        done = 0
        for batch in split_every(BATCH, ids, list):
            products = self.env["product.product"].browse(batch)
            cases = self._cases(company, products, facts, today)
            for name, count in self._record(company, products, cases, today).items():
                counts[name] += count
            done += len(batch)
            if progress:
                progress(done, len(ids))
        counts["postponed"] = self._apply_budgets(company, facts["policies"])
        counts["accepted"] = self._accept_trusted(company, progress)
        return counts

    def _company_facts(self, company, today):
        """What all items of a company have in common, read once."""
        return {
            "policies": self.env["ecom.replenishment.policy"].sudo()._of_company(company),
            "warehouses": self.env["stock.warehouse"].search([("company_id", "=", company.id)]),
            "receipts": self._receipts(company),
            "snoozed": self._snoozed(company, today),
            "returned": self._returned_per_week(company, today),
            "calendars": {},
            "promotions": self._promotions(company, today),
            "calibration": self.env["ecom.forecast"]._calibration(company),
        }

    def _promotions(self, company, today):
        """:return: {product id: [(warehouse id or None, first day, last day, factor, name)]} of
        promotions that are not over"""
        found = {}
        # Whoever plans purchases need not be allowed to see promotions.
        rows = self.env["ecom.promotion"].sudo()._days_of(company, since=today)
        for product_id, place, first, last, uplift, name in rows:
            found.setdefault(product_id, []).append((place, first, last, 1 + uplift / 100.0, name))
        return found

    def _promotions_of(self, product, warehouse, promotions, start):
        """:param start: first day of the forecast
        :return: list of tools' Promotions of an item"""
        return [
            Promotion(name, (first - start).days, (last - start).days, factor)
            for place, first, last, factor, name in promotions.get(product.id, ())
            if not place or place == warehouse.id
        ]

    def _products_to_look_at(self, company, policies, product_ids):
        """:return: ids of products with a forecast, a policy of their own, or customers waiting"""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT product.id
                  FROM product_product product
                  JOIN product_template template ON template.id = product.product_tmpl_id
                 WHERE product.active AND template.is_storable
                   AND (template.company_id = %(company)s OR template.company_id IS NULL)
                   AND (product.id IN (SELECT product_id FROM ecom_forecast
                                        WHERE company_id = %(company)s)
                        OR product.id = ANY(%(own)s)
                        OR product.id IN (SELECT product_id FROM ecom_replenishment
                                           WHERE company_id = %(company)s
                                             AND state IN ('open', 'postponed'))
                        OR product.id IN (SELECT sol.product_id FROM ecom_order intake
                                            JOIN sale_order so ON so.id = intake.sale_order_id
                                            JOIN sale_order_line sol ON sol.order_id = so.id
                                           WHERE intake.company_id = %(company)s AND %(wanted)s)
                        OR product.id IN (SELECT product_id FROM stock_move
                                           WHERE company_id = %(company)s AND state IN
                                           ('waiting', 'confirmed', 'partially_available')))
                   AND %(scope)s
                 ORDER BY product.id
                """,
                company=company.id,
                own=policies.product_id.ids,
                wanted=self.env["ecom.demand"]._wanted_sql(),
                scope=SQL("TRUE")
                if product_ids is None
                else SQL("product.id = ANY(%s)", list(product_ids)),
            )
        )
        return [product_id for (product_id,) in rows]

    # === WORKING OUT === #

    def _cases(self, company, products, facts, today):
        """:return: the cases of some products in all warehouses of the company, decided"""
        stock = self._stock_facts(company, products.ids)
        requested = self._requested(company, products)
        habits = self._habits(company, products.ids)
        forecasts = {
            (f.product_id.id, f.warehouse_id.id): f
            for f in self.env["ecom.forecast"]
            .sudo()
            .search([("product_id", "in", products.ids), ("company_id", "=", company.id)])
        }
        makeable = self._boms(company, products)
        cases = []
        for product in products:
            sellers = self._sellers(product, company, today)
            offers, pack = self._offers(product, sellers, company, today)
            for warehouse in facts["warehouses"]:
                case = _Case()
                case.product, case.warehouse = product, warehouse
                known = stock.get(case.key, {"on_hand": 0.0, "owed": 0.0, "arrivals": {}})
                case.forecast = forecasts.get(case.key, self.env["ecom.forecast"])
                case.policy = facts["policies"]._choose(product, warehouse)
                own = case.policy.min_qty or case.policy.product_id
                if not (case.forecast or any(known.values()) or own):
                    continue
                case.sellers, case.pack, case.helped = sellers, pack, []
                bom = makeable.get(product)
                case.source = "make" if bom and not sellers else "buy"
                case.item = decide.Item(
                    points=case.forecast.points or [],
                    totals=[],
                    on_hand=known["on_hand"] - known["owed"],
                    reserved=known["owed"],
                    arrivals=_in_days(known["arrivals"], today),
                    requested=requested.get(case.key, 0.0),
                    returned=facts["returned"].get(case.key, 0.0),
                    lead_time=self._lead_time_of(case, bom, facts),
                    calendar=self._calendar_of(sellers, facts),
                    offers=offers if case.policy.use_price_breaks else _only_first(offers),
                    habit=habits.get(case.key, decide.Habit(1.0, 0)),
                    forecast=_record_of(case.forecast),
                )
                self._decide_case(case, facts, today)
                cases.append(case)
        self._help_each_other(cases, facts, today)
        return [case for case in cases if not facts["snoozed"].get(case.key)]

    def _decide_case(self, case, facts, today):
        case.service = self._service_of(case)
        totals = case.forecast.totals or {}
        case.item.totals = totals.get(_nearest(totals, case.service), [])
        case.item.promotions = self._promotions_of(
            case.product, case.warehouse, facts["promotions"], case.forecast.made_on or today
        )
        due = today + timedelta(days=round(case.item.lead_time.days))
        case.rules = case.policy._rules(case.service, due, facts["calibration"])
        case.rules.multiple = _common(
            case.rules.multiple, case.pack or (1.0 if _comes_in_pieces(case.product) else 0.0)
        )
        case.decision = decide.decide(case.item, case.rules, today)

    def _service_of(self, case):
        policy = case.policy
        if policy.service_mode == "fixed":
            return policy.service_level / 100.0
        if policy.service_mode == "margin":
            cost = case.product.standard_price
            return classes.service_level_by_margin(
                case.product.list_price - cost,
                cost,
                policy.holding_rate / 100.0,
                max(1, policy.cover_days),
            )
        return classes.service_level(case.forecast.abc or "C", case.forecast.xyz or "Z")

    def _lead_time_of(self, case, bom, facts):
        policy = case.policy
        if case.source == "make":
            listed = float(bom.produce_delay + bom.days_to_prepare_mo)
        else:
            seller = case.sellers[:1]
            listed = float(seller.delay + case.warehouse.company_id.days_to_purchase)
        if policy.lead_mode == "fixed":
            return LeadTime(policy.lead_days, 0.0, 0, None)
        if policy.lead_mode == "listed" or case.source == "make" or not case.sellers:
            return LeadTime(listed, 0.0, 0, listed)
        partner = case.sellers[0].partner_id
        return self._learn_lead_time(facts["receipts"], partner, case.product, listed)

    def _calendar_of(self, sellers, facts):
        if not sellers:
            return Calendar()
        partner = sellers[0].partner_id
        if partner not in facts["calendars"]:
            facts["calendars"][partner] = partner._ecom_calendar()
        return facts["calendars"][partner]

    def _boms(self, company, products):
        """:return: {product: bill of materials to make it by}"""
        if "mrp.bom" not in self.env:
            return {}
        # Planning needs no rights on manufacturing.
        found = (
            self.env["mrp.bom"].sudo()._bom_find(products, company_id=company.id, bom_type="normal")
        )
        return {product: bom for product, bom in found.items() if bom}

    def _help_each_other(self, cases, facts, today):
        """Transfers first: what a sister has above its reorder point is not bought."""
        by_product = {}
        for case in cases:
            by_product.setdefault(case.product, []).append(case)
        for product, group in by_product.items():
            if len(group) < 2 or not any(case.decision.need for case in group):
                continue
            by_place = {case.warehouse: case for case in group}
            takers = {
                place: case.decision.need
                for place, case in by_place.items()
                if case.decision.need and case.policy.transfer_first
                if not facts["snoozed"].get(case.key)
            }
            givers = {
                place: case.decision.surplus
                for place, case in by_place.items()
                if not case.decision.need
            }
            least = min((by_place[place].policy.transfer_min for place in takers), default=0.0)
            whole = 1.0 if _comes_in_pieces(product) else 0.0
            found = sharing.transfers(takers, givers, multiple=whole, least=least)
            for giver, taker, qty in found:
                by_place[taker].helped.append((giver, qty))
            for place in takers:
                case = by_place[place]
                if case.helped:
                    case.item.requested += sum(qty for _giver, qty in case.helped)
                    case.decision = decide.decide(case.item, case.rules, today)

    # === RECORDING === #

    def _record(self, company, products, cases, today):
        """Write what was worked out. :return: counts"""
        waiting = {
            (r.product_id.id, r.warehouse_id.id, r.source, r.source_warehouse_id.id): r
            for r in self.search(
                [
                    ("company_id", "=", company.id),
                    ("state", "in", WAITING),
                    ("product_id", "in", products.ids),
                ]
            )
        }
        creates, updated = [], 0
        for case in cases:
            for vals in self._prepare_case_vals(company, case, today):
                key = (
                    vals["product_id"],
                    vals["warehouse_id"],
                    vals["source"],
                    vals["source_warehouse_id"],
                )
                record = waiting.pop(key, None)
                if record is None:
                    creates.append(vals)
                    continue
                if record.product_id.uom_id.compare(record.qty, record.qty_suggested) != 0:
                    # A person has changed it already; only the figures around it are renewed.
                    vals.pop("qty")
                record.write({**vals, "state": "open"})
                updated += 1
        gone = self.browse([record.id for record in waiting.values()])
        gone.write({"state": "expired", "answer_reason": self.env._("The stock suffices by now.")})
        create_once(self, creates)
        return {
            "items": len(cases),
            "created": len(creates),
            "updated": updated,
            "expired": len(gone),
        }

    def _prepare_case_vals(self, company, case, today):
        """:return: list of vals of the suggestions of a case: transfers, and what is left to buy"""
        decision = case.decision
        base = {
            "product_id": case.product.id,
            "warehouse_id": case.warehouse.id,
            "company_id": company.id,
            "policy_id": case.policy.id,
            "forecast_id": case.forecast.id,
            "on_hand": case.item.on_hand,
            "incoming": sum(case.item.arrivals.values()),
            "reorder_point": decision.reorder_point,
            "order_up_to": decision.order_up_to,
            "safety": decision.safety,
            "service_level": case.service * 100.0,
            "abc": case.forecast.abc or "C",
            "xyz": case.forecast.xyz or "Z",
            "stockout_date": decision.stockout_day,
            "worked_at": fields.Datetime.now(),
        }
        reasons = [[code, _plain(figures)] for code, figures in decision.reasons]
        moved = sum(qty for _giver, qty in case.helped)
        inbound = base["incoming"] + case.item.requested - moved
        result = []
        for giver, qty in case.helped:
            arrival = today + timedelta(days=round(TRANSFER_DAYS))
            result.append(
                {
                    **base,
                    "source": "transfer",
                    "source_warehouse_id": giver.id,
                    "partner_id": False,
                    "qty": qty,
                    "qty_suggested": qty,
                    "qty_plain": qty,
                    "unit_cost": 0.0,
                    "order_date": today,
                    "arrival_date": arrival,
                    "urgency": _urgency(case.item.on_hand, decision.stockout_day, arrival),
                    "inbound": inbound,
                    "position": case.item.on_hand + inbound,
                    "reasons": [*reasons, ["transfer", {"warehouse": giver.name, "qty": qty}]],
                }
            )
        if decision.qty > 0:
            price = decision.price
            cost = float(price) if price is not None else case.product.standard_price
            rest = [["helped", {"qty": moved}]] if moved else []
            result.append(
                {
                    **base,
                    "source": case.source,
                    "source_warehouse_id": False,
                    "partner_id": case.sellers[:1].partner_id.id,
                    "qty": decision.qty,
                    "qty_suggested": decision.qty,
                    "qty_plain": decision.plain_qty,
                    "unit_cost": cost,
                    "order_date": decision.order_day,
                    "arrival_date": decision.arrival_day,
                    "urgency": _urgency(
                        case.item.on_hand, decision.stockout_day, decision.arrival_day
                    ),
                    "inbound": inbound,
                    "position": decision.position,
                    "reasons": [*reasons, *rest],
                }
            )
        return result

    # === BUDGET AND TRUST === #

    def _apply_budgets(self, company, policies):
        """Postpone what a policy's budget does not reach. :return: number of postponed ones"""
        postponed = 0
        for policy in policies.filtered("budget"):
            claimants = self.search(
                [("policy_id", "=", policy.id), ("state", "in", WAITING), ("source", "=", "buy")]
            )
            today = fields.Date.today()
            claims = [
                sharing.Claim(
                    record.id,
                    Decimal(str(record.cost)),
                    Decimal(str(record.qty * (record.product_id.list_price - record.unit_cost))),
                    (record.stockout_date - today).days if record.stockout_date else None,
                )
                for record in claimants
            ]
            paid, waits = sharing.within_budget(claims, Decimal(str(policy.budget)))
            self.browse(paid).write({"state": "open"})
            self.browse(waits).write({"state": "postponed"})
            postponed += len(waits)
        return postponed

    def _accept_trusted(self, company, progress):
        """Accept what the policies trust to go without a person. :return: number accepted"""
        candidates = self.search([("company_id", "=", company.id), ("state", "=", "open")])
        trusted = candidates.filtered(
            lambda r: r.policy_id._trusts(r.abc, r.cost)
            and (r.source != "buy" or r.partner_id)
            and r.order_date <= fields.Date.today()
        )
        count = 0
        for batch in split_every(100, trusted.ids, self.browse):
            count += len(batch._accept(automatic=True))
            if progress:
                progress(count, len(trusted))
        return count


def _in_days(arrivals, today):
    found = {}
    for day, qty in arrivals.items():
        number = max(0, (day - today).days)
        found[number] = found.get(number, 0.0) + qty
    return found


def _comes_in_pieces(product):
    """Whether there is no half of it: its unit is a number of pieces, no weight or length."""
    unit = product.uom_id
    while unit.relative_uom_id:
        unit = unit.relative_uom_id
    return unit == product.env.ref("uom.product_uom_unit", raise_if_not_found=False)


def _only_first(offers):
    """Without price breaks, the smallest quantity's price holds for all."""
    return [min(offers, key=lambda offer: offer.minimum)] if offers else []


def _record_of(forecast):
    if not forecast:
        return {}
    return {
        "method": forecast.method_words,
        "week": forecast.weekly_qty,
        "klass": forecast.demand_class,
        "rmsse": forecast.rmsse,
        "bias": forecast.bias,
        "weeks": forecast.weeks_known,
    }


def _nearest(totals, service):
    """:return: the key of the quantile at or above a service level (the highest, if none is)"""
    levels = sorted(totals, key=float)
    above = [level for level in levels if float(level) >= service - 1e-9]
    return above[0] if above else levels[-1] if levels else None


def _common(multiple, pack):
    """A multiple that whole packs make up."""
    if not multiple or not pack:
        return multiple or pack
    return -(-multiple // pack) * pack


def _urgency(on_hand, stockout, arrival):
    if on_hand <= 0:
        return "3"
    if stockout and stockout < arrival:
        return "2"
    return "1" if stockout and stockout < arrival + SOON else "0"


def _plain(figures):
    """:return: figures as JSON can keep them"""
    return {
        name: value.isoformat()
        if isinstance(value, date)
        else float(value)
        if isinstance(value, Decimal)
        else value
        for name, value in figures.items()
    }

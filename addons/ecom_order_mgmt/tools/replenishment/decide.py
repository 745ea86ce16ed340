"""One item's need, and how it came about.

:func:`decide` is the order of work; each step leaves a reason ``(code, figures)`` from which a
screen makes words. Codes are listed at :data:`REASONS`.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from .habits import Habit
from .lead_time import LeadTime
from .levels import levels, mean_over, stockout_day
from .promotion import Promotion, lift
from .quantity import (
    EPSILON,
    Offer,
    break_worth_taking,
    price_at,
    round_up,
    sellable_within,
)
from .schedule import Calendar

REASONS = (
    "forecast",  # method, week, klass, rmsse, bias
    "promotion",  # names, qty: what planned promotions add until the stock ordered now is gone
    "lead_time",  # days, spread, count, listed
    "protect",  # lead, review, demand
    "safety",  # mode, service, days, qty
    "calibrated",  # factor: of the forecast's margin, by how often earlier ones sufficed
    "minimum",  # qty: pieces always kept
    "season",  # factor
    "level",  # reorder_point, order_up_to
    "position",  # on_hand, incoming, requested, reserved, position
    "returns",  # qty: expected back in time
    "enough",  # the position is above the reorder point
    "need",  # qty = order_up_to - position
    "habit",  # factor, count
    "moq",  # minimum, multiple, carton, qty
    "break",  # qty, saving
    "shelf",  # days, qty
    "maximum",  # qty
    "end_of_life",  # day, qty
    "ended",  # nothing any more
    "closed",  # order day moved by the supplier's calendar
    "stockout",  # day, before: whether it comes before the order arrives
)


@dataclass(slots=True)
class Policy:
    """How an item is replenished; see the fields of ``ecom.replenishment.policy``."""

    service: float = 0.95
    safety_mode: str = "service"
    safety_days: float = 7
    safety_qty: float = 0.0
    review_days: int = 1
    cover_days: float = 30
    minimum: float = 0.0
    season_factor: float = 1.0
    moq: float = 0.0
    multiple: float = 0.0
    carton: float = 0.0
    maximum: float = 0.0
    shelf_days: int = 0
    end_of_life: object = None
    holding_rate: float = 0.25
    learn_habits: bool = True
    return_share: float = 0.0
    calibration: float = 1.0


@dataclass(slots=True)
class Item:
    """What is known of one product in one warehouse.

    :ivar points: expected demand per week
    :ivar totals: quantile of the demand of the first 1, 2, ... weeks, at the policy's service
    :ivar on_hand: what can be promised: on hand less reserved and still owed to customers
    :ivar arrivals: ``{days from today: quantity}`` ordered or on its way
    :ivar requested: in requests for quotation that are not confirmed yet
    :ivar returned: pieces per week that customers send back
    :ivar promotions: planned ones, with days counted from the first week of ``points``
    """

    points: list
    totals: list
    on_hand: float = 0.0
    reserved: float = 0.0
    arrivals: dict = field(default_factory=dict)
    requested: float = 0.0
    returned: float = 0.0
    lead_time: LeadTime = LeadTime(0.0, 0.0, 0, None)
    calendar: Calendar = Calendar()
    offers: list = field(default_factory=list)
    habit: Habit = Habit(1.0, 0)
    forecast: dict = field(default_factory=dict)
    promotions: list = field(default_factory=list)


@dataclass(slots=True)
class Decision:
    """:ivar qty: what to order, 0 = nothing
    :ivar plain_qty: the same before a habit was applied: what habits are measured against
    :ivar surplus: stock above the own reorder point, which a sister warehouse may have
    :ivar reasons: ``[(code, figures)]`` in the order of the work
    """

    qty: float
    plain_qty: float
    need: float
    surplus: float
    reorder_point: float
    order_up_to: float
    safety: float
    position: float
    order_day: object
    arrival_day: object
    stockout_day: object
    price: Decimal | None
    reasons: list


def decide(item, policy, today):
    """Return the :class:`Decision` about one item."""
    reasons = []

    def because(code, **figures):
        reasons.append((code, figures))

    if item.forecast:
        because("forecast", **item.forecast)
    lead = item.lead_time
    because("lead_time", days=lead.days, spread=lead.spread, count=lead.count, listed=lead.listed)
    order_day = item.calendar.next_order_day(today)
    if order_day != today:
        because("closed", day=order_day)
    lead_days, review_days = item.calendar.days_to_protect(today, lead.days, policy.review_days)
    usual = item.points
    points, totals = lift(item.points, item.totals, item.promotions)
    item = replace(item, points=points, totals=totals)
    span = lead_days + review_days + policy.cover_days
    more = mean_over(points, span) - mean_over(usual, span)
    if abs(more) > EPSILON:
        because("promotion", names=_names_within(item.promotions, span), qty=more)
    level = levels(
        item.points,
        item.totals,
        lead_days,
        lead.spread,
        review_days,
        policy.cover_days,
        service=policy.service,
        safety_mode=policy.safety_mode,
        safety_days=policy.safety_days,
        safety_qty=policy.safety_qty,
        season_factor=policy.season_factor,
        minimum=policy.minimum,
        calibration=policy.calibration,
    )
    if policy.season_factor != 1.0:
        because("season", factor=policy.season_factor)
    because("protect", lead=lead_days, review=review_days, demand=level.protected)
    because("safety", mode=policy.safety_mode, service=policy.service, qty=level.safety)
    if policy.safety_mode == "service" and abs(policy.calibration - 1.0) >= 0.02:
        because("calibrated", factor=policy.calibration)
    if policy.minimum and level.reorder_point <= policy.minimum:
        because("minimum", qty=policy.minimum)
    because("level", reorder_point=level.reorder_point, order_up_to=level.order_up_to)

    arrival_day = item.calendar.arrival(order_day, lead.days)
    incoming = sum(item.arrivals.values())
    back = policy.return_share * item.returned * (lead_days + review_days) / 7.0
    position = item.on_hand + incoming + item.requested + back
    because(
        "position",
        on_hand=item.on_hand,
        reserved=item.reserved,
        incoming=incoming,
        requested=item.requested,
        position=position,
    )
    if back > EPSILON:
        because("returns", qty=back)
    out_in = stockout_day(item.on_hand, item.arrivals, item.points)
    out_day = None if out_in is None else today + timedelta(days=out_in)

    qty, plain, need = 0.0, 0.0, 0.0
    if policy.end_of_life and policy.end_of_life <= today:
        because("ended", day=policy.end_of_life)
    elif position > level.reorder_point - EPSILON:
        because("enough", position=position, reorder_point=level.reorder_point)
    else:
        need = level.order_up_to - position
        because("need", qty=need)
        plain = _sellable(item, policy, need, position, today, None)
        qty = plain
        if policy.learn_habits and item.habit.factor != 1.0:
            because("habit", factor=item.habit.factor, count=item.habit.count)
            qty = _sellable(item, policy, need * item.habit.factor, position, today, because)
        else:
            qty = _sellable(item, policy, need, position, today, because)
    if out_day is not None:
        because("stockout", day=out_day, before=arrival_day > out_day)
    return Decision(
        qty=qty,
        plain_qty=plain,
        need=need,
        surplus=max(0.0, min(item.on_hand, position) - level.reorder_point),
        reorder_point=level.reorder_point,
        order_up_to=level.order_up_to,
        safety=level.safety,
        position=position,
        order_day=order_day,
        arrival_day=arrival_day,
        stockout_day=out_day,
        price=price_at(item.offers, qty or need),
        reasons=reasons,
    )


def _names_within(promotions, days):
    return ", ".join(dict.fromkeys(p.name for p in promotions if p.first <= days and p.last >= 0))


def _sellable(item, policy, need, position, today, because):
    """Return the quantity to order for a need; tell why through ``because`` if given."""
    because = because or _silently
    rate = mean_over(item.points, 28) / 28.0
    limit = policy.maximum
    if policy.end_of_life:
        left = mean_over(item.points, (policy.end_of_life - today).days)
        rest = max(0.0, left - position)
        if rest < need:
            because("end_of_life", day=policy.end_of_life, qty=rest)
            need = rest
    shelf = None
    if policy.shelf_days:
        shelf = sellable_within(rate, policy.shelf_days, position)
        if shelf < need:
            because("shelf", days=policy.shelf_days, qty=shelf)
            need = shelf
    least = max(policy.moq, min((offer.minimum for offer in item.offers), default=0.0))
    qty = round_up(need, least, policy.multiple, policy.carton)
    if qty > need + EPSILON:
        because("moq", minimum=least, multiple=policy.multiple, carton=policy.carton, qty=qty)
    better, saving = break_worth_taking(qty, item.offers, rate, policy.holding_rate)
    if saving > 0 and not policy.end_of_life and (shelf is None or better <= shelf):
        better = round_up(better, least, policy.multiple, policy.carton)
        because("break", qty=better, saving=saving)
        qty = better
    if limit and qty > limit:
        qty = round_up(qty, least, policy.multiple, policy.carton, limit)
        because("maximum", limit=limit, qty=qty)
    return qty


def _silently(_code, **_figures):
    """A second working of the same need tells nothing."""


__all__ = [
    "Decision", "Habit", "Item", "LeadTime", "Offer", "Policy", "Promotion", "REASONS", "decide",
]  # fmt: skip

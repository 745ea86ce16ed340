"""What would this policy have done: a replay day by day over a history of demand.

The policy sees only what was known on the day; orders take their lead time; what is missing is
lost (a shop's buyer goes elsewhere). Service is the share of the demanded pieces that were
there (fill rate), the share of days with demand on which all was there, and the share of weeks
in which nothing was missing.
"""

from dataclasses import dataclass, field

WEEK = 7


@dataclass(slots=True)
class Outcome:
    """What came of it; sums over items can be added by :func:`together`.

    :ivar stock_value: mean value on hand, at cost
    :ivar cycles: weeks; ``clean`` of them without a piece missing
    """

    demand: float = 0.0
    served: float = 0.0
    demand_days: int = 0
    full_days: int = 0
    stock_value: float = 0.0
    stock_qty: float = 0.0
    orders: int = 0
    ordered: float = 0.0
    stockout_days: int = 0
    cycles: int = 0
    clean: int = 0
    levels: list = field(default_factory=list)

    @property
    def fill_rate(self):
        return self.served / self.demand if self.demand > 0 else 1.0

    @property
    def day_service(self):
        return self.full_days / self.demand_days if self.demand_days else 1.0

    @property
    def cycle_service(self):
        return self.clean / self.cycles if self.cycles else 1.0


def replay(demand, policy, lead_times, *, on_hand=0.0, cost=1.0, trace=False):
    """Return the :class:`Outcome` of one item.

    :param demand: pieces per day
    :param policy: ``policy(day, position) -> quantity to order``; called every morning with the
        stock on hand and on order, after arrivals
    :param lead_times: ``lead_times(day) -> days`` of an order placed on that day, at least 0
    :param trace: keep the stock of every evening
    """
    outcome, arrivals, on_order = Outcome(), {}, 0.0
    missed = False
    total = 0.0
    for day, wanted in enumerate(demand):
        came = arrivals.pop(day, 0.0)
        if came:
            on_hand += came
            on_order -= came
        qty = policy(day, on_hand + on_order)
        if qty > 0:
            outcome.orders += 1
            outcome.ordered += qty
            due = day + max(0, round(lead_times(day)))
            if due <= day:
                on_hand += qty
            else:
                arrivals[due] = arrivals.get(due, 0.0) + qty
                on_order += qty
        wanted = max(0.0, wanted)
        served = min(wanted, on_hand)
        on_hand -= served
        if wanted > 0:
            outcome.demand += wanted
            outcome.served += served
            outcome.demand_days += 1
            if served + 1e-9 >= wanted:
                outcome.full_days += 1
            else:
                missed = True
        if on_hand <= 1e-9:
            outcome.stockout_days += 1
        total += on_hand
        if day % WEEK == WEEK - 1:
            outcome.cycles += 1
            outcome.clean += not missed
            missed = False
        if trace:
            outcome.levels.append(on_hand)
    days = len(demand) or 1
    outcome.stock_qty = total / days
    outcome.stock_value = total / days * float(cost)
    return outcome


def together(outcomes):
    """Return the sum of many items' outcomes."""
    result = Outcome()
    for one in outcomes:
        for name in Outcome.__dataclass_fields__:
            if name != "levels":
                setattr(result, name, getattr(result, name) + getattr(one, name))
    return result


def min_max(minimum, maximum):
    """Return the policy of a fixed minimum and maximum: Odoo's reordering rule."""
    return lambda day, position: maximum - position if position < minimum else 0.0


def by_levels(levels_at, review_days=1, rounded=lambda qty: qty):
    """Return the policy that orders up to a level.

    :param levels_at: ``levels_at(day) -> (reorder point, order-up-to level)``, from what was
        known before that day
    :param review_days: orders are looked at on every so many days
    :param rounded: makes a quantity that a supplier sells
    """

    def policy(day, position):
        if day % review_days:
            return 0.0
        reorder_point, order_up_to = levels_at(day)
        return rounded(order_up_to - position) if position < reorder_point else 0.0

    return policy

"""tools/replenishment: lead times, classes, levels, quantities, sharing, habits, history files.

Hand-worked examples, and properties that hold for every input (Hypothesis).
"""

import datetime
import doctest
import random
from decimal import Decimal
from importlib import import_module
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_order_mgmt")


def module(name):
    return import_module(f"ecom_order_mgmt_tools.replenishment.{name}")


classes, decide, habits, health = map(module, ("classes", "decide", "habits", "health"))
history, lead_time, levels = map(module, ("history", "lead_time", "levels"))
promotion, quantity = map(module, ("promotion", "quantity"))
schedule, sharing = map(module, ("schedule", "sharing"))
TODAY = datetime.date(2026, 3, 2)  # a Monday
amounts = st.floats(0, 1e5, allow_nan=False)


@pytest.mark.parametrize(
    "name", ["calibrate", "classes", "habits", "health", "levels", "promotion", "quantity"]
)
def test_examples_in_the_docstrings(name):
    found = doctest.testmod(module(name))
    assert found.attempted and not found.failed


# --- lead time


def test_lead_time_without_receipts_is_the_promise():
    learned = lead_time.learn([], 10)
    assert (learned.days, learned.count, learned.listed) == (10, 0, 10)
    assert learned.spread == pytest.approx(1.5)
    assert lead_time.learn([]).days == 0


def test_lead_time_is_drawn_from_the_promise_to_the_receipts():
    """Three receipts of 20 days against a promise of 10: half way."""
    assert lead_time.learn([20, 20, 20], 10).days == pytest.approx(15)
    many = lead_time.learn([20] * 17, 10)
    assert many.days == pytest.approx(20 * 0.85 + 10 * 0.15)
    assert many.late == 1


def test_one_lost_parcel_moves_neither_lead_time_nor_spread():
    usual = lead_time.learn([9, 10, 10, 11, 10, 10, 9])
    lost = lead_time.learn([9, 10, 10, 11, 10, 10, 200])
    assert usual.days == lost.days == 10
    assert lost.spread < 2


@settings(deadline=None)
@given(st.lists(st.integers(-5, 300), max_size=40), st.none() | st.integers(0, 120))
def test_lead_time_stays_within_what_was_seen(samples, listed):
    learned = lead_time.learn(samples, listed)
    seen = [days for days in samples if days >= 0]
    known = [*seen, *([listed] if listed is not None else [])] or [0]
    assert min(known) - 1e-9 <= learned.days <= max(known) + 1e-9
    assert learned.spread >= 0


# --- classes


@settings(deadline=None)
@given(st.dictionaries(st.integers(), amounts, min_size=1, max_size=60))
def test_abc_is_ordered_by_value(values):
    found = classes.abc(values)
    assert found.keys() == values.keys()
    ranked = sorted(values, key=lambda item: (-values[item], str(item)))
    letters = [found[item] for item in ranked]
    assert letters == sorted(letters)
    if any(values.values()):
        assert letters[0] == "A"


def test_newsvendor_service_level():
    """Margin 4, cost of holding a month 0.205: 4 / 4.205."""
    level = classes.service_level_by_margin(4, 10, 0.25, 30)
    assert level == pytest.approx(4 / (4 + 10 * 0.25 * 30 / 365))
    assert classes.service_level_by_margin(0, 10, 0.25, 30) == 0.5


# --- levels


def test_levels_by_hand():
    """70 a week, quantile of one week 100, lead 5 + review 2 days, cover 14 days."""
    found = levels.levels([70] * 8, [100] + [200] * 7, 5, 0, 2, 14)
    assert found.protected == pytest.approx(70)
    assert found.safety == pytest.approx(30)
    assert found.reorder_point == pytest.approx(100)
    assert found.order_up_to == pytest.approx(240)


def test_late_suppliers_add_to_safety():
    """Rate 10 a day, spread of 3 days: z x 10 x 3, squared and added to the forecast's own."""
    found = levels.levels([70] * 8, [100] * 8, 5, 3, 2, 14, service=0.95)
    late = NormalDist().inv_cdf(0.95) * 10 * 3
    assert found.safety == pytest.approx((30**2 + late**2) ** 0.5)


def test_other_modes_of_safety():
    by_days = levels.levels([70] * 8, [100] * 8, 5, 3, 2, safety_mode="days", safety_days=7)
    assert by_days.safety == pytest.approx(70)
    fixed = levels.levels([70] * 8, [100] * 8, 5, 3, 2, safety_mode="fixed", safety_qty=12)
    assert fixed.safety == 12
    kept = levels.levels([0] * 8, [0] * 8, 5, minimum=3)
    assert kept.reorder_point == kept.order_up_to == 3


weeks = st.lists(st.floats(0, 1e4), min_size=1, max_size=20)


@settings(deadline=None)
@given(weeks, st.floats(0, 200), st.floats(0, 200))
def test_mean_adds_up_over_time(points, days, more):
    first, both = levels.mean_over(points, days), levels.mean_over(points, days + more)
    assert both >= first - 1e-6
    whole = levels.mean_over(points, 7 * len(points))
    assert whole == pytest.approx(sum(points), rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(weeks, st.floats(0.5, 3), st.integers(0, 60), st.floats(0, 10), st.floats(0.1, 50))
def test_levels_scale_with_demand(points, surprise, lead, spread, factor):
    """Demand in dozens gives levels in dozens."""
    running = 0.0
    totals = []
    for point in points:
        running += point
        totals.append(running * surprise)
    one = levels.levels(points, totals, lead, spread)
    scaled = levels.levels([p * factor for p in points], [t * factor for t in totals], lead, spread)
    for name in ("protected", "safety", "reorder_point", "order_up_to"):
        assert getattr(scaled, name) == pytest.approx(getattr(one, name) * factor, abs=1e-6)
    assert one.safety >= 0 and one.reorder_point <= one.order_up_to


@given(
    st.lists(st.floats(0, 500), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(-10, 90), st.integers(0, 30), st.floats(0.5, 4)), max_size=4),
)
def test_promotions_lift_what_they_cover_and_nothing_else(points, planned):
    promotions = [
        promotion.Promotion(str(n), first, first + days, factor)
        for n, (first, days, factor) in enumerate(planned)
    ]
    totals = [sum(points[: n + 1]) * 1.3 for n in range(len(points))]
    lifted, raised = promotion.lift(points, totals, promotions)
    # Each promotion alone, and nothing beyond the strongest of a week.
    for week, (before, after) in enumerate(zip(points, lifted, strict=True)):
        touching = [p for p in promotions if p.first < 7 * week + 7 and p.last >= 7 * week]
        factors = [p.factor for p in touching] or [1.0]
        assert before * min(1, *factors) - 1e-6 <= after <= before * max(1, *factors) + 1e-6
    # The margin over the expected total keeps its share.
    for n, total in enumerate(raised):
        assert total == pytest.approx(1.3 * sum(lifted[: n + 1]), abs=1e-6)


def test_stockout_day():
    assert levels.stockout_day(20, {}, [70]) == 2
    assert levels.stockout_day(20, {1: 15}, [70]) == 4
    assert levels.stockout_day(0, {}, [70]) == 0
    assert levels.stockout_day(5, {}, [0]) is None
    assert levels.stockout_day(-3, {-2: 10}, [7]) == 7, "what is late comes today"


# --- supplier's calendar


def test_calendar_skips_days_and_holidays():
    closed = (datetime.date(2026, 3, 4), datetime.date(2026, 3, 10))
    calendar = schedule.Calendar((2,), (closed,))  # Wednesdays
    assert calendar.next_order_day(TODAY) == datetime.date(2026, 3, 11)
    assert calendar.arrival(TODAY, 3) == datetime.date(2026, 3, 12), "seven days closed"
    lead, review = calendar.days_to_protect(TODAY, 3, 1)
    assert (lead, review) == (12, 7), "the next Wednesday's order comes a week later"
    with pytest.raises(ValueError, match="no day"):
        schedule.Calendar((), ((TODAY, datetime.date(2036, 1, 1)),)).next_order_day(TODAY)


# --- quantity


@settings(max_examples=300, deadline=None)
@given(
    st.floats(0, 1e4),
    st.integers(0, 500),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 2000),
)
def test_quantities_can_be_ordered(need, minimum, multiple, carton, maximum):
    qty = quantity.round_up(need, minimum, multiple, carton, maximum)
    if qty:
        assert qty >= minimum - 1e-6
        for step in filter(None, (multiple,)):
            assert abs(qty / step - round(qty / step)) < 1e-6 or not carton
        if carton and not multiple:
            assert abs(qty / carton - round(qty / carton)) < 1e-6
        if maximum:
            assert qty <= maximum + 1e-6
        else:
            assert qty >= need - 1e-3
            step = quantity._step(multiple, carton) or 0
            assert qty < max(need, minimum) + max(step, 1e-3) + 1e-3
    elif not maximum:
        assert need <= 1e-6


def test_price_break_is_taken_when_it_pays():
    """80 needed at 10; from 100 on 9: saves 100, holds 20 pieces for (80 + 10) / 2 = 45 days."""
    offers = [quantity.Offer(1, Decimal(10)), quantity.Offer(100, Decimal(9))]
    qty, saving = quantity.break_worth_taking(80, offers, 2, 0.25)
    assert qty == 100
    assert saving == pytest.approx(Decimal(100) - Decimal("9") * Decimal(20 * 0.25 * 45 / 365))
    slow = quantity.break_worth_taking(80, offers, 0.01, 0.25)
    assert slow == (80, 0), "20 pieces would lie for years"
    assert quantity.price_at(offers, 99) == 10
    assert quantity.price_at(offers, 100) == 9
    assert quantity.price_at(offers, 0.5) == 10
    assert quantity.price_at([], 5) is None


# --- sharing


def test_transfers_by_hand():
    found = sharing.transfers({"north": 10, "south": 4}, {"east": 8, "west": 5}, multiple=2)
    assert found == [("east", "north", 8), ("west", "north", 2), ("west", "south", 2)]
    assert sharing.transfers({"north": 3}, {"east": 8}, least=5) == []


places = st.dictionaries(st.sampled_from("ABCDEF"), st.floats(0, 500), max_size=6)


@settings(deadline=None)
@given(places, places, st.integers(0, 12))
def test_transfers_never_give_or_get_too_much(needs, surpluses, multiple):
    given_by, got = {}, {}
    for giver, taker, qty in sharing.transfers(needs, surpluses, multiple):
        assert giver != taker and qty > 0
        given_by[giver] = given_by.get(giver, 0) + qty
        got[taker] = got.get(taker, 0) + qty
    assert all(qty <= surpluses[place] + 1e-3 for place, qty in given_by.items())
    assert all(qty <= needs[place] + 1e-3 for place, qty in got.items())


def test_budget_goes_where_it_earns():
    claims = [
        sharing.Claim("poor", Decimal(100), Decimal(10)),
        sharing.Claim("rich", Decimal(100), Decimal(90), 20),
        sharing.Claim("urgent", Decimal(100), Decimal(90), 2),
        sharing.Claim("small", Decimal(50), Decimal(1)),
    ]
    assert sharing.within_budget(claims, Decimal(250)) == (["urgent", "rich", "small"], ["poor"])


money = st.decimals(0, 10**6, places=2)


@settings(deadline=None)
@given(st.lists(st.tuples(money, money), max_size=30), money)
def test_budget_is_kept(pairs, budget):
    claims = [sharing.Claim(n, cost, margin) for n, (cost, margin) in enumerate(pairs)]
    paid, waiting = sharing.within_budget(claims, budget)
    assert sum((claims[n].cost for n in paid), Decimal(0)) <= budget
    assert sorted(paid + waiting) == list(range(len(claims)))


# --- habits


def test_habits():
    assert habits.learn([(10, 12), (10, 10), (10, 12)]).factor == 1, "no clear direction"
    assert habits.learn([(10, 12), (10, 12)]).factor == 1, "too few"
    assert habits.learn([(10, 8), (20, 16), (5, 4)]).factor == 0.8
    assert habits.learn([(10, 0)] * 3).refused
    assert habits.learn([(10, 90)] * 4).factor == 3, "bounded"


# --- health


def stock(**values):
    return health.Stock(**{"on_hand": 10, "rate": 1, "idle_days": 1, "age_days": 20, **values})


def test_health_states_and_proposals():
    assert health.state_of(stock()) == "healthy"
    assert health.state_of(stock(on_hand=0)) == "none"
    assert health.state_of(stock(rate=0.1)) == "excess"
    assert health.state_of(stock(rate=0.01)) == "slow"
    dead = stock(rate=0, idle_days=400, age_days=500)
    assert health.state_of(dead) == "dead"
    assert health.state_of(stock(rate=0, idle_days=None, age_days=5)) == "new"
    assert health.proposal(stock()) == "keep"
    assert health.proposal(dead) == "write_down"
    assert health.proposal(stock(rate=0.01, margin_rate=0.4)) == "promotion"
    assert health.proposal(stock(rate=0.01, returnable=True)) == "return"
    assert health.proposal(stock(rate=0.01, elsewhere=3)) == "transfer"


# --- history


def test_weeks_with_stockouts_and_promotions():
    weeks = {0: (14, 0, 0), 1: (8, 0, 3), 2: (2, 0, 6), 3: (70, 70, 0), 4: (7, 7, 0)}
    assert history.weekly(6, weeks) == [14, 14, None, None, 7, 0]


def test_read_long_and_wide_files():
    long = "Day;Warehouse;SKU;Qty\n01.05.2026;WH;A;1,5\n13.05.2026;;B;x\n14.05.2026;;;1\n"
    rows, problems = history.read_history(long.encode())
    assert rows == [("A", "WH", datetime.date(2026, 5, 1), 1.5)]
    assert problems == [(3, "cell", ""), (4, "no_item", "")]
    wide = "date,A,B\n2026-05-01,1,\n2026-05-08,3,-2\n2026-05-15,7,14\n"
    rows, problems = history.read_history(wide.encode("utf-8-sig"))
    assert not problems and len(rows) == 5
    assert ("B", None, datetime.date(2026, 5, 8), -2) in rows
    spread = history.spread(rows)
    assert len(spread) == 35
    assert sum(qty for item, _w, _d, qty in spread if item == "A") == pytest.approx(11)
    for bad, code in (
        ("", "no_rows"),
        ("a,b\n", "no_rows"),
        ("sku,qty\nA,1\n", "no_date_column"),
        ("date,A\nnever,1\n", "dates_unreadable"),
    ):
        with pytest.raises(history.HistoryFileError) as caught:
            history.read_history(bad.encode())
        assert caught.value.code == code


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(content):
    try:
        rows, problems = history.read_history(content)
    except history.HistoryFileError:
        return
    assert isinstance(rows, list) and isinstance(problems, list)


# --- the whole decision


def item(**values):
    base = {
        "points": [70.0] * 8,
        "totals": [70.0 * (n + 1) + 30 for n in range(8)],
        "on_hand": 50,
        "lead_time": lead_time.LeadTime(6, 0, 5, 6),
        "offers": [quantity.Offer(1, Decimal(4))],
    }
    return decide.Item(**{**base, **values})


def codes(decision):
    return [code for code, _figures in decision.reasons]


def test_decision_by_hand():
    """6 + 1 days: 70 + 30 = reorder point 100; up to 100 + 30 days x 10 = 400; 50 there."""
    found = decide.decide(item(), decide.Policy(), TODAY)
    assert (found.reorder_point, found.order_up_to, found.qty) == (100, 400, 350)
    assert found.arrival_day == TODAY + datetime.timedelta(days=6)
    assert found.stockout_day == TODAY + datetime.timedelta(days=5)
    assert dict(found.reasons)["stockout"]["before"], "the order comes a day too late"
    assert found.price == 4
    assert set(codes(found)) <= set(decide.REASONS)


def test_what_is_ordered_already_is_not_ordered_again():
    for extra in ({"arrivals": {3: 60}}, {"requested": 60}, {"on_hand": 110}):
        found = decide.decide(item(**extra), decide.Policy(), TODAY)
        assert found.qty == 0 and "enough" in codes(found)


def test_backorders_are_owed():
    found = decide.decide(item(on_hand=-40), decide.Policy(), TODAY)
    assert found.qty == 440


def test_habit_end_of_life_shelf_and_maximum():
    habit = habits.Habit(1.2, 4)
    found = decide.decide(item(habit=habit), decide.Policy(multiple=10), TODAY)
    assert (found.plain_qty, found.qty) == (350, 420)
    end = TODAY + datetime.timedelta(days=14)
    found = decide.decide(item(), decide.Policy(end_of_life=end), TODAY)
    assert found.qty == 90, "140 more will be sold, 50 are there"
    found = decide.decide(item(), decide.Policy(end_of_life=TODAY), TODAY)
    assert found.qty == 0 and "ended" in codes(found)
    assert decide.decide(item(), decide.Policy(shelf_days=20), TODAY).qty == 150
    assert decide.decide(item(), decide.Policy(maximum=120, multiple=50), TODAY).qty == 100
    less = decide.decide(item(returned=35), decide.Policy(return_share=0.5), TODAY)
    assert less.qty == pytest.approx(350 - 17.5)


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 500), min_size=1, max_size=12),
    st.floats(-200, 2000),
    st.integers(0, 40),
    st.integers(0, 50),
    st.integers(0, 30),
)
def test_decisions_hold_together(points, on_hand, lead, moq, multiple):
    running, totals = 0.0, []
    for point in points:
        running += point
        totals.append(running * 1.4)
    policy = decide.Policy(moq=moq, multiple=multiple)
    one = item(
        points=points,
        totals=totals,
        on_hand=on_hand,
        lead_time=lead_time.LeadTime(lead, 1, 3, lead),
    )
    found = decide.decide(one, policy, TODAY)
    assert found.qty >= 0
    if found.qty:
        assert found.position < found.reorder_point + 1e-6
        after = item(
            points=points,
            totals=totals,
            on_hand=on_hand,
            lead_time=one.lead_time,
            requested=found.qty,
        )
        again = decide.decide(after, policy, TODAY)
        assert again.qty == 0, "accepted once, nothing more is asked for"
    assert all(isinstance(code, str) and isinstance(fig, dict) for code, fig in found.reasons)


# --- replay


def test_replay_by_hand():
    replay = module("replay")
    demand = [5] * 10
    out = replay.replay(demand, replay.min_max(8, 20), lambda day: 2, on_hand=10, trace=True)
    # 15 ordered on days 1 and 5, for days 3 and 7: nothing is there on days 2 and 6.
    assert out.levels == [5, 0, 0, 10, 5, 0, 0, 10, 5, 0]
    assert out.demand == 50 and out.served == 40
    assert out.fill_rate == pytest.approx(0.8)
    with_stock = replay.replay(demand, replay.min_max(0, 0), lambda day: 2, on_hand=50)
    assert with_stock.fill_rate == 1 and with_stock.orders == 0


@settings(deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=80), st.integers(0, 9), st.floats(0, 300))
def test_replay_neither_loses_nor_makes_pieces(demand, lead, start):
    replay = module("replay")
    generator = random.Random(7)
    out = replay.replay(
        demand,
        replay.min_max(50, 120),
        lambda day: generator.randint(0, lead),
        on_hand=start,
        trace=True,
    )
    assert 0 <= out.served <= out.demand + 1e-6
    assert min(out.levels) >= -1e-9
    assert out.levels[-1] <= start + out.ordered - out.served + 1e-6

"""tools/replenishment: calibration and simulation of policies over many items."""

import random
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_order_mgmt")
calibrate = import_module("ecom_order_mgmt_tools.replenishment.calibrate")
replay = import_module("ecom_order_mgmt_tools.replenishment.replay")
simulate = import_module("ecom_order_mgmt_tools.replenishment.simulate")


@settings(deadline=None)
@given(st.floats(0.5, 3), st.integers(0, 500), st.integers(0, 500), st.floats(0.5, 0.995))
def test_calibration_goes_the_right_way_and_stays_bounded(factor, kept, broken, service):
    found = calibrate.corrected(factor, kept, broken, service)
    assert 0.5 <= found <= 3
    if kept + broken >= calibrate.LEAST:
        share = broken / (kept + broken)
        if share > 1 - service + 1e-9:
            assert found >= factor
        elif share < 1 - service - 1e-9:
            assert found <= factor
    else:
        assert found == factor


def test_calibration_settles_where_the_promise_is_kept():
    """Errors are twice as wide as the back-test says: the factor that is right is 2."""
    generator = random.Random(3)
    factor = 1.0
    for _week in range(150):
        broken = sum(generator.gauss(0, 2) > 1.645 * factor for _item in range(400))
        factor = calibrate.corrected(factor, 400 - broken, broken, 0.95)
    assert factor == pytest.approx(2.0, rel=0.15)


def shop(items=40, days=300, growth=0.0):
    generator = random.Random(5)
    return {
        f"I{n}": simulate.Article(
            [max(0.0, round(generator.gauss(4 + growth * day, 2))) for day in range(days)],
            cost=2.0,
        )
        for n in range(items)
    }


def run(articles, service, calibrated=True):
    settings = simulate.Settings(210, cover_days=0, horizon=4)
    forecasts = list(simulate.rolling_forecasts(articles, settings, (0.8, 0.95)))
    table = simulate.level_table(articles, forecasts, settings, service, calibrated)
    return table, replay.together(simulate.replay_levels(articles, table, settings).values())


def test_weeks_before_a_day():
    assert simulate.weekly_before([1] * 20, 17) == [7, 7]
    assert simulate.weekly_before([1] * 20, 6) == []


def test_steady_shop_reaches_its_target():
    articles = shop()
    _table, high = run(articles, 0.95)
    _table, low = run(articles, 0.8)
    assert high.cycle_service == pytest.approx(0.95, abs=0.04)
    assert low.cycle_service < high.cycle_service
    assert low.stock_value < high.stock_value
    assert high.fill_rate > 0.98


def test_levels_know_nothing_of_the_future():
    """Changing what comes after a week changes no level up to it."""
    articles = shop(items=12)
    table, _total = run(articles, 0.95)
    for article in articles.values():
        article.demand[252:] = [50.0] * len(article.demand[252:])
    changed, _total = run(articles, 0.95)
    for item, levels in table.items():
        for day, level in levels.items():
            if day <= 252:
                assert changed[item][day] == level
    assert any(changed[item][273] != table[item][273] for item in table)


def test_rules_and_recent_sales():
    articles = shop(items=5)
    settings = simulate.Settings(210, cover_days=0)
    assert simulate.replay_rules(articles, settings) == {}
    articles["I0"].minimum, articles["I0"].maximum = 60, 90
    (only,) = simulate.replay_rules(articles, settings).values()
    assert only.fill_rate > 0.9
    few = simulate.replay_recent_sales(articles, settings, 30, 14, 0.5)
    many = simulate.replay_recent_sales(articles, settings, 30, 14, 2.0)
    assert replay.together(few.values()).fill_rate < replay.together(many.values()).fill_rate

"""Properties of the whole forecast: choice, combination, quantiles, plan, siblings."""

import datetime
import importlib
import json
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_order_mgmt")
PACKAGE = "ecom_order_mgmt_tools.forecast"
fc = importlib.import_module(PACKAGE)
backtest = importlib.import_module(f"{PACKAGE}.backtest")
choice = importlib.import_module(f"{PACKAGE}.choice")
engine = importlib.import_module(f"{PACKAGE}.engine")
panel = importlib.import_module(f"{PACKAGE}.panel")
quantiles = importlib.import_module(f"{PACKAGE}.quantiles")
run = importlib.import_module(f"{PACKAGE}.run")
series = importlib.import_module(f"{PACKAGE}.series")
weights = importlib.import_module(f"{PACKAGE}.weights")

demand = st.one_of(st.none(), st.just(0.0), st.integers(-3, 60).map(float))
histories = st.lists(demand, min_size=0, max_size=40)


def shop(count, length=40, seed=1, period=None):
    """Return made-up sparse demand of ``count`` items, seasonal if ``period`` is given."""
    rng, result = random.Random(seed), {}
    for number in range(count):
        level = rng.choice((0.3, 1, 4, 15))
        values = []
        for t in range(length):
            high = period and t % period < period // 2
            mean = level * ((1.8 if high else 0.2) if period else 1)
            values.append(float(sum(rng.random() < mean / 20 for _chance in range(20))))
        result[f"item {number}"] = values
    return result


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(1, 9), st.sampled_from([None, 4, (4, 12)]))
def test_any_history_gives_a_sane_forecast(history, horizon, season):
    found = fc.forecast(history, horizon, season)
    assert len(found.points) == horizon
    assert all(0 <= point < 1e4 for point in found.points)
    for q in (0.5, 0.9, 0.95):
        assert len(found.quantiles[q]) == len(found.cumulative_quantiles[q]) == horizon
    for low, high in ((0.5, 0.9), (0.9, 0.95)):
        for bands in (found.quantiles, found.cumulative_quantiles):
            assert all(a <= b for a, b in zip(bands[low], bands[high], strict=True))
    reserve = found.cumulative_quantiles[0.95]
    assert all(a <= b for a, b in zip(reserve, reserve[1:], strict=False))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 30).map(float), min_size=10, max_size=40), st.sampled_from([10, 0.5])
)
def test_scale(history, factor):
    one = fc.forecast(history, 4, 4)
    other = fc.forecast([value * factor for value in history], 4, 4)
    assert other.points == pytest.approx([p * factor for p in one.points], rel=1e-6, abs=1e-9)
    for q, band in one.cumulative_quantiles.items():
        expected = [value * factor for value in band]
        assert other.cumulative_quantiles[q] == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("history", [[], [None, None], [0] * 30, [0.0]])
def test_nothing_sold_forecasts_nothing(history):
    found = fc.forecast(history, 3)
    assert found.points == [0, 0, 0]
    assert found.quantiles[0.95] == found.cumulative_quantiles[0.95] == [0, 0, 0]


def test_one_observation():
    found = fc.forecast([5], 2)
    assert found.points == [5, 5]
    assert found.cumulative_quantiles[0.95][1] > 10
    assert found.quality.rmsse is None


def test_constant_demand_is_certain():
    found = fc.forecast([7] * 30, 3)
    assert found.points == [7, 7, 7]
    assert found.cumulative_quantiles[0.95] == [7, 14, 21]


def test_stock_out_is_not_zero_demand():
    sold_out = [6.0, 7.0, 5.0, 6.0] * 6 + [None] * 6
    zero = [6.0, 7.0, 5.0, 6.0] * 6 + [0.0] * 6
    assert fc.forecast(sold_out, 1).points[0] == pytest.approx(6, abs=0.5)
    assert fc.forecast(zero, 1).points[0] < 3


def test_negative_corrections_do_not_give_negative_demand():
    found = fc.forecast([1, -5, 0, -3, 1, -6] * 5, 4)
    assert found.points == [0, 0, 0, 0]


def test_season_is_found_and_continued():
    items = shop(60, length=48, period=12)
    result = fc.forecast_many(items, 12, 12)
    points = [sum(f.points[h] for f in result.forecasts.values()) for h in range(12)]
    assert min(points[:6]) > 3 * max(points[6:])


def test_pool_forecasts_better_than_each_simple_method():
    """Also the honesty of the back-test: the demand to come is only used to judge."""
    items = shop(300, length=60, seed=7)
    train = {key: values[:48] for key, values in items.items()}
    found = fc.forecast_many(train, 12).forecasts
    simple = {window: dict.fromkeys(train) for window in (4, 13)}
    for key, values in train.items():
        for window, forecasts in simple.items():
            forecasts[key] = [sum(values[-window:]) / window] * 12
    ours = _rmsse(items, {key: f.points for key, f in found.items()})
    assert all(ours < _rmsse(items, forecasts) for forecasts in simple.values())


def _rmsse(items, points):
    scores = []
    for key, values in items.items():
        scale = series.naive_scale(values[:48])
        if scale:
            errors = [a - p for a, p in zip(values[48:], points[key], strict=True)]
            scores.append((sum(e * e for e in errors) / 12 / scale) ** 0.5)
    return sum(scores) / len(scores)


def test_quantiles_cover_what_they_say():
    items = shop(400, length=52, seed=3)
    train = {key: values[:44] for key, values in items.items()}
    found = fc.forecast_many(train, 8, quantiles=(0.8, 0.95)).forecasts
    for q in (0.8, 0.95):
        within = [sum(items[key][44:]) <= found[key].cumulative_quantiles[q][-1] for key in items]
        assert sum(within) / len(within) == pytest.approx(q, abs=0.06)


def test_order_and_company_of_items_do_not_matter_for_a_plan():
    items = shop(40)
    plan = fc.forecast_many(items, 6).plan
    alone = fc.forecast(items["item 3"], 6, plan=plan)
    together = fc.forecast_many(dict(reversed(items.items())), 6, plan=fc.Plan(plan.pool))
    assert alone.points == pytest.approx(together.forecasts["item 3"].points)


def test_plan_survives_json_and_needs_no_back_test():
    items = shop(40, period=4)
    first = fc.forecast_many(items, 6, 4)
    plan = fc.Plan.from_dict(json.loads(json.dumps(first.plan.to_dict())))
    second = fc.forecast_many(items, 6, 4, plan=plan)
    for key, forecast in first.forecasts.items():
        assert second.forecasts[key].points == pytest.approx(forecast.points)
        assert second.forecasts[key].quantiles[0.95] == pytest.approx(forecast.quantiles[0.95])
    items["new"] = [1.0, 2.0, 1.0]
    assert "new" in fc.forecast_many(items, 6, 4, plan=plan).plan.choices
    with pytest.raises(fc.ForecastInputError, match="another horizon"):
        fc.forecast_many(items, 7, 4, plan=plan)


def test_blocks_give_the_same_result(monkeypatch):
    items = shop(230, length=30)
    one = fc.forecast_many(items, 4)
    monkeypatch.setattr(run, "BLOCK", 1000)
    two = fc.forecast_many(items, 4)
    for key, forecast in one.forecasts.items():
        assert two.forecasts[key].points == pytest.approx(forecast.points, rel=1e-9)
        assert two.forecasts[key].quality.rmsse == pytest.approx(forecast.quality.rmsse, rel=1e-9)


def test_younger_items_keep_their_place_in_the_season():
    items = shop(60, length=48, period=12)
    items["young"] = items["item 2"][5:]
    result = fc.forecast_many(items, 12, 12)
    old, young = result.forecasts["item 2"], result.forecasts["young"]
    assert young.points == pytest.approx(old.points, rel=0.5, abs=0.5)


def test_new_product_by_siblings():
    items = {"a": [10.0, 12.0] * 15, "b": [20.0, 18.0] * 15, "new": [30.0, 30.0], "unborn": []}
    siblings = {"new": ["a", "b"], "unborn": ["a"], "a": []}
    found = fc.forecast_many(items, 3, siblings=siblings).forecasts
    # Siblings sold 15 on average, the new one 30 in two periods: (2 * 2 + 4) / (2 + 4).
    only_b = (2 * 30 / 19 + 4) / 6
    assert found["new"].method == "sibling"
    assert found["new"].points == pytest.approx([p * only_b for p in found["b"].points])
    assert found["unborn"].method == "none"  # its only sibling waits for siblings itself
    assert found["new"].cumulative_quantiles[0.95][2] > found["b"].cumulative_quantiles[0.95][2]


def test_leap_day_is_irrelevant_to_a_yearly_season():
    def summer(day):
        return 10.0 if day.month in (6, 7, 8) else 2.0

    for start in (datetime.date(2021, 1, 1), datetime.date(2022, 1, 1)):
        days = [start + datetime.timedelta(days=t) for t in range(3 * 365 + 150)]
        history = [summer(day) for day in days]
        phases = {365: fc.calendar_phases(start, len(days) + 5, 365)}
        found = fc.forecast(history, 5, 365, phases=phases)
        turn = next(t for t in range(150, 160) if history[365 + t] == 10.0) - 150
        assert sum(found.points[turn:]) >= sum(found.points[:turn])


def evaluation_of(actuals, levels, scale, items=1):
    """Return the back-test of equal items with one window of known actuals."""
    values = np.array(actuals)[None, :, None]
    windows = backtest.Windows.of_known(
        np.repeat(values, items, axis=2),
        np.ones((1, len(actuals), items)),
        np.ones((1, items), dtype=bool),
        np.full((1, items), 0.5),
    )
    levels = np.tile(np.array(levels)[:, None, None], (1, 2, items))
    shapes = np.zeros((0, 2, len(actuals), items))
    errors = windows.errors(levels[:, :-1], shapes[:, :-1])
    return backtest.Evaluation(windows, np.full(items, scale), levels, shapes, *errors)


def test_combination_weights_recover_the_better_method():
    """Two candidates, one right and one twice too high: the fit takes the first."""
    normal = weights.Normal(2)
    evaluation = evaluation_of([4.0, 6.0], [5.0, 10.0], 4.0, 3000)
    assert evaluation.squares[:, 0, 0].tolist() == [2.0, 52.0]
    assert evaluation.totals[:, 0, 0].tolist() == [0.0, -10.0]
    normal.add(evaluation, 0)
    found = normal.solve(np.array([0.5, 0.5]))
    assert found[0] > 0.75
    assert found[1] < 0.15


def test_without_evidence_the_prior_stays():
    prior = np.array([0.5, 0.5])
    assert weights.Normal(2).solve(prior).tolist() == prior.tolist()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(0, 10**6))
def test_least_squares_without_negative_weights_is_the_optimum(size, seed):
    """Kuhn and Tucker's conditions: no slope where a weight is positive, none down at 0."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(size + 3, size))
    matrix, vector = rows.T @ rows + 0.01 * np.eye(size), rng.normal(size=size)
    free = rng.random(size) < 0.8
    found = weights.least_squares(matrix, vector, free)
    slope = vector - matrix @ found
    assert (found >= 0).all()
    assert not found[~free].any()
    assert slope[found > 0] == pytest.approx(0, abs=1e-8)
    assert (slope[free] <= 1e-8).all()


def test_window_errors_of_level_and_path_agree():
    history = panel.Panel([np.array([9.0, 9.0, 9.0, 9.0, 4.0, np.nan, 1.0])])
    windows = backtest.Windows.of(history, [4, 5], 3)
    assert windows.counts[:, 0].tolist() == [2, 1]
    for errors in (
        windows.level_errors(np.array([[2.0], [2.0]])),
        windows.path_errors(np.array([2.0, 9.0, 2.0, 9.0, 2.0, 9.0]).reshape(2, 3, 1)),
    ):
        assert [found[0, 0] for found in errors] == pytest.approx([5.0, 1.0])
    assert windows.until([4, 5], 1).actuals[:, :, 0].tolist() == [[4, 0, 0]]


def test_tie_on_rmsse_is_broken_by_the_cumulative_error():
    evaluation = replace(
        evaluation_of([1.0, 1.0], [0.0, 0.0, 0.0], 1.0),
        squares=np.array([1.0, 1.0, 2.0]).reshape(3, 1, 1),
        totals=np.array([1.4, 0.0, 2.0]).reshape(3, 1, 1),
    )
    found = choice.choose(evaluation, choice.Strategy(trust=0.001), [0.0, 0.0, 0.0])
    assert found[:, 0].tolist() == [0, 1, 0]


def test_empirical_quantiles():
    grid = quantiles.empirical([float(v) for v in range(201)])
    assert quantiles.at(grid, 0.5) == 100
    assert quantiles.at(grid, 0.95) == pytest.approx(190)
    assert quantiles.at(grid, 0.65) == pytest.approx(130)
    assert quantiles.at(grid, 0.9999) == pytest.approx(199)
    assert quantiles.empirical([1.0]) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "horizon"),
        ({"horizon": 2.0}, "horizon"),
        ({"horizon": 2, "season": 1}, "season"),
        ({"horizon": 2, "quantiles": (1.0,)}, "quantile"),
        ({"horizon": 2, "season": 4, "phases": {4: [0, 1]}}, "phases"),
    ],
)
def test_wrong_parameters(options, message):
    with pytest.raises(fc.ForecastInputError, match=message):
        fc.forecast([1, 2, 3], **options)


def test_overall_quality_pools_sums():
    one = fc.Quality(rmsse=0.5, demand=10, error=1, cumulative=2, covered={0.9: 3}, periods=4)
    two = fc.Quality(rmsse=1.5, demand=30, error=-3, cumulative=6, covered={0.9: 5}, periods=4)
    both = fc.overall([one, two, fc.Quality()])
    assert both.rmsse == 1
    assert both.cumulative_wape == 0.2
    assert both.bias == -0.05
    assert both.coverage == {0.9: 1}
    assert fc.Quality().bias is None

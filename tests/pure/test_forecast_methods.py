"""Each forecasting method against an example worked by hand from its source's formula."""

import datetime
import importlib
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_order_mgmt")
PACKAGE = "ecom_order_mgmt_tools.forecast"
backtest = importlib.import_module(f"{PACKAGE}.backtest")
flat = importlib.import_module(f"{PACKAGE}.flat")
panel = importlib.import_module(f"{PACKAGE}.panel")
paths = importlib.import_module(f"{PACKAGE}.paths")
season = importlib.import_module(f"{PACKAGE}.season")
series = importlib.import_module(f"{PACKAGE}.series")
methods = importlib.import_module(f"{PACKAGE}.methods")

PHASES_4 = [t % 4 for t in range(40)]
SPARSE = [0.0, 0.0, 3.0, 0.0, 2.0]
SUMS = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]


def of(*histories):
    """Return a panel of histories; ``None`` is not known."""
    return panel.Panel([series.clean(history) for history in histories])


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (flat.naive(of([1.0, 4.0, 2.0]), [1, 3]), [1, 2]),
        (flat.mean(of([1.0, 4.0, 4.0]), [1, 2, 3]), [1, 2.5, 3]),
        (flat.moving_average(of([1.0, 2.0, 4.0, 6.0]), [1, 4], (2,)), [1, 5]),
        # 10; 10 + 0.5 * 2 = 11; 11 + 0.5 * 2 = 12
        (flat.ses(of([10.0, 12.0, 13.0]), [1, 2, 3], (0.5,)), [10, 11, 12]),
        # Rising values: the quicker alpha errs less. 10 -> 10.9 -> 11.89
        (flat.ses_optimised(of([10.0, 11.0, 12.0]), [3], (0.1, 0.9)), [11.89]),
        # Size 3 every 3 periods; then 3 + 0.1 * (2 - 3) = 2.9 every 3 + 0.1 * (2 - 3) = 2.9
        (flat.croston(of(SPARSE), [2, 3, 4, 5], 0.1), [0, 1, 1, 1]),
        (flat.croston(of(SPARSE), [5], 0.1, (flat.sba_factor(0.1),)), [0.95]),
        # p: 1/3; 0.3 after a zero; 0.3 + 0.1 * 0.7 = 0.37 after a demand. Size 3; 2.9.
        (flat.tsb(of(SPARSE), [2, 3, 4, 5], [(0.1, 0.1)]), [0, 1, 0.9, 2.9 * 0.37]),
        # Sums of two: 2, 4, 6; SES(0.5): 2, 3, 4.5 per two periods
        (flat.adida(of(SUMS), [1, 2, 5, 6], 2, (0.5,)), [1, 1, 1.5, 2.25]),
        # By single periods 1, 1, 1.5, 1.75, 2.375, 2.6875
        (flat.imapa(of(SUMS), [6], (1, 2), 0.5), [(2.6875 + 2.25) / 2]),
    ],
)
def test_level(levels, expected):
    assert levels.ravel() == pytest.approx(expected)


def test_several_parameters_at_once():
    levels = flat.ses(of([10.0, 12.0, 13.0]), [2, 3], (0.5, 1.0))
    assert levels[:, :, 0].tolist() == [[11, 12], [12, 13]]
    levels = flat.moving_average(of([1.0, 2.0, 4.0, 6.0]), [4], (4, 1))
    assert levels[:, 0, 0].tolist() == [3.25, 6]


def trend_of(history, horizon, alpha, beta, phi):
    found = paths.damped_trend(
        of(history), [len(history)], horizon, np.array([len(history)]), [(alpha, beta, phi)], 150
    )
    return found.ravel()


def test_holt_linear():
    # Level 10, trend 0. Value 12: error 2, level 11, trend 0.5. Value 13: expected 11.5,
    # error 1.5, level 12.25, trend 0.875.
    path = trend_of([10.0, 12.0, 13.0], 3, 0.5, 0.5, 1.0)
    assert path == pytest.approx([13.125, 14.0, 14.875])


def test_damped_trend_fades():
    path = trend_of([10.0, 12.0], 3, 0.5, 0.5, 0.5)
    assert path == pytest.approx([11 + 0.25, 11 + 0.375, 11 + 0.4375])


def test_trend_passes_over_missing_period():
    # After 10, 12 level 11 and trend 0.5; the unknown period lifts the level to 11.5.
    assert trend_of([10.0, 12.0, None], 1, 0.5, 0.5, 1.0) == pytest.approx([12.0])


def test_seasonal_naive_looks_back_a_cycle_and_further_over_gaps():
    values = [1.0, 2.0, 3.0, 4.0, 5.0, None, 7.0, 8.0]
    path = paths.seasonal_naive(of(values), [8], 6, PHASES_4, 4)
    assert path.ravel().tolist() == [5, 2, 7, 8, 5, 2]


def holt_winters_of(history, horizon, phases, period, smoothing):
    end = len(history)
    found = paths.holt_winters(
        of(history), [end], horizon, np.array([end]), phases, period, [smoothing], 150
    )
    return found.ravel()


@pytest.mark.parametrize("smoothing", methods.HOLT_WINTERS)
def test_holt_winters_continues_an_exact_season(smoothing):
    path = holt_winters_of([5.0, 1.0, 2.0, 8.0] * 4, 4, PHASES_4, 4, smoothing)
    assert path == pytest.approx([5, 1, 2, 8])


def test_holt_winters_by_hand():
    # First cycle 2, 4: level 3, season -1, +1. Value 4 in phase 0: error 4 - 3 + 1 = 2,
    # level 3 + 0.5 * 2 = 4, season -1 + 0.1 * 2 = -0.8.
    path = holt_winters_of([2.0, 4.0, 4.0], 2, [0, 1, 0, 1, 0], 2, (0.5, 0.0, 0.1, 1.0))
    assert path == pytest.approx([5.0, 3.2])


def test_category_season_on_a_sparse_item():
    index = np.array([[[0.5, 1.5, 0.5, 1.5]]]), np.array([0])
    # Demand 3 in the four last periods, whose indices sum to 4: level 0.75.
    values = [9.0, 0.0, 3.0, 0.0, 0.0]
    path = paths.category_season(of(values), [5], 2, PHASES_4, index, (4,))
    assert path.ravel() == pytest.approx([0.75 * 1.5, 0.75 * 0.5])


def test_indices_of_a_pure_season():
    total = season.category_total(of([2.0, 4.0, 6.0, 8.0] * 4))
    ratios = season.trend_ratios(total, 4)
    young, old = season.indices_at(ratios, [7, 16], PHASES_4, 4)
    assert young.tolist() == [1, 1, 1, 1]
    assert old == pytest.approx([0.4, 0.8, 1.2, 1.6])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5, 6, 5, 6], "smooth"),
        ([1, 20, 1, 2], "erratic"),
        ([0, 5, 0, 5, 0, 6], "intermittent"),
        ([0, 1, 0, 30, 0, 2], "lumpy"),
        ([0, 0, 0], "intermittent"),
        ([], "intermittent"),
        ([4, -4, 3, -3], "erratic"),
    ],
)
def test_syntetos_boylan_class(values, expected):
    assert panel.demand_class(values) == expected


def test_scale_of_rmsse():
    assert series.naive_scale([1.0, 3.0, 0.0]) == pytest.approx((4 + 9) / 2)
    assert series.naive_scale([1.0]) == 0
    assert of([1.0, None, 3.0, 0.0], [None, None, 1.0, None]).scale.tolist() == [6.5, 0]


def test_leap_day_does_not_shift_the_year():
    phases = series.calendar_phases(datetime.date(2023, 1, 1), 3 * 365 + 1, 365)
    assert phases[365 + 58 : 365 + 61] == [58, 58, 59]  # 28 and 29 February, 1 March 2024
    assert phases[0] == phases[365] == phases[365 + 366] == 0
    assert phases[-1] == 364


@pytest.mark.parametrize("text", ["x", "1,5", "inf", True, float("inf"), 1e200, 10**400])
def test_values_that_are_no_demand(text):
    with pytest.raises(series.ForecastInputError, match="SKU: period 2"):
        series.clean([1, text], "SKU")


def test_blank_values_are_unknown():
    for unknown in (None, "", " ", float("nan")):
        for history in ([1, unknown, 2.5], [1, unknown, "2.5"]):
            assert series.clean(history) == pytest.approx([1, math.nan, 2.5], nan_ok=True)


demand = st.one_of(
    st.none(), st.just(0.0), st.integers(0, 50).map(float), st.integers(-5, -1).map(float)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(demand, min_size=24, max_size=40), st.randoms(use_true_random=False))
def test_no_candidate_reads_the_future(values, rng):
    """A forecast made at an origin is the same whatever happens afterwards."""
    values = [1.0, *values]
    origin, later = 14, [float(rng.randrange(90)) for _ in values]
    changed = values[:origin] + later[origin:]
    for name, candidate in methods.candidates((4,)).items():
        expected = _forecasts(candidate, values, [origin, len(values)])[0]
        assert _forecasts(candidate, changed, [origin, len(values)])[0].tolist() == (
            expected.tolist()
        ), name


def _forecasts(candidate, values, origins):
    """Return a candidate's forecasts, origins x future periods."""
    item = of(values)
    phases = [t % 4 for t in range(len(values) + 3)]
    # Season indices divide by one item's size, which later demand changes: the ratios to
    # the trend, which are all that is used, must not.
    ratios = season.trend_ratios(season.category_total(item), 4)
    index = season.indices_at(ratios, origins, phases, 4)[:, None].round(9)
    seasons = (methods.Season(4, phases, index, np.array([0])),)
    task = methods.Task(item, np.array(origins), 3, np.array(origins[:1]), seasons)
    levels, shapes = methods.forecasts(task, [candidate])
    if candidate.shaped:
        return shapes[0, :, :, 0]
    return np.repeat(levels[0], 3, axis=1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30).map(float), min_size=12, max_size=30), st.integers(1, 40))
def test_shift_moves_level_trend_and_season_methods_with_it(values, shift):
    moved = [value + shift for value in values]
    equivariant = ("naive", "mean", "moving", "ses_0", "holt", "damped", "seasonal_naive")
    for name, candidate in methods.candidates((4,)).items():
        if name.startswith(equivariant):
            expected = _forecasts(candidate, values, [len(values)]) + shift
            found = _forecasts(candidate, moved, [len(values)])
            assert found == pytest.approx(expected, abs=1e-6), name


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(demand, max_size=40), min_size=2, max_size=5))
def test_items_side_by_side_do_not_touch_each_other(items):
    """Each item of a panel is forecast as it would be alone, gaps, youth and all."""
    items = [[1.0, *values] for values in items]
    length, horizon, phases = 45, 3, [t % 4 for t in range(48)]
    candidates = methods.candidates((4,)).values()

    def forecasts_of(*histories):
        item = panel.Panel([series.clean(history) for history in histories], length)
        origins = np.array([33, 38, 40, 45])
        oldest = backtest.oldest_origins(item, origins[:-1])
        index = np.ones((4, 1, 4))
        cycle = methods.Season(4, phases, index, np.zeros(len(histories), dtype=int))
        task = methods.Task(item, origins, horizon, oldest, (cycle,))
        return methods.forecasts(task, candidates)

    together = forecasts_of(*items)
    for number, values in enumerate(items):
        known = panel.Panel([series.clean(values)], length).counts[[33, 38, 40, 45], 0] > 0
        for both, alone in zip(together, forecasts_of(values), strict=True):
            found = both[..., number].swapaxes(0, 1)[known]
            assert found == pytest.approx(alone[..., 0].swapaxes(0, 1)[known], rel=1e-9, abs=1e-9)


def test_against_statsforecast():
    models = pytest.importorskip("statsforecast.models", reason="statsforecast not installed")
    rng = random.Random(5)
    values = [float(max(0, rng.randrange(-6, 6))) for _ in range(60)]
    item, end = of(values), [60]
    ours = {
        models.SimpleExponentialSmoothing(alpha=0.3): flat.ses(item, end, (0.3,)),
        models.CrostonClassic(): flat.croston(item, end, 0.1),
        models.CrostonSBA(): flat.croston(item, end, 0.1, (flat.sba_factor(0.1),)),
        models.WindowAverage(window_size=8): flat.moving_average(item, end, (8,)),
    }
    for model, levels in ours.items():
        theirs = model.forecast(y=np.array(values), h=1)["mean"][0]
        assert levels.item() == pytest.approx(float(theirs), rel=1e-5), model

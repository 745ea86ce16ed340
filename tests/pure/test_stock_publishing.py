"""Increases in steps, and why a shop sold what was not there."""

import importlib
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_connectors")
oversell = importlib.import_module("ecom_connectors_tools.oversell")
publish = importlib.import_module("ecom_connectors_tools.publish")

NOW = datetime(2026, 3, 1, 12)
FACTS = {
    "wanted": 5, "placed_at": NOW, "told": 10, "available": 10.0, "computed_at": NOW - timedelta(minutes=5),
    "acknowledged_at": NOW - timedelta(minutes=4),
}  # fmt: skip


@given(st.integers(0, 100000), st.integers(0, 100000), st.floats(0.01, 1))
def test_steps_arrive(before, wanted, share):
    shown, steps = before, 0
    while shown != wanted:
        following = publish.damp(shown, wanted, share)
        assert wanted <= following <= shown or shown < following <= wanted
        shown, steps = following, steps + 1
        assert steps < 3000
    if wanted <= before:
        assert steps <= 1, "fewer are told at once"


def test_first_time_is_no_step():
    assert publish.damp(None, 50) == 50


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"publishing": False}, "not_published"),
        ({"told": None}, "not_published"),
        ({"told": None, "blocked": True}, "stopped"),
        ({"refused": True}, "not_taken"),
        ({"acknowledged_at": None}, "not_taken"),
        ({"acknowledged_at": NOW + timedelta(seconds=5)}, "not_taken"),
        ({"wanted": 11}, "shop"),
        ({"sold_here": 6}, "shop"),
        ({"available": 3.0}, "rule"),
        ({"counted_down": 8}, "count"),
        ({"counted_down": 8, "sold_elsewhere": 9}, "latency"),
        ({"sold_elsewhere": 9}, "latency"),
        ({"sold_elsewhere": 9, "blocked": True}, "stopped"),
        ({}, "unknown"),
    ],
)
def test_cause(changed, cause):
    assert oversell.cause(oversell.Facts(**{**FACTS, **changed})) == cause

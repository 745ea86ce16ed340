#!/usr/bin/env python3
"""Measure the stock policy on real demand and write docs/replenishment.md.

    python3 tools/bench_replenishment.py [--items 400] [--out docs/replenishment.md]

Online Retail, replayed day by day: every week is forecast from what was known then, orders go by
reorder points from the forecast's quantiles, and take their lead time. Needs no Odoo.
"""

import argparse
import bisect
import csv
import datetime
import gzip
import math
import os
import re
import statistics
import sys
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "addons" / "ecom_order_mgmt"))

simulate = import_module("tools.replenishment.simulate")
replay = import_module("tools.replenishment.replay")

FIRST_WEEK = datetime.date(2010, 11, 29)
WEEKS = 53
TARGET = 0.95
LEVELS = (0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99)
#: (name, weeks that are replayed)
SPANS = (("half a year", 26), ("the last 8 weeks, before Christmas", 8))
LEADS = (7, 14)
SUGGEST_WINDOW = 30


def datasets_folder():
    return Path(os.environ.get("ECOM_SHARED") or ROOT.parent / "shared") / "datasets"


def load():
    """Return ``{stock code: (pieces per day, price)}``: gross demand, less what was cancelled
    within 24 hours, as ``ecom.demand`` counts it."""
    sales, prices, cancels = {}, {}, []
    path = datasets_folder() / "online_retail" / "online_retail.csv.gz"
    with gzip.open(path, "rt", newline="", encoding="utf-8", errors="replace") as stream:
        for row in csv.DictReader(stream):
            quantity, code = int(row["Quantity"]), row["StockCode"].upper()
            if not re.match(r"\d{5}", code) or float(row["UnitPrice"]) <= 0:
                continue
            at = datetime.datetime.fromisoformat(row["InvoiceDate"])
            if row["InvoiceNo"][:1] == "C":
                cancels.append((at, row["CustomerID"], code, -quantity))
            elif row["InvoiceNo"][:1] != "A" and quantity > 0:
                sales.setdefault((row["CustomerID"], code), []).append([at, quantity])
                prices.setdefault(code, []).append(float(row["UnitPrice"]))
    taken = 0
    for at, customer, code, quantity in sorted(cancels):
        for sale in reversed(sales.get((customer, code), ())):
            soon = datetime.timedelta(0) <= at - sale[0] <= datetime.timedelta(hours=24)
            if customer and soon and sale[1] >= quantity:
                sale[1] -= quantity
                taken += quantity
                break
    print(f"{taken} pieces were cancelled within 24 hours", flush=True)
    demand = {}
    for (_customer, code), lines in sales.items():
        days = demand.setdefault(code, [0.0] * (7 * WEEKS))
        for at, quantity in lines:
            day = (at.date() - FIRST_WEEK).days
            if 0 <= day < len(days):
                days[day] += quantity
    return {code: (days, statistics.median(prices[code])) for code, days in demand.items()}


def choose(data, first_day, limit):
    """Return the articles that were worth a policy at the start of the replay: demand in at
    least eight of its weeks, the last of them within a quarter."""
    chosen = {}
    for code, (days, price) in sorted(data.items()):
        weeks = simulate.weekly_before(days, first_day)
        if sum(value > 0 for value in weeks) >= 8 and any(weeks[-13:]):
            chosen[code] = simulate.Article(days, cost=price / 2)
    if limit and len(chosen) > limit:
        step = len(chosen) / limit
        codes = list(chosen)
        chosen = {codes[int(n * step)]: chosen[codes[int(n * step)]] for n in range(limit)}
    return chosen


def service_of(outcomes):
    total = replay.together(outcomes.values())
    return total.cycle_service, total


def promises_kept(articles, table, settings):
    """Return the share of reorder points that lasted lead time + review, of those of which the
    whole time is known."""
    kept = judged = 0
    for item, levels in table.items():
        demand = articles[item].demand
        for day, (enough, _up_to) in levels.items():
            end = day + settings.protected_days
            if settings.first_day <= day and end <= len(demand):
                judged += 1
                kept += sum(demand[day:end]) <= enough + 1e-9
    return kept / judged


def suggest_factors(articles, settings):
    """Return the factor that each order-up-to level of Suggest would have needed to last lead
    time + review, least first; infinite where there was demand after 30 days without.

    The level is judged as the reorder point is (:func:`promises_kept`), without rounding.
    """
    needed = []
    for article in articles.values():
        demand = article.demand
        for day in range(settings.first_day, len(demand) - settings.protected_days + 1, 7):
            wanted = sum(demand[day : day + settings.protected_days])
            recent = sum(demand[day - SUGGEST_WINDOW : day])
            expected = recent / SUGGEST_WINDOW * settings.protected_days
            needed.append(wanted / expected if expected else math.inf if wanted else 0.0)
    return sorted(needed)


def suggest_lasted(factors, factor):
    """Return the share of Suggest's levels that lasted, as :func:`promises_kept`."""
    return bisect.bisect_right(factors, factor + 1e-9) / len(factors)


def suggest_with(articles, settings, factor):
    """Return the replay of Odoo's Suggest with a percentage of the recent sales."""
    days = settings.protected_days
    outcomes = simulate.replay_recent_sales(articles, settings, SUGGEST_WINDOW, days, factor)
    return replay.together(outcomes.values())


def suggest_at(articles, settings, wanted, measure=lambda total: total.cycle_service):
    """Return the replay of Odoo's Suggest with the percentage that reaches a measure."""
    low, high = 0.0, 40.0
    for _round in range(14):
        factor = (low + high) / 2
        total = suggest_with(articles, settings, factor)
        if measure(total) < wanted:
            low = factor
        else:
            high = factor
    return high, total


def measure(data, span, weeks, lead, limit):
    first_day = 7 * (WEEKS - weeks)
    articles = choose(data, first_day, limit)
    for article in articles.values():
        article.lead_days = [lead]
    settings = simulate.Settings(first_day, review_days=7, cover_days=0, lead_days=lead, horizon=4)
    start = time.process_time()
    forecasts = list(simulate.rolling_forecasts(articles, settings, LEVELS))
    rows = []
    for level in LEVELS:
        table = simulate.level_table(articles, forecasts, settings, level)
        service, total = service_of(simulate.replay_levels(articles, table, settings))
        rows.append((level, service, total, promises_kept(articles, table, settings)))
    _level, service, ours, kept = next(row for row in rows if row[0] == TARGET)
    factors = suggest_factors(articles, settings)
    compared = {
        "reorder points that lasted": suggest_lasting(articles, settings, factors, kept),
        "weeks without a miss": suggest_at(articles, settings, service),
        "pieces served": suggest_at(articles, settings, ours.fill_rate, lambda t: t.fill_rate),
    }
    print(
        f"{span}, lead time {lead}: {len(articles)} items, lasted {kept:.3f}, "
        f"service {service:.3f}, {time.process_time() - start:.0f} s CPU",
        flush=True,
    )
    return "\n".join(
        [
            f"### {span[0].upper()}{span[1:]}, lead time {lead} days",
            "",
            f"{len(articles)} items, {weeks} weeks, reviewed every 7 days.",
            "",
            "| policy | reorder points that lasted | weeks without a miss | pieces served | "
            "stock value | orders |",
            "|---|---|---|---|---|---|",
            *(_forecast_row(*row) for row in rows),
            *(_suggest_row(*found, factors) for found in compared.values() if found),
            "",
            f"At the target of {TARGET:.0%}: reorder points lasted in {kept:.1%} "
            f"({round(100 * (kept - TARGET), 1) + 0.0:+.1f} points), weeks without a miss {service:.1%} "
            f"({100 * (service - TARGET):+.1f} points). Stock value beside Suggest's:",
            "",
            *(f"- {_beside(ours, name, found, factors)}" for name, found in compared.items()),
        ]
    )


def suggest_lasting(articles, settings, factors, wanted):
    """Return the replay of Suggest with the least percentage whose levels lasted as often as
    wanted; ``None`` where no percentage does.
    """
    factor = factors[min(len(factors), math.ceil(wanted * len(factors))) - 1]
    return None if math.isinf(factor) else (factor, suggest_with(articles, settings, factor))


def _forecast_row(level, service, total, kept):
    mark = "**" if level == TARGET else ""
    return (
        f"| {mark}forecast, target {level:.1%}{mark} | {kept:.3f} | {service:.3f} | "
        f"{total.fill_rate:.3f} | {total.stock_value:,.0f} | {total.orders} |"
    )


def _suggest_row(factor, total, factors):
    return (
        f"| Odoo's Suggest, sales of {SUGGEST_WINDOW} days x {factor:.2f} | "
        f"{suggest_lasted(factors, factor):.3f} | {total.cycle_service:.3f} | "
        f"{total.fill_rate:.3f} | {total.stock_value:,.0f} | {total.orders} |"
    )


def _beside(ours, measure, found, factors):
    if not found:
        reach = sum(not math.isinf(value) for value in factors) / len(factors)
        return f"at the same share of {measure}: none, Suggest reaches {reach:.1%} at most"
    saved = 1 - ours.stock_value / found[1].stock_value
    word = "less" if saved >= 0 else "more"
    return f"at the same share of {measure}: {abs(saved):.1%} {word}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--items", type=int, default=0, help="at most so many; 0 = all")
    parser.add_argument("--out", default=str(ROOT / "docs" / "replenishment.md"))
    options = parser.parse_args()
    try:
        data = load()
    except FileNotFoundError as error:
        raise SystemExit(f"nothing measured: {error.filename} is missing")
    sections = [
        measure(data, span, weeks, lead, options.items) for span, weeks in SPANS for lead in LEADS
    ]
    template = Path(__file__).with_name("replenishment_report.md").read_text(encoding="utf-8")
    text = template.replace("<!-- figures -->", "\n\n".join(sections))
    Path(options.out).write_text(text, encoding="utf-8")
    print(f"written: {options.out}")


if __name__ == "__main__":
    main()

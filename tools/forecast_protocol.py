"""The data sets, base lines and measures by which the forecasts are judged.

car_parts: the complete series, months 1-39 to learn, 40-51 to test.
online_retail: weekly gross demand of whole weeks from Monday 2010-11-29 (no cancellation or
adjustment invoices, quantity and price above zero, stock codes that start with five digits,
upper case), the last eight of 53 weeks to test, items with at least eight weeks of demand
and a sale in the last 13 weeks of the training part.

The base lines are single methods with fixed parameters for all items.
"""

import csv
import datetime
import gzip
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parents[1] / "addons" / "ecom_order_mgmt" / "tools")
)

import numpy as np
from forecast import flat
from forecast.panel import Panel
from forecast.series import naive_scale

ROOT = Path(__file__).resolve().parents[1]
FIRST_WEEK = datetime.date(2010, 11, 29)
WEEKS = 53

#: name -> function of a panel and its end that gives each item's level there
SIMPLE = {
    "zero": lambda panel, end: [0.0 * flat.naive(panel, end)],
    "naive": lambda panel, end: [flat.naive(panel, end)],
    "MA4": lambda panel, end: flat.moving_average(panel, end, (4,)),
    "MA8": lambda panel, end: flat.moving_average(panel, end, (8,)),
    "MA13": lambda panel, end: flat.moving_average(panel, end, (13,)),
    "SES 0.1": lambda panel, end: flat.ses(panel, end, (0.1,)),
    "SES 0.2": lambda panel, end: flat.ses(panel, end, (0.2,)),
    "SES 0.3": lambda panel, end: flat.ses(panel, end, (0.3,)),
    "Croston 0.1": lambda panel, end: flat.croston(panel, end, 0.1),
    "SBA 0.1": lambda panel, end: flat.croston(panel, end, 0.1, (flat.sba_factor(0.1),)),
    "TSB 0.1": lambda panel, end: flat.tsb(panel, end, ((0.1, 0.1),)),
}


@dataclass
class DataSet:
    """Histories to learn from and the demand that followed, by item."""

    name: str
    title: str
    train: dict
    test: dict

    @property
    def length(self):
        return len(next(iter(self.train.values())))

    @property
    def horizon(self):
        return len(next(iter(self.test.values())))


def datasets_folder():
    return Path(os.environ.get("ECOM_SHARED") or ROOT.parent / "shared") / "datasets"


def load_sets():
    """Yield the data sets that are there; say which are not."""
    for name, load in (("car_parts", car_parts), ("online_retail", online_retail)):
        try:
            yield load()
        except FileNotFoundError as error:
            print(f"{name} left out: {error.filename} is missing", flush=True)


def car_parts():
    with open(datasets_folder() / "car_parts" / "carparts.csv", newline="") as stream:
        header, *rows = csv.reader(stream)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    del columns["t"]
    complete = {
        item: [float(cell) for cell in cells]
        for item, cells in columns.items()
        if all(cell.strip() not in ("", "NA") for cell in cells)
    }
    return _split("car_parts", "car_parts: 12 months ahead", complete, 12)


def online_retail():
    demand = {}
    path = datasets_folder() / "online_retail" / "online_retail.csv.gz"
    with gzip.open(path, "rt", newline="", encoding="utf-8", errors="replace") as stream:
        for row in csv.DictReader(stream):
            quantity, code = int(row["Quantity"]), row["StockCode"].upper()
            gross = quantity > 0 and float(row["UnitPrice"]) > 0
            if row["InvoiceNo"][:1] in "CA" or not gross or not re.match(r"\d{5}", code):
                continue
            day = datetime.date.fromisoformat(row["InvoiceDate"][:10])
            week = (day - FIRST_WEEK).days // 7
            if 0 <= week < WEEKS:
                demand.setdefault(code, [0.0] * WEEKS)[week] += quantity
    horizon = 8
    sold = {
        code: weeks
        for code, weeks in sorted(demand.items())
        if sum(v > 0 for v in weeks[:-horizon]) >= 8 and any(weeks[-horizon - 13 : -horizon])
    }
    return _split("online_retail", "online_retail: last 8 weeks", sold, horizon)


def _split(name, title, histories, horizon):
    train = {item: values[:-horizon] for item, values in histories.items()}
    test = {item: values[-horizon:] for item, values in histories.items()}
    return DataSet(name, title, train, test)


def simple_forecasts(data):
    """Yield ``(name, {item: points})`` of every base line."""
    panel = Panel([np.array(history) for history in data.train.values()])
    for name, method in SIMPLE.items():
        ((levels,),) = method(panel, [len(panel)])
        pairs = zip(data.train, levels.tolist(), strict=True)
        yield name, {item: [level] * data.horizon for item, level in pairs}


def score(data, points):
    """Return RMSSE and MASE (mean over items whose training demand ever changed), WAPE, bias
    and cumulative WAPE (pooled over items).
    """
    rmsse, mase = [], []
    absolute = error = cumulative = demand = 0.0
    for item, actuals in data.test.items():
        errors = [a - p for a, p in zip(actuals, points[item], strict=True)]
        history = data.train[item]
        scale = naive_scale(history)
        if scale:
            rmsse.append((sum(e * e for e in errors) / len(errors) / scale) ** 0.5)
            steps = [abs(b - a) for a, b in zip(history, history[1:], strict=False)]
            mase.append(sum(map(abs, errors)) / len(errors) / (sum(steps) / len(steps)))
        absolute += sum(map(abs, errors))
        error -= sum(errors)
        cumulative += abs(sum(errors))
        demand += sum(actuals)
    return {
        "rmsse": sum(rmsse) / len(rmsse),
        "mase": sum(mase) / len(mase),
        "wape": absolute / demand,
        "bias": error / demand,
        "cumulative_wape": cumulative / demand,
    }

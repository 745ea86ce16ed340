#!/usr/bin/env python3
"""Measure the forecasts on real demand and write docs/forecast.md.

    python3 tools/bench_forecast.py [--quick] [--out docs/forecast.md]

Reads the data sets in ``../shared/datasets`` beside the project (or ``$ECOM_SHARED``); a part
whose data or library is missing is left out with a message. ``--quick`` leaves out the speed
test and statsforecast. Needs no Odoo; see forecast_protocol.py for what is measured.

statsforecast is needed by nothing else: it gets a Python environment of its own below .odoo.
"""

import argparse
import array
import json
import os
import platform
import random
import resource
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

# As Odoo's workers should have it (config/Dockerfile): threads of numpy's own save no time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(
    0, str(Path(__file__).resolve().parents[1] / "addons" / "ecom_order_mgmt" / "tools")
)

from forecast import Plan, forecast_many
from forecast_protocol import ROOT, SIMPLE, load_sets, score, simple_forecasts

STATSFORECAST = "statsforecast==2.1.1"
QUANTILES = (0.5, 0.9, 0.95)
DAYS = 730
HORIZON = 28


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", default=str(ROOT / "docs" / "forecast.md"))
    parser.add_argument("--speed", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--statsforecast", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.statsforecast:
        print(json.dumps(statsforecast_rows(options.statsforecast)))
        return
    if options.speed:
        print(json.dumps(measure_speed(options.speed)))
        return
    sections = [_machine()]
    for data in load_sets():
        sections.append(accuracy_section(data, options.quick))
    if not options.quick:
        sections.append(speed_section(10000))
    template = Path(__file__).with_name("forecast_report.md").read_text(encoding="utf-8")
    text = template.replace("<!-- figures -->", "\n\n".join(sections))
    out = Path(options.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    print(f"written: {out}")


def _machine():
    numpy = import_module("numpy")
    return (
        f"Measured on a machine with {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, numpy {numpy.__version__}, one process; "
        f"load average at the start {os.getloadavg()[0]:.1f} (wall times hold for an idle "
        "machine only, CPU times nearly always). CPU times count all threads and child "
        "processes, without the start of Python with its imports: "
        f"{_start_seconds('pass'):.2f} s for Python alone, {_start_seconds('import numpy'):.2f} s "
        "with numpy."
    )


def _start_seconds(code):
    start = cpu_seconds()
    subprocess.run([sys.executable, "-c", code], check=True)
    return cpu_seconds() - start


def accuracy_section(data, quick):
    """Return the Markdown of one data set: simple methods, ours, statsforecast, coverage."""
    print(f"{data.name}: {len(data.train)} items", flush=True)
    rows = [(name, score(data, points), None) for name, points in simple_forecasts(data)]
    best = [min(row[1][key] for row in rows) for key in ("rmsse", "cumulative_wape")]
    start = cpu_seconds()
    result = forecast_many(data.train, data.horizon, quantiles=QUANTILES)
    used = cpu_seconds() - start
    ours = {item: forecast.points for item, forecast in result.forecasts.items()}
    rows.append(("**this library**", score(data, ours), used))
    start = cpu_seconds()
    nightly = forecast_many(data.train, data.horizon, plan=result.plan)
    used = cpu_seconds() - start
    ours = {item: forecast.points for item, forecast in nightly.forecasts.items()}
    rows.append(("this library, nightly by the kept plan", score(data, ours), used))
    theirs = [] if quick else theirs_apart(data.name)
    rows.extend(theirs)
    lines = [
        f"### {data.title}",
        "",
        f"{len(data.train)} items, {data.length} periods of training, {data.horizon} of test.",
        "",
        "| method | RMSSE | cumulative WAPE | bias | MASE | CPU s |",
        "|---|---|---|---|---|---|",
    ]
    for name, found, seconds in rows:
        lines.append(
            f"| {name} | {found['rmsse']:.4f} | {found['cumulative_wape']:.4f} | "
            f"{found['bias']:+.3f} | {found['mase']:.3f} | "
            f"{'' if seconds is None else format(seconds, '.2f')} |"
        )
    found = rows[len(SIMPLE)][1]
    lines += [
        "",
        f"Best simple method per measure: RMSSE {best[0]:.4f}, cumulative WAPE {best[1]:.4f}; "
        f"this library {found['rmsse']:.4f} and {found['cumulative_wape']:.4f}.",
        "",
        *comparison_lines(rows[len(SIMPLE)], theirs),
        *coverage_lines(data, result),
    ]
    return "\n".join(lines)


def coverage_lines(data, result):
    """Return the table of how often demand stayed within the quantiles."""
    lines = [
        "| quantile | periods, back-test | periods, test | totals, back-test | totals, test |",
        "|---|---|---|---|---|",
    ]
    coverage, totals = result.quality.coverage, result.quality.coverage_totals
    for q in QUANTILES:
        within = total_within = periods = 0
        for item, actuals in data.test.items():
            found = result.forecasts[item]
            within += sum(map(float.__le__, actuals, found.quantiles[q]))
            periods += len(actuals)
            total_within += sum(actuals) <= found.cumulative_quantiles[q][-1]
        lines.append(
            f"| {q} | {coverage[q]:.3f} | {within / periods:.3f} | "
            f"{totals[q]:.3f} | {total_within / len(data.test):.3f} |"
        )
    return lines


def cpu_seconds():
    """Return the CPU time of this process and its finished children."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def comparison_lines(ours, theirs):
    """Return a sentence on accuracy and CPU time beside statsforecast, if that was measured."""
    if not theirs:
        return []
    _name, found, seconds = ours
    total = sum(row[2] for row in theirs)
    best = min(row[1]["rmsse"] for row in theirs)
    return [
        f"statsforecast's four methods together take {total:.2f} s and reach RMSSE {best:.4f} at "
        f"best; this library tests all its methods in {seconds:.2f} s ({seconds / total:.1%}) and "
        f"reaches {found['rmsse']:.4f}.",
        "",
    ]


def theirs_apart(name):
    """Return :func:`statsforecast_rows` from a Python that has the library, or nothing."""
    python = ROOT / ".odoo" / "statsforecast" / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, STATSFORECAST], check=True, capture_output=True, text=True)
        command = [python, __file__, "--statsforecast", name]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"statsforecast left out: {error}", flush=True)
        return []
    return json.loads(done.stdout)


def statsforecast_rows(name):
    """Return ``[(name, scores, CPU seconds)]`` of statsforecast's models on a data set."""
    numpy = import_module("numpy")
    models = import_module("statsforecast.models")
    (data,) = (data for data in load_sets() if data.name == name)
    chosen = [
        ("AutoETS", models.AutoETS()),
        ("AutoTheta", models.AutoTheta()),
        ("TSB(0.1, 0.1)", models.TSB(alpha_d=0.1, alpha_p=0.1)),
        ("IMAPA", models.IMAPA()),
    ]
    rows = []
    for name, model in chosen:
        # The first call may compile; it is not counted.
        model.forecast(y=numpy.array(next(iter(data.train.values()))), h=data.horizon)
        start, points = cpu_seconds(), {}
        for item, history in data.train.items():
            mean = model.forecast(y=numpy.array(history), h=data.horizon)["mean"]
            points[item] = [float(value) for value in mean]
        rows.append((f"statsforecast {name}", score(data, points), cpu_seconds() - start))
        print(f"  {rows[-1][0]}: {rows[-1][2]:.1f} s", file=sys.stderr, flush=True)
    return rows


def speed_section(count):
    """Return the Markdown of the speed test, run in a process of its own."""
    command = [sys.executable, __file__, "--speed", str(count)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return "\n".join(
        [
            f"### Speed: {count:,} products, {DAYS} days, {HORIZON} days ahead, season 7",
            "",
            "| run | wall s | CPU s | memory MB |",
            "|---|---|---|---|",
            *(
                f"| {name} | {run['wall']:.1f} | {run['cpu']:.1f} | {run['memory']:.0f} |"
                for name, run in found.items()
            ),
            "",
            "Memory is the peak of the process, with the histories themselves.",
        ]
    )


def measure_speed(count):
    """Return the cost of a first run and of a nightly one, in seconds and MB."""
    histories, runs, plan = made_up_demand(count), {}, None
    for name in ("learning, all methods and back-test", "nightly, by the kept plan"):
        start, cpu = time.perf_counter(), cpu_seconds()
        result = forecast_many(histories, HORIZON, 7, plan=plan)
        runs[name] = {
            "wall": time.perf_counter() - start,
            "cpu": cpu_seconds() - cpu,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        # As the nightly job would read it.
        plan = Plan.from_dict(json.loads(json.dumps(result.plan.to_dict())))
    return runs


def made_up_demand(count):
    """Return daily demand of ``count`` products of all classes with a weekly season."""
    rng, histories = random.Random(2019), {}
    for number in range(count):
        rate = rng.choice((0.05, 0.2, 0.6, 2.0, 8.0))
        week = [rate * rng.uniform(0.5, 1.5) for _day in range(7)]
        values = array.array("d")
        for t in range(DAYS):
            mean = week[t % 7]
            sold = rng.random() < min(1.0, mean)
            values.append(float(1 + int(rng.expovariate(1.0) * max(mean, 0.5))) if sold else 0.0)
        histories[f"P{number}"] = values
    return histories


if __name__ == "__main__":
    main()

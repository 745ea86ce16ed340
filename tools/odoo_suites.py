"""Odoo's own tests of what we build on, with and without our addons.

``python -m tools.odoo_suites`` runs the test suites of sale, sale_stock, stock, stock_delivery,
delivery and purchase_stock on a database of plain Odoo and on one with our addons, and prints
which tests fail in only one of them. ``plain`` or ``ours`` as argument runs one of the two,
``compare`` only compares what was run last, and ``read`` takes the results of a run that was
stopped. ``MODULES=...`` limits the modules; the results of the others are kept.

Browser tours are left out unless ``BROWSER=1``: they fail by chance on a busy machine. So are,
unless ``TAXES=1``, the tests of taxes of single countries: each installs a chart of accounts for
some minutes, and none comes near our addons.
"""

import json
import os
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.dev import db, odoo, paths, setup
from tools.dev.system import free_port
from tools.dev.ui import run

MODULES = (
    os.environ.get("MODULES") or "sale,sale_stock,stock,stock_delivery,delivery,purchase_stock"
).split(",")
BROWSER = os.environ.get("BROWSER") == "1"
TIMEOUT = 3 * 3600
TAXES = (
    []
    if os.environ.get("TAXES") == "1"
    else ["-/sale:TestTaxesDownPaymentSale", "-/sale:TestTaxesGlobalDiscountSale"]
)
LOGGER = re.compile(r"odoo\.addons\.(\w+)\.tests\b")
STARTED = re.compile(r"Starting (\S+) \.\.\.")
# Sub-tests count as their test.
FAILED = re.compile(r"(?:FAIL|ERROR): (?:Subtest )?(\w+\.\w+)")


def result_path(kind):
    return paths.LOGS / f"suites-{kind}.json"


def run_suites(kind):
    """Run the suites on a copy of the prepared database of that kind; keep the result."""
    origin = db.ensure_template() if kind == "ours" else db.base_name(False)
    if kind == "plain":
        db.ensure_template()  # makes the layer below it
    name = f"ecom_suites_{kind}"
    log = paths.LOGS / f"suites-{kind}.log"
    environment = odoo.environment()
    if not BROWSER:
        # Odoo skips the tours where it finds no websocket client.
        hidden = paths.DATA_DIR / "no-browser"
        hidden.mkdir(parents=True, exist_ok=True)
        (hidden / "websocket.py").write_text('raise ImportError("tours are left out")\n')
        environment["PYTHONPATH"] = str(hidden)
    line = odoo.command(
        "-d", name, "--stop-after-init", "--max-cron-threads=0", "-u", ",".join(MODULES),
        "--test-tags", ",".join([*(f"/{module}" for module in MODULES), *TAXES]), f"--http-port={free_port()}",
    )  # fmt: skip
    db.copy(origin, name)
    started = time.monotonic()
    try:
        _code, text = run(line, log=log, timeout=TIMEOUT, env=environment, check=False)
    finally:
        db.drop(name)
    if not odoo.test_counts(text):
        raise SystemExit(f"the suites did not come to their end, see {log}")
    keep(kind, text)
    print(f"{kind}: {(time.monotonic() - started) / 60:.0f} minutes")


def read(text):
    """:return: {module: {"ran": names, "failed": names}} of the tests in a log"""
    found = {}
    for entry in odoo.entries(text):
        logger = LOGGER.match(entry.logger)
        if logger and logger[1] in MODULES:
            module = found.setdefault(logger[1], {"ran": set(), "failed": set()})
            for key, pattern in (("ran", STARTED), ("failed", FAILED)):
                match = pattern.match(entry.text)
                if match:
                    module[key].add(match[1])
    return found


def keep(kind, text):
    """Add what a log tells to the results of that kind."""
    path = result_path(kind)
    known = json.loads(path.read_text()) if path.exists() else {}
    for module, names in read(text).items():
        known[module] = {key: sorted(value) for key, value in names.items()}
    path.write_text(json.dumps(known, indent=1))


def compare():
    """Print the difference of the two lists. :return: exit code, 1 where ours fails more"""
    plain, ours = (json.loads(result_path(kind).read_text()) for kind in ("plain", "ours"))
    more = 0
    for module in sorted(set(plain) & set(ours)):
        before, after = plain[module], ours[module]
        ran = set(before["ran"]) & set(after["ran"])
        print(
            f"{module}: {len(ran)} tests run in both; fail without ours {len(before['failed'])}, "
            f"with ours {len(after['failed'])}"
        )
        for title, names in (
            ("fails in both", set(before["failed"]) & set(after["failed"])),
            ("fails only with ours", set(after["failed"]) - set(before["failed"])),
            ("fails only without ours", set(before["failed"]) - set(after["failed"])),
            ("ran only without ours", set(before["ran"]) - ran),
            ("ran only with ours", set(after["ran"]) - ran),
        ):
            for name in sorted(names):
                print(f"  {title}: {name}")
        more += len(set(after["failed"]) - set(before["failed"]))
    return 1 if more else 0


def main(arguments):
    setup.ensure(tests=True)
    for kind in ("plain", "ours"):
        if "read" in arguments and kind in arguments:
            keep(kind, (paths.LOGS / f"suites-{kind}.log").read_text(errors="replace"))
        elif not arguments or kind in arguments:
            run_suites(kind)
    if not arguments or "compare" in arguments:
        return compare()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

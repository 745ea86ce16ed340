"""Odoo's own tests of what we build on, with and without our addons.

``python -m tools.odoo_suites`` runs the test suites of sale, sale_stock, stock, stock_delivery,
delivery and purchase_stock on a database of plain Odoo and on one with our addons, and prints
which tests fail in only one of them. ``plain`` or ``ours`` as argument runs one of the two,
``compare`` only compares what was run last. Browser tours are left out unless ``BROWSER=1``:
they fail by chance on a busy machine. ``MODULES=...`` limits the modules.
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
VERDICT = re.compile(r"^(FAIL|ERROR): (.+)$", re.M)


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
        "--test-tags", ",".join(f"/{module}" for module in MODULES), f"--http-port={free_port()}",
    )  # fmt: skip
    db.copy(origin, name)
    started = time.monotonic()
    try:
        _code, text = run(line, log=log, timeout=TIMEOUT, env=environment, check=False)
    finally:
        db.drop(name)
    counts = odoo.test_counts(text)
    if not counts:
        raise SystemExit(f"the suites did not come to their end, see {log}")
    failed = set()
    for entry in odoo.entries(text):
        found = VERDICT.match(entry.text)
        if found:
            # Sub-tests count as their test.
            failed.add(found[2].split(" (")[0].strip())
    outcome = {
        "tests": counts[0],
        "failures": counts[1],
        "failed": sorted(failed),
        "skipped": text.count("skipped"),
        "minutes": round((time.monotonic() - started) / 60, 1),
        "version": odoo.source.current().version,
        "browser": BROWSER,
        "modules": MODULES,
    }
    result_path(kind).write_text(json.dumps(outcome, indent=1))
    print(f"{kind}: {counts[0]} tests, {len(failed)} failed, {outcome['minutes']} minutes")


def compare():
    """Print the difference of the two lists. :return: exit code, 1 where ours fails more"""
    plain, ours = (json.loads(result_path(kind).read_text()) for kind in ("plain", "ours"))
    for kind, found in (("without our addons", plain), ("with our addons", ours)):
        print(f"{kind}: {found['tests']} tests, {len(found['failed'])} failed")
    more = sorted(set(ours["failed"]) - set(plain["failed"]))
    less = sorted(set(plain["failed"]) - set(ours["failed"]))
    for title, names in (
        ("fail in both", sorted(set(plain["failed"]) & set(ours["failed"]))),
        ("fail only with our addons", more),
        ("fail only without them", less),
    ):
        print(f"{title}: {len(names)}")
        for name in names:
            print(f"  {name}")
    return 1 if more else 0


def main(arguments):
    setup.ensure(tests=True)
    for kind in ("plain", "ours"):
        if not arguments or kind in arguments:
            run_suites(kind)
    if not arguments or "compare" in arguments:
        return compare()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

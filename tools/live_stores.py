"""Try a connector on a real store, both ways: ``python3 -m tools.live_stores medusa --url URL``.

The store runs already and is stocked (its installation and seeding are described with it). The
script makes a database of its own, connects a channel, buys in the store as a shopper, follows the
order to the delivery here and back to "shipped, tracking X" there, refunds, cancels on both sides,
takes the store down and up again (``--down`` and ``--up`` are commands for that), publishes stock,
and compares. Then a server with its timers runs: the store is started again with our address as
``WEBHOOK_URL`` (and ``WEBHOOK_SECRET``), its webhooks bring orders by themselves, and sales elsewhere
change what it shows. Slow, and no part of the tests that run on every change.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools import bench_webhooks  # noqa: E402
from tools.dev import db, odoo, paths, setup  # noqa: E402
from tools.dev.ui import DevError  # noqa: E402

SCRIPT = """
import sys
sys.path.insert(0, {root!r})
import json, subprocess, traceback
from tools.live import scenario, stores, timers
state = json.load(open({state!r})) if {state!r} else None
store = stores.STORES[{name!r}]({url!r}, state)
def command(line):
    # Odoo limits the memory of its process, and with it that of the store.
    line = line and f"ulimit -S -v unlimited; {{line}}"
    return (lambda: subprocess.run(line, shell=True, check=True)) if line else None
try:
    if {port!r}:
        timers.run(env, store, {port!r}, command({down!r}), command({up!r}))
    else:
        scenario.run(env, store, command({down!r}), command({up!r}))
    print("LIVE: all is well")
except BaseException:
    traceback.print_exc()
    print("LIVE: failed")
"""


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", choices=["medusa", "odoo", "vendure"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--state", default="", help="JSON that the store's seeding left")
    parser.add_argument("--down", default="", help="shell command that stops the store")
    parser.add_argument("--up", default="", help="shell command that starts it and waits for it")
    parser.add_argument("--database", default="live")
    parser.add_argument("--parts", default="scenario,timers", help="which of both; default: %(default)s")
    parser.add_argument("--keep", action="store_true", help="use the database that is there")
    args = parser.parse_args(argv)
    try:
        setup.ensure()
        odoo.forget_user_settings()
        os.environ.setdefault("ECOM_SECRET_KEY", "only for trying stores on this machine")
        if not args.keep:
            db.fresh(args.database)
        os.environ["WEBHOOK_URL"] = ""
        if "scenario" in args.parts and not stage(args):
            return 1
        if "timers" in args.parts:
            with bench_webhooks.server(args.database, 2, crons=2) as (port, _pid):
                return 0 if stage(args, port) else 1
    except DevError as error:
        print(error)
        return 1
    return 0


def stage(args, port=None):
    """:return: whether all went well"""
    script = SCRIPT.format(
        root=str(ROOT), state=args.state, name=args.store, url=args.url.rstrip("/"),
        down=args.down, up=args.up, port=port,
    )  # fmt: skip
    name = f"live-{args.store}{'-timers' if port else ''}"
    _code, text = odoo.shell(args.database, script, log=paths.LOGS / f"{name}.log")
    shown = [line for line in text.splitlines() if not line.startswith("20") or " ERROR " in line]
    print("\n".join(shown), flush=True)
    return "LIVE: all is well" in text


if __name__ == "__main__":
    sys.exit(main())

"""Another Odoo with a shop, for ``live_stores odoo``: ``python3 -m tools.live.odoo_shop make|start|stop``.

``make`` installs it into a database of its own and writes ``odoo-shop.json`` (database, API key);
``start`` runs it at a port and returns when it answers; ``stop`` ends it.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.dev import db, odoo, paths, setup  # noqa: E402

DATABASE = "odoo_shop"
STATE = paths.STATE / "odoo-shop.json"
PID = paths.STATE / "odoo-shop.pid"
MODULES = "website_sale,website_sale_stock,payment_demo,delivery"
SEED = """
from datetime import datetime, timedelta
warehouse = env["stock.warehouse"].search([], limit=1)
for n in range(12):
    product = env["product.product"].create({"name": f"Shop {n}", "default_code": f"OS-{n:02d}", "type": "consu",
        "is_storable": True, "list_price": 10 + n, "taxes_id": False, "is_published": True, "allow_out_of_stock_order": True})
    env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 5)
key = env["res.users.apikeys"].with_user(env.ref("base.user_admin"))._generate("rpc", "live", datetime.now() + timedelta(days=30))
env.cr.commit()
print("KEY", key)
"""


def make():
    db.drop(DATABASE)
    odoo.execute(DATABASE, "-i", MODULES, "--without-demo=all", log=paths.LOGS / "odoo-shop.log")
    _code, text = odoo.shell(DATABASE, SEED, log=paths.LOGS / "odoo-shop-seed.log")
    key = next(line.split()[1] for line in text.splitlines() if line.startswith("KEY"))
    STATE.write_text(json.dumps({"database": DATABASE, "key": key}))
    print(STATE)


def start(port):
    line = odoo.command(
        f"--database={DATABASE}", f"--http-port={port}", "--http-interface=127.0.0.1",
        "--workers=0", "--max-cron-threads=0",
    )  # fmt: skip
    with open(paths.LOGS / "odoo-shop-server.log", "ab") as log:
        process = subprocess.Popen(
            line, stdout=log, stderr=log, env={**os.environ, **odoo.environment()}, start_new_session=True
        )
    PID.write_text(str(process.pid))
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/web/health", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("it does not answer")


def stop():
    pid = int(PID.read_text())
    os.kill(pid, signal.SIGTERM)
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["make", "start", "stop"])
    parser.add_argument("--port", type=int, default=8171)
    args = parser.parse_args()
    setup.ensure()
    odoo.forget_user_settings()
    {"make": make, "start": lambda: start(args.port), "stop": stop}[args.what]()


if __name__ == "__main__":
    main()

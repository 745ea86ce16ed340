"""Figures of fulfilment, side by side in one run: plain Odoo over XML-RPC and our pipeline.

``python -m tools.bench_fulfilment`` prints one line per figure,
``bench <name> <value> <unit> base <value> ratio <number>``, and writes its table into
``docs/benchmarks.md``. ``ORDERS=...`` sets how many orders each run takes, ``ROUNDS=...`` how often
everything is measured. ``python -m tools.bench_fulfilment large`` measures the same pipeline in a
database of 200,000 orders against one of 2,000 (``SMALL=... LARGE=...``).
"""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
import xmlrpc.client
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import bench_scripts
from tools.bench_multiply import multiply
from tools.dev import db, odoo, paths, pg, setup
from tools.dev.system import free_port
from tools.dev.ui import kill_group, popen

# Plain Odoo has a database of its own: none of our code is in the way of the base.
OURS, PLAIN, BIG = "ecom_bench", "ecom_bench_plain", "ecom_bench_big"
ORDERS = int(os.environ.get("ORDERS", "300"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SMALL = int(os.environ.get("SMALL", "2000"))
LARGE = int(os.environ.get("LARGE", "200000"))
DOCUMENT = paths.ROOT / "docs" / "benchmarks.md"


def spawn(script, database=OURS):
    line = odoo.command("-d", database, "--no-http", "--max-cron-threads=0", sub="shell")
    process = subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, **odoo.environment()},
    )  # fmt: skip
    process.stdin.write(script)
    process.stdin.close()
    return process


def result(process):
    text = process.stdout.read()
    process.wait()
    for line in text.splitlines():
        if "RESULT {" in line:
            return json.loads(line[line.index("{") :])
    raise SystemExit(text[-3000:])


def shell(script, database=OURS):
    code, text = odoo.shell(database, script, log=paths.LOGS / "bench.log", timeout=3600)
    if code:
        raise SystemExit(text[-3000:])
    return text


def pipeline(workers, name, count=None, database=OURS):
    """:return: (orders per second, statements per order, processor time of the workers per order
    in ms) of so many workers side by side"""
    count = count or ORDERS // workers
    # They begin together, when the last of them is ready.
    barrier = paths.LOGS / "bench-barrier"
    barrier.unlink(missing_ok=True)
    processes = [
        spawn(
            bench_scripts.PIPELINE.replace("CHANNEL", str(i))
            .replace("PREFIX", f"{name}{i}")
            .replace("COUNT", str(count))
            .replace("BARRIER", str(barrier)),
            database,
        )
        for i in range(workers)
    ]
    seen = [read_until_ready(process) for process in processes]
    if not all(ready for _text, ready in seen):
        raise SystemExit("".join(text for text, _ready in seen)[-3000:])
    barrier.touch()
    results = [result(process) for process in processes]
    barrier.unlink()
    for found in results:
        assert found["done"] == count and found["moves"] == 3 * count, found
    seconds = max(f["ended"] for f in results) - min(f["began"] for f in results)
    total = count * workers
    queries = sum(found["queries"] for found in results) / total
    cpu = sum(found["cpu"] for found in results) / total * 1000
    return total / seconds, queries, cpu


def read_until_ready(process):
    text = ""
    for line in process.stdout:
        text += line
        if line.strip().endswith("READY"):
            return text, True
    return text, False


class PlainServer:
    """One server process of plain Odoo, and a caller that creates and confirms one by one."""

    def __enter__(self):
        self.port, self.log = free_port(), paths.LOGS / "bench-server.log"
        line = odoo.command("-d", PLAIN, f"--http-port={self.port}", "--http-interface=127.0.0.1",
                            "--max-cron-threads=0")  # fmt: skip
        with open(self.log, "wb") as stream:
            self.process = popen(
                line, stdout=stream, stderr=stream, env={**os.environ, **odoo.environment()}
            )
        url = f"http://127.0.0.1:{self.port}/xmlrpc/2"
        deadline = time.monotonic() + 120
        while True:
            try:
                common = xmlrpc.client.ServerProxy(f"{url}/common")
                self.uid = common.authenticate(PLAIN, "admin", "admin", {})
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
        self.proxy = xmlrpc.client.ServerProxy(f"{url}/object", allow_none=True)
        self.products = self.call("product.product", "search", [["default_code", "=like", "BENCH%"]])
        self.partners = self.call("res.partner", "search", [["ref", "=like", "BENCH%"]])
        self.made = 0
        for _i in range(10):
            self.one()
        return self

    def __exit__(self, *_error):
        kill_group(self.process)

    def call(self, model, method, *arguments):
        return self.proxy.execute_kw(PLAIN, self.uid, "admin", model, method, list(arguments))

    def one(self):
        i, self.made = self.made, self.made + 1
        lines = [
            (0, 0, {"product_id": self.products[(i * 7 + k * 11) % 60], "product_uom_qty": 1 + k})
            for k in range(3)
        ]
        vals = {"partner_id": self.partners[i % 300], "order_line": lines}
        (order,) = self.call("sale.order", "create", [vals])
        self.call("sale.order", "action_confirm", [order])
        return order

    def measure(self, count):
        """:return: (orders per second, statements per order)"""
        mark = self.log.stat().st_size
        start = time.perf_counter()
        orders = [self.one() for _i in range(count)]
        seconds = time.perf_counter() - start
        text = self.log.read_text(errors="replace")[mark:]
        queries = sum(
            int(line.split(" 200 - ")[1].split()[0])
            for line in text.splitlines()
            if "/xmlrpc/2/object" in line and " 200 - " in line
        )
        domain = [["sale_line_id.order_id", "in", orders], ["state", "=", "assigned"]]
        reserved = self.call("stock.move", "search_count", domain)
        assert reserved == 3 * count, reserved
        return count / seconds, queries / count


class Table:
    """Rows that are printed as they come, and written into the document at the end."""

    def __init__(self):
        self.rows = []

    def add(self, name, value, unit, base, ratio, text, reach):
        print(f"bench {name} {value:.2f} {unit} base {base:.2f} ratio {ratio:.2f}", flush=True)
        cells = (text, f"{value:.2f} {unit}", f"{base:.2f}", f"{ratio:.2f}", reach)
        self.rows.append(f"| {' | '.join(cells)} |")

    def write(self, part):
        """Put the table between the marks of `part` in the document; the rest stays."""
        version = pg.sql("SHOW server_version")[0][0]
        note = (
            f"Measured on {date.today()}, {os.cpu_count()} processors ({platform.machine()}), load "
            f"average {os.getloadavg()[0]:.1f} at the end, Python {platform.python_version()}, "
            f"PostgreSQL {version}, medians of {ROUNDS} rounds."
        )
        head = "| what | measured | base | ratio | to reach |\n|---|---|---|---|---|"
        body = "\n".join((head, *self.rows, "", note))
        begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
        text = DOCUMENT.read_text()
        new = re.sub(
            f"{re.escape(begin)}.*?{re.escape(end)}",
            lambda _found: f"{begin}\n{body}\n{end}",
            text,
            flags=re.DOTALL,
        )
        DOCUMENT.write_text(new)


def prepare():
    db.copy(db.ensure_template(), OURS)
    shell(bench_scripts.GOODS)
    shell(bench_scripts.CHANNELS)


def main():
    setup.ensure()
    table = Table()
    try:
        prepare()
        db.copy(db.base_name(False), PLAIN)
        shell(bench_scripts.GOODS, PLAIN)
        base, one, two = [], [], []
        # Side by side: each round measures everything once, so that a busy machine hits all alike.
        with PlainServer() as plain:
            for number in range(ROUNDS):
                base.append(plain.measure(max(ORDERS // 5, 20)))
                one.append(pipeline(1, f"one{number}x"))
                two.append(pipeline(2, f"two{number}x"))
                print(f"round {number}: {base[-1]} {one[-1]} {two[-1]}", flush=True)
        base, base_statements = (statistics.median(column) for column in zip(*base, strict=True))
        one, statements, _cpu = (statistics.median(column) for column in zip(*one, strict=True))
        two = statistics.median(speed for speed, _queries, _cpu in two)
        table.add("pipeline_1_worker", one, "orders/s", base, one / base,
            "whole pipeline, one worker, document in to reserved", "8")  # fmt: skip
        table.add("pipeline_2_workers", two, "orders/s", base, two / base,
            "the same, two workers", "12")  # fmt: skip
        table.add("statements", statements, "statements/order", base_statements,
            base_statements / statements, "SQL statements per order", "25 statements")  # fmt: skip
        found = result(spawn(bench_scripts.SOURCE))
        table.add("sourcing_1000_orders", found["seconds"], "s", 5, 5 / found["seconds"],
            f"sourcing 1,000 orders over 10 warehouses ({found['planned']} planned)", "5 s")  # fmt: skip
        found = result(spawn(bench_scripts.MERGE))
        table.add("merge_search_20000", found["seconds"], "s", 3, 3 / found["seconds"],
            f"merge search over 20,000 open parcels ({found['groups']} groups)", "3 s")  # fmt: skip
        table.write("speed")
    finally:
        db.drop(OURS)
        db.drop(PLAIN)


def main_large():
    """The same worker in a small database and in a big one that is made from it, in turns."""
    setup.ensure()
    table = Table()
    try:
        prepare()
        shell(
            bench_scripts.PIPELINE.replace("CHANNEL", "0")
            .replace("PREFIX", "seed").replace("COUNT", str(SMALL - 650)).replace("BARRIER", "/")
        )  # fmt: skip
        db.copy(OURS, BIG)
        orders = multiply(BIG, max(LARGE // SMALL - 1, 1))
        print(f"{orders} orders in the big database", flush=True)
        small, large = [], []
        for number in range(ROUNDS):
            small.append(pipeline(1, f"small{number}x"))
            large.append(pipeline(1, f"large{number}x", database=BIG))
            print(f"round {number}: {small[-1]} {large[-1]}", flush=True)
        small, large = (statistics.median(s for s, _q, _c in found) for found in (small, large))
        table.add("large_database", large, "orders/s", small, large / small,
            f"whole pipeline with {orders:,} orders in the database, against {SMALL:,}", "0.9")  # fmt: skip
        table.write("large")
    finally:
        db.drop(OURS)
        db.drop(BIG)


if __name__ == "__main__":
    main_large() if sys.argv[1:] == ["large"] else main()

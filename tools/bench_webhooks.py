"""How fast webhooks are acknowledged: ``python3 -m tools.bench_connectors webhooks``.

An open loop: deliveries leave at fixed moments, whether or not earlier ones were answered, and the
time of each counts from the moment it was due. The generator is one asyncio process that opens a
connection per delivery, as platforms do; it shares the processors with Odoo and PostgreSQL.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import re
import subprocess
import time
from pathlib import Path

from .dev import odoo, paths, pg
from .dev.system import free_port

SECRET = b"bench-secret"
CHANNEL = """
channel = env["ecom.channel"].create({"name": "Bench hooks", "connector": "sim", "connector_url": "http://127.0.0.1:9"})
channel.credential_webhook = "bench-secret"
channel.state = "paused"
env.cr.commit()
print("TOKEN", channel.webhook_token)
"""
COUNT = """
env.cr.execute("SELECT count(*), count(DISTINCT delivery_key) FROM ecom_webhook WHERE delivery_key LIKE 'b%'")
print("STORED", *env.cr.fetchone())
"""


def request_of(token, number):
    """:return: bytes of one signed delivery"""
    body = json.dumps({"topic": "order.updated", "order_id": str(number)}).encode()
    stamp = str(int(time.time()))
    signature = hmac.new(SECRET, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    head = (
        f"POST /ecom/hook/{token} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nX-Sim-Delivery: b{number}\r\n"
        f"X-Sim-Time: {stamp}\r\nX-Sim-Signature: {signature}\r\n\r\n"
    )
    return head.encode() + body


NOTHING = b"GET /web/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def read_answer(reader):
    """Read an answer to the end that its length says, as HTTP clients do. One that waits for the
    server to hang up waits 10 ms longer, and so does the worker: after each answer Werkzeug listens
    for that long whether more is coming, unless the client hangs up first.

    :return: its status"""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if length:
        await reader.readexactly(int(length[1]))
    return int(head.split(b" ", 2)[1])


async def fire(port, requests, rate):
    """:return: (list of (status, seconds since it was due), seconds in all)"""
    loop = asyncio.get_running_loop()
    results = []
    begin = loop.time() + 0.2

    async def one(number, content):
        due = begin + number / rate
        await asyncio.sleep(max(due - loop.time(), 0))
        status = 0
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(content)
            status = await asyncio.wait_for(read_answer(reader), 30)
            writer.close()
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, IndexError, ValueError):
            pass
        results.append((status, loop.time() - due))

    # The deliveries of a second are made when it begins, so that the loop stays small.
    tasks = []
    for start in range(0, len(requests), rate):
        await asyncio.sleep(max(begin + start / rate - 0.2 - loop.time(), 0))
        tasks += [asyncio.create_task(one(n, requests[n])) for n in range(start, min(start + rate, len(requests)))]
    await asyncio.gather(*tasks)
    return results, loop.time() - begin


def processor(pids):
    """:return: seconds of processor time that processes have used so far"""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def processes(parent, database):
    """:return: (ids of Odoo's processes, ids of the database's)"""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    rows = pg.sql(f"SELECT pid FROM pg_stat_activity WHERE datname = {pg.quote_text(database)}")
    return [parent, *children], [row[0] for row in rows]


def measure(what, port, parent, database, requests, rate):
    """Fire, and say what came of it. What other programs do to the times they do not do to the
    processor time that a delivery costs."""
    ours, theirs = processes(parent, database)
    before = processor(ours), processor(theirs), time.process_time()
    results, spent = asyncio.run(fire(port, requests, rate))
    used = processor(ours) - before[0], processor(theirs) - before[1], time.process_time() - before[2]
    report(what, results, spent)
    odoos, databases, own = (1000 * seconds / len(requests) for seconds in used)
    cost = odoos + databases
    print(
        f"BENCH     {cost:.1f} ms of processor time each (Odoo {odoos:.1f}, PostgreSQL {databases:.1f}): "
        f"{cost * rate / 10 / os.cpu_count():.0f} % of {os.cpu_count()} processors at {rate}/s, and "
        f"{own * rate / 10 / os.cpu_count():.0f} % for the generator",
        flush=True,
    )


def report(what, results, spent):
    times = sorted(1000 * seconds for status, seconds in results if status == 200)
    other = sorted({status for status, _seconds in results if status != 200})
    if not times:
        print(f"BENCH {what}: none of {len(results)} was answered ({other})")
        return
    at = lambda share: times[min(int(len(times) * share), len(times) - 1)]  # noqa: E731
    print(
        f"BENCH {what}: {len(times)} of {len(results)} answered in {spent:.1f} s "
        f"({len(times) / spent:.0f}/s); median {at(0.5):.0f} ms, p95 {at(0.95):.0f} ms, "
        f"p99 {at(0.99):.0f} ms, slowest {times[-1]:.0f} ms{f'; other answers: {other}' if other else ''}",
        flush=True,
    )


@contextlib.contextmanager
def server(database, workers, extra=(), crons=0):
    """An Odoo as a merchant runs it: its own database named, no others to choose from."""
    port = free_port()
    how = [f"--workers={workers}", f"--gevent-port={free_port()}"] if workers else ["--workers=0"]
    line = odoo.command(
        f"--database={database}", "--http-interface=127.0.0.1", f"--http-port={port}",
        f"--max-cron-threads={crons}", *how, *extra,
    )  # fmt: skip
    with open(paths.LOGS / "bench-server.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(line, env={**os.environ, **odoo.environment()}, stdout=log, stderr=log)
    try:
        for _ in range(240):
            with contextlib.suppress(OSError):
                results, _spent = asyncio.run(fire(port, [NOTHING] * 4, 4))
                if all(status == 200 for status, _seconds in results):
                    break
            time.sleep(0.5)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def webhooks(database, rate, seconds, workers, shell):
    """Measure, beside a route of Odoo's own that does nothing, on the same server."""
    text = shell(database, CHANNEL, "bench-hooks")
    token = next(line.split()[1] for line in text.splitlines() if line.startswith("TOKEN"))
    how = f"{workers} workers" if workers else "threads in one process"
    load = os.getloadavg()[0]
    print(f"BENCH Odoo with {how}, {os.cpu_count()} processors, load average {load:.1f} before", flush=True)
    with server(database, workers) as (port, parent):
        warm = [request_of(token, f"warm{n}") for n in range(100)]
        asyncio.run(fire(port, warm, 50))
        nothing = [NOTHING] * rate * seconds
        hooks = [request_of(token, n) for n in range(rate * seconds)]
        measure(f"Odoo's route that does nothing at {rate}/s", port, parent, database, nothing, rate)
        measure(f"webhooks at {rate}/s", port, parent, database, hooks, rate)
    text = shell(database, COUNT, "bench-hooks-count")
    stored = next(line.split()[1:] for line in text.splitlines() if line.startswith("STORED"))
    print(f"BENCH {stored[0]} deliveries are stored, {stored[1]} of them different, of {rate * seconds} sent")

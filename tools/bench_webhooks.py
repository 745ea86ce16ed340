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
import subprocess
import time

from .dev import odoo, paths
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
            answer = await asyncio.wait_for(reader.read(), 30)
            status = int(answer.split(b" ", 2)[1])
            writer.close()
        except (OSError, asyncio.TimeoutError, IndexError, ValueError):
            pass
        results.append((status, loop.time() - due))

    # The deliveries of a second are made when it begins, so that the loop stays small.
    tasks = []
    for start in range(0, len(requests), rate):
        await asyncio.sleep(max(begin + start / rate - 0.2 - loop.time(), 0))
        tasks += [asyncio.create_task(one(n, requests[n])) for n in range(start, min(start + rate, len(requests)))]
    await asyncio.gather(*tasks)
    return results, loop.time() - begin


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
        yield port
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
    with server(database, workers) as port:
        warm = [request_of(token, f"warm{n}") for n in range(100)]
        asyncio.run(fire(port, warm, 50))
        for what, per_second in (("Odoo's route that does nothing", rate), ("webhooks", rate)):
            wanted = range(per_second * seconds)
            requests = [NOTHING if "nothing" in what else request_of(token, n) for n in wanted]
            results, spent = asyncio.run(fire(port, requests, per_second))
            report(f"{what} at {per_second}/s", results, spent)
        # As many as there is room for: 400 within a second, whatever becomes of the waiting.
        for what in ("Odoo's route that does nothing", "webhooks"):
            requests = [NOTHING if "nothing" in what else request_of(token, f"m{n}") for n in range(400)]
            results, spent = asyncio.run(fire(port, requests, 400))
            report(f"{what}, all there is", results, spent)
    text = shell(database, COUNT, "bench-hooks-count")
    stored = next(line.split()[1:] for line in text.splitlines() if line.startswith("STORED"))
    wanted = str(rate * seconds + 400)
    print(f"BENCH {stored[0]} deliveries are stored, {stored[1]} of them different, of {wanted} acknowledged")

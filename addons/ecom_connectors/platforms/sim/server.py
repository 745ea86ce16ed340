"""A shop that is simulated: ``python3 server.py --port 8899 --seed 1``. Standard library only.

It speaks the protocol of docs/in-house-shop.md, keeps everything in memory, and has the faults that
real shops have. All chance comes from the seed, so that a run can be repeated.
"""

# A command with a server of its own, no model.
# pylint: disable=print-used,missing-return
import argparse
import hashlib
import hmac
import json
import random
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

FAULTS = ("down", "429", "500", "slow", "garbage", "timeout_after", "error_in_200", "expired")
SLOW_SECONDS = 2
_NAMES = ("Ada Byron", "Léa Martin", "王伟", "José Álvarez", "Mia Schmidt", "Tom O'Neil")


class Shop:
    """State of the shop. Everything that changes it takes the lock."""

    def __init__(self, seed=1, currency="EUR", token="sim-token", products=20, clock=None, prefix="SIM"):
        self.random = random.Random(seed)
        self.currency, self.token = currency, token
        self.lock = threading.RLock()
        self.clock = clock or (lambda: datetime.now(timezone.utc))
        self.orders, self.done, self.hooks = {}, {}, []
        self.calls, self.faults, self.rates = [], [], {}
        self.products = {
            f"{prefix}-{n:03d}": {
                "id": f"p{n}", "sku": f"{prefix}-{n:03d}", "name": f"Simulated product {n}",
                "price": str(Decimal(self.random.randrange(199, 9999)) / 100), "stock": 0,
            }
            for n in range(1, products + 1)
        }  # fmt: skip
        self.counter = 1000
        self.delivery = 0

    # === what shoppers and the shop's staff do === #

    def now(self):
        return self.clock().astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def place(self, lines=None, paid=True, **fields):
        """A shopper buys. :param lines: list of (sku, quantity); none: chance decides"""
        with self.lock:
            self.counter += 1
            order_id = str(self.counter)
            if lines is None:
                skus = self.random.sample(sorted(self.products), self.random.randint(1, 3))
                lines = [(sku, self.random.randint(1, 3)) for sku in skus]
            name = self.random.choice(_NAMES)
            entries = []
            for index, (sku, quantity) in enumerate(lines, 1):
                price = self.products.get(sku, {}).get("price", "10.00")
                entries.append({
                    "id": f"{order_id}-{index}", "sku": sku, "quantity": quantity,
                    "name": self.products.get(sku, {}).get("name", sku), "unit_price": price,
                })  # fmt: skip
            total = sum(Decimal(e["unit_price"]) * e["quantity"] for e in entries)
            order = {
                "external_id": order_id, "number": f"S{order_id}", "status": "open",
                "placed_at": self.now(), "updated_at": self.now(), "currency": self.currency,
                "customer": {"external_id": f"c{order_id}", "name": name,
                             "email": f"buyer{order_id}@example.com"},
                "shipping_address": {"name": name, "street": "Long Street 1", "city": "Berlin",
                                     "zip": "10115", "country": "DE"},
                "lines": entries, "total": str(total),
                "payments": [{"amount": str(total), "state": "paid" if paid else "pending",
                              **({"paid_at": self.now()} if paid else {})}],
                "refunds": [], "shipments": [], **fields,
            }  # fmt: skip
            self.orders[order_id] = order
            self._notify("order.created", order_id)
            return order_id

    def change(self, order_id, **fields):
        """The shop's staff or its buyer changes an order."""
        with self.lock:
            order = self.orders[order_id]
            order.update(fields)
            self._touch(order)
            return order

    def cancel(self, order_id, reason=None):
        with self.lock:
            order = self.orders[order_id]
            if order["shipments"]:
                return {"error": "the order is shipped already"}
            order["status"] = "cancelled"
            self._touch(order)
            return {"id": f"cancel-{order_id}", "reason": reason}

    def ship(self, order_id, body):
        with self.lock:
            order = self.orders[order_id]
            known = {line["id"]: Decimal(str(line["quantity"])) for line in order["lines"]}
            for shipment in order["shipments"]:
                for line in shipment["lines"]:
                    known[line["line_id"]] -= Decimal(str(line["quantity"]))
            for line in body.get("lines") or ():
                left = known.get(line["line_id"])
                if left is None or Decimal(str(line["quantity"])) > left:
                    return {"error": f"line {line['line_id']} has only {left} left to ship"}
                known[line["line_id"]] = left - Decimal(str(line["quantity"]))
            shipment = {"id": f"sh-{order_id}-{len(order['shipments']) + 1}", **body}
            order["shipments"].append(shipment)
            if not any(known.values()):
                order["status"] = "completed"
            self._touch(order)
            return {"id": shipment["id"]}

    def refund(self, order_id, body):
        with self.lock:
            order = self.orders[order_id]
            paid = Decimal(order["total"]) - sum(Decimal(r["amount"]) for r in order["refunds"])
            if Decimal(body["amount"]) > paid:
                return {"error": f"only {paid} are left to refund"}
            refund = {
                "id": f"re-{order_id}-{len(order['refunds']) + 1}", "created_at": self.now(),
                "amount": body["amount"], "reason": body.get("reason"),
                "lines": body.get("lines") or [],
            }  # fmt: skip
            order["refunds"].append(refund)
            self._touch(order)
            return {"id": refund["id"]}

    def ask_return(self, order_id, lines=None, kind="return", hours=48, **fields):
        """The buyer asks for something after the sale. :param lines: list of (sku, quantity)"""
        with self.lock:
            order = self.orders[order_id]
            by_sku = {line["sku"]: line["id"] for line in order["lines"]}
            case = {
                "id": f"rt-{order_id}-{len(order.setdefault('returns', [])) + 1}", "kind": kind,
                "status": "requested", "created_at": self.now(), "deadline": self.later(hours),
                "lines": [{"line_id": by_sku[sku], "quantity": n} for sku, n in lines or ()], **fields,
            }  # fmt: skip
            order["returns"].append(case)
            self._touch(order)
            return case["id"]

    def answer_return(self, order_id, case_id, body):
        """The seller's answer; after the deadline the shop has decided for the buyer."""
        with self.lock:
            order = self.orders[order_id]
            case = next((c for c in order.get("returns") or () if c["id"] == case_id), None)
            if case is None:
                return {"error": "no such case"}
            answer = body.get("answer")
            if case["status"] == "requested" and _time(case["deadline"]) < _time(self.now()):
                case["status"] = "approved"
                self._touch(order)
            same = {"approved": "approved", "rejected": "declined", "cancelled": "closed"}
            if same.get(answer) == case["status"]:
                return {"id": case["id"], "status": case["status"]}
            before = {"approved": "requested", "rejected": "requested", "cancelled": "approved"}
            if answer not in before or case["status"] != before[answer]:
                return {"error": f"the case is {case['status']}, it cannot be {answer}"}
            case["status"] = same[answer]
            case["answer_reason"], case["updated_at"] = body.get("reason"), self.now()
            if case["kind"] == "cancel" and answer == "approved" and not case["lines"]:
                order["status"] = "cancelled"
            self._touch(order)
            return {"id": case["id"], "status": case["status"]}

    def later(self, hours):
        moment = self.clock().astimezone(timezone.utc) + timedelta(hours=hours)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def set_stock(self, body):
        with self.lock:
            unknown = []
            for item in body.get("items") or ():
                product = self.products.get(item["sku"])
                if product is None:
                    unknown.append(item["sku"])
                else:
                    product["stock"] = item["quantity"]
            return {"unknown": unknown}

    def _touch(self, order):
        order["updated_at"] = self.now()
        self._notify("order.updated", order["external_id"])

    # === webhooks === #

    def _notify(self, topic, order_id):
        for hook in list(self.hooks):
            self.delivery += 1
            if self.random.random() < self.rates.get("lost_webhooks", 0):
                continue
            self.send_hook(hook, topic, order_id, f"d{self.delivery}")
            if self.random.random() < self.rates.get("twice_webhooks", 0):
                self.send_hook(hook, topic, order_id, f"d{self.delivery}")

    def sign_hook(self, secret, topic, order_id, delivery):
        """:return: (body, headers) of a delivery"""
        body = json.dumps({"topic": topic, "order_id": order_id}).encode()
        stamp = str(int(time.time()))
        signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        return body, {
            "Content-Type": "application/json", "X-Sim-Delivery": delivery, "X-Sim-Topic": topic,
            "X-Sim-Time": stamp, "X-Sim-Signature": signature.hexdigest(),
        }  # fmt: skip

    def send_hook(self, hook, topic, order_id, delivery):
        body, headers = self.sign_hook(hook["secret"], topic, order_id, delivery)
        threading.Thread(target=_post, args=(hook["url"], body, headers), daemon=True).start()

    # === faults === #

    def fail_next(self, fault, times=1, method=None):
        """The next calls (of this method) fail in this way."""
        assert fault in FAULTS, fault
        with self.lock:
            self.faults += [(fault, method)] * times

    def next_fault(self, method):
        with self.lock:
            for index, (fault, only) in enumerate(self.faults):
                if only in (None, method):
                    del self.faults[index]
                    return fault
            for fault in FAULTS:
                if self.random.random() < self.rates.get(fault, 0):
                    return fault
        return None


def _post(url, body, headers):
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()
    except OSError as error:
        print(f"webhook to {url} failed: {error}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        if self.server.verbose:
            super().log_message(*args)

    def _answer(self, value, status=200, headers=()):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def _handle(self):
        shop, url = self.server.shop, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        body = json.loads(raw) if raw else {}
        if url.path == "/control":
            return self._control(shop, body)
        shop.calls.append((self.command, self.path, body))
        fault = shop.next_fault(self.command)
        if fault == "down":
            self.close_connection = True
            return None
        if fault == "429":
            return self._answer({"error": "slow down"}, 429, [("Retry-After", "7")])
        if fault == "500":
            return self._answer({"error": "out of order"}, 500)
        if fault == "garbage":
            return self._answer(b"<html>oops")
        if fault == "error_in_200":
            return self._answer({"error": "something went wrong inside"})
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        authorized = self.headers.get("Authorization") == f"Bearer {shop.token}"
        if fault == "expired" or not authorized:
            return self._answer({"error": "token expired"}, 401)
        status, value = self._route(shop, url, body)
        if fault == "timeout_after":
            # The work is done, the answer is lost.
            self.close_connection = True
            return None
        return self._answer(value, status)

    do_GET = do_POST = do_PUT = do_DELETE = _handle

    def _control(self, shop, body):
        if body.get("fail"):
            shop.fail_next(body["fail"], body.get("times", 1), body.get("method"))
        shop.rates.update(body.get("rates") or {})
        placed = [shop.place() for _ in range(body.get("place", 0))]
        for order_id in body.get("cancel") or ():
            shop.cancel(order_id)
        return self._answer({"placed": placed, "orders": len(shop.orders)})

    def _route(self, shop, url, body):
        parts = [unquote(part) for part in url.path.strip("/").split("/")]
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        match (self.command, *parts):
            case ("GET", "api", "ping"):
                return 200, {"shop": "Simulated shop", "currency": shop.currency}
            case ("GET", "api", "orders"):
                return 200, self._list_orders(shop, query)
            case ("GET", "api", "orders", order_id):
                order = shop.orders.get(order_id)
                return (200, order) if order else (404, {"error": "no such order"})
            case ("GET", "api", "products"):
                return 200, self._list_products(shop, query)
            case ("PUT", "api", "stock"):
                return 200, shop.set_stock(body)
            case ("POST", "api", "webhooks"):
                shop.hooks = [h for h in shop.hooks if h["url"] != body["url"]] + [body]
                return 200, {"ok": True}
            case ("DELETE", "api", "webhooks"):
                shop.hooks = [h for h in shop.hooks if h["url"] != body.get("url")]
                return 200, {"ok": True}
            case ("POST", "api", "orders", order_id, action):
                return self._act(shop, order_id, action, body)
            case ("POST", "api", "orders", order_id, "returns", case_id):
                return self._act(shop, order_id, "returns", {**body, "case_id": case_id})
        return 404, {"error": "no such address"}

    def _act(self, shop, order_id, action, body):
        if order_id not in shop.orders:
            return 404, {"error": "no such order"}
        key = self.headers.get("Idempotency-Key")
        with shop.lock:
            if key and key in shop.done:
                return 200, shop.done[key]
            if action == "shipments":
                value = shop.ship(order_id, body)
            elif action == "refunds":
                value = shop.refund(order_id, body)
            elif action == "cancel":
                value = shop.cancel(order_id, body.get("reason"))
            elif action == "returns" and body.get("case_id"):
                value = shop.answer_return(order_id, body["case_id"], body)
            else:
                return 404, {"error": "no such action"}
            if key and "error" not in value:
                shop.done[key] = value
            return 200, value

    def _list_orders(self, shop, query):
        cursor = json.loads(query["cursor"]) if query.get("cursor") else {}
        since = cursor.get("since") or query.get("changed_since", "")
        until = cursor.get("until") or query.get("changed_until") or "9999"
        offset, limit = cursor.get("offset", 0), int(query.get("limit", 50))
        with shop.lock:
            found = sorted(
                (o for o in shop.orders.values() if _time(since) <= _time(o["updated_at"]) <= _time(until)),
                key=lambda order: (_time(order["updated_at"]), order["external_id"]),
            )
        page = found[offset : offset + limit]
        more = offset + limit < len(found)
        following = {"since": since, "until": until, "offset": offset + limit}
        return {
            "orders": page,
            "next": json.dumps(following) if more else None,
            "newest": page[-1]["updated_at"] if page else None,
        }

    def _list_products(self, shop, query):
        offset = int(query.get("cursor") or 0)
        products = list(shop.products.values())[offset : offset + 100]
        more = offset + 100 < len(shop.products)
        return {"products": products, "next": str(offset + 100) if more else None}


def _time(text):
    if not text:
        return datetime.min.replace(tzinfo=timezone.utc)
    if text == "9999":
        return datetime.max.replace(tzinfo=timezone.utc) - timedelta(days=2)
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def serve(shop, port=0, verbose=False):
    """Run a shop in a thread. :return: (server, its address); ``server.shutdown()`` ends it"""
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.shop, server.verbose = shop, verbose
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8899)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orders", type=int, default=10, help="orders there are at the start")
    parser.add_argument("--token", default="sim-token")
    parser.add_argument("--per-minute", type=float, default=0, help="orders that keep coming in")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=RATE",
                        help=f"share of calls that fail: {', '.join(FAULTS)}, lost_webhooks, twice_webhooks")  # fmt: skip
    args = parser.parse_args()
    shop = Shop(args.seed, token=args.token)
    shop.rates = {name: float(rate) for name, _, rate in (f.partition("=") for f in args.fault)}
    for _ in range(args.orders):
        shop.place()
    _server, url = serve(shop, args.port, verbose=True)
    print(f"shop with {len(shop.orders)} orders at {url}, token {args.token}", flush=True)
    try:
        while True:
            time.sleep(60 / args.per_minute if args.per_minute else 3600)
            if args.per_minute:
                shop.place()
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()

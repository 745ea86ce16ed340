"""A label is bought once, although the worker that buys it is killed (SIGKILL) at each step."""

import importlib.util
import os
import signal
import subprocess
import time

import pytest

from tools.dev import odoo as dev_odoo
from tools.dev import paths

pytestmark = pytest.mark.skipif(
    not os.environ.get("ECOM_HEAVY"), reason="some minutes; ECOM_HEAVY=1 runs it"
)

KEY = "a key for the tests of credentials"


def _carrier_class():
    path = paths.ADDONS / "ecom_connectors" / "tests" / "carrier_server.py"
    spec = importlib.util.spec_from_file_location("carrier_server", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Carrier


PREPARE = """
if not env["ir.module.module"].search([("name", "=", "ecom_connectors"), ("state", "=", "installed")]):
    raise SystemExit("ecom_connectors is not installed")
product = env["product.product"].create({{"name": "Mug", "default_code": "CRASH-MUG",
    "is_storable": True, "taxes_id": False}})
warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
warehouse.partner_id.write({{"street": "Dock 1", "city": "Leipzig", "zip": "04103",
    "country_id": env.ref("base.de").id}})
env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 100)
env["res.currency"].with_context(active_test=False).search([("name", "=", "EUR")]).active = True
account = env["ecom.carrier.account"].create({{"name": "UPS", "plugin": "ups",
    "server_url": {url!r}, "label_format": "ZPL"}})
for line in account.field_ids:
    line.new_value = "123456"
carrier = env["delivery.carrier"].create({{"name": "UPS", "product_id": product.id,
    "delivery_type": "karrio", "ecom_account_id": account.id, "ecom_service": "ups_standard"}})
channel = env["ecom.channel"].create({{"name": "Crash", "approval": "all",
    "approve_wait_minutes": 0, "warehouse_id": warehouse.id}})
documents = [{{"external_id": f"C-{{n}}", "placed_at": "2026-03-01T10:00:00Z",
    "updated_at": "2026-03-01T10:00:00Z", "currency": "EUR",
    "customer": {{"name": "Ada", "email": f"a{{n}}@example.com"}},
    "shipping_address": {{"name": "Ada", "street": "Street 1", "city": "Bonn", "zip": "53113",
        "country": "DE"}},
    "lines": [{{"id": "1", "sku": "CRASH-MUG", "quantity": "1", "unit_price": "10"}}],
    "payments": [{{"amount": "10", "paid_at": "2026-03-01T10:01:00Z"}}], "total": "10"}}
    for n in range({count})]
channel.import_orders(documents)
channel.process_orders()
shipments = channel.order_ids.shipment_ids
assert len(shipments) == {count}, channel.order_ids.mapped("cause_message")
shipments.write({{"carrier_id": carrier.id}})
print(*shipments.sorted("id").ids)
"""

# One worker for one shipment; `hook` slows it down at the step where it shall be killed.
WORK = """
import time
shipment = env["ecom.shipment"].browse({shipment})
if not shipment.label_ids:
    shipment._order_labels()
    env.cr.commit()
shipment.label_ids.filtered(lambda l: l.state in ("waiting", "sending")).next_try = "2026-01-01"
env.cr.commit()
Label = type(env["ecom.label"])
{hook}
open({ready!r}, "w").close()
env["ecom.label"]._cron_process()
"""

HOOKS = {
    # Killed after "sending" was committed, before anything was sent.
    "noted": (
        "from odoo.addons.ecom_connectors.carriers.karrio_client import Client\n"
        "def ship(self, request):\n"
        "    open({mark!r}, 'w').close()\n"
        "    time.sleep(60)\n"
        "Client.ship = ship\n"
    ),
    # Killed after the carrier's answer, before our commit.
    "answered": (
        "def record(self, label, answer, client):\n"
        "    open({mark!r}, 'w').close()\n"
        "    time.sleep(60)\n"
        "Label._record = record\n"
    ),
    # Killed after the label was committed, before its number is on the shipment.
    "recorded": (
        "def apply(self):\n    open({mark!r}, 'w').close()\n    time.sleep(60)\nLabel._apply = apply\n"
    ),
}


@pytest.fixture
def carrier(monkeypatch):
    pytest.importorskip("karrio.mappers.ups")
    monkeypatch.setenv("ECOM_SECRET_KEY", KEY)
    server = _carrier_class()()
    yield server
    server.close()


def _worker(database, code, folder, name):
    script = folder / f"{name}.py"
    script.write_text(code)
    log = open(folder / f"{name}.log", "wb")  # noqa: SIM115 - lives as long as the process
    line = dev_odoo.command(f"--database={database}", "--no-http", sub="shell")
    return subprocess.Popen(
        line,
        stdin=open(script, "rb"),
        stdout=log,
        stderr=log,
        env={**os.environ, **dev_odoo.environment()},
        start_new_session=True,
    )


def _wait(check, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return
        time.sleep(0.1)
    raise AssertionError("the worker did not come to the step where it shall be killed")


def test_killed_at_each_step(ecom_db, shell, carrier, tmp_path):
    # (name, what the carrier does, our own hook)
    steps = [
        ("noted", None, HOOKS["noted"]),
        ("asked", "before", ""),
        ("sold", "after", ""),
        ("answered", None, HOOKS["answered"]),
        ("recorded", None, HOOKS["recorded"]),
    ]
    ids = shell(PREPARE.format(url=carrier.url, count=len(steps))).split()
    for shipment, (name, fail, hook) in zip(ids, steps, strict=True):
        mark, ready = tmp_path / f"{name}.mark", tmp_path / f"{name}.ready"
        carrier.fail = fail
        carrier.asked.clear()
        code = WORK.format(shipment=shipment, hook=hook.format(mark=str(mark)), ready=str(ready))
        process = _worker(ecom_db, code, tmp_path, name)
        try:
            _wait(carrier.asked.is_set if fail else mark.exists)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)
        carrier.fail = None
    # The timers of living workers go on, twice to be sure that nothing is done again.
    out = shell(
        "labels = env['ecom.label'].search([])\n"
        "for _round in range(3):\n"
        "    labels.filtered(lambda l: l.state in ('waiting', 'sending')).next_try = '2026-01-01'\n"
        "    env['ecom.label']._cron_process()\n"
        "for label in labels.sorted('shipment_id'):\n"
        "    print(label.key, label.state, label.numbers, label.shipment_id.tracking_ref)\n"
    )
    lines = [line.split() for line in out.strip().splitlines()]
    assert len(lines) == len(steps), out
    for (key, state, numbers, reference), (name, *_rest) in zip(lines, steps, strict=True):
        assert carrier.sold.get(key) == [numbers], f"{name}: {carrier.sold.get(key)}"
        assert (state, reference) == ("bought", numbers), name
    assert carrier.sales == len(steps)

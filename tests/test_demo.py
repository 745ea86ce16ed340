"""The demo inside Odoo: undisturbed, killed and repeated, and run again. Always the same end."""

import json

import conftest
import pytest

from tools.dev import db as dev_db

pytestmark = pytest.mark.e2e

CALM, KILLED = "ecom_demo_calm", "ecom_demo_killed"
SHARE = 0.15  # of the ordinary orders; the awkward ones are all there
BASE = "2026-11-23T20:00:00+00:00"

RUN = f"""
import json, os, signal, sys
sys.path.insert(0, {str(conftest.ROOT)!r})
from tools.demo import report, run, world

def die():
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)

def countdown(number, work=None):
    '''A function that does `work`, and at its call of that number kills the process instead.'''
    left = [number]
    def call(*args, **kwargs):
        left[0] -= 1
        return work(*args, **kwargs) if work and left[0] else None if left[0] else die()
    return call

env["ir.config_parameter"].set_param(world.BASE_PARAMETER, {BASE!r})
env.cr.commit()
"""
FINISH = f"""
result = run.main(env, share={SHARE})
channels = world.ensure(env)
print("COUNTS", json.dumps(dict(report.counts(env, channels), result=result), sort_keys=True))
"""
KILL_WHILE_STORING = f"run.main(env, share={SHARE}, after_batch=countdown(2))"
KILL_WHILE_PROCESSING = f"""
model = env.registry["ecom.channel"]
model._commit_batch = countdown({{number}}, model._commit_batch)
run.main(env, share={SHARE})
"""


def _counts(output):
    (line,) = [line for line in output.splitlines() if line.startswith("COUNTS ")]
    return json.loads(line.removeprefix("COUNTS "))


def _sections(output):
    """Titles of the printed tables, each with its lines."""
    sections = {}
    for block in output.split("\n\n"):
        title, *lines = block.strip().splitlines()
        sections[title.split(",")[0].split(":")[0]] = lines
    return sections


@pytest.fixture(scope="module")
def databases():
    template = dev_db.ensure_template()
    try:
        for name in (CALM, KILLED):
            dev_db.copy(template, name)
        yield
    finally:
        for name in (CALM, KILLED):
            dev_db.drop(name)


@pytest.fixture(scope="module")
def calm(databases, tmp_path_factory):
    """Shell on the database of the undisturbed run, and what that run printed."""
    shell = conftest.Shell(CALM, tmp_path_factory.mktemp("calm"))
    return shell, shell(RUN + FINISH)


def test_table(calm):
    _shell, output = calm
    sections = _sections(output)
    assert _counts(output)["result"] == 0, output
    money = [line.split() for line in sections["Money"][2:]]
    assert len(money) == 3
    assert all(line[-1] == "0.00" and line[-2] == line[-3] != "0.00" for line in money)
    causes = "\n".join(sections["Parked"])
    assert "LO-DOCK-PHONE" in causes and "25.5%" in causes and "placed_at" in causes
    assert len(sections["Parked"]) == 2 + 3


def test_orders_arrive_at_reserved_deliveries(calm):
    counts = _counts(calm[1])
    for code in ("lumen-oak", "bazaar-eu", "qingmu"):
        shop = counts[code]
        assert shop["states"]["parked"] == 1
        assert shop["sale_orders"]["sale"] == shop["review"]["approved"]
        assert shop["reserved"] > 0.9 * shop["deliveries"] > 0
    # Sold out: promised to nobody, so held and not delivered in part. Cancelled in time.
    assert counts["lumen-oak"]["deliveries"] == counts["lumen-oak"]["reserved"]
    assert counts["lumen-oak"]["review"]["held"] == 2
    assert counts["lumen-oak"]["states"]["cancelled"] == 2
    assert counts["bazaar-eu"]["review"]["held"] == 1
    assert counts["refunds"] == {"matched": 2}


def test_running_again_changes_no_count(calm):
    shell, output = calm
    again = shell(RUN + FINISH)
    assert _counts(again) == _counts(output)
    for line in _sections(again)["What this run took in"][2:]:
        _received, new, changed, unchanged, _stale, _parked = map(int, line.split()[-6:])
        assert (new, changed) == (0, 0) and unchanged


def test_killed_and_repeated_ends_the_same(calm, databases, tmp_path):
    shell = conftest.Shell(KILLED, tmp_path)
    for script in (
        KILL_WHILE_STORING,
        KILL_WHILE_PROCESSING.format(number=2),
        KILL_WHILE_PROCESSING.format(number=5),
    ):
        with pytest.raises(conftest.ShellError):
            shell(RUN + script)
    assert _counts(shell(RUN + FINISH)) == _counts(calm[1])

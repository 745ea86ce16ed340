"""``make test``: Odoo's unit tests of our addons, then pytest; one sum over all."""

import os
import re
import time

from . import db, odoo, paths, pg, setup
from .system import free_port
from .ui import DevError, run, say, step

DATABASE = "ecom_test"
PARTS = ("odoo", "pure", "e2e")
BUDGET = 15 * 60
# A part that hangs is ended after this.
PART_TIMEOUT = 2 * BUDGET
CLOSING = re.compile(r"^=+ (.*\bin [\d.]+s.*?) =+$", re.M)
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)")


class Tally:
    """What passed and failed, and why, over all parts."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.reasons = []

    def fail(self, reason, count=1):
        self.failed += count
        self.reasons.append(reason)


def command(only=None, tags=None, with_demo=False):
    """Run the tests; return the exit code.

    :param only: one of :data:`PARTS`
    :param tags: Odoo's test tags instead of all tests of our addons
    :param with_demo: run Odoo's tests on the database with demo data
    """
    if only and only not in PARTS:
        raise DevError(f"ONLY={only} is unknown: give one of {', '.join(PARTS)}")
    started = time.monotonic()
    setup.ensure(tests=True)
    tally = Tally()
    if only in (None, "odoo"):
        odoo_tests(tally, tags, with_demo)
    if only in (None, "pure"):
        pytest(tally, "pure", "not e2e")
    if only in (None, "e2e"):
        db.ensure_template()
        pytest(tally, "e2e", "e2e")
    say("")
    for reason in tally.reasons:
        say(f"FAILED {reason}")
    seconds = time.monotonic() - started
    if seconds > BUDGET:
        say(f"note: the tests took {seconds / 60:.0f} minutes, the budget is {BUDGET // 60}")
    say(f"all parts together in {seconds:.0f} s, {tally.skipped} skipped:")
    say(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


def odoo_tests(tally, tags=None, with_demo=False):
    """Update our addons on a copy of the template with their tests; scan the log.

    A warning is a failure, see :func:`unwanted`.
    """
    ours = paths.our_addons()
    if not ours:
        tally.fail("odoo: there are no addons yet")
        return
    template = db.ensure_template(with_demo)
    for problem in install_complaints(template):
        tally.fail(f"odoo: while installing: {problem}")
    tags = tags or ",".join(f"/{name}" for name in ours)
    log = paths.LOGS / "test-odoo.log"
    try:
        with step(f"Odoo's tests of {', '.join(ours)} ({tags})"):
            db.copy(template, DATABASE)
            arguments = ["-u", ",".join(ours), "--test-tags", tags]
            port = f"--http-port={free_port()}"
            code, text = odoo.execute(
                DATABASE, *arguments, port, log=log, timeout=PART_TIMEOUT, check=False
            )
    finally:
        db.drop(DATABASE)
    judge_odoo(tally, code, text)
    say(f"  log: {log.relative_to(paths.ROOT)}")


def judge_odoo(tally, code, text):
    """Count the tests in a log and list what is wrong with it."""
    counts = odoo.test_counts(text)
    tests, failed = counts or (0, 0)
    for entry in odoo.entries(text):
        if re.match(r"(FAIL|ERROR): ", entry.text):
            say(f"\n{entry.text}")
            tally.reasons.append(f"odoo: {entry.text.splitlines()[0]}")
    tally.passed += tests - failed
    tally.failed += failed
    if not tests:
        tail = "\n".join(text.splitlines()[-15:])
        tally.fail(f"odoo: no test ran\n{tail}")
    for entry in unwanted(text):
        tally.fail(f"odoo: unexpected in the log: {str(entry)[:400]}")
    if code and not failed:
        tally.fail(f"odoo: exit code {code}")


def unwanted(text):
    """Complaints in the log of a test run: ours always, all others while modules load.

    What a test logs under its own name is a verdict, counted elsewhere, or the browser's
    console. A warning that a test expects is caught there with ``assertLogs``.
    """
    found, loading = [], True
    for entry in odoo.entries(text):
        loading = loading and "Starting post tests" not in entry.text
        if entry.logger.startswith("odoo.tests") or ".tests." in entry.logger:
            continue
        mine = entry.logger.startswith("odoo.addons.ecom_")
        if entry.serious and (mine or loading) and not odoo.allowed(entry):
            found.append(entry)
    return found


def install_complaints(template):
    """Warnings and errors of the run that made the template."""
    try:
        text = (paths.LOGS / f"{template}.log").read_text(errors="replace")
    except OSError:
        return []  # made before a `make clean` of the logs
    return odoo.complaints(text)


def pytest(tally, part, marker):
    """Run pytest on the tests that carry a marker, or do not."""
    folder = paths.ROOT / "tests"
    if not any(folder.rglob("test_*.py")):
        tally.fail(f"{part}: there are no tests")
        return
    line = [paths.PYTHON, "-m", "pytest", folder, "-m", marker, "-p", "no:odoo", "-ra"]
    line += ["--color=no", "-q", "--no-header"]
    env = {**os.environ, **pg.environment(), "ECOM_SHARED": str(paths.SHARED)}
    env.pop("ODOO_RC", None)
    log = paths.LOGS / f"test-{part}.log"
    with step(f"pytest, {part}"):
        code, text = run(line, log=log, timeout=PART_TIMEOUT, env=env, check=False, cwd=paths.ROOT)
    if code:
        say(text)
    else:
        say("\n".join(re.findall(r"^SKIPPED .*$", text, re.M)))
    judge_pytest(tally, part, code, text)
    say(text.splitlines()[-1] if text.strip() else "pytest printed nothing")


def judge_pytest(tally, part, code, text):
    """Read pytest's closing line."""
    last = next((line for line in reversed(text.splitlines()) if COUNT.search(line)), "")
    counts = {}
    for number, word in COUNT.findall(last):
        word = word.rstrip("s") if word.startswith("error") else word
        counts[word] = counts.get(word, 0) + int(number)
    tally.passed += counts.get("passed", 0) + counts.get("xfailed", 0)
    tally.skipped += counts.get("skipped", 0)
    bad = counts.get("failed", 0) + counts.get("error", 0)
    tally.failed += bad
    for line in re.findall(r"^(?:FAILED|ERROR) (.*)$", text, re.M):
        tally.reasons.append(f"{part}: {line}")
    if code and not bad:
        tally.fail(f"{part}: pytest ended with exit code {code}")

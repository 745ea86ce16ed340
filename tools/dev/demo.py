"""The demonstration and the benchmark: programs of the project run inside Odoo."""

import os
import re
import subprocess

from . import db, odoo, paths, setup
from .stamps import digest, lock, tree_digest, write_atomically
from .system import check_port
from .ui import DevError, say, step, tail

DATABASE = "ecom_demo"
BENCH_DATABASE = "ecom_bench"
# Programs that make databases of their own, and those that run inside Odoo.
BENCHES = (
    ("tools.bench_fulfilment",),
    ("tools.bench_fulfilment", "large"),
    ("tools.bench_review",),
    ("tools.bench_tracking",),
    ("tools.bench_connectors", "stock"),
    ("tools.bench_demand",),
)
# The last one measures on what the demonstration made.
BENCHES_INSIDE = ("tools.demo.run", "tools.demo.aftersales", "tools.bench_aftersales")
RETAIL_DATABASE = "ecom_retail"
# Odoo's own demonstration data is not needed: the program makes what it shows.
WITH_DEMO_DATA = False

RUN = """
import sys
sys.path.insert(0, {root!r})
import {module}
with open({output!r}, "w", buffering=1) as stream:
    real, sys.stdout = sys.stdout, stream
    try:
        result = {module}.main(env)
        env.cr.commit()
    finally:
        sys.stdout = real
if result:
    raise SystemExit(f"{module}.main returned {{result!r}}")
"""


def run_inside(database, module, title):
    """Call ``main(env)`` of a module of ours in an Odoo shell; return what it printed.

    ``main`` prints for the reader on standard output, and fails by an exception or by
    returning something true. What it did is committed when it returns.
    """
    path = paths.ROOT / (module.replace(".", "/") + ".py")
    if not path.is_file():
        raise DevError(f"{path.relative_to(paths.ROOT)} is not there: nothing to run")
    output = paths.LOGS / f"{database}.out"
    log = paths.LOGS / f"{database}.log"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    with step(title):
        script = RUN.format(root=str(paths.ROOT), module=module, output=str(output))
        code, text = odoo.shell(database, script, log=log, timeout=1800)
        if code:
            raise DevError(
                f"{path.relative_to(paths.ROOT)} failed (log: {log})\n"
                f"{tail(output)}\n" + "\n".join(text.splitlines()[-15:])
            )
    return output.read_text()


def command(serve=True, port=8069):
    """Prepare the demonstration once, show its table, and serve it.

    The database is finished when its comment says so, which is written last. Anything
    else, a killed run or other code, is made again from the template.
    """
    if serve:
        check_port(port)
    setup.ensure()
    with lock(DATABASE):
        template = db.ensure_template(WITH_DEMO_DATA)
        key = _key()
        table = paths.DATA_DIR / f"{DATABASE}-{key}.txt"
        if db.comment(DATABASE) != key or not table.exists():
            with step(f"copying {template} to {DATABASE}"):
                db.copy(template, DATABASE)
            text = run_inside(DATABASE, "tools.demo.run", "filling the three demo channels")
            for old in paths.DATA_DIR.glob(f"{DATABASE}-*.txt"):
                old.unlink()
            write_atomically(table, text)
            db.set_comment(DATABASE, key)
        say("")
        say(table.read_text().rstrip())
    if serve:
        odoo.serve(DATABASE, port)


def _key():
    return digest(db.addons_key(WITH_DEMO_DATA), tree_digest([paths.ROOT / "tools" / "demo"]))


def watch_inside(database, module):
    """Like :func:`run_inside`, for long work: what it prints is shown as it comes.

    :return: the program's exit code; it may be stopped with Ctrl-C
    """
    log = paths.LOGS / f"{database}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    script = (
        f"import sys\nsys.path.insert(0, {str(paths.ROOT)!r})\n"
        f"from {module} import main\nraise SystemExit(main(env))\n"
    )
    arguments = ("-d", database, "--no-http", "--max-cron-threads=0", f"--logfile={log}")
    line = odoo.command(*arguments, sub="shell")
    environment = {**os.environ, **odoo.environment()}
    try:
        return subprocess.run(line, input=script, text=True, env=environment).returncode
    except KeyboardInterrupt:
        say("\nStopped. Run it again to go on from here.")
        return 130


def import_online_retail():
    """Import the whole Online Retail set; a database that was begun is gone on with."""
    setup.ensure()
    if not db.exists(RETAIL_DATABASE):
        db.fresh(RETAIL_DATABASE, WITH_DEMO_DATA)
    return watch_inside(RETAIL_DATABASE, "tools.import_online_retail")


def bench_forecast():
    """Run ``tools/bench_forecast.py``, which writes docs/forecast.md."""
    setup.ensure()
    program = paths.ROOT / "tools" / "bench_forecast.py"
    return subprocess.run([paths.PYTHON, program], cwd=paths.ROOT).returncode


def odoo_suites():
    """Run ``tools/odoo_suites.py``: Odoo's own tests with and without our addons."""
    setup.ensure(tests=True)
    return subprocess.run([paths.PYTHON, "-m", "tools.odoo_suites"], cwd=paths.ROOT).returncode


def bench():
    """Run the measurements, one after the other, and print what they found."""
    setup.ensure()
    db.ensure_template()
    failed = []
    for module, *arguments in BENCHES:
        say(f"\n== {module}")
        line = [paths.PYTHON, "-m", module, *arguments]
        if subprocess.run(line, cwd=paths.ROOT).returncode:
            failed.append(module)
    db.fresh(BENCH_DATABASE, WITH_DEMO_DATA)
    for module in BENCHES_INSIDE:
        say(f"\n== {module}")
        text = run_inside(BENCH_DATABASE, module, "measuring")
        say(text.rstrip())
        if re.search(r"^FAILED", text, re.M):
            failed.append(module)
    db.drop(BENCH_DATABASE)
    for module in failed:
        say(f"FAILED {module}")
    return int(bool(failed))

"""The demonstration and the benchmark: programs of the project run inside Odoo."""

import re

from . import db, odoo, paths, setup
from .stamps import digest, lock, tree_digest, write_atomically
from .system import check_port
from .ui import DevError, say, step, tail

DATABASE = "ecom_demo"
BENCH_DATABASE = "ecom_bench"
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


def bench():
    """Run ``tools/bench/run.py`` on a database of its own and print what it measured."""
    setup.ensure()
    db.fresh(BENCH_DATABASE, WITH_DEMO_DATA)
    text = run_inside(BENCH_DATABASE, "tools.bench.run", "measuring")
    say("")
    say(text.rstrip())
    return 1 if re.search(r"^FAILED", text, re.M) else 0

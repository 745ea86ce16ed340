"""``make lint``: every check of the source that needs no running server of ours."""

import re
import time

from . import db, i18n, odoo, paths, setup
from .ui import DevError, run, say, step

DATABASE = "ecom_lint"
# Odoo's own checks over all installed addons. TestPyLint wants another pylint.
TEST_LINT_TAGS = "/test_lint,-/test_lint:TestPyLint"


def command(only=None):
    """Run all checks, also after one failed; return the exit code."""
    checks = {
        "ruff": ruff,
        "pylint": pylint,
        "manifestoo": manifestoo,
        "i18n": i18n.check,
        "test_lint": test_lint,
    }
    if only and only not in checks:
        raise DevError(f"ONLY={only} is unknown: give one of {', '.join(checks)}")
    started = time.monotonic()
    setup.ensure()
    failed = []
    for name, check in checks.items():
        if only in (None, name) and not check():
            failed.append(name)
    say("")
    if failed:
        say(f"lint found something: {', '.join(failed)}")
        return 1
    say(f"lint is clean ({time.monotonic() - started:.0f} s)")
    return 0


def _tool(title, *line, timeout=600):
    """Run a program of the environment; print what it says only if it complains."""
    with step(title):
        code, output = run(
            [paths.PYTHON, "-m", *line],
            timeout=timeout,
            check=False,
            cwd=paths.ROOT,
            env=odoo.environment(),
        )
    if code:
        say(output.rstrip())
    return code == 0


def ruff():
    return _tool("ruff", "ruff", "check", "--no-cache", paths.ROOT)


def pylint():
    """pylint with the plug-in of the Odoo community, on the addons."""
    addons = [paths.ADDONS / name for name in paths.our_addons()]
    if not addons:
        say("  pylint-odoo: there are no addons yet")
        return True
    return _tool("pylint-odoo", "pylint", f"--rcfile={paths.ROOT / '.pylintrc'}", *addons)


def manifestoo():
    """The licences fit together, and the addons are where their depends say."""
    if not paths.our_addons():
        say("  manifestoo: there are no addons yet")
        return True
    base = ["manifestoo", "--odoo-series=19.0", f"--addons-path={odoo.addons_path()}"]
    base += ["--select-include", ",".join(paths.our_addons())]
    return _tool("manifestoo check-licenses", *base, "check-licenses")


def test_lint():
    """Odoo's module ``test_lint`` on a copy of the template. Only findings in ours count."""
    template = db.ensure_template()
    log = paths.LOGS / "lint-odoo.log"
    try:
        with step("Odoo's test_lint"):
            db.copy(template, DATABASE)
            code, text = odoo.execute(
                DATABASE,
                "-i",
                "test_lint",
                "--test-tags",
                TEST_LINT_TAGS,
                log=log,
                timeout=900,
                check=False,
            )
    finally:
        db.drop(DATABASE)
    counts = odoo.test_counts(text)
    findings = [e for e in odoo.entries(text) if re.match(r"(FAIL|ERROR): ", e.text)]
    findings += [e for e in odoo.complaints(text) if e.logger.startswith("odoo.addons.ecom_")]
    for entry in findings:
        say(f"\n{entry.text}")
    if not counts or not counts[0]:
        say("test_lint ran no test:\n" + "\n".join(text.splitlines()[-15:]))
        return False
    return not findings and not counts[1] and not code

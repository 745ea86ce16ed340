"""Commands of the developer's tool. Options come from variables, as ``make`` gives them."""

import errno
import os
import shutil
import sys

from . import db, demo, i18n, lint, odoo, paths, pg, setup, shopify, testing
from .system import check_port
from .ui import DevError, say, step


def _flag(name, default=False):
    value = os.environ.get(name, "").strip().lower()
    return default if not value else value not in ("0", "no", "false", "off")


def _number(name, default):
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdigit():
        raise DevError(f"{name}={value} is no number")
    return int(value)


def _existing_db(default="ecom_dev"):
    """The database DB= names; the default one is made when it is missing."""
    name = os.environ.get("DB") or default
    setup.ensure()
    if not db.exists(name):
        if name != default:
            raise DevError(f"there is no database {name}: make it with  make db DB={name}")
        db.fresh(name)
    return name


def command_setup():
    """Everything that is missing: Odoo, Python packages, PostgreSQL."""
    setup.ensure(tests=_flag("TESTS"))
    say("ready: Odoo, Python packages and PostgreSQL are there (make demo, make db, make test)")


def command_demo():
    """Three demo channels with orders, then a server. SERVE=0 PORT=8069"""
    demo.command(serve=_flag("SERVE", True), port=_number("PORT", 8069))


def command_db():
    """A fresh database in seconds. DB=name DEMO=1"""
    name = os.environ.get("DB")
    if not name:
        raise DevError("which database? give DB=name")
    db.check_name(name)
    setup.ensure()
    db.fresh(name, demo=_flag("DEMO"))


def command_serve():
    """A server in the foreground. DB=name PORT=8069 WORKERS=0"""
    port = _number("PORT", 8069)
    check_port(port)
    odoo.serve(_existing_db(), port, workers=_number("WORKERS", 0))


def command_shell():
    """Odoo's shell. DB=name"""
    odoo.interactive_shell(_existing_db())


def command_test():
    """All tests. ONLY=odoo|pure|e2e TAGS=... DEMO=1"""
    return testing.command(
        only=os.environ.get("ONLY") or None,
        tags=os.environ.get("TAGS") or None,
        with_demo=_flag("DEMO"),
    )


def command_lint():
    """ruff, pylint-odoo, manifestoo, Odoo's test_lint. ONLY=ruff|pylint|manifestoo|i18n|test_lint"""
    return lint.command(only=os.environ.get("ONLY") or None)


def command_i18n():
    """List the texts of the addons and bring the translations to them."""
    setup.ensure()
    i18n.update()


def command_bench():
    """Measure everything side by side: orders per second, statements, ratios."""
    return demo.bench()


def command_bench_forecast():
    """Measure the forecasts on real demand; writes docs/forecast.md."""
    return demo.bench_forecast()


def command_odoo_suites():
    """Odoo's own tests with and without our addons, compared. MODULES=... BROWSER=1"""
    return demo.odoo_suites()


def command_import_online_retail():
    """Import 541,909 real lines as one file. Can be stopped and goes on."""
    return demo.import_online_retail()


def command_shopify_schema():
    """Shopify's own GraphQL schemas, for the tests of its connector (npm)."""
    shopify.ensure(needed=True)
    say(f"Shopify's schemas are in {shopify.FOLDER}")


def command_stop():
    """Stop the private PostgreSQL."""
    pg.stop()


def command_clean():
    """Remove databases, cluster and logs; keep Odoo and the Python packages."""
    with step("removing databases, cluster, files and logs"):
        if pg.external():
            for name in db.known():
                db.drop(name)
        pg.remove()
        for folder in (paths.DATA_DIR, paths.LOGS):
            shutil.rmtree(folder, ignore_errors=True)


def command_distclean():
    """Remove the whole .odoo folder."""
    command_clean()
    with step("removing .odoo"):
        shutil.rmtree(paths.STATE, ignore_errors=True)


def main(arguments):
    commands = {
        name.removeprefix("command_").replace("_", "-"): function
        for name, function in globals().items()
        if name.startswith("command_")
    }
    if len(arguments) != 1 or arguments[0] not in commands:
        say("python3 -m tools.dev <command>, or make <command>:\n")
        for name, function in commands.items():
            say(f"  {name:20} {function.__doc__}")
        return 0 if arguments in ([], ["--help"], ["-h"]) else 2
    odoo.forget_user_settings()
    try:
        return commands[arguments[0]]() or 0
    except DevError as error:
        say("")
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("\nerror: the disk is full: free some space and run this again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command again to go on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Running Odoo: its command line, and what its log says."""

import os
import re
import secrets
from dataclasses import dataclass

from . import paths, pg, source
from .stamps import write_atomically
from .system import check_port, free_port
from .ui import DevError, relative, run, say

LINE = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ "
    r"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) (?P<db>\S+) (?P<logger>[\w.\-]+): (?P<text>.*)$"
)
RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading")

# Warnings that are not ours to mend. Each with its reason; keep the list short.
ALLOWED = (
    # wkhtmltopdf draws PDF reports; Debian's build lacks the patched Qt, and no test prints.
    (r"odoo\.addons\.base\.models\.ir_actions_report", r"wkhtmltopdf"),
    # The old RPC end points announce their end in Odoo 20; tests cover them on purpose.
    (r"odoo\.addons\.rpc\.controllers", r"deprecated"),
)


@dataclass(frozen=True)
class Entry:
    """One entry of Odoo's log with the lines that continue it (a traceback)."""

    level: str
    logger: str
    text: str

    @property
    def serious(self):
        return self.level in ("WARNING", "ERROR", "CRITICAL")

    def __str__(self):
        return f"{self.level} {self.logger}: {self.text}"


def entries(text):
    """Parse a log. Lines that are no entry belong to the one before."""
    found = []
    for line in text.splitlines():
        match = LINE.match(line)
        if match:
            found.append([match["level"], match["logger"], [match["text"]]])
        elif found:
            found[-1][2].append(line)
    return [Entry(level, logger, "\n".join(lines)) for level, logger, lines in found]


def short(entry):
    """An entry for a message: its head, and the end of its traceback."""
    lines = str(entry).splitlines()
    return "\n".join(lines if len(lines) <= 8 else [lines[0], "  ...", *lines[-5:]])


def allowed(entry):
    """Whether the entry is on the short list of warnings that are not ours."""
    return any(
        re.match(logger, entry.logger) and re.search(text, entry.text, re.I)
        for logger, text in ALLOWED
    )


def complaints(text):
    """The warnings and errors in a log, without the allowed ones."""
    return [entry for entry in entries(text) if entry.serious and not allowed(entry)]


def test_counts(text):
    """(tests, failed) over all of a log's summaries, or None where there is none."""
    found = [tuple(map(int, match.groups())) for match in RESULT.finditer(text)]
    if not found:
        return None
    return sum(row[2] for row in found), sum(row[0] + row[1] for row in found)


def addons_path():
    """Value of ``--addons-path``; without ours while they are not there yet."""
    folders = list(source.current().addons)
    if paths.our_addons():
        folders.append(paths.ADDONS)
    return ",".join(map(str, folders))


def command(*arguments, sub=None):
    """The command line of an Odoo with our configuration and server.

    :param sub: a sub-command such as "shell"
    """
    line = [paths.PYTHON, paths.LAUNCHER, *([sub] if sub else [])]
    line += ["-c", paths.CONF, f"--addons-path={addons_path()}", f"--data-dir={paths.DATA_DIR}"]
    return [str(part) for part in (*line, *arguments)]


def environment():
    """Variables for Odoo's processes: the database server, and nothing left of the user's."""
    env = pg.environment()
    # Odoo reads PGDATABASE as "the databases to serve".
    env.pop("PGDATABASE", None)
    return {**env, "PYTHONUNBUFFERED": "1"}


def forget_user_settings():
    """Drop the variables by which the user's own Odoo is configured: ours must not see them."""
    for name in ("ODOO_RC", "OPENERP_SERVER", "PGDATABASE"):
        os.environ.pop(name, None)


def execute(database, *arguments, log, timeout=1800, check=True):
    """Run Odoo once on a database, to its end; return (exit code, log).

    With ``check`` it raises if Odoo fails or logs an error or an ignored module.
    """
    line = command("-d", database, "--stop-after-init", "--max-cron-threads=0", *arguments)
    if not any(str(part).startswith("--http-port") for part in arguments):
        line.append("--no-http")
    code, text = run(line, log=log, timeout=timeout, env=environment(), check=False)
    if check:
        bad = [
            entry
            for entry in entries(text)
            if entry.level in ("ERROR", "CRITICAL") or "invalid module names" in entry.text
        ]
        if code or bad:
            detail = "\n".join(map(short, bad[:3])) or "\n".join(text.splitlines()[-15:])
            raise DevError(f"Odoo failed on {database} (log: {relative(log)})\n{detail}")
    return code, text


def shell(database, script, *, log, timeout=3600):
    """Run Python text in ``odoo shell`` on a database; return (exit code, log)."""
    line = command("-d", database, "--no-http", "--max-cron-threads=0", sub="shell")
    return run(line, log=log, timeout=timeout, env=environment(), stdin=script, check=False)


def serve(database, port, workers=0):
    """Become an Odoo server in the foreground; never returns."""
    check_port(port)
    extra = []
    if workers:
        extra = [f"--workers={workers}", f"--gevent-port={free_port()}"]
    line = command(
        f"--database={database}",
        f"--db-filter=^{re.escape(database)}$",
        "--http-interface=127.0.0.1",
        f"--http-port={port}",
        *extra,
    )
    say(f"\nhttp://localhost:{port}   user admin, password admin   (database {database})")
    say("Ctrl-C ends the server.\n")
    os.execve(line[0], line, {"ECOM_SECRET_KEY": _secret_key(), **os.environ, **environment()})


def _secret_key():
    """The key of this checkout, by which passwords of connected shops are stored; made once."""
    path = paths.STATE / "secret_key"
    if not path.exists():
        write_atomically(path, secrets.token_urlsafe(32))
        path.chmod(0o600)
    return path.read_text().strip()


def interactive_shell(database):
    """Become an ``odoo shell``; never returns."""
    line = command("-d", database, "--no-http", "--max-cron-threads=0", sub="shell")
    os.execve(line[0], line, {**os.environ, **environment()})

"""PostgreSQL: a private cluster on a unix socket, or the server that PGHOST names."""

import contextlib
import hashlib
import os
import pwd
import re
import shutil
import signal
import time
from pathlib import Path

from . import paths
from .stamps import lock
from .system import has_program, install_packages
from .ui import DevError, run, step, tail

SOCKET_LIMIT = 107  # bytes of sun_path; the server appends /.s.PGSQL.5432 and a lock file
PORT = 5432  # only names the socket: the private server listens on no network port
MINIMUM = 13

SETTINGS = """
# Written by tools.dev; a developer's cluster on two cores.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 120
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
effective_cache_size = 1GB
max_wal_size = 2GB
checkpoint_timeout = 15min
synchronous_commit = on
fsync = on
random_page_cost = 1.1
jit = off
log_min_messages = warning
log_line_prefix = '%m [%p] %d '
timezone = 'UTC'
"""


def external():
    """Whether the developer chose a server by the usual variables."""
    return bool(os.environ.get("PGHOST"))


def _digest():
    return hashlib.sha256(str(paths.ROOT).encode()).hexdigest()[:12]


def _owner():
    """The account that runs the server: it refuses root."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _as_owner():
    """Arguments of ``run`` that make a program run as the server's account."""
    if os.geteuid():
        return {"cwd": "/"}
    owner = _owner()
    return {
        "user": owner.pw_uid,
        "group": owner.pw_gid,
        "extra_groups": [owner.pw_gid],
        "cwd": "/",
        "env": {"HOME": owner.pw_dir},
    }


def cluster_folder():
    """Folder of the private cluster.

    Below the project, unless the server's account cannot get there (a project in /root).
    """
    wanted = paths.STATE / "pg"
    if os.geteuid() == 0:
        with contextlib.suppress(KeyError):
            owner = _owner()
            for folder in [wanted.parent, *wanted.parent.parents]:
                if folder.exists() and not _may_enter(folder, owner):
                    return Path(owner.pw_dir, f"ecom-{_digest()}")
    return wanted


def _may_enter(folder, owner):
    info = folder.stat()
    if info.st_uid == owner.pw_uid:
        return bool(info.st_mode & 0o100)
    if info.st_gid == owner.pw_gid:
        return bool(info.st_mode & 0o010)
    return bool(info.st_mode & 0o001)


def socket_folder():
    """Folder of the unix socket: short enough for the kernel's limit."""
    wanted = cluster_folder() / "run"
    if len(os.fsencode(wanted)) + len(f"/.s.PGSQL.{PORT}.lock") <= SOCKET_LIMIT:
        return wanted
    return Path(f"/tmp/ecom-pg-{_digest()}")


def environment():
    """Variables by which Odoo, psql and tests find the server."""
    if external():
        return {}
    return {
        "PGHOST": str(socket_folder()),
        "PGPORT": str(PORT),
        "PGUSER": paths.db_user(),
        "PGDATABASE": "postgres",
        "PGPASSWORD": "",
        "PGSSLMODE": "disable",
    }


def bindir(version=None):
    """Folder of the server's programs (``initdb``): the newest, or of a given version."""
    found = {}
    for path in Path("/usr/lib/postgresql").glob("*/bin/initdb"):
        with contextlib.suppress(ValueError):
            found[int(path.parent.parent.name)] = path.parent
    for path in (has_program("initdb"), "/opt/homebrew/bin/initdb"):
        if path and Path(path).exists():
            _, text = run([path, "--version"])
            found.setdefault(int(re.search(r"(\d+)", text)[1]), Path(path).resolve().parent)
    found = {key: value for key, value in found.items() if key >= MINIMUM}
    if version:
        if version not in found:
            raise DevError(
                f"the cluster in {cluster_folder()} is of PostgreSQL {version}, which is not "
                f"installed: install it, or run  make clean  to begin a new one"
            )
        return found[version]
    return found[max(found)] if found else None


def _program(name):
    """A client program; the server's own folder has them all."""
    version = cluster_folder() / "data" / "PG_VERSION"
    if not external() and version.exists():
        return bindir(int(version.read_text())) / name
    folder = bindir()
    found = folder / name if folder and (folder / name).exists() else has_program(name)
    if not found:
        install_packages(["postgresql-client"])
        found = has_program(name)
    return found


def sql(query, database="postgres", check=True, timeout=120):
    """Run one query; return its rows as lists of texts, or None if it failed."""
    command = [_program("psql"), "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", database]
    env = {**environment(), "PGCONNECT_TIMEOUT": "5", "PGOPTIONS": "-c client_min_messages=warning"}
    code, output = run([*command, "-c", query], env=env, timeout=timeout, check=False)
    if code:
        if check:
            raise DevError(f"PostgreSQL refused a command\n{output.strip()}")
        return None
    return [line.split("\t") for line in output.splitlines()]


def quote_name(name):
    """A name of a database, safe inside SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text):
    return "'" + text.replace("'", "''") + "'"


def ensure():
    """Make sure that a server answers, and that we may create databases on it."""
    if external():
        if sql("SELECT 1", check=False) is None:
            raise DevError(
                f"no PostgreSQL answers at PGHOST={os.environ['PGHOST']}: "
                f"start it, correct PG* variables, or unset PGHOST for a private one"
            )
        return
    if bindir() is None:
        install_packages(["postgresql", "postgresql-client"])
        if bindir() is None:
            raise DevError(f"no PostgreSQL of version {MINIMUM} or later: please install one")
    if running():
        return
    with lock("postgresql"):
        _create()
        if not running():
            _start()


def running():
    """Whether the private server answers."""
    path = socket_folder() / f".s.PGSQL.{PORT}"
    return path.exists() and sql("SELECT 1", check=False, timeout=15) is not None


def _create():
    """``initdb`` beside the final place, then rename."""
    folder = cluster_folder()
    data = folder / "data"
    if (data / "PG_VERSION").exists():
        return
    owner = _owner()
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    temporary = folder / "data.new"
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)
    with step("creating a private PostgreSQL cluster"):
        run(
            [bindir() / "initdb", "-D", temporary, "-U", paths.db_user(), "-A", "trust"]
            + ["-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"],
            timeout=180,
            log=paths.LOGS / "initdb.log",
            **_as_owner(),
        )
        with open(temporary / "postgresql.conf", "a") as conf:
            conf.write(SETTINGS)
        temporary.rename(data)


def _start():
    """Start the server; a stale lock of a killed one is cleared first."""
    folder, sockets = cluster_folder(), socket_folder()
    owner = _owner()
    sockets.mkdir(parents=True, exist_ok=True)
    if sockets.is_symlink() or sockets.stat().st_uid not in (0, os.geteuid(), owner.pw_uid):
        raise DevError(f"{sockets} belongs to somebody else: remove it")
    if os.geteuid() == 0:
        os.chown(sockets, owner.pw_uid, owner.pw_gid)
    sockets.chmod(0o700)
    _clear_stale(folder / "data", sockets)
    log = folder / "server.log"
    with step("starting PostgreSQL"):
        programs = bindir(int((folder / "data" / "PG_VERSION").read_text()))
        # pg_ctl passes -o through a shell, and a path can hold a blank.
        options = f"-c unix_socket_directories='{sockets}' -p {PORT}"
        code, output = run(
            [programs / "pg_ctl", "-D", folder / "data", "-l", log, "-w", "-t", "90"]
            + ["-o", options, "start"],
            timeout=120,
            check=False,
            log=paths.LOGS / "pg_ctl.log",
            **_as_owner(),
        )
        if code or not running():
            raise DevError(
                f"PostgreSQL does not start; the end of {log}:\n{tail(log) or output.strip()}"
            )


def _clear_stale(data, sockets):
    """Remove lock files that a killed server or a reboot left behind.

    After a reboot another program may have the recorded process id; the server would
    then refuse to start. It is ours only if its command line names our folder.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        pid = None
    if pid and _is_postmaster(pid, data):
        # It runs but does not answer: still starting, or ending. Give it time.
        for _ in range(60):
            if running():
                return
            if not _is_postmaster(pid, data):
                break
            time.sleep(0.5)
        else:
            raise DevError(f"PostgreSQL (process {pid}) hangs: stop it with  kill -INT {pid}")
    for stale in (pid_file, *sockets.glob(f".s.PGSQL.{PORT}*")):
        stale.unlink(missing_ok=True)


def _is_postmaster(pid, data):
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        if Path("/proc/self").exists():
            return False
        try:  # a system without /proc
            os.kill(pid, 0)
        except OSError:
            return False
        return True
    return str(data) in command


def stop():
    """Stop the private server, if it runs."""
    data = cluster_folder() / "data"
    pid_file = data / "postmaster.pid"
    if external() or not pid_file.exists():
        return
    pid = int(pid_file.read_text().split("\n", 1)[0])
    if not _is_postmaster(pid, data):
        return
    with step("stopping PostgreSQL"):
        os.kill(pid, signal.SIGINT)  # "fast": ends sessions, writes everything down
        for _ in range(300):
            if not _is_postmaster(pid, data):
                return
            time.sleep(0.1)
        raise DevError(f"PostgreSQL (process {pid}) does not stop")


def remove():
    """Stop the private server and delete its cluster."""
    stop()
    shutil.rmtree(cluster_folder(), ignore_errors=True)
    if socket_folder().exists():
        shutil.rmtree(socket_folder(), ignore_errors=True)

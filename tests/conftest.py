"""Fixtures of the end-to-end tests: a database, a server of several processes, clients.

Tests that use any of them are marked ``e2e``; the others are pure Python. They need what
``make setup`` makes, and are best run by ``make test ONLY=e2e`` or, with more options, by
``.odoo/venv/bin/python -m pytest tests -p no:odoo -k ...``.
"""

import os
import signal
import sys
import time
import xmlrpc.client
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.dev import db as dev_db  # noqa: E402
from tools.dev import odoo as dev_odoo  # noqa: E402
from tools.dev import paths, pg  # noqa: E402
from tools.dev.system import free_port  # noqa: E402
from tools.dev.ui import kill_group, popen, tail  # noqa: E402

DATABASE = "ecom_e2e"
E2E_FIXTURES = {"ecom_db", "server", "api_key", "json2", "rpc", "xmlrpc_models", "shell"}
START_TIMEOUT = 120


def pytest_configure(config):
    config.addinivalue_line("markers", "e2e: needs a database and, mostly, a running server")
    dev_odoo.forget_user_settings()
    if not pg.external():
        os.environ.update(pg.environment())
        os.environ.pop("PGDATABASE", None)


def pytest_collection_modifyitems(items):
    # One takes the database away from every server that runs: nothing comes after it. The other
    # faults come before the session's server, whose timers would do the work of their workers.
    items.sort(
        key=lambda item: (
            item.name == "test_database_restarted",
            item.path.name != "test_connector_faults.py",
        )
    )
    for item in items:
        if E2E_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def shared():
    """Optional folder of test data beside the project (variable ``ECOM_SHARED``)."""
    if not paths.SHARED.is_dir():
        pytest.skip(f"no test data: there is no folder {paths.SHARED} (ECOM_SHARED)")
    return paths.SHARED


@pytest.fixture(scope="session")
def ecom_db():
    """Name of a database that has our addons, copied from the template, for this session."""
    template = dev_db.ensure_template()
    dev_db.copy(template, DATABASE)
    yield DATABASE
    dev_db.drop(DATABASE)


class ShellError(AssertionError):
    """Code that ran inside Odoo failed; the text is the end of its output."""


class Shell:
    """Run Python inside Odoo, on the test database, in a process of its own."""

    def __init__(self, database, folder):
        self.database = database
        self.folder = folder
        self.count = 0

    def __call__(self, code, timeout=300):
        """Run the code with ``env``; what it did is committed. Return what it printed.

        :raise ShellError: if the code raised
        """
        self.count += 1
        log = self.folder / f"shell-{self.count}.log"
        out = self.folder / f"shell-{self.count}.out"
        script = (
            "import contextlib\n"
            f"with open({str(out)!r}, 'w') as _out, contextlib.redirect_stdout(_out):\n"
            f"    exec(compile({code!r}, 'test', 'exec'))\n"
            "    env.cr.commit()\n"
        )
        status, text = dev_odoo.shell(self.database, script, log=log, timeout=timeout)
        if status:
            raise ShellError("\n".join(text.splitlines()[-20:]))
        return out.read_text()


@pytest.fixture(scope="session")
def shell(ecom_db, tmp_path_factory):
    return Shell(ecom_db, tmp_path_factory.mktemp("shell"))


class Server:
    """An Odoo of several processes on a free port.

    It runs in a process group of its own, which is ended as a whole: no test leaves a
    worker behind. ``kill()`` and ``start()`` are for tests of faults.
    """

    def __init__(self, database, log, workers=2, crons=1, extra=()):
        self.database = database
        self.extra = extra
        self.log = Path(log)
        self.workers = workers
        self.crons = crons
        self.port = free_port()
        self.gevent_port = free_port()
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """Start, and return when the server answers for its database."""
        line = dev_odoo.command(
            f"--database={self.database}",
            f"--db-filter=^{self.database}$",
            f"--workers={self.workers}",
            f"--max-cron-threads={self.crons}",
            f"--http-port={self.port}",
            f"--gevent-port={self.gevent_port}",
            "--http-interface=127.0.0.1",
            "--limit-time-real=300",
            *self.extra,
        )
        with open(self.log, "ab") as log:
            self.process = popen(
                line, stdout=log, stderr=log, env={**os.environ, **dev_odoo.environment()}
            )
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                # The login page needs the registry, so it answers when work can begin.
                if requests.get(f"{self.url}/web/login", timeout=60).status_code == 200:
                    return self
            except requests.RequestException:
                time.sleep(0.3)
        self.stop()
        raise AssertionError(f"the server did not start:\n{tail(self.log, 30)}")

    def stop(self):
        if self.process:
            kill_group(self.process)
            self.process = None

    def kill(self):
        """End it as a crash would: no time to put anything in order."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)
        self.process = None

    def log_text(self):
        return self.log.read_text(errors="replace")


@pytest.fixture(scope="session")
def server(ecom_db, tmp_path_factory):
    """A running server with two workers; stopped at the end whatever happens."""
    running = Server(ecom_db, paths.LOGS / "e2e-server.log")
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    running.log.unlink(missing_ok=True)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def api_key(shell):
    """A function that makes an API key: ``api_key(login="admin")``."""

    def create(login="admin"):
        return shell(
            "from datetime import datetime, timedelta\n"
            f"user = env['res.users'].search([('login', '=', {login!r})])\n"
            "assert user, 'no such user'\n"
            "keys = env['res.users.apikeys'].with_user(user)\n"
            "print(keys._generate('rpc', 'tests', datetime.now() + timedelta(days=1)))\n"
        ).strip()

    return create


class Json2Error(Exception):
    """An answer that is not 200."""

    def __init__(self, response):
        super().__init__(f"{response.status_code}: {response.text[:500]}")
        self.status = response.status_code
        try:
            self.body = response.json()
        except ValueError:
            self.body = response.text


class Json2:
    """Client of ``POST /json/2/<model>/<method>``."""

    def __init__(self, url, key=None, database=None):
        self.url = url
        self.session = requests.Session()
        if key:
            self.session.headers["Authorization"] = f"bearer {key}"
        if database:
            self.session.headers["X-Odoo-Database"] = database

    def call(self, model, method, ids=None, timeout=120, **arguments):
        """Call a method with named arguments; ``ids`` only for methods of records."""
        if ids is not None:
            arguments["ids"] = ids
        response = self.session.post(
            f"{self.url}/json/2/{model}/{method}", json=arguments, timeout=timeout
        )
        if response.status_code != 200:
            raise Json2Error(response)
        return response.json()


@pytest.fixture(scope="session")
def json2(server, api_key):
    """A JSON-2 client as the administrator. Others: ``Json2(server.url, api_key("x"))``."""
    return Json2(server.url, api_key(), server.database)


@pytest.fixture(scope="session")
def rpc(server):
    """An odoorpc client as the administrator, over JSON-RPC."""
    import odoorpc  # noqa: PLC0415 - only the tests that ask for it

    client = odoorpc.ODOO("127.0.0.1", protocol="jsonrpc", port=server.port, timeout=120)
    client.login(server.database, "admin", "admin")
    return client


@pytest.fixture(scope="session")
def xmlrpc_models(server):
    """``execute(model, method, *args, **kwargs)`` over plain XML-RPC as the administrator."""
    common = xmlrpc.client.ServerProxy(f"{server.url}/xmlrpc/2/common")
    uid = common.authenticate(server.database, "admin", "admin", {})
    assert uid, "the administrator cannot log in"

    def execute(model, method, *args, **kwargs):
        # A proxy per call: one connection serves one thread, and tests use several.
        models = xmlrpc.client.ServerProxy(f"{server.url}/xmlrpc/2/object", allow_none=True)
        return models.execute_kw(server.database, uid, "admin", model, method, args, kwargs)

    return execute

"""The pure parts of the developer's tool: stamps, ports, messages, log scan, counting."""

import os
import re
import socket
import sys
import tarfile
import threading
import time

import pytest
from conftest import ROOT

from tools.dev import __main__ as dev_main
from tools.dev import db, demo, odoo, paths, pg, shopify, source, stamps, system, testing, ui
from tools.dev.__main__ import main


class TestStamps:
    def test_a_stamp_holds_for_its_inputs_only(self, tmp_path):
        stamp = stamps.Stamp("step", folder=tmp_path / "new")
        assert not stamp.fresh("a")
        stamp.set("a")
        assert stamp.fresh("a")
        assert not stamp.fresh("b")
        stamp.clear()
        assert not stamp.fresh("a")

    def test_an_interrupted_write_leaves_the_old_file(self, tmp_path, monkeypatch):
        target = tmp_path / "file"
        stamps.write_atomically(target, "old")

        def interrupted(*_args):
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            stamps.write_atomically(target, "new")
        assert target.read_text() == "old"
        assert list(tmp_path.iterdir()) == [target]

    def test_digest_separates_its_inputs(self, tmp_path):
        assert stamps.digest("ab", "c") != stamps.digest("a", "bc")
        (tmp_path / "f").write_text("ab")
        assert stamps.digest(tmp_path / "f") == stamps.digest("ab")

    def test_tree_digest_sees_content_and_names(self, tmp_path):
        addon = tmp_path / "addon"
        (addon / "models").mkdir(parents=True)
        (addon / "models" / "a.py").write_text("1")
        first = stamps.tree_digest([addon])
        assert stamps.tree_digest([addon, tmp_path / "missing"]) == first
        for skipped in ("tests/test_a.py", "models/__pycache__/a.pyc", "readme/USAGE.md"):
            (addon / skipped).parent.mkdir(exist_ok=True)
            (addon / skipped).write_text("x")
        assert stamps.tree_digest([addon]) == first
        (addon / "models" / "a.py").write_text("2")
        changed = stamps.tree_digest([addon])
        assert changed != first
        (addon / "models" / "a.py").rename(addon / "models" / "b.py")
        assert stamps.tree_digest([addon]) not in (first, changed)

    def test_a_lock_lets_one_in_at_a_time(self, tmp_path, monkeypatch):
        monkeypatch.setattr(paths, "STATE", tmp_path)
        order = []

        def second():
            with stamps.lock("x"):
                order.append("second")

        with stamps.lock("x"):
            other = threading.Thread(target=second)
            other.start()
            time.sleep(0.2)
            order.append("first")
        other.join(10)
        assert order == ["first", "second"]


class TestSystem:
    def test_port(self):
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            port = busy.getsockname()[1]
            with pytest.raises(ui.DevError, match=f"port {port} is in use.*PORT={port + 1}"):
                system.check_port(port)
        system.check_port(port)
        with pytest.raises(ui.DevError, match="not a port"):
            system.check_port(70000)

    @pytest.mark.parametrize("version", [(3, 10), (3, 11), (3, 13, 1)])
    def test_supported_python(self, version):
        system.check_python(version)

    @pytest.mark.parametrize("version", [(3, 9, 18), (3, 14), (2, 7)])
    def test_unsupported_python(self, version):
        with pytest.raises(ui.DevError, match="not supported by Odoo 19: run make with PYTHON="):
            system.check_python(version)

    def test_disk(self, tmp_path):
        system.check_disk(tmp_path / "not" / "yet", needed_gb=0)
        with pytest.raises(ui.DevError, match="GB free at .* ECOM_CACHE"):
            system.check_disk(tmp_path / "not" / "yet", needed_gb=10**9)

    @pytest.mark.parametrize(
        "line",
        [
            "W: Failed to fetch http://example/InRelease  Could not resolve 'example'",
            "NewConnectionError: Failed to establish a new connection: [Errno 111]",
            "npm error code ENOTFOUND",
        ],
    )
    def test_network_errors_are_told_from_others(self, line):
        assert str(system.network_error("x", line)).startswith("no network: x")
        assert "no network" not in str(system.network_error("x", "disk on fire"))

    def test_who_may_not_install_gets_the_command(self, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.setattr(system, "has_program", lambda *names: "/usr/bin/apt-get")
        with pytest.raises(ui.DevError, match="sudo apt-get install -y .* postgresql"):
            system.install_packages(["postgresql"])


class TestSource:
    ONE_LINE = "# comment\ndeb [arch=amd64] http://mirror.test/debian bookworm main contrib\n"
    DEB822 = (
        "Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\n"
        "Components: main\n\nTypes: deb\nURIs: http://mirror.test/debian-security\n"
        "Suites: bookworm-security\nComponents: main\n"
    )
    OTHERS = "deb https://vendor.test/apt nodistro main\n"
    SECURITY = "deb http://mirror.test/debian-security bookworm-security main\n"

    @pytest.mark.parametrize("text", [ONE_LINE, DEB822])
    def test_mirror(self, text):
        found = source.mirror([self.OTHERS, self.SECURITY, text])
        assert found == "http://mirror.test/debian"

    def test_no_mirror(self):
        assert source.mirror(["", self.OTHERS, self.SECURITY]) is None

    def test_an_odoo_of_another_series_is_refused(self, tmp_path):
        (tmp_path / "odoo").mkdir()
        (tmp_path / "odoo" / "release.py").write_text("version_info = (18, 0, 0, 'final', 0, '')")
        with pytest.raises(ui.DevError, match="holds Odoo 18.0, these addons need 19.0"):
            source.describe(tmp_path)
        with pytest.raises(ui.DevError, match="no Odoo in .*ODOO_HOME"):
            source.describe(tmp_path / "odoo" / "addons")

    def test_a_checkout(self, tmp_path):
        for name in ("odoo/addons/base", "addons/web"):
            (tmp_path / name).mkdir(parents=True)
            (tmp_path / name / "__manifest__.py").write_text("{}")
        (tmp_path / "odoo" / "release.py").write_text("version_info = (19, 0, 0, 'final', 0, '')")
        found = source.describe(tmp_path)
        assert found.python_path == tmp_path
        assert found.addons == (tmp_path / "odoo" / "addons", tmp_path / "addons")
        assert source.describe(tmp_path / "odoo") == found


class TestPostgres:
    def test_the_socket_path_fits_the_kernel(self, monkeypatch):
        monkeypatch.setattr(pg, "cluster_folder", lambda: paths.STATE / ("x" * 120))
        assert len(str(pg.socket_folder() / f".s.PGSQL.{pg.PORT}.lock")) <= pg.SOCKET_LIMIT

    def test_a_foreign_process_is_not_taken_for_the_server(self, tmp_path):
        assert not pg._is_postmaster(os.getpid(), tmp_path)
        (tmp_path / "data").mkdir()
        pid_file = tmp_path / "data" / "postmaster.pid"
        pid_file.write_text(f"{os.getpid()}\n{tmp_path}\n")
        pg._clear_stale(tmp_path / "data", tmp_path)
        assert not pid_file.exists()

    def test_quoting(self):
        assert pg.quote_name('a"b') == '"a""b"'
        assert pg.quote_text("a'b") == "'a''b'"


class TestDatabases:
    @pytest.mark.parametrize("name", ["shop", "ecom_e2e", "a1"])
    def test_names(self, name):
        db.check_name(name)

    @pytest.mark.parametrize("name", ["", "Shop", "1a", "a-b", "a;b", "ecom_template", "x_build"])
    def test_refused_names(self, name):
        with pytest.raises(ui.DevError):
            db.check_name(name)

    def test_the_filestore_is_linked(self, tmp_path):
        (tmp_path / "a" / "ab").mkdir(parents=True)
        (tmp_path / "a" / "ab" / "file").write_text("x")
        (tmp_path / "a" / "checklist" / "ab").mkdir(parents=True)
        (tmp_path / "a" / "checklist" / "ab" / "file").write_text("")
        db.copy_filestore(tmp_path / "a", tmp_path / "b")
        assert (tmp_path / "b/ab/file").samefile(tmp_path / "a/ab/file")
        assert not (tmp_path / "b/checklist/ab/file").samefile(tmp_path / "a/checklist/ab/file")
        db.copy_filestore(tmp_path / "missing", tmp_path / "b")
        assert not (tmp_path / "b").exists()


HEAD = "2026-01-02 03:04:05,678 12"
LOG = f"""Running as user 'root' is a security risk.
{HEAD} INFO db odoo.modules.loading: loading 1 modules...
{HEAD} WARNING db odoo.fields: a field is wrong
{HEAD} INFO db odoo.service.server: Starting post tests
{HEAD} WARNING db odoo.http: a refusal that a test provoked
{HEAD} ERROR db odoo.addons.ecom_x.tests.test_x: FAIL: TestX.test_y
Traceback (most recent call last):
AssertionError: 1 != 2
{HEAD} WARNING db odoo.addons.ecom_x.models.y: ours
{HEAD} ERROR db odoo.tests.result: 1 failed, 0 error(s) of 12 tests when loading database 'db'
"""


class TestLog:
    def test_entries(self):
        found = odoo.entries(LOG)
        assert [entry.level for entry in found].count("WARNING") == 3
        failure = next(entry for entry in found if entry.text.startswith("FAIL"))
        assert failure.text.endswith("AssertionError: 1 != 2")

    def test_unwanted(self):
        texts = [entry.text for entry in testing.unwanted(LOG)]
        assert texts == ["a field is wrong", "ours"]

    def test_allowed(self):
        line = f"{HEAD} WARNING db odoo.addons.rpc.controllers.xmlrpc: /xmlrpc is deprecated"
        assert odoo.complaints(line) == []
        assert len(odoo.complaints(line.replace("addons.rpc.controllers", "http"))) == 1

    def test_counts(self, capsys):
        tally = testing.Tally()
        testing.judge_odoo(tally, 1, LOG)
        assert tally.passed == 11
        assert tally.failed == 1 + 2
        assert "AssertionError: 1 != 2" in capsys.readouterr().out

    def test_a_run_without_tests_fails(self):
        tally = testing.Tally()
        testing.judge_odoo(tally, 0, f"{HEAD} INFO db odoo: nothing\n")
        assert tally.failed == 1

    @pytest.mark.parametrize(
        ("line", "passed", "failed", "skipped"),
        [
            ("===== 3 passed in 0.1s =====", 3, 0, 0),
            ("1 failed, 3 passed, 2 skipped, 1 error in 0.1s", 3, 2, 2),
            ("3 passed, 9 deselected, 1 warning in 0.2s", 3, 0, 0),
        ],
    )
    def test_pytest_counts(self, line, passed, failed, skipped):
        tally = testing.Tally()
        testing.judge_pytest(tally, "pure", int(bool(failed)), f"x\n{line}\n")
        assert (tally.passed, tally.failed, tally.skipped) == (passed, failed, skipped)

    def test_a_pytest_that_ran_nothing_fails(self):
        tally = testing.Tally()
        testing.judge_pytest(tally, "pure", 5, "no tests ran in 0.01s\n")
        assert tally.failed == 1


class TestPrograms:
    def test_a_failure_shows_its_end(self):
        with pytest.raises(ui.DevError, match="exit code 3\nlast words"):
            ui.run([sys.executable, "-c", "print('last words'); raise SystemExit(3)"])

    def test_a_program_that_hangs_is_ended_with_its_children(self, tmp_path):
        code = (
            "import subprocess, sys, time\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
            f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
            "time.sleep(60)\n"
        )
        with pytest.raises(ui.DevError, match="did not end within 2 s"):
            ui.run([sys.executable, "-c", code], timeout=2)
        pid = int((tmp_path / "pid").read_text())
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and _alive(pid):
            time.sleep(0.1)
        assert not _alive(pid)

    def test_a_missing_program(self):
        with pytest.raises(ui.DevError, match="program not found"):
            ui.run(["no-such-program-anywhere"])

    def test_a_module_that_is_not_there_is_an_error(self):
        with pytest.raises(ui.DevError, match="tools/nothing.py is not there"):
            demo.run_inside("x", "tools.nothing", "nothing")

    def test_commands(self, capsys, monkeypatch):
        assert main(["--help"]) == 0
        assert "setup" in capsys.readouterr().out
        assert main(["nonsense"]) == 2
        monkeypatch.delenv("DB", raising=False)
        assert main(["db"]) == 1
        assert capsys.readouterr().err == "error: which database? give DB=name\n"

    def test_the_makefile_has_a_target_for_each_command(self):
        targets = re.findall(r"^([\w-]+):.*##", (ROOT / "Makefile").read_text(), re.M)
        names = [name[8:] for name in vars(dev_main) if name.startswith("command_")]
        commands = [name.replace("_", "-") for name in names]
        assert sorted(targets) == sorted([*commands, "help"])


class TestShopifySchema:
    """Fetched from npm where that is reachable; tests without it are skipped, with a message."""

    def _pack(self, folder, *names):
        pack = folder / "pack.tgz"
        with tarfile.open(pack, "w:gz") as archive:
            for name in names:
                (folder / "x").write_text(name)
                archive.add(folder / "x", name)
        return pack

    def test_keeps_the_schemas_only(self, tmp_path):
        data = "package/dist/data"
        pack = self._pack(tmp_path, f"{data}/admin_2026-10.json.gz", f"{data}/other.json.gz", "package/x.js")
        target = tmp_path / "out"
        target.mkdir()
        shopify.unpack(pack, target)
        assert [path.name for path in target.iterdir()] == ["admin_2026-10.json.gz"]
        with pytest.raises(ui.DevError, match="no schema"):
            shopify.unpack(self._pack(tmp_path, "package/x.js"), target)

    def test_without_npm(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(shopify, "FOLDER", tmp_path)
        monkeypatch.setattr(shopify, "has_program", lambda *names: None)
        shopify.ensure()
        assert "npm is not installed" in capsys.readouterr().out
        with pytest.raises(ui.DevError):
            shopify.ensure(needed=True)
        (tmp_path / "admin_2026-10.json.gz").write_text("x")
        shopify.ensure(needed=True)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().split(") ")[1][0] != "Z"
    except OSError:
        return False

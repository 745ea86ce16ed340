"""docker-compose.yml is well-formed, and holds no default password. No engine is needed."""

import os
import shutil
import subprocess
import sys
import tempfile

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "config"))
from render_conf import render

SECRETS = {
    "POSTGRES_PASSWORD": "one-5f1",
    "ODOO_MASTER_PASSWORD": "two-9c2",
    "ODOO_ADMIN_PASSWORD": "three-7d3",
}


def compose(*arguments, **variables):
    program = shutil.which("docker-compose")
    assert program, "docker-compose is missing: make test installs it (Debian package)"
    # Nothing of the developer's own settings, and no file .env, may take part.
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables}
    with tempfile.NamedTemporaryFile(suffix=".env") as empty:
        return subprocess.run(
            [program, "--env-file", empty.name, *arguments],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
        )


def services(*arguments):
    done = compose(*arguments, "config", "--services", **SECRETS)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_it_is_valid_with_and_without_demo():
    assert services() >= {"db", "init", "odoo"}
    assert "demo" in services("--profile", "demo")
    done = compose("--profile", "demo", "config", **SECRETS)
    assert done.returncode == 0, done.stderr
    assert "odoo:19.0" in done.stdout
    assert "postgres:16" in done.stdout
    assert "/mnt/extra-addons:ro" in done.stdout


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("profile", [(), ("--profile", "demo")])
def test_it_is_refused_without_a_password(name, profile):
    given = {key: value for key, value in SECRETS.items() if key != name}
    done = compose(*profile, "config", **given)
    assert done.returncode != 0
    assert f"set {name}" in done.stderr


def test_everything_mounted_is_there():
    for name in ("config/docker-start.sh", "config/render_conf.py", "config/odoo-prod.conf"):
        assert (ROOT / name).is_file()


def test_the_image_has_what_the_addons_need():
    lines = (ROOT / "config/Dockerfile").read_text().splitlines()
    assert "FROM odoo:19.0" in lines
    (numpy,) = (line.split()[-1] for line in lines if "numpy==" in line)
    required = (ROOT / "requirements.txt").read_text().splitlines()
    assert numpy in [line.split(";")[0] for line in required]


def test_what_starts_can_be_started():
    for name in ("config/docker-start.sh", "config/render_conf.py"):
        assert os.access(ROOT / name, os.X_OK)


def test_render_fills_the_production_configuration():
    text = render((ROOT / "config/odoo-prod.conf").read_text(), {"ODOO_ADMIN_PASSWD": "p%$w"})
    assert "admin_passwd = p%$w" in text
    assert "list_db = False" in text
    assert "proxy_mode = True" in text
    assert "${" not in text


@pytest.mark.parametrize("value", [None, "", "two\nlines"])
def test_render_refuses_what_would_be_half_filled(value):
    environ = {} if value is None else {"SECRET": value}
    with pytest.raises(ValueError, match="SECRET"):
        render("a = ${SECRET}\n", environ)


def test_render_writes_a_private_file(tmp_path):
    template, target = tmp_path / "in.conf", tmp_path / "out.conf"
    template.write_text("; a comment with ${UNKNOWN}\na = ${SECRET}\n")
    target.write_text("old")
    done = subprocess.run(
        [sys.executable, ROOT / "config/render_conf.py", template, target],
        env={"SECRET": "x"},
        timeout=30,
    )
    assert done.returncode == 0
    assert target.read_text() == "a = x\n"
    assert target.stat().st_mode & 0o777 == 0o600

"""The virtual environment with Odoo's dependencies and the developer's programs."""

import importlib.util
import shutil
import sys

from . import paths, source
from .stamps import Stamp, digest
from .system import install_packages, network_error
from .ui import run, step

REQUIREMENTS = ("requirements.txt", "requirements-test.txt")
LAUNCHER = "import odoo.cli\n\nodoo.cli.main()\n"


def _key():
    odoo = source.current()
    files = [paths.ROOT / name for name in REQUIREMENTS]
    return digest(sys.version, str(odoo.python_path), str(paths.VENV), LAUNCHER, *files)


def ensure():
    """Make the environment if it is missing, incomplete, or made from other inputs.

    It is made in its final place (an environment cannot be moved); the stamp is taken
    away first and comes back last, so an interrupted one is made again.
    """
    stamp, key = Stamp("venv"), _key()
    if stamp.fresh(key) and paths.PYTHON.exists():
        return
    if importlib.util.find_spec("ensurepip") is None:
        install_packages(["python3-venv"])
    stamp.clear()
    shutil.rmtree(paths.VENV, ignore_errors=True)
    with step("making the Python environment"):
        run([sys.executable, "-m", "venv", paths.VENV], timeout=300)
    with step("installing Python packages"):
        command = [paths.PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
        for name in REQUIREMENTS:
            command += ["-r", paths.ROOT / name]
        log = paths.LOGS / "pip.log"
        code, output = run(command, log=log, timeout=1800, check=False)
        if code:
            raise network_error("Python packages", output)
    _, where = run([paths.PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    # One line names Odoo's folder. No link: pip would write through it.
    with open(f"{where.strip()}/odoo19.pth", "w") as pth:
        pth.write(f"{source.current().python_path}\n")
    # Odoo's multi-worker mode starts itself again by the path of its launcher. That file
    # must not lie in a folder whose modules would hide others, as `python -m odoo` does.
    paths.LAUNCHER.write_text(f"#!{paths.PYTHON}\n{LAUNCHER}")
    paths.LAUNCHER.chmod(0o755)
    stamp.set(key)

"""Where things are. Only names and locations; nothing is created on import."""

import getpass
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".odoo"
# Downloads and the unpacked Odoo may be shared by several checkouts.
CACHE = Path(os.environ.get("ECOM_CACHE") or STATE / "cache").resolve()

ADDONS = ROOT / "addons"
OUR_ADDONS = ("ecom_order_mgmt", "ecom_connectors", "ecom_aftersales")
CONF = ROOT / "config" / "odoo-dev.conf"

VENV = STATE / "venv"
PYTHON = VENV / "bin" / "python"
LAUNCHER = VENV / "bin" / "odoo-server"
DATA_DIR = STATE / "data"
FILESTORE = DATA_DIR / "filestore"
LOGS = STATE / "log"
STAMPS = STATE / "stamps"

SHARED = Path(os.environ.get("ECOM_SHARED") or ROOT.parent / "shared")


def db_user():
    """Role that owns our databases. Odoo refuses to work as "postgres"."""
    user = getpass.getuser()
    return "odoo" if user == "postgres" else user


def our_addons():
    """Those of our addons that are there, in order of dependency."""
    return [name for name in OUR_ADDONS if (ADDONS / name / "__manifest__.py").is_file()]

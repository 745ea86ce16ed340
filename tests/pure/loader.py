"""The addons' pure tools, importable without Odoo."""

import importlib.util
import sys
from pathlib import Path

ADDONS = Path(__file__).resolve().parents[2] / "addons"


def load_tools(addon):
    """:return: package ``<addon>_tools``, whose modules import each other as inside Odoo"""
    name = f"{addon}_tools"
    if name not in sys.modules:
        folder = ADDONS / addon / "tools"
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]

"""Loads the handler of every platform. Needs Odoo; the package itself does not."""

from . import REGISTRY, get_part

for code in REGISTRY:
    get_part(code, "client")

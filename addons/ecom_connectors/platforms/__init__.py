"""One folder per platform: ``mapping`` and ``capabilities`` are pure, ``client`` is the handler.

A new platform is a folder and one line here; see docs/writing-a-connector.md. Nothing in this
file needs Odoo, so that mappings can be tried on files without it.
"""

import importlib

# code of the connector: its folder
REGISTRY = {
    "shopify": "shopify",
    "woocommerce": "woocommerce",
    "prestashop": "prestashop",
    "saleor": "saleor",
    "amazon": "amazon",
    "medusa": "medusa",
    "vendure": "vendure",
    "odoo": "odoo_shop",
    "magento": "magento",
    "bigcommerce": "bigcommerce",
    "ebay": "ebay",
    "walmart": "walmart",
    "mercadolibre": "mercadolibre",
    "pinduoduo": "pinduoduo",
    "taobao": "taobao",
    "sim": "sim",
    "rest": "rest",
}


def get_part(code, part):
    """:return: module ``part`` ('mapping', 'capabilities' or 'client') of a platform
    :raise KeyError: no such platform"""
    return importlib.import_module(f".{REGISTRY[code]}.{part}", __package__)


def get_mapping(code):
    return get_part(code, "mapping")


def get_capabilities(code):
    """:return: base.Capabilities of a platform"""
    return get_part(code, "capabilities").CAPABILITIES

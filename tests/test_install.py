"""Addons come and go: alone, together, over existing sales, and away without a trace."""

import pytest
from conftest import Shell

from tools.dev import db as dev_db
from tools.dev import odoo as dev_odoo
from tools.dev import paths

DATABASE = "ecom_e2e_install"

DRAFT_SALE = """
partner = env['res.partner'].create({'name': 'Before', 'email': 'before@example.com'})
product = env['product.product'].create({'name': 'Before', 'default_code': 'BEFORE'})
order = env['sale.order'].create({
    'partner_id': partner.id,
    'order_line': [(0, 0, {'product_id': product.id, 'product_uom_qty': 2, 'price_unit': 5})],
})
order.action_confirm()
print(order.id, order.amount_untaxed)
"""
SNAPSHOT = """
env.cr.execute(
    "SELECT table_name || '.' || column_name FROM information_schema.columns "
    "WHERE table_schema = 'public' ORDER BY 1"
)
for row in env.cr.fetchall():
    print('column', row[0])
env.cr.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
for row in env.cr.fetchall():
    print('index', row[0])
for model in ('ir.model', 'ir.model.fields', 'ir.ui.view', 'ir.ui.menu', 'ir.cron', 'res.groups',
              'ir.rule', 'ir.model.access', 'ir.config_parameter', 'ir.actions.act_window'):
    print(model, env[model].with_context(active_test=False).search_count([]))
for model in ('sale.order', 'res.partner', 'product.product', 'stock.picking'):
    env[model].get_views([(False, 'form'), (False, 'list'), (False, 'search')])
"""


@pytest.fixture
def database():
    """A database of Odoo's own modules, in which a sale was made before we came."""
    dev_db.ensure_template()
    dev_db.copy(dev_db.base_name(False), DATABASE)
    yield DATABASE
    dev_db.drop(DATABASE)


def run_odoo(database, *arguments):
    log = paths.LOGS / "e2e-install.log"
    _code, text = dev_odoo.execute(database, *arguments, log=log, timeout=600)
    assert dev_odoo.complaints(text) == []


@pytest.mark.e2e
@pytest.mark.parametrize("addon", ["ecom_order_mgmt", "ecom_connectors", "ecom_aftersales"])
def test_alone_over_existing_sales_and_away_again(database, addon, tmp_path):
    shell = Shell(database, tmp_path)
    sale = shell(DRAFT_SALE).split()
    before = shell(SNAPSHOT).splitlines()
    run_odoo(database, "-i", addon)
    assert shell(
        "order = env['sale.order'].browse(%s)\n"
        "print(order.id, order.amount_untaxed, order.state, order.ecom_order_id.id)\n"
        "order.order_line.product_uom_qty = 3\n"
        "order.copy().action_confirm()\n" % sale[0]
    ).split() == [*sale, "sale", "False"]
    shell(
        "env['ir.module.module'].search([('name', '=', 'ecom_order_mgmt')]).button_immediate_uninstall()"
    )
    after = shell(SNAPSHOT).splitlines()
    assert sorted(set(after) ^ set(before)) == []


@pytest.mark.e2e
def test_with_demo_data(tmp_path):
    """Together, on a database with Odoo's demo data: orders go through."""
    template = dev_db.ensure_template(demo=True)
    dev_db.copy(template, DATABASE)
    try:
        printed = Shell(DATABASE, tmp_path)(
            "channel = env['ecom.channel'].create({'name': 'Shop'})\n"
            "product = env['product.product'].search([('is_storable', '=', True), "
            "('default_code', '!=', False)], limit=1)\n"
            "channel.import_orders([{'external_id': '1', 'placed_at': '2026-01-01T00:00:00Z',"
            " 'currency': 'USD', 'total': '5', 'payments': [{'amount': '5'}], 'lines': [{'id': '1',"
            " 'sku': product.default_code, 'quantity': 1, 'unit_price': '5'}]}])\n"
            "channel.process_orders()\n"
            "order = channel.order_ids\n"
            "print(order.state, order.sale_order_id.state, order.cause_message or '')\n"
        )
    finally:
        dev_db.drop(DATABASE)
    assert printed.split() == ["accepted", "sale"]

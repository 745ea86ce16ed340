"""Run in ``odoo shell`` before the first server starts: no known password may be left."""

import os

DONE = "ecom.docker.first_start_done"

parameters = env["ir.config_parameter"].sudo()  # noqa: F821 - odoo shell gives env
if not parameters.get_param(DONE):
    env.ref("base.user_admin").password = os.environ["ODOO_ADMIN_PASSWORD"]  # noqa: F821
    parameters.set_param(DONE, "1")
    env.cr.commit()  # noqa: F821

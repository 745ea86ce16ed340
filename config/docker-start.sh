#!/bin/bash
# What the containers of docker-compose.yml run: docker-start.sh init|serve|demo
# The image's own entry point waits for PostgreSQL and passes HOST, USER and PASSWORD on.
set -euo pipefail

ECOM=/opt/ecom
export ODOO_RC=/tmp/odoo.conf
python3 "$ECOM/config/render_conf.py" "$ECOM/config/odoo-prod.conf" "$ODOO_RC"

case "${1:-}" in
init)
    # Installs what is not installed yet; on a later start that is nothing.
    /entrypoint.sh odoo -d "$ODOO_DB" --workers=0 --no-http --stop-after-init \
        -i ecom_order_mgmt,ecom_connectors,ecom_aftersales
    /entrypoint.sh odoo shell -d "$ODOO_DB" --workers=0 --no-http <"$ECOM/config/docker_first_start.py"
    ;;
serve)
    exec /entrypoint.sh odoo -d "$ODOO_DB" --db-filter "^${ODOO_DB}\$"
    ;;
demo)
    exec /entrypoint.sh odoo shell -d "$ODOO_DB" --workers=0 --no-http <"$ECOM/config/docker_demo.py"
    ;;
*)
    echo "usage: docker-start.sh init|serve|demo" >&2
    exit 2
    ;;
esac

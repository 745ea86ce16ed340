# Thin: every target is a command of tools/dev (python3 -m tools.dev --help).
PYTHON ?= python3
DEV = $(PYTHON) -m tools.dev
export PORT WORKERS DB DEMO SERVE ONLY TAGS

.DEFAULT_GOAL := help
.PHONY: help setup demo db serve shell test lint i18n bench bench-forecast import-online-retail shopify-schema odoo-suites stop clean distclean

help:       ## list the targets
	@$(DEV) --help

setup:      ## everything that is missing: Odoo, Python packages, PostgreSQL
	@$(DEV) setup

demo:       ## three demo channels, ~300 orders, then a server   SERVE=0 PORT=8069
	@$(DEV) demo

db:         ## a fresh database in seconds   DB=name DEMO=1
	@$(DEV) db

serve:      ## a server in the foreground   DB=name PORT=8069 WORKERS=0
	@$(DEV) serve

shell:      ## odoo shell   DB=name
	@$(DEV) shell

test:       ## all tests   ONLY=odoo|pure|e2e TAGS=... DEMO=1
	@$(DEV) test

lint:       ## ruff, pylint-odoo, manifestoo, Odoo's test_lint
	@$(DEV) lint

i18n:       ## list the texts of the addons, bring the translations to them
	@$(DEV) i18n

bench:      ## measure orders per second, statements and ratios, side by side
	@$(DEV) bench

bench-forecast:  ## measure the forecasts, write docs/forecast.md
	@$(DEV) bench-forecast

odoo-suites:  ## Odoo's own tests with and without our addons, compared
	@$(DEV) odoo-suites

import-online-retail:  ## 541,909 real lines as one file; can be stopped and goes on
	@$(DEV) import-online-retail

shopify-schema: ## Shopify's own schemas, for the tests of its connector
	@$(DEV) shopify-schema

stop:       ## stop the private PostgreSQL
	@$(DEV) stop

clean:      ## remove databases, cluster and logs; keep Odoo and the Python packages
	@$(DEV) clean

distclean:  ## remove the whole .odoo folder
	@$(DEV) distclean

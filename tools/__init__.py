"""Programs for developers; nothing here is loaded by Odoo."""

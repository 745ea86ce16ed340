"""Measurements that ``make bench`` runs inside Odoo, each on a fresh database.

A module has ``main(env)`` and prints one line per figure:
``bench <name> <value> <unit> base <value> ratio <number>``. What is compared is measured side by
side in one run: only the ratio says something on another machine.
"""

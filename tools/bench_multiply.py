"""A big database from a small one: every order is copied many times, by one statement per table.

``python -m tools.bench_multiply DATABASE COPIES`` takes the orders that the pipeline really made
and stores COPIES delivered copies of each, with all that belongs to them: lines, references,
deliveries, moves, reservations, shipments, decisions, messages. Every row points to the rows of
its own copy. Only for a database that is thrown away afterwards.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.dev import odoo, paths

SCRIPT = """
import time

COPIES, cr = {copies}, env.cr
# The tables of one order, parents before children.
TABLES = ["ecom_order", "sale_order", "sale_order_line", "stock_reference", "ecom_shipment",
          "stock_picking", "stock_move", "stock_move_line", "ecom_decision", "ecom_exception",
          "mail_message", "mail_followers"]
MODELS = {{"ecom.order": "ecom_order", "sale.order": "sale_order", "stock.picking": "stock_picking",
          "ecom.shipment": "ecom_shipment"}}
# What is delivered has left the shelves, and is reserved no more.
DONE = {{
    "stock_picking": {{"state": "'done'", "date_done": "now()", "name": "t.name || '~' || n"}},
    "stock_move": {{"state": "'done'", "picked": "true"}},
    "stock_move_line": {{"state": "'done'", "picked": "true"}},
    "ecom_shipment": {{"state": "'delivered'", "shipped_at": "now()", "delivered_at": "now()",
                      "access_token": "NULL"}},
    "sale_order": {{"delivery_status": "'full'"}},
    "ecom_order": {{"external_id": "t.external_id || '~' || n"}},
}}

def rows(query, *arguments):
    cr.execute(query, arguments)
    return cr.fetchall()

began = time.time()
tables = [name for name in TABLES if rows("SELECT to_regclass(%s)", name)[0][0]]
keys = rows('''
    SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text
      FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
     WHERE c.contype = 'f' AND array_length(c.conkey, 1) = 1''')
refers = {{}}
for table, column, target in keys:
    refers.setdefault(table, {{}})[column] = target
spans = {{}}
for table in tables:
    low, high = rows(f"SELECT min(id), max(id) FROM {{table}}")[0]
    spans[table] = (high or 0) - (low or 0) + 1

def value(table, column):
    target = refers.get(table, {{}}).get(column)
    if column in DONE.get(table, {{}}):
        return DONE[table][column]
    if column == "id":
        return f"t.id + n * {{spans[table]}}"
    if target in spans:
        return f't."{{column}}" + n * {{spans[target]}}'
    if column == "res_id" and table in ("mail_message", "mail_followers"):
        cases = " ".join(
            f"WHEN '{{model}}' THEN {{spans[name]}}" for model, name in MODELS.items() if name in spans)
        name = "t.model" if table == "mail_message" else "t.res_model"
        return f"t.res_id + n * CASE {{name}} {{cases}} END"
    if column == "message_id" and table == "mail_message":
        return "t.message_id || n"
    return f't."{{column}}"'

# Order rows only: a message of a contact, say, is not part of an order.
models = ", ".join(f"'{{model}}'" for model in MODELS)
WHERE = {{
    "mail_message": f"t.model IN ({{models}})",
    "mail_followers": f"t.res_model IN ({{models}})",
}}
cr.execute("SET LOCAL session_replication_role = replica")  # the references are right by their making
for table in tables:
    columns = [name for (name,) in rows('''
        SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0
           AND NOT attisdropped AND attgenerated = \\'\\' ''', table)]
    names = ", ".join(f'"{{name}}"' for name in columns)
    values = ", ".join(value(table, name) for name in columns)
    cr.execute(f"INSERT INTO {{table}} ({{names}}) SELECT {{values}} FROM {{table}} t, "
               f"generate_series(1, {{COPIES}}) n WHERE {{WHERE.get(table, 'true')}}")
    print(f"{{table}}: {{cr.rowcount}} rows after {{time.time() - began:.0f}} s", flush=True)
    cr.execute(f"SELECT setval('{{table}}_id_seq', (SELECT max(id) FROM {{table}}))")
# What connects two of these tables goes along.
for table, columns in refers.items():
    ends = [target for target in columns.values() if target in spans]
    if table in tables or not ends or len(columns) != 2 or rows(
            "SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'id'", table):
        continue
    names = ", ".join(f'"{{name}}"' for name in columns)
    values = ", ".join(value(table, name) for name in columns)
    cr.execute(f"INSERT INTO {{table}} ({{names}}) SELECT {{values}} FROM {{table}} t, "
               f"generate_series(1, {{COPIES}}) n ON CONFLICT DO NOTHING")
cr.commit()
wrong = []
for table, columns in refers.items():
    for column, target in columns.items():
        if table in tables and target in spans and rows(
                f'SELECT 1 FROM {{table}} t WHERE t."{{column}}" IS NOT NULL AND NOT EXISTS '
                f'(SELECT 1 FROM {{target}} o WHERE o.id = t."{{column}}") LIMIT 1'):
            wrong.append(f"{{table}}.{{column}}")
cr.execute("ANALYZE")
cr.commit()
print("MULTIPLIED", rows("SELECT count(*) FROM sale_order")[0][0], wrong or "fine",
      f"{{time.time() - began:.0f}} s", flush=True)
"""


def multiply(database, copies):
    """:return: number of sale orders that are in the database now"""
    log = paths.LOGS / "multiply.log"
    code, text = odoo.shell(database, SCRIPT.format(copies=int(copies)), log=log, timeout=3600)
    found = [line.split() for line in text.splitlines() if line.startswith("MULTIPLIED")]
    if code or not found or found[-1][2] != "fine":
        raise SystemExit(text[-3000:])
    return int(found[-1][1])


if __name__ == "__main__":
    print(multiply(sys.argv[1], sys.argv[2]))

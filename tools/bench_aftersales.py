"""Figures of the after-sales desk: run inside Odoo, in a database whose content does not matter.

Everything is rolled back. ``main`` prints a table; FAILED where a limit is not kept.
"""

import time

from odoo.tools import SQL

TICKETS = 10_000
LIMITS = {
    "portal request to refund": 2.0,
    "queue of 10,000 open tickets": 0.5,
    "receiving desk, scan to answer": 0.3,
}


def main(env):
    """:return: 1 where a limit is not kept"""
    failed = 0
    try:
        for title, (seconds, cpu) in (
            *_tickets(env),
            *_request_to_refund(env),
        ):
            limit = LIMITS.get(title)
            verdict = "" if not limit else "ok" if seconds <= limit else "FAILED"
            failed |= verdict == "FAILED"
            allowed = f"limit {limit * 1000:.0f} ms" if limit else ""
            print(
                f"{title:40} {seconds * 1000:8.0f} ms {cpu * 1000:8.0f} ms of work  "
                f"{allowed:14} {verdict}"
            )
    finally:
        env.cr.rollback()
    return int(failed)


def _clock(env, action):
    """:return: (seconds on the wall, seconds of this process' own work)"""
    env.flush_all()
    env.invalidate_all()
    start, cpu = time.perf_counter(), time.process_time()
    action()
    env.flush_all()
    return time.perf_counter() - start, time.process_time() - cpu


def _tickets(env):
    admin = env(user=env.ref("base.user_admin"))
    partner_ids = admin["res.partner"].search([], limit=50).ids
    seed = admin["ecom.ticket"].create({"name": "Question", "partner_id": partner_ids[0]})
    env.flush_all()
    # Copies of one row: what is measured is opening the queue, not filling it.
    columns = SQL(", ").join(
        SQL.identifier(name)
        for name, field in seed._fields.items()
        if field.store and field.column_type and name not in ("id", "partner_id", "number")
    )
    env.cr.execute(
        SQL(
            "INSERT INTO ecom_ticket (partner_id, number, %s) SELECT (%s::int[])[1 + n %% %s],"
            " 'B' || n, %s FROM ecom_ticket, generate_series(1, %s) AS n WHERE id = %s",
            columns, partner_ids, len(partner_ids), columns, TICKETS, seed.id,
        )
    )  # fmt: skip
    env.cr.execute("ANALYZE ecom_ticket")
    fields = {
        name: {} for name in ("priority", "number", "name", "kind", "deadline", "state", "is_open")
    } | {
        name: {"fields": {"display_name": {}}}
        for name in ("partner_id", "order_id", "channel_id", "user_id")
    }

    def open_list():
        admin["ecom.ticket"].web_search_read([("is_open", "=", True)], fields, limit=80)

    def open_kanban():
        admin["ecom.ticket"].web_read_group([("is_open", "=", True)], ["state"], ["__count"])

    open_list()
    yield "queue of 10,000 open tickets", max(_clock(env, open_list) for _n in range(3))
    yield "the same, grouped by status", max(_clock(env, open_kanban) for _n in range(3))


def _request_to_refund(env):
    order = env["ecom.order"].search(
        [
            ("sale_order_id.state", "=", "sale"),
            ("payment_state", "=", "paid"),
            ("return_ids", "=", False),
            ("delivery_status", "=", "full"),
        ],
        limit=1,
    )
    if not order:
        print("FAILED: no shipped and paid order in this database (run tools.demo.aftersales)")
        return
    Case = env["ecom.return"]
    sale_order = order.sale_order_id
    env["ecom.return.policy"].search([]).write({"auto_approve": True, "refund_on": "request"})
    values = {
        "type": "return",
        "sale_order_id": sale_order.id,
        "reason": "withdrawal",
        "origin": "portal",
        "lines": [
            {"sale_line_id": line.id, "quantity": line.qty_delivered}
            for line in sale_order.order_line
            if line._ecom_get_amount_kind() == "goods" and line.qty_delivered > 0
        ],
    }
    result = []

    def request():
        Case._preview_request(values)
        result.append(Case._create_request(values)[0])

    yield "portal request to refund", _clock(env, request)
    case = result[0]
    if not case.amount_issued:
        print("FAILED: the case was not refunded")
    for code in (case.name, sale_order.name, "no such code"):
        seconds = max(_clock(env, lambda code=code: Case.find_parcel(code)) for _n in range(3))
        title = "receiving desk, scan to answer"
        yield title if code == case.name else f"desk: {code}", seconds

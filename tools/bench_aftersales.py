"""Figures of the after-sales desk: run inside Odoo, in a database whose content does not matter.

Everything is rolled back. ``main`` prints a table; FAILED where a limit is not kept.
"""

import time

from lxml import etree

from odoo.fields import Command
from odoo.tools import SQL

TICKETS = 10_000
# The desk's database: so many cases, each of an order with its deliveries, parcels and moves.
CASES, DELIVERIES, PARCELS = 10_000, 4, 2
LIMITS = {
    "portal request to refund": 2.0,
    "queue": 0.5,
    "desk": 0.3,
}
# Copies get their own range of numbers: no sequence is moved.
FIRST, STEP = 100_000_000, 1_000_000
# What the browser asks for beside a field that is shown by this widget.
WIDGETS = {
    "list_activity": (
        "activity_exception_decoration", "activity_exception_icon", "activity_state",
        "activity_summary", "activity_type_icon", "activity_type_id",
    ),
    "kanban_activity": (
        "activity_exception_decoration", "activity_exception_icon", "activity_state",
        "activity_summary", "activity_type_icon", "activity_type_id",
    ),
}  # fmt: skip


def main(env):
    """:return: 1 where a limit is not kept"""
    failed = 0
    try:
        for part in (_tickets, _request_to_refund, _desk):
            for title, (seconds, cpu, statements) in part(env):
                limit = LIMITS.get(title, LIMITS.get(title.partition(":")[0]))
                verdict = "" if not limit else "ok" if seconds <= limit else "FAILED"
                failed |= verdict == "FAILED"
                allowed = f"limit {limit * 1000:.0f} ms" if limit else ""
                print(
                    f"{title:44} {seconds * 1000:6.0f} ms {cpu * 1000:6.0f} ms of work "
                    f"{statements:5} statements  {allowed:14} {verdict}"
                )
    finally:
        env.cr.rollback()
    return int(failed)


def _clock(env, action):
    """:return: (seconds on the wall, seconds of this process' own work, statements)"""
    env.cr.flush()
    env.invalidate_all()
    statements = env.cr.sql_log_count
    start, cpu = time.perf_counter(), time.process_time()
    action()
    env.cr.flush()
    return (
        time.perf_counter() - start,
        time.process_time() - cpu,
        env.cr.sql_log_count - statements,
    )


def _slowest(env, action, times=3):
    return max(_clock(env, action) for _n in range(times))


def _user(env, group):
    """:return: the environment of a new user of this group"""
    user = env["res.users"].create(
        {
            "name": group,
            "login": f"bench-{group}",
            "group_ids": [Command.set([env.ref(f"ecom_aftersales.{group}").id])],
        }
    )
    return env(user=user, su=False)


def _copy(env, seed, count, block, /, **values):
    """Store `count` copies of a record's row by one statement.

    :param block: which range of ids the copies get, see :func:`_id`
    :param values: SQL of columns that differ; `n` counts the copies
    """
    columns = {
        name: SQL.identifier(name)
        for name, field in seed._fields.items()
        if field.store and field.column_type and name != "id"
    }
    columns |= {name: SQL(value) for name, value in values.items()}  # pylint: disable=E8103
    env.cr.execute(
        SQL(
            "INSERT INTO %s (id, %s) SELECT %s + n, %s FROM %s, generate_series(1, %s) AS n"
            " WHERE %s.id = %s",
            SQL.identifier(seed._table),
            SQL(", ").join(map(SQL.identifier, columns)),
            _id(block),
            SQL(", ").join(columns.values()),
            SQL.identifier(seed._table),
            count,
            SQL.identifier(seed._table),
            seed.id,
        )
    )


def _id(block):
    return FIRST + block * STEP


def _one_of(ids):
    """:return: SQL of one of the ids, another one for each copy"""
    return f"(ARRAY[{', '.join(map(str, ids))}])[1 + n %% {len(ids)}]"


# === THE QUEUE === #


def _tickets(env):
    agent = _user(env, "group_ecom_agent")
    env["mail.activity"].search([]).unlink()
    env["ecom.ticket"].search([]).write({"state": "solved"})
    seed = env["ecom.ticket"].create(
        {
            "name": "Where is my parcel?",
            "partner_id": env["res.partner"].search([], limit=1).id,
            "user_id": agent.uid,
        }
    )
    activity = seed.activity_schedule("mail.mail_activity_data_todo", user_id=agent.uid)
    env.flush_all()
    orders = env["ecom.order"].search([], limit=500)
    _copy(
        env, seed, TICKETS, 0,
        number="'B' || n",
        partner_id=_one_of(env["res.partner"].search([], limit=500).ids),
        order_id=_one_of(orders.ids) if orders else "NULL",
        channel_id=_one_of(orders.channel_id.ids) if orders else "NULL",
        state="(ARRAY['new', 'open', 'waiting'])[1 + n %% 3]",
        clock="(ARRAY['running', 'paused', 'stopped'])[1 + n %% 3]",
        kind="(ARRAY['question', 'complaint', 'return'])[1 + n %% 3]",
        priority="CASE WHEN n %% 50 = 0 THEN '1' ELSE '0' END",
        deadline="now() AT TIME ZONE 'UTC' + (n * 7919 %% 20000 - 9000) * interval '1 minute'",
        access_token="NULL",
        external_id="NULL",
    )  # fmt: skip
    # Every fourth ticket has something to do.
    _copy(env, activity, TICKETS // 4, 0, res_id=f"{_id(0)} + n * 4")
    env.cr.execute("ANALYZE ecom_ticket; ANALYZE mail_activity")
    Ticket = agent["ecom.ticket"]
    assert Ticket.search_count([("is_open", "=", True)]) > TICKETS
    for title, domain in (
        ("open", [("is_open", "=", True)]),
        ("mine", [("is_open", "=", True), ("user_id", "=", agent.uid)]),
        ("late", [("deadline", "<", "now"), ("is_open", "=", True)]),
    ):
        yield (
            f"queue: list of {TICKETS:,} tickets, {title}",
            _slowest(env, lambda domain=domain: _open_list(Ticket, domain)),
        )
    domain = [("is_open", "=", True)]
    yield f"queue: board of {TICKETS:,} tickets", _slowest(env, lambda: _open_board(Ticket, domain))
    for name in ("user_id", "channel_id", "kind"):
        yield (
            f"queue: list, grouped by {name}",
            _slowest(env, lambda name=name: _open_groups(Ticket, domain, name)),
        )
    found = [*domain, "|", "|", *(
        (name, "ilike", "B77") for name in ("name", "number", "email_from")
    )]  # fmt: skip
    yield "queue: looking for a number", _slowest(env, lambda: _open_list(Ticket, found))


def _get_specification(Model, kind):
    """:return: what the browser asks for to show this view, as of its form"""
    view = Model.get_views([(False, kind)])["views"][kind]
    specification = {}
    for node in etree.fromstring(view["arch"]).iter("field"):
        name, widget = node.get("name"), node.get("widget")
        field = Model._fields[name]
        if node.get("optional") == "hide":
            continue
        if field.type in ("many2one", "reference"):
            specification[name] = {"fields": {"display_name": {}}}
        elif field.relational:
            specification[name] = {"fields": {}}
        else:
            specification[name] = {}
        specification.update({name: {} for name in WIDGETS.get(widget, ())})
    specification.get("activity_type_id", {})["fields"] = {"display_name": {}}
    return specification


def _open_list(Model, domain):
    specification = _get_specification(Model, "list")
    Model.web_search_read(domain, specification, limit=80, count_limit=10_001)


def _open_board(Model, domain):
    specification = _get_specification(Model, "kanban")
    bars = {
        "field": "clock",
        "colors": {"stopped": "success", "paused": "warning", "running": "info"},
    }
    Model.web_read_group(
        domain,
        ["state"],
        ["__count"],
        auto_unfold=True,
        unfold_read_specification=specification,
        unfold_read_default_limit=80,
    )
    Model.read_progress_bar(domain, "state", bars)


def _open_groups(Model, domain, name):
    _get_specification(Model, "list")
    sums = ("answered_in_time:sum", "answered_late:sum", "first_answer_hours:avg")
    Model.web_read_group(domain, [name], ["__count", *sums], limit=80)


# === FROM REQUEST TO REFUND === #


def _request_to_refund(env):
    orders = env["ecom.order"].search(
        [
            ("sale_order_id.state", "=", "sale"),
            ("payment_state", "=", "paid"),
            ("return_ids", "=", False),
            ("delivery_status", "=", "full"),
        ],
        order="id",
    )
    orders = orders.filtered(lambda order: len(order.sale_order_id.order_line) == 2)[:2]
    if len(orders) < 2:
        print("FAILED: no shipped and paid orders in this database (run tools.demo.aftersales)")
        return
    env["ecom.return.policy"].search([]).write({"auto_approve": True, "refund_on": "request"})
    # A server has answered before: what is read once in its life is no buyer's waiting time.
    yield "the first request of a process", _clock(env, lambda: _request(env, orders[0]))
    yield "portal request to refund", _clock(env, lambda: _request(env, orders[1]))
    if not all(case.amount_issued and case.credit_note_ids for case in orders.return_ids):
        print("FAILED: a case was not refunded")


def _request(env, order):
    """What the portal does: show what it would come to, then send it."""
    values = {
        "type": "return",
        "sale_order_id": order.sale_order_id.id,
        "reason": "withdrawal",
        "origin": "portal",
        "lines": [
            {"sale_line_id": line.id, "quantity": line.qty_delivered}
            for line in order.sale_order_id.order_line
            if line._ecom_get_amount_kind() == "goods" and line.qty_delivered > 0
        ],
    }
    env["ecom.return"]._preview_request(values)
    env["ecom.return"]._create_request(values)


# === THE RECEIVING DESK === #


def _desk(env):
    case = env["ecom.return"].search([("picking_ids", "!=", False)], order="id desc", limit=1)
    if not case:
        return
    seed = _fill_desk(env, case)
    desk = _user(env, "group_ecom_desk")["ecom.return"]
    for what, code in (
        ("number of the case", "RB777"),
        ("the same, in small letters", "rb778"),
        ("number of its label", "RT779"),
        ("transfer that is awaited", "WB/0/780"),
        ("number of the order", "SB781"),
        ("tracking number of the delivery", "TB1-782"),
        ("number of the delivery", "WB/1/783"),
        ("product (20 cases)", seed.line_ids[:1].product_id.default_code),
        ("nothing that is known", "no such code"),
    ):
        found = desk.find_parcel(code)
        if not found and what[0] != "n":
            print(f"FAILED: the desk finds nothing by the {what}")
        yield f"desk: {what}", _slowest(env, lambda code=code: desk.find_parcel(code))


def _fill_desk(env, case):
    """Copies of one real case, with its order, deliveries, parcels and moves."""
    order, sale_order = case.order_id, case.sale_order_id
    back = case.picking_ids[:1]
    out = back.return_id
    shipment = out.ecom_shipment_id
    env.cr.flush()
    order_id = f"{_id(0)} + n"
    texts = {"access_token": "NULL"}
    _copy(env, sale_order, CASES, 0, name="'SB' || n", ecom_order_id="NULL", **texts)
    _copy(
        env, order, CASES, 0,
        external_id="'XB' || n", number="'SB' || n", sale_order_id=order_id,
    )  # fmt: skip
    env.cr.execute("UPDATE sale_order SET ecom_order_id = id WHERE id > %s", [_id(0)])
    sale_lines = case.line_ids.sale_line_id
    for index, line in enumerate(sale_lines):
        _copy(env, line, CASES, index, order_id=order_id)
    _copy(
        env, case, CASES, 0,
        name="'RB' || n", order_name="'SB' || n", order_id=order_id, sale_order_id=order_id,
        return_tracking_ref="'RT' || n", request_key="NULL", platform_case_id="NULL", **texts,
    )  # fmt: skip
    products = env["product.product"].search([("type", "=", "consu")], limit=200)
    for index, line in enumerate(case.line_ids):
        number = sale_lines.ids.index(line.sale_line_id.id) if line.sale_line_id else 0
        _copy(
            env, line, CASES, index,
            return_id=order_id, sale_line_id=f"{_id(number)} + n", product_id=_one_of(products.ids),
        )  # fmt: skip
    if shipment:
        _copy(env, shipment, CASES, 0, name="'PB' || n", tracking_ref="'TB1-' || n")
        parcel = shipment.parcel_ids[:1] or env["ecom.shipment.parcel"].create(
            {"shipment_id": shipment.id, "tracking_ref": "TB0-0"}
        )
        env.flush_all()
        for index in range(PARCELS):
            _copy(
                env, parcel, CASES, index,
                shipment_id=order_id, tracking_ref=f"'TB{index + 1}-' || n",
            )  # fmt: skip
    # A return names its delivery.
    for index in reversed(range(DELIVERIES + 1)):
        picking = out if index else back
        _copy(
            env, picking, CASES, index,
            name=f"'WB/{index}/' || n", sale_id=order_id,
            carrier_tracking_ref=f"'TB{index}-' || n" if index else "NULL",
            ecom_return_id="NULL" if index else order_id,
            return_id="NULL" if index else f"{_id(1)} + n",
            ecom_shipment_id=order_id if index and shipment else "NULL",
        )  # fmt: skip
        _copy(
            env, picking.move_ids[:1], CASES, index,
            picking_id=f"{_id(index)} + n", sale_line_id=order_id,
            ecom_return_line_id="NULL" if index else order_id,
            origin_returned_move_id="NULL" if index else f"{_id(1)} + n",
            product_id=_one_of(products.ids),
        )  # fmt: skip
    for record in (sale_order, order, sale_lines, case, case.line_ids, back, back.move_ids):
        env.cr.execute(SQL("ANALYZE %s", SQL.identifier(record._table)))
    env.invalidate_all()
    return env["ecom.return"].browse(_id(0) + 784)

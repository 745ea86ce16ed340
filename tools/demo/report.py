"""What came of the demo: counts that can be compared, and tables for people."""

from decimal import Decimal
from unicodedata import east_asian_width

from odoo.tools import SQL

OUTCOMES = ("created", "updated", "unchanged", "stale", "parked")


def counts(env, channels):
    """:return: plain dict of everything that a repeated run must not change"""
    result = {}
    for code, channel in channels.items():
        orders = env["ecom.order"].search([("channel_id", "=", channel.id)])
        pickings = orders.sale_order_id.picking_ids
        result[code] = {
            "orders": len(orders),
            "states": _tally(order.state for order in orders),
            "causes": _tally(order.cause for order in orders if order.cause),
            "review": _tally(order.review_state for order in orders),
            "sale_orders": _tally(
                order.sale_order_id.state for order in orders if order.sale_order_id
            ),
            "deliveries": len(pickings),
            "reserved": len(pickings.filtered(is_reserved)),
            "total": str(sum(map(_decimal, orders.sale_order_id), Decimal(0))),
        }
    refunds = env["ecom.refund"].search([("channel_id", "in", [c.id for c in channels.values()])])
    result["refunds"] = _tally(refund.state for refund in refunds)
    result["contacts"] = env["res.partner"].with_context(active_test=False).search_count([])
    result["listings"] = env["ecom.listing"].search_count([])
    result["mappings"] = env["ecom.mapping"].search_count([])
    result["products"] = env["product.product"].search_count([])
    return result


def _tally(values):
    result = {}
    for value in values:
        result[value] = result.get(value, 0) + 1
    return dict(sorted(result.items()))


def _decimal(sale_order):
    return Decimal(str(round(sale_order.amount_total, 2)))


def is_reserved(picking):
    """All of it is set aside; a delivery can call itself ready with a part of its goods."""
    moves = picking.move_ids.filtered(lambda move: move.state != "cancel")
    return bool(moves) and all(move.state in ("assigned", "done") for move in moves)


def compare_totals(channel, stated):
    """Hold the shop's own totals against Odoo's, order by order.

    :param stated: {external id: Decimal} of every order that the shop has sent
    :return: dict with `channel` and `odoo` (sums over orders that have a sale order), `wrong`
        (ids of orders whose totals differ), `missing` (ids that are nowhere)
    """
    rows = channel.env.execute_query(
        SQL(
            """SELECT o.external_id, o.state, s.amount_total
                 FROM ecom_order o LEFT JOIN sale_order s ON s.id = o.sale_order_id
                WHERE o.channel_id = %s""",
            channel.id,
        )
    )
    known = {external_id: (state, total) for external_id, state, total in rows}
    theirs = ours = Decimal(0)
    wrong = []
    for external_id, amount in stated.items():
        _state, total = known.get(external_id, (None, None))
        if total is None:
            continue
        total = Decimal(str(total)).quantize(Decimal("0.01"))
        theirs, ours = theirs + amount, ours + total
        if total != amount:
            wrong.append(external_id)
    missing = sorted(set(stated) - set(known))
    return {"channel": theirs, "odoo": ours, "wrong": wrong, "missing": missing}


def table(header, rows, left=1):
    """:param left: number of columns that are texts
    :return: list of aligned lines"""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(_width(row[index]) for row in cells) for index in range(len(header))]

    def line(row):
        parts = []
        for index, cell in enumerate(row):
            gap = " " * (widths[index] - _width(cell))
            parts.append(cell + gap if index < left else gap + cell)
        return "  ".join(parts).rstrip()

    lines = [line(row) for row in cells]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def _width(text):
    """Columns that `text` takes in a terminal: Chinese characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def show(env, channels, streams, tally, speed, notes):
    """Print the tables. :return: False where an order is lost or a total differs"""
    now = counts(env, channels)
    print("\nWhat this run took in")
    header = ("channel", "received", "new", "changed", "unchanged", "stale", "parked")
    rows = [
        (channels[code].name, row["received"], *(row[outcome] for outcome in OUTCOMES))
        for code, row in tally.items()
    ]
    _print(table(header, rows))

    print("\nWhere the orders stand")
    header = (
        "channel", "orders", "accepted", "approved", "waiting", "held", "cancelled", "parked",
        "deliveries", "reserved",
    )  # fmt: skip
    rows = []
    for code, channel in channels.items():
        one = now[code]
        states, review = one["states"], one["review"]
        accepted = states.get("accepted", 0)
        # Review begins with acceptance: what is parked or cancelled does not wait for it.
        waiting = accepted - review.get("approved", 0) - review.get("held", 0)
        rows.append(
            (
                channel.name, one["orders"], accepted, review.get("approved", 0), waiting,
                review.get("held", 0), states.get("cancelled", 0), states.get("parked", 0),
                one["deliveries"], one["reserved"],
            )
        )  # fmt: skip
    _print(table(header, rows))

    print("\nMoney: what the channel says against what Odoo says")
    good, rows = True, []
    for code, channel in channels.items():
        result = compare_totals(channel, streams[code].stated())
        difference = result["odoo"] - result["channel"]
        rows.append(
            (
                channel.name, streams[code].shop.currency, f"{result['channel']:,.2f}",
                f"{result['odoo']:,.2f}", f"{difference:,.2f}",
            )
        )  # fmt: skip
        for what, ids in _complaints(channel, streams[code], result):
            if ids:
                good = False
                notes.append(f"FAILED: {channel.name}: {what}: {', '.join(ids[:10])}")
    _print(
        table(("channel", "currency", "channel total", "Odoo total", "difference"), rows, left=2)
    )

    parked = env["ecom.order"].search([("cause", "!=", False)], order="channel_id, number")
    if parked:
        print(
            "\nParked, with the cause (E-commerce / Orders / Parked Orders: one click makes the mapping)"
        )
        causes = dict(parked._fields["cause"]._description_selection(env))
        _print(
            table(
                ("channel", "order", "cause", "what is missing"),
                [
                    (o.channel_id.name, o.number, causes[o.cause], _first_line(o.cause_message))
                    for o in parked
                ],
                left=4,
            )
        )
    print(
        f"\n{speed['stored']:.0f} documents per second stored and checked"
        + (
            f", {speed['processed']:.1f} orders per second made into sale orders, approved, "
            "confirmed and reserved"
            if speed["accepted"]
            else "; no order was left to process"
        )
        + f". {speed['seconds']:.1f} s in all."
    )
    refunds = now["refunds"]
    print(
        f"{sum(refunds.values())} refunds, {refunds.get('matched', 0)} of them matched to their orders."
    )
    for note in notes:
        print(note)
    return good


def _complaints(channel, stream, result):
    """:return: (what is wrong, external ids) of what must not be after a good run"""
    parked = channel.env["ecom.order"].search(
        [("channel_id", "=", channel.id), ("cause", "!=", False)]
    )
    unexpected = [key for key in parked.mapped("external_id") if key != stream.parked]
    return (
        ("totals differ", result["wrong"]),
        ("orders are not stored", result["missing"]),
        ("orders are parked that should not be", unexpected),
    )


def _first_line(text, width=72):
    line = (text or "").splitlines()[0] if text else ""
    return line if len(line) <= width else line[: width - 1] + "…"


def _print(lines):
    for line in lines:
        print("  " + line)

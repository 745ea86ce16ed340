"""What happens after the sale in the demonstration: cases and tickets in every state.

Runs inside Odoo after :mod:`tools.demo.run`; safe to repeat.
"""

KEY = "demo-aftersales"


def main(env):
    """:return: 0; the demo's orders get parcels, cases and tickets"""
    env = env(user=env.ref("base.user_admin"))
    Case = env["ecom.return"]
    if Case.search_count([("request_key", "=like", f"{KEY}%")]):
        print("The cases are there already.")
        return 0
    orders = env["ecom.order"].search(
        [("state", "=", "accepted"), ("sale_order_id.state", "=", "sale"),
         ("fulfilled_by", "=", "merchant"), ("payment_state", "=", "paid")], order="id", limit=80,
    )  # fmt: skip
    ready = []
    for order in orders:
        if len(ready) < 12 and _ship(order.sale_order_id):
            ready.append(order)
    if len(ready) < 12:
        print(f"FAILED: only {len(ready)} orders could be shipped")
        return 1
    invoices = env["account.move"]
    for order in ready:
        invoices |= order.sale_order_id._create_invoices()
    invoices.action_post()
    env.ref("base.user_admin").email = env.ref("base.user_admin").email or "admin@example.com"
    wishes = [
        ("return", "size", "It is too large for where I meant to put it."),
        ("return", "damaged", "The box was wet and the lamp has a dent."),
        ("exchange", "wrong_item", "I ordered the other colour."),
        ("refund_only", "goodwill", "It came a week late."),
        ("return", "defect", "It does not switch on."),
        ("resend", "lost", "The parcel never arrived."),
        ("return", "withdrawal", "I changed my mind."),
    ]
    cases = Case
    for number, (order, (kind, reason, text)) in enumerate(zip(ready, wishes, strict=False)):
        result = Case.create_request(
            {
                "type": kind,
                "order_id": order.id,
                "lines": [_first_line(order)],
                "reason": reason,
                "description": text,
                "origin": "agent" if number % 2 else "portal",
                "request_key": f"{KEY}-{number}",
            }
        )
        cases |= Case.browse(result["id"])
    cases.write({"user_id": env.uid})
    approved = cases.filtered(lambda case: case.request_state == "approved")
    returns = approved.filtered(lambda case: case.type == "return")
    returns[0].action_receive()
    returns[0].action_grade(
        [{"line_id": line.id, "grade": "a", "quantity": line.quantity_received}
         for line in returns[0].line_ids]
    )  # fmt: skip
    if len(returns) > 1:
        returns[1].action_first_scan("JJD000390007888")
    if len(returns) > 2:
        returns[2].action_receive()
        returns[2].action_difference("wrong", note="A blue lamp instead of a white one")
    for case in cases.filtered(lambda c: c.request_state == "new" and c.type == "refund_only"):
        case.action_approve("Late by a week; agreed with the buyer")
    Case.receive_unknown(
        {
            "lines": [{"product_id": ready[0].sale_order_id.order_line.product_id[0].id, "quantity": 1}],
            "description": "Sender not readable, no slip",
            "request_key": f"{KEY}-bench",
        }
    )
    _tickets(env, ready)
    print(f"{len(cases)} cases, one unknown parcel and {env['ecom.ticket'].search_count([])} tickets.")
    return 0


def _first_line(order):
    line = order.sale_order_id.order_line.filtered(
        lambda ln: ln._ecom_get_amount_kind() == "goods" and ln.qty_delivered > 0
    )[0]
    return {"sale_line_id": line.id, "quantity": 1}


def _ship(sale_order):
    """:return: could all of it leave?"""
    pickings = sale_order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
    moves = pickings.move_ids
    if not moves or any(m.state != "assigned" or m.has_tracking != "none" for m in moves):
        return False
    for move in moves:
        move.quantity = move.product_uom_qty
    moves.picked = True
    for number, picking in enumerate(pickings):
        picking.carrier_tracking_ref = f"JJD0003900{sale_order.id:05d}{number}"
    for picking in pickings:
        picking.with_context(skip_backorder=True).button_validate()
    return all(p.state == "done" for p in pickings)


def _tickets(env, orders):
    team = env.ref("ecom_aftersales.team_default")
    team.tz = "Europe/Amsterdam"
    texts = [
        ("tracking", "email", "Where is my parcel?", "It should have been here on Monday."),
        ("return", "portal", "Return of one lamp", "How do I send it back?"),
        ("complaint", "email", "Second time that the wrong colour came", "Please look into it."),
        ("invoice", "phone", "Needs an invoice with VAT number", "Called in the morning."),
        ("cancel", "portal", "Please cancel the second piece", "I ordered two by mistake."),
    ]
    for order, (kind, source, subject, text) in zip(orders[3:], texts, strict=False):
        ticket = env["ecom.ticket"].create(
            {
                "name": f"{subject} ({order.number})",
                "kind": kind,
                "source": source,
                "description": text,
                "order_id": order.id,
                "partner_id": order.partner_id.id,
                "email_from": order.partner_id.email,
                "user_id": env.uid if kind != "cancel" else False,
            }
        )
        if source == "email":
            ticket._add_event("buyer")
        if order.return_ids:
            ticket.return_id = order.return_ids[0]
    answered = env["ecom.ticket"].search([("kind", "=", "tracking")], limit=1)
    answered.message_post(
        body="It was scanned this morning and arrives tomorrow.",
        message_type="comment",
        subtype_xmlid="mail.mt_comment",
    )
    answered.action_wait()

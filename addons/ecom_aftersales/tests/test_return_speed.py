from odoo.tests import new_test_user, tagged

from .common import AftersalesCase


@tagged("post_install", "-at_install")
class TestReturnSpeed(AftersalesCase):
    """Budgets of SQL statements: from a buyer's request to the refund, the agents' queue, a scan."""

    # Measured 256 with Manufacturing installed; 190 of them are Odoo's own, for the transfer and the
    # entry that the case makes.
    REQUEST_TO_REFUND = 264

    # Measured 16 and 22.
    QUEUE = 20
    SCAN = 26

    def test_request_to_refund(self):
        self.env = self.env(context={**self.env.context, "tracking_disable": False})
        self.policy.write({"auto_approve": True, "refund_on": "request", "days_return": 30})
        self._create_tax(19, included=True)
        tax = [{"rate": "19", "amount": "3.80"}]
        orders = [
            self._sell(
                ship=True,
                invoice=True,
                external_id=f"SPEED-{number}",
                lines=[
                    self._line(quantity="2", price="11.90", taxes=tax),
                    self._line("LAMP", price="23.80", taxes=tax),
                ],
                total="47.60",
                prices_include_tax=True,
            )
            for number in range(2)
        ]
        Case = self.env["ecom.return"]

        def run(sale_order):
            values = {
                "type": "return",
                "origin": "portal",
                "sale_order_id": sale_order.id,
                "reason": "withdrawal",
            }
            Case._preview_request(values)
            case, _outcome = Case._create_request(values)
            # With what is written at the end of a request: the changes that the history shows.
            self.env.cr.flush()
            return case

        run(orders[0])
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        case = run(orders[1])
        used = self.env.cr.sql_log_count - before
        self.assertRecordValues(
            case,
            [{"request_state": "approved", "amount_issued": 47.6, "amount_credited": 47.6}],
        )
        self.assertLessEqual(used, self.REQUEST_TO_REFUND)

    def test_queue(self):
        """The board and the list of tickets: the same few statements, however many there are."""
        user = new_test_user(self.env, "agent-q", "ecom_aftersales.group_ecom_agent")
        Ticket = self.env["ecom.ticket"].with_user(user)
        orders = [self._sell(external_id=f"Q-{number}").ecom_order_id for number in range(3)]
        for number in range(60):
            ticket = self.env["ecom.ticket"].create(
                {
                    "name": f"Question {number}",
                    "partner_id": orders[number % 3].partner_id.id,
                    "order_id": orders[number % 3].id,
                    "user_id": user.id if number % 2 else False,
                }
            )
            if number % 5 == 0:
                ticket.activity_schedule("mail.mail_activity_data_todo", user_id=user.id)
        shown = ("priority", "number", "name", "kind", "deadline", "state", "is_open")
        activity = ("activity_exception_decoration", "activity_state", "activity_summary")
        specification = {
            **{name: {} for name in shown + activity},
            "activity_ids": {"fields": {}},
            **{
                name: {"fields": {"display_name": {}}}
                for name in ("partner_id", "order_id", "channel_id", "user_id", "activity_type_id")
            },
        }
        domain = [("is_open", "=", True)]

        def read_list(limit):
            return Ticket.web_search_read(domain, specification, limit=limit)

        def read_board():
            groups = Ticket.web_read_group(
                domain,
                ["state"],
                ["__count"],
                auto_unfold=True,
                unfold_read_specification=specification,
            )
            Ticket.read_progress_bar(
                domain, "state", {"field": "clock", "colors": {"running": "info"}}
            )
            return groups

        read_list(10), read_board()
        self.assertLessEqual(self._count(lambda: read_list(10)), self.QUEUE)
        self.assertLessEqual(self._count(lambda: read_list(60)), self.QUEUE)
        self.assertLessEqual(self._count(read_board), self.QUEUE + 4)

    def test_desk(self):
        """What a scan asks for does not depend on how many cases, lines and pieces it finds."""
        cases = self.env["ecom.return"]
        for number in range(6):
            sale_order = self._sell(
                external_id=f"D-{number}",
                ship=True,
                lines=[self._line(quantity="2"), self._line("LAMP")],
            )
            case = self._request(sale_order)
            case.action_approve()
            cases |= case
        cases[0].action_receive()
        find = self.env["ecom.return"].find_parcel
        find(cases[0].name)
        for code in (cases[0].name, cases[1].picking_ids.name, "D-2", "no such code"):
            self.assertLessEqual(self._count(lambda code=code: find(code)), self.SCAN, code)
        self.assertGreater(len(find("MUG")), 5)
        self.assertLessEqual(self._count(lambda: find("MUG")), self.SCAN)

    def _count(self, action):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        action()
        return self.env.cr.sql_log_count - before

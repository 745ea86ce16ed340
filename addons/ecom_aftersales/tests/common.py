"""Factories for the tests of what happens after the sale."""

from odoo.fields import Command

from odoo.addons.ecom_order_mgmt.tests.common import EcomCase


class AftersalesCase(EcomCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ecom.return.policy"].search([]).active = False
        cls.policy = cls._create_policy()
        cls.channel.write({"approve_wait_minutes": 0, "approval": "all"})
        accounts = cls.env["account.account"]
        cls.journal = cls.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", cls.company.id)], limit=1
        )
        if not cls.journal:
            cls.journal = cls.env["account.journal"].create(
                {"name": "Sales", "code": "TSAL", "type": "sale", "company_id": cls.company.id}
            )
        if not cls.journal.default_account_id:
            cls.journal.default_account_id = accounts.create(
                {"name": "Sales", "code": "ecomt1", "account_type": "income"}
            )

    @classmethod
    def _create_policy(cls, **vals):
        return cls.env["ecom.return.policy"].create(
            {
                "name": "Test policy",
                "days_refund": 30,
                "days_return": 14,
                "auto_approve": False,
                "refund_on": "manual",
                "shipping_rule": "last",
                **vals,
            }
        )

    def _sell(self, ship=None, invoice=False, **document):
        """Import, confirm and (partly) ship an order. :return: sale.order

        :param ship: True for all, a number of pieces of the first line, or None
        """
        order = self._import_one(**document)
        self.assertEqual(order.sale_order_id.state, "sale", order.cause_message)
        sale_order = order.sale_order_id
        if ship:
            self._ship(sale_order, None if ship is True else ship)
        if invoice:
            self._invoice(sale_order)
        return sale_order

    def _ship(self, sale_order, quantity=None):
        pickings = sale_order.picking_ids.filtered(
            lambda p: p.state not in ("done", "cancel") and not p.return_id
        )
        for move in pickings.move_ids:
            move.quantity = move.product_uom_qty if quantity is None else quantity
            move.picked = True
        pickings._action_done()

    def _invoice(self, sale_order):
        invoice = sale_order._create_invoices()
        invoice.action_post()
        return invoice

    def _request(self, sale_order, lines=None, type="return", **values):
        """:return: the ecom.return"""
        result = self.env["ecom.return"].create_request(
            {
                "type": type,
                "sale_order_id": sale_order.id,
                "lines": lines,
                "reason": "defect",
                "origin": "agent",
                **values,
            }
        )
        return self.env["ecom.return"].browse(result["id"])

    def _free(self, product):
        return product.with_context(warehouse_id=self.warehouse.id).free_qty


__all__ = ["AftersalesCase", "Command"]

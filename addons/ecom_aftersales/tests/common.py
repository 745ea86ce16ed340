"""Factories for the tests of what happens after the sale."""

from unittest.mock import patch

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

    def _pay_in_odoo(self, sale_order, amount, support="partial"):
        method = self.env.ref("payment.payment_method_unknown")
        provider = self.env["payment.provider"].create(
            {
                "name": "Test",
                "code": "none",
                "state": "test",
                "payment_method_ids": [Command.set(method.ids)],
                "company_id": self.company.id,
            }
        )
        method.write({"active": True, "support_refund": support})
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "amount": amount,
                "currency_id": sale_order.currency_id.id,
                "partner_id": sale_order.partner_id.id,
                "reference": f"T-{sale_order.name}",
                "state": "done",
                "sale_order_ids": [Command.set(sale_order.ids)],
            }
        )
        self.startPatcher(
            patch.object(
                self.env.registry["payment.provider"],
                "_compute_feature_support_fields",
                lambda providers: providers.update({"support_refund": support}),
            )
        )
        provider.invalidate_recordset(["support_refund"])
        return tx

    def _send(self):
        with self.enter_registry_test_mode():
            self.env.ref("ecom_aftersales.ir_cron_payments").method_direct_trigger()

    @classmethod
    def _create_kit(cls, sku, parts, **vals):
        """:param parts: {product: pieces in one kit}. :return: the kit; skips without Manufacturing"""
        if "mrp.bom" not in cls.env:
            cls.skipTest(cls, "Odoo's Manufacturing is not installed")
        kit = cls._create_product(sku, is_storable=False, **vals)
        cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": part.id, "product_qty": pieces})
                    for part, pieces in parts.items()
                ],
            }
        )
        return kit

    def _free(self, product):
        return product.with_context(warehouse_id=self.warehouse.id).free_qty


__all__ = ["AftersalesCase", "Command"]

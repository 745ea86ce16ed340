from odoo import http
from odoo.exceptions import UserError
from odoo.http import request


class EcomCheckout(http.Controller):
    """The day of delivery in website_sale's checkout, where that is installed: its page asks here
    for what `static/src/checkout` shows under a method of delivery."""

    @http.route(
        "/shop/ecom_delivery/days",
        type="jsonrpc",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def days(self, dm_id):
        """:return: dict: `label`, `choices` [[key, text]], `chosen` (key or None)"""
        order, carrier = self._get(dm_id)
        return self._answer(order, carrier)

    @http.route(
        "/shop/ecom_delivery/choose",
        type="jsonrpc",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def choose(self, dm_id, key):
        """:return: as :meth:`days`, with `error` in words where the day cannot be had"""
        order, carrier = self._get(dm_id)
        if any(tx.state not in ("draft", "cancel", "error") for tx in order.transaction_ids):
            raise UserError(request.env._("The order is being paid: the day cannot be changed now."))
        if order.carrier_id != carrier:
            # The choice came before the page had said which method it belongs to.
            order._set_delivery_method(carrier)
        error = False
        if not order._ecom_choose_day(carrier, str(key)):
            error = request.env._("This cannot be chosen any more. Please choose again.")
        return self._answer(order, carrier) | {"error": error}

    def _get(self, dm_id):
        """:return: (the visitor's own cart, a method of delivery that it can have)"""
        # Set by website_sale; only the visitor's own cart is ever reached.
        order = getattr(request, "cart", None)
        carrier = order and order._get_delivery_methods().filtered(lambda c: str(c.id) == str(dm_id))
        if not carrier:
            raise UserError(request.env._("This delivery is not offered for your order."))
        return order, carrier

    def _answer(self, order, carrier):
        choices = order._ecom_get_day_choices(carrier)
        chosen = order._ecom_get_chosen_key(carrier) if order.carrier_id == carrier else None
        return {
            "label": request.env._("Deliver on"),
            "choices": [[key, text] for key, text, _window in choices],
            "chosen": chosen or (choices[0][0] if choices else None),
        }

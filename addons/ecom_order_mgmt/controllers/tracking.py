import re
import time

from odoo import http
from odoo.http import request

from ..tools.rate_limit import RateLimit

# A buyer looks a few times; a page with several parcels is one request. Wrong tokens cost more.
LIMIT = RateLimit(burst=60, per_second=1)
WRONG_TOKEN_COST = 10
TOKEN = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}


class EcomTracking(http.Controller):
    """The buyer's page. Whoever has the link may see it; nobody can guess or list links."""

    @http.route(
        "/track/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
        save_session=False,
        readonly=True,
    )
    def track(self, token, lang=None, **_params):
        caller = request.httprequest.remote_addr
        wait = LIMIT.take(caller, time.monotonic())
        if wait:
            return self._answer(
                "ecom_order_mgmt.tracking_missing",
                {"busy": True},
                status=429,
                headers={"Retry-After": str(int(wait) + 1)},
            )
        shipment = self._find(token)
        if not shipment:
            LIMIT.charge(caller, time.monotonic(), WRONG_TOKEN_COST)
            return self._answer("ecom_order_mgmt.tracking_missing", {}, status=404)
        shipment = shipment.with_context(lang=self._get_lang(shipment, lang))
        return self._answer(
            "ecom_order_mgmt.tracking_page", shipment._get_page_values(), env=shipment.env
        )

    @http.route(
        "/track/<string:token>/option",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
        save_session=False,
        # The token in the address is the right to choose; nobody else's page knows it.
        csrf=False,
    )
    def choose_option(self, token, option="", **_params):
        caller = request.httprequest.remote_addr
        if LIMIT.take(caller, time.monotonic(), cost=5):
            return self._answer("ecom_order_mgmt.tracking_missing", {"busy": True}, status=429)
        shipment = self._find(token)
        if not shipment:
            LIMIT.charge(caller, time.monotonic(), WRONG_TOKEN_COST)
            return self._answer("ecom_order_mgmt.tracking_missing", {}, status=404)
        # What may be chosen is checked there: neither another shop's option nor a late change.
        shipment.with_context(lang=self._get_lang(shipment, None))._choose(option)
        return request.redirect(f"/track/{token}", code=303, local=True)

    def _find(self, token):
        """:return: the shipment of this token, readable; or None"""
        if not TOKEN.match(token):
            return None
        # The token is the right to see it. What the page says is chosen in _get_tracking_info.
        Shipment = request.env["ecom.shipment"].sudo().with_context(active_test=False)
        shipment = Shipment.search([("access_token", "=", token)], limit=1)
        # A parcel that travels in another one is seen there.
        return (shipment.merged_into_id or shipment).with_context(active_test=True) or None

    def _get_lang(self, shipment, wished):
        """:return: the language asked for, else the buyer's, else the browser's"""
        installed = {code for code, _name in request.env["res.lang"].get_installed()}
        wished = (wished or "").replace("-", "_")
        for code in (wished, shipment.buyer_lang, request.env.context.get("lang")):
            if code in installed:
                return code
        return "en_US"

    def _answer(self, template, values, env=None, status=200, headers=None):
        env = env or request.env
        html = env["ir.qweb"]._render(template, values)
        return request.make_response(
            f"<!DOCTYPE html>\n{html}",
            headers={
                "Content-Type": "text/html; charset=utf-8",
                **HEADERS,
                **(headers or {}),
            },
            status=status,
        )

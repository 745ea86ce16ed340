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
    # Kept by the buyer's own browser only, and never shown again without asking us.
    "Cache-Control": "private, no-cache",
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
        # The page is the same whoever looks: no user has to be found out for it.
        auth="none",
        methods=["GET"],
        sitemap=False,
        save_session=False,
        readonly=True,
    )
    def track(self, token, lang=None, **_params):
        shipment, refusal = self._open(token)
        if refusal:
            return refusal
        page = shipment._for_page(lang)
        return self._answer("ecom_order_mgmt.tracking_page", page._get_page_values(), page.env)

    @http.route(
        "/track/<string:token>/option",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
        save_session=False,
        readonly=True,
    )
    def options(self, token, lang=None, gone=None, **_params):
        shipment, refusal = self._open(token, cost=2)
        if refusal:
            return refusal
        page = shipment._for_page(lang)
        values = page._get_choice_values() | {"gone": bool(gone)}
        return self._answer("ecom_order_mgmt.tracking_choice", values, page.env)

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
        shipment, refusal = self._open(token, cost=5)
        if refusal:
            return refusal
        # To change it is no page: what follows may read whole records.
        shipment = shipment.with_context(prefetch_fields=True)
        shipment = shipment.with_context(lang=shipment._get_page_lang(None))
        # What may be chosen is checked there: neither another shop's option nor a late change.
        chosen = shipment._choose(option)
        path = f"/track/{token}" if chosen else f"/track/{token}/option?gone=1"
        return request.redirect(path, code=303, local=True)

    def _open(self, token, cost=1):
        """:return: (the shipment of this token, None), or (None, answer that refuses it)"""
        caller = request.httprequest.remote_addr
        wait = LIMIT.take(caller, time.monotonic(), cost)
        if wait:
            headers = {"Retry-After": str(int(wait) + 1)}
            return None, self._refuse(429, {"busy": True}, headers)
        shipment = TOKEN.match(token) and request.env["ecom.shipment"]._find_for_page(token)
        if not shipment:
            LIMIT.charge(caller, time.monotonic(), WRONG_TOKEN_COST)
            return None, self._refuse(404, {})
        return shipment, None

    def _refuse(self, status, values, headers=None):
        answer = self._answer("ecom_order_mgmt.tracking_missing", values, request.env(su=True))
        answer.status_code = status
        answer.headers.update(headers or {})
        return answer

    def _answer(self, template, values, env):
        # Nothing of what Odoo gives to every page is used by ours.
        html = env["ir.qweb"].with_context(minimal_qcontext=True)._render(template, values)
        answer = request.make_response(
            f"<!DOCTYPE html>\n{html}",
            headers={"Content-Type": "text/html; charset=utf-8", **HEADERS},
        )
        # Looked at again, an unchanged page costs the phone nothing.
        answer.add_etag()
        return answer.make_conditional(request.httprequest.environ)

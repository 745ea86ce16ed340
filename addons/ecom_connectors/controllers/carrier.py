import json

from odoo import http
from odoo.http import request

from ..models.ecom_carrier_push import MAX_BODY


class EcomCarrierController(http.Controller):
    @http.route(
        "/ecom/carrier/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def push(self, token, **form):
        """News of a carrier: checked, stored, acknowledged. Read later by a timer."""
        # The token is the right to tell us something; the body's signature is checked as well.
        account = request.env["ecom.carrier.account"].sudo().search([("push_token", "=", token)])
        if not account:
            return request.make_response("", status=404)
        if (request.httprequest.content_length or 0) > MAX_BODY:
            return request.make_response("", status=413)
        body = request.httprequest.get_data()
        text, status = account._check_push(body, request.httprequest.headers, form)
        if status:
            return request.make_response("", status=status)
        request.env["ecom.carrier.push"].sudo()._store(account, text)
        answer = {"result": True, "returnCode": "200", "message": "ok"}
        return request.make_response(
            json.dumps(answer), headers=[("Content-Type", "application/json")]
        )

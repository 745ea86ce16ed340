import hashlib
import json
import logging

import psycopg2

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..exceptions import EcomConnectorError

_logger = logging.getLogger(__name__)

MAX_BODY = 5 * 1024 * 1024
# What says who sent it and what it is; cookies and the like are none of our business.
_KEPT = ("x-", "content-type", "saleor-", "webhook-", "user-agent")


class EcomWebhookController(http.Controller):
    """Where platforms call. Verify, store, acknowledge; all else comes later."""

    @http.route(
        "/ecom/hook/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=MAX_BODY,
    )
    def receive(self, token, **_form):
        """:return: 200 stored (or known already), 401 not signed as the platform signs, 404 no such
        channel, 413 too large, 503 not stored: the platform will send it again"""
        channel = (
            request.env["ecom.channel"]
            .sudo()
            .search([("webhook_token", "=", token), ("active", "=", True)], limit=1)
        )
        if not token or not channel or not channel.is_platform:
            return self._answer(404)
        raw = request.httprequest.get_data(cache=True)
        if len(raw) > MAX_BODY:
            return self._answer(413)
        headers = {key.lower(): value for key, value in request.httprequest.headers.items()}
        handler = channel._get_handler()
        if handler._is_ping(headers, raw):
            return self._answer(200)
        try:
            secrets = request.env["ecom.credential"].sudo()._load(channel)
        except UserError:
            _logger.error("Webhook of channel %s: the server's key does not fit", channel.id)
            return self._answer(503)
        if not handler._verify_webhook(channel, headers, raw, secrets):
            _logger.warning("Webhook of channel %s with a wrong signature", channel.id)
            return self._answer(401)
        try:
            hook = handler._read_webhook(channel, headers, raw)
            key, topic = hook.delivery_id, hook.topic
        except (ValueError, LookupError, TypeError, AttributeError, UserError, EcomConnectorError):
            # Signed, but of a shape we do not know: kept, for a person to look at.
            key, topic = None, "?"
        key = key or "sha256:" + hashlib.sha256(raw).hexdigest()
        kept = {k: v for k, v in headers.items() if k.startswith(_KEPT) and "signature" not in k}
        try:
            new = request.env["ecom.webhook"].sudo()._store(
                channel, key, topic, kept, raw.decode("utf-8", "replace").replace("\x00", "")
            )
            if new:
                request.env.ref("ecom_connectors.ir_cron_webhooks").sudo()._trigger()
        except psycopg2.errors.SerializationFailure:
            raise  # Odoo runs the request again
        except psycopg2.Error:
            _logger.exception("Webhook of channel %s was not stored", channel.id)
            request.env.cr.rollback()
            return self._answer(503)
        return self._answer(200)

    def _answer(self, status):
        return request.make_response(
            json.dumps({"status": status}),
            headers=[("Content-Type", "application/json")],
            status=status,
        )

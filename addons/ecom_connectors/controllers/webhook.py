import hashlib
import json
import logging

import psycopg2

from odoo import SUPERUSER_ID, http
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
        auth="none",
        readonly=False,
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=MAX_BODY,
    )
    def receive(self, token, **_form):
        """:return: 200 stored (or known already), 401 not signed as the platform signs, 404 no such
        channel, 413 too large, 503 not stored: the platform will send it again"""
        if not request.db:
            # Reached where the addon is loaded for all databases, and ours does not answer.
            return self._answer(503)
        # The token is the right to tell us something; the body's signature is checked as well.
        Webhook = request.env["ecom.webhook"].with_user(SUPERUSER_ID)
        try:
            channel, handler, secrets = Webhook._get_target(token)
        except LookupError:
            return self._answer(404)
        except UserError as error:
            _logger.error("A webhook cannot be checked: %s", error)
            return self._answer(503)
        raw = request.httprequest.get_data(cache=True)
        if len(raw) > MAX_BODY:
            return self._answer(413)
        headers = {key.lower(): value for key, value in request.httprequest.headers.items()}
        if handler._is_ping(headers, raw):
            return self._answer(200)
        if not handler._verify_webhook(
            channel, headers, raw, secrets
        ) and not handler._verify_webhook(channel, headers, raw, self._load(channel)):
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
            body = raw.decode("utf-8", "replace").replace("\x00", "")
            if Webhook._store(channel, key, topic, kept, body):
                # Last of all: a timer that begins waits for us from here to the commit.
                Webhook._get_timer()._ecom_wake()
        except psycopg2.errors.SerializationFailure:
            raise  # Odoo runs the request again
        except psycopg2.Error:
            _logger.exception("Webhook of channel %s was not stored", channel.id)
            request.env.cr.rollback()
            return self._answer(503)
        return self._answer(200)

    def _load(self, channel):
        """:return: the secrets as they are by now; another process may have changed them just now"""
        try:
            return channel.env["ecom.credential"]._load(channel, lasting=True)
        except UserError:
            return {}

    def _answer(self, status):
        return request.make_response(
            json.dumps({"status": status}),
            headers=[("Content-Type", "application/json")],
            status=status,
        )

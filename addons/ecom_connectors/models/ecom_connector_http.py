import logging
import time
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import requests

from odoo import api, fields, models, modules
from odoo.exceptions import UserError

from ..exceptions import EcomAuthError, EcomDataError, EcomRetryableError
from ..tools import transport

_logger = logging.getLogger(__name__)

# One number for connecting and for each wait while reading.
TIMEOUT = 20
# Below this the platform asks for a moment only; the task is put off all the same.
DEFAULT_PAUSE = 60


class EcomConnector(models.AbstractModel):
    """The one seam through which everything leaves the house. Tests patch `_send_api_request`."""

    _inherit = "ecom.connector"

    # === SIGNING IN === #

    @api.model
    def _get_secrets(self, channel):
        """:return: {name: text}
        :raise EcomAuthError: one that the platform needs was never given, or cannot be read"""
        try:
            found = self.env["ecom.credential"].sudo()._load(channel)
        except UserError as error:
            raise EcomAuthError(str(error)) from None
        capabilities = self._get_capabilities()
        for name, label in capabilities.credentials.items():
            if name not in capabilities.optional_credentials and not found.get(name):
                raise EcomAuthError(
                    self.env._("The %(credential)s is not entered yet.", credential=label)
                )
        return found

    @api.model
    def _get_auth(self, channel, secrets, method, url, params):
        """:return: (headers, query parameters) that sign a request; platforms override it"""
        return {}, {}

    @api.model
    def _request_token(self, channel, secrets):
        """:return: (access token, seconds it lasts); platforms that lend tokens override it"""
        raise NotImplementedError

    @api.model
    def _get_token(self, channel, secrets):
        """:return: a valid access token. It is renewed by one process at a time: the others wait
        for the row's lock and find the new one."""
        if secrets.get("access"):
            return secrets["access"]
        Credential = self.env["ecom.credential"].sudo()
        if modules.module.current_test:
            return self._renew_token(channel, secrets)
        with self.env.registry.cursor() as cr:
            # The first statement takes the lock, so that the snapshot is taken after the wait.
            cr.execute("SELECT pg_advisory_lock(%s, %s)", [_TOKEN_LOCK, channel.id])
            try:
                # A cursor of our own: the lock is the session's, the snapshot begins after it.
                cr.commit()  # pylint: disable=invalid-commit
                own = channel.with_env(channel.env(cr=cr))
                fresh = Credential.with_env(own.env(su=True))._load(own)
                token = fresh.get("access")
                if not token:
                    token = own.env[self._name]._renew_token(own, fresh)
                    cr.commit()  # pylint: disable=invalid-commit
            finally:
                cr.rollback()
                cr.execute("SELECT pg_advisory_unlock(%s, %s)", [_TOKEN_LOCK, channel.id])
        return token

    def _renew_token(self, channel, secrets):
        token, seconds = self._request_token(channel, secrets)
        # It ends a minute early for us: no call is made with one that dies on the way.
        expires = fields.Datetime.now() + timedelta(seconds=max(seconds - 60, 30))
        self.env["ecom.credential"].sudo()._save(channel, "access", token, expires)
        return token

    # === CALLING === #

    @api.model
    def _get_url(self, channel, path):
        """:return: full address of a path of the shop
        :raise EcomDataError: the shop has no address"""
        root = self._get_capabilities().fixed_url or (channel.connector_url or "").strip()
        if path.startswith(("http://", "https://")):
            # A page's link to the next one must not lead elsewhere with our credentials.
            if urlsplit(path).netloc != urlsplit(root).netloc:
                raise EcomDataError(
                    self.env._("The platform sent a link to another server: %(url)s", url=path)
                )
            return path
        if not root.startswith(("http://", "https://")):
            raise EcomDataError(
                self.env._("The channel has no address (https://…) of its shop yet.")
            )
        return urljoin(root.rstrip("/") + "/", path.lstrip("/"))

    @api.model
    def _call(self, channel, method, path, *, operation="default", params=None, headers=None,
              json=None, data=None, cost=1.0, signed=True, timeout=TIMEOUT, accept=()):  # fmt: skip
        """Make one request to the shop, within what the account may.

        :param operation: name in the platform's rates
        :param signed: False for the request that signs in
        :param accept: status codes that are an answer too, besides 2xx (404: there is none)
        :return: transport.Answer
        :raise EcomRetryableError: the throttle, the network or the platform says: later
        :raise EcomAuthError: our credentials do not count any more
        :raise EcomDataError: refused for good
        """
        secrets = self._get_secrets(channel)
        self._take_turn(channel, operation, cost)
        url = self._get_url(channel, path)
        params, headers = dict(params or {}), dict(headers or {})
        if signed:
            auth_headers, auth_params = self._get_auth(channel, secrets, method, url, params)
            headers |= auth_headers
            params |= auth_params
        masked = [value for value in secrets.values() if value]
        started = time.monotonic()
        answer = self._send_api_request(
            method,
            url,
            params=params,
            headers={"User-Agent": "ecom-connectors (Odoo)", **headers},
            json=json,
            data=data,
            timeout=timeout,
            internal=channel.sudo().connector_internal,
            secrets=masked,
        )
        _logger.info(
            "%s %s %s: %s in %d ms",
            channel.connector, method, transport.mask(url, masked), answer.status,
            1000 * (time.monotonic() - started),
        )  # fmt: skip
        self._check_status(channel, answer, masked, accept, signed, operation)
        return answer

    @api.model
    def _take_turn(self, channel, operation, cost):
        rates = self._get_capabilities().rates
        rate, burst = rates.get(operation) or rates.get("default") or (5, 40)
        wait = self.env["ecom.throttle"].sudo()._take(
            self._get_throttle_key(channel, operation if operation in rates else "default"),
            rate, burst, cost,
        )  # fmt: skip
        if wait:
            raise EcomRetryableError(
                self.env._("Waiting for the platform's limit of calls."), delay=wait, counts=False
            )

    @api.model
    def _get_throttle_key(self, channel, operation):
        """The limit is the account's, whatever number of channels uses it."""
        account = channel.connector_account or urlsplit(channel.connector_url or "").netloc
        return f"{channel.connector}/{account or channel.id}/{operation}"

    @api.model
    def _send_api_request(self, method, url, *, params=None, headers=None, json=None, data=None,
                          timeout=TIMEOUT, internal=False, secrets=()):  # fmt: skip
        """Send one request, with TLS verified and no redirects.

        :return: transport.Answer, whatever its status
        :raise EcomRetryableError: no answer came
        :raise EcomDataError: the address is not allowed
        """
        try:
            with transport.session(internal) as session, session.request(
                method, url, params=params, headers=headers, json=json, data=data,
                timeout=timeout, stream=True, allow_redirects=False,
            ) as response:  # fmt: skip
                return transport.read(response)
        except transport.PrivateAddressError as error:
            raise EcomDataError(
                self.env._(
                    "The shop's address leads into a private network (%(error)s). An administrator "
                    "may allow that for this channel (Internal Server).",
                    error=error,
                )
            ) from None
        except (requests.exceptions.SSLError, requests.exceptions.InvalidURL) as error:
            raise EcomDataError(
                self.env._(
                    "No safe connection to the shop: %(error)s",
                    error=transport.mask(error, secrets),
                )
            ) from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ConnectionError) as error:
            # Broken after it was sent, it may have been carried out.
            unsure = "Connection aborted" in str(error) or "RemoteDisconnected" in str(error)
            raise EcomRetryableError(
                self.env._("The shop cannot be reached."),
                transport.mask(error, secrets), unsure=unsure,
            ) from None  # fmt: skip
        except requests.exceptions.Timeout as error:
            raise EcomRetryableError(
                self.env._("The shop did not answer in time."),
                transport.mask(error, secrets), unsure=True,
            ) from None  # fmt: skip
        except (requests.exceptions.RequestException, ValueError) as error:
            raise EcomRetryableError(
                self.env._("The shop's answer cannot be read."),
                transport.mask(error, secrets), unsure=True,
            ) from None  # fmt: skip

    @api.model
    def _check_status(self, channel, answer, secrets, accept=(), signed=True, operation="default"):
        """:raise: what a status that is no success means"""
        status = answer.status
        if 200 <= status < 300 or status in accept:
            return
        said = transport.mask(answer.text, secrets)
        if status == 429 or (status == 503 and answer.headers.get("Retry-After")):
            delay = transport.retry_after(answer.headers)
            delay = DEFAULT_PAUSE if delay is None else delay
            self.env["ecom.throttle"].sudo()._block(
                self._get_throttle_key(
                    channel,
                    operation if operation in self._get_capabilities().rates else "default",
                ),
                delay,
            )
            raise EcomRetryableError(
                self.env._("The platform asks for patience (%(status)s).", status=status),
                said, delay=delay, counts=status != 429,
            )  # fmt: skip
        if status in (401, 403):
            if signed and status == 401:
                # A lent token may have been taken back early: the next call asks for another.
                self._forget_token(channel)
            raise EcomAuthError(
                self.env._("The shop refuses our credentials (%(status)s).", status=status), said
            )
        if status >= 500 or status in (408, 425):
            raise EcomRetryableError(
                self.env._("The shop has a fault of its own (%(status)s).", status=status),
                said, unsure=status != 503,
            )  # fmt: skip
        if 300 <= status < 400:
            raise EcomDataError(
                self.env._(
                    "The shop's address has moved to %(url)s; correct it on the channel.",
                    url=transport.mask(answer.headers.get("Location") or "?", secrets),
                ),
                said,
            )
        raise EcomDataError(
            self.env._("The shop refused the request (%(status)s).", status=status), said
        )

    @api.model
    def _forget_token(self, channel):
        self.env["ecom.credential"].sudo().search(
            [("channel_id", "=", channel.id), ("name", "=", "access")]
        ).unlink()

    @api.model
    def _call_json(self, channel, method, path, **options):
        """:return: the JSON value of the answer; None for an empty one (204, 404 where accepted)"""
        answer = self._call(channel, method, path, **options)
        if answer.status == 204 or not answer.content.strip():
            return None
        if answer.status in options.get("accept", ()):
            return None
        try:
            return answer.json()
        except ValueError:
            raise EcomRetryableError(
                self.env._("The shop's answer is no JSON."),
                transport.mask(answer.text[:300]), unsure=method != "GET",
            ) from None  # fmt: skip

    @api.model
    def _graphql(self, channel, path, query, variables=None, **options):
        """:return: `data` of a GraphQL answer
        :raise EcomDataError: the answer is 200 and holds errors all the same"""
        value = self._call_json(
            channel, "POST", path, json={"query": query, "variables": variables or {}}, **options
        )
        value = value if isinstance(value, dict) else {}
        errors = value.get("errors")
        if errors or not isinstance(value.get("data"), dict):
            raise self._explain_graphql_errors(channel, errors, value)
        return value["data"]

    @api.model
    def _explain_graphql_errors(self, channel, errors, value):
        """:return: exception"""
        errors = errors if isinstance(errors, list) else [{"message": str(errors or value)}]
        said = "; ".join(str(e.get("message") if isinstance(e, dict) else e) for e in errors)
        codes = {
            (e.get("extensions") or {}).get("code") for e in errors if isinstance(e, dict)
        }  # fmt: skip
        if codes & {"THROTTLED"}:
            return EcomRetryableError(
                self.env._("The platform asks for patience."), said, delay=5, counts=False
            )
        if codes & {"UNAUTHENTICATED", "FORBIDDEN", "ACCESS_DENIED"}:
            return EcomAuthError(self.env._("The shop refuses our credentials."), said)
        if codes & {"INTERNAL_SERVER_ERROR"}:
            return EcomRetryableError(self.env._("The shop has a fault of its own."), said)
        return EcomDataError(
            self.env._("The shop refused the request: %(said)s", said=transport.mask(said)[:300]),
            said,
        )


# Any number that nothing else in the database locks by.
_TOKEN_LOCK = 0x65636F6D

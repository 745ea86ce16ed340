import hashlib
import json
import logging

from odoo import api, fields, models

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE

from ..carriers import easypost, kuaidi100, shippo

_logger = logging.getLogger(__name__)
MAX_BODY = 1024 * 1024


class EcomCarrierPush(models.Model):
    """News that a carrier pushed: stored and acknowledged at once, read afterwards."""

    _name = "ecom.carrier.push"
    _description = "Carrier's News"
    _order = "id desc"

    account_id = fields.Many2one(
        "ecom.carrier.account", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    digest = fields.Char(required=True, readonly=True)
    body = fields.Text(readonly=True)
    state = fields.Selection(
        [("new", "New"), ("done", "Read"), ("failed", "Not Readable")],
        default="new",
        required=True,
        readonly=True,
        index=True,
    )
    result = fields.Text(readonly=True)

    _digest_uniq = models.UniqueIndex("(account_id, digest)")

    @api.model
    def _store(self, account, body):
        """:param body: text as received; the same body is stored once"""
        digest = hashlib.sha256(body.encode()).hexdigest()
        if not self.search_count([("account_id", "=", account.id), ("digest", "=", digest)]):
            self.create({"account_id": account.id, "digest": digest, "body": body})
            self.env.ref("ecom_connectors.ir_cron_carrier_push")._trigger()

    @api.model
    def _cron_read(self):
        remaining = [("state", "=", "new")]
        self.env["ir.cron"]._commit_progress(remaining=self.search_count(remaining))
        while pushes := self.search(remaining, order="id", limit=100).try_lock_for_update():
            try:
                pushes._read_news()
            except RETRYABLE:
                self.env.cr.rollback()
                _logger.info("carrier news: another transaction was faster; next run")
                return True
            if not self.env["ir.cron"]._commit_progress(len(pushes)):
                return True
        return True

    def _read_news(self):
        """All events of these pushes in one go; a body that nobody can read fails alone."""
        items, done = [], self.browse()
        for push in self:
            try:
                found = push.account_id._read_push(json.loads(push.body))
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                push.write({"state": "failed", "result": f"{type(error).__name__}: {error}"})
                continue
            items += found
            done |= push
        result = self.env["ecom.shipment"]._ingest_events(items, source="push")
        done.write({"state": "done", "result": json.dumps({k: v for k, v in result.items() if v})})

    @api.autovacuum
    def _gc_read(self):
        """What was read is kept for a month, to answer questions."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=30)
        self.search([("state", "=", "done"), ("create_date", "<", limit)], limit=10000).unlink()


class EcomCarrierAccount(models.Model):
    _inherit = "ecom.carrier.account"

    def _check_push(self, body, headers, form):
        """:return: (text to store, None), or (None, HTTP status)"""
        self.ensure_one()
        credentials = self._load_credentials()
        if self.plugin == "kuaidi100":
            param = form.get("param") or ""
            good = kuaidi100.push_ok(param, form.get("sign"), credentials.get("salt"))
            return (param, None) if good else (None, 401)
        if self.plugin == "easypost":
            good = easypost.signature_ok(
                body, headers.get("X-Hmac-Signature"), credentials.get("webhook_secret")
            )
            return (body.decode(errors="replace"), None) if good else (None, 401)
        if self.plugin == "shippo":
            # Shippo signs nothing; the unguessable path must do.
            return body.decode(errors="replace"), None
        return None, 404

    def _read_push(self, document):
        """:return: events and facts for the ingestion"""
        self.ensure_one()
        if self.plugin == "kuaidi100":
            return list(kuaidi100.read(document).items)
        if self.plugin == "easypost":
            return easypost.read(document)
        return shippo.read(document)

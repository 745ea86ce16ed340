import os

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import config

from ..tools import secrets

ENV_KEY = "ECOM_SECRET_KEY"
OPTION = "ecom_secret_key"


class EcomCredential(models.Model):
    """One secret of a channel, encrypted. Nobody reads it over RPC: no group has a right to it.

    Besides what a person types in (`key`, `secret`, `token`, `webhook`) it keeps the access tokens
    that a platform lends for a time.
    """

    _name = "ecom.credential"
    _description = "Credential of a Channel"

    channel_id = fields.Many2one("ecom.channel", required=True, ondelete="cascade", index=True)
    name = fields.Char(required=True)
    value = fields.Text("Encrypted", required=True, groups=fields.NO_ACCESS, copy=False)
    expires_at = fields.Datetime()

    _name_uniq = models.UniqueIndex("(channel_id, name)")

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._forget_cached()
        return records

    def write(self, vals):
        self._forget_cached()
        result = super().write(vals)
        self._forget_cached()
        return result

    def unlink(self):
        self._forget_cached()
        return super().unlink()

    def _forget_cached(self):
        """Processes keep the secrets that sign webhooks (``ecom.webhook._get_target``)."""
        if any(not record.expires_at for record in self):
            self.env.registry.clear_cache()

    @api.model
    def _get_keys(self):
        """:return: the server's key, from its environment or configuration; never the database"""
        return os.environ.get(ENV_KEY) or config.get(OPTION) or ""

    @api.model
    def _explain(self, error):
        """:return: UserError that says what to do about a SecretError"""
        return UserError(
            {
                "no_key": self.env._(
                    "The server has no key to keep credentials safe. Its administrator sets one, "
                    "as ecom_secret_key in the configuration file or as ECOM_SECRET_KEY in the "
                    "environment, and restarts it."
                ),
                "short_key": self.env._(
                    "The server's key for credentials (ecom_secret_key) is too short; it needs at "
                    "least %(count)s characters.",
                    count=secrets.MIN_KEY,
                ),
                "other_key": self.env._(
                    "The credentials of this channel were saved with another key than the server "
                    "has now. Enter them again, or give the server its earlier key back."
                ),
            }[error.code]
        )

    @api.model
    def _save(self, channel, name, text, expires_at=False):
        """Encrypt and keep a secret; an empty text removes it."""
        record = self.search([("channel_id", "=", channel.id), ("name", "=", name)])
        if not text:
            record.unlink()
            return
        try:
            value = secrets.encrypt(self._get_keys(), text)
        except secrets.SecretError as error:
            raise self._explain(error)
        vals = {"value": value, "expires_at": expires_at}
        if record:
            record.write(vals)
        else:
            self.create({**vals, "channel_id": channel.id, "name": name})

    @api.model
    def _load(self, channel, lasting=False):
        """
        :param lasting: only those that a person entered, not what a platform lends for a time
        :return: {name: text} of a channel's secrets that have not expired
        """
        now = fields.Datetime.now()
        domain = [("channel_id", "=", channel.id)]
        if lasting:
            domain.append(("expires_at", "=", False))
        records = self.search(domain)
        try:
            return {
                record.name: secrets.decrypt(self._get_keys(), record.value)
                for record in records
                if not record.expires_at or record.expires_at > now
            }
        except secrets.SecretError as error:
            raise self._explain(error)

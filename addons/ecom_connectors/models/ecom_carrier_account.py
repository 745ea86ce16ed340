import json
import os
import secrets as random_secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import config

from ..carriers import karrio_client
from ..carriers.result import CarrierError
from ..tools import secrets

# Carriers and their services that we speak to without karrio.
OWN = {
    "kuaidi100": ("Kuaidi100 (快递100)", [("key", True), ("customer", True), ("salt", True)]),
    "shippo": ("Shippo (tracking)", []),
}
EXTRA = {"easypost": [("webhook_secret", False)]}


class EcomCarrierAccount(models.Model):
    """Our account with one carrier. Its credentials are encrypted and can only be written."""

    _name = "ecom.carrier.account"
    _description = "Carrier Account"
    _inherit = ["mail.thread"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    plugin = fields.Selection(
        "_selection_plugin",
        "Carrier",
        required=True,
        help="Carriers of the karrio plug-ins that are installed on the server.",
    )
    test_mode = fields.Boolean(default=True, tracking=True)
    server_url = fields.Char(
        "Other Address",
        groups="base.group_system",
        help="Called instead of the carrier's own server: a proxy, or a simulator.",
    )
    library_missing = fields.Boolean(compute="_compute_library_missing")
    field_ids = fields.One2many(
        "ecom.carrier.account.field", "account_id", "Credentials", groups="base.group_system"
    )
    carrier_ids = fields.One2many("delivery.carrier", "ecom_account_id", "Delivery Methods")
    label_format = fields.Selection(
        [("PDF", "PDF"), ("ZPL", "ZPL (label printer)"), ("PNG", "PNG")],
        default="PDF",
        required=True,
    )
    state = fields.Selection(
        [("new", "Not tried"), ("ok", "Works"), ("error", "Does not work")],
        default="new",
        readonly=True,
        tracking=True,
    )
    last_error = fields.Char("Last Trouble", readonly=True)
    push_token = fields.Char(
        groups="base.group_system",
        copy=False,
        default=lambda self: random_secrets.token_urlsafe(32),
    )
    push_url = fields.Char(
        "Address for the Carrier's News",
        compute="_compute_push_url",
        groups="base.group_system",
        help="Enter it as the webhook at the carrier: tracking comes in by itself then.",
    )

    _push_uniq = models.UniqueIndex("(push_token) WHERE push_token IS NOT NULL")

    @api.model
    def _selection_plugin(self):
        found = {name: label for name, (label, _fields) in OWN.items()} | karrio_client.plugins()
        # An account whose plug-in was removed from the server must still open.
        known = (
            self.sudo().with_context(active_test=False)._read_group([], ["plugin"])
            if (self.pool.ready)
            else []
        )
        for (name,) in known:
            found.setdefault(name, name)
        return sorted(found.items(), key=lambda item: item[1].lower())

    @api.depends("plugin")
    def _compute_library_missing(self):
        here = karrio_client.plugins()
        for account in self:
            account.library_missing = bool(
                account.plugin and account.plugin not in OWN and account.plugin not in here
            )

    @api.depends("push_token")
    def _compute_push_url(self):
        for account in self:
            account.push_url = (
                account.push_token and f"{account.get_base_url()}/ecom/carrier/{account.push_token}"
            )

    # === CREDENTIALS === #

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        accounts._sync_fields()
        return accounts

    def write(self, vals):
        result = super().write(vals)
        if "plugin" in vals:
            self._sync_fields()
        if vals.keys() & {"plugin", "test_mode", "server_url"}:
            self.filtered(lambda a: a.state != "new").write({"state": "new"})
        return result

    def _get_fields(self):
        """:return: [(name, whether it is required)] of the credentials"""
        self.ensure_one()
        if self.plugin in OWN:
            return OWN[self.plugin][1]
        try:
            return karrio_client.fields(self.plugin) + EXTRA.get(self.plugin, [])
        except CarrierError:
            return []

    def _sync_fields(self):
        """One line per credential that the carrier asks for."""
        Field = self.env["ecom.carrier.account.field"].sudo()  # only their names are set here
        for account in self:
            here = set(account.sudo().field_ids.mapped("name"))
            Field.create(
                [
                    {"account_id": account.id, "name": name, "required": required}
                    for name, required in account._get_fields()
                    if name not in here
                ]
            )

    def action_load_fields(self):
        self._sync_fields()

    def _load_credentials(self):
        """:return: {name: text}
        :raise UserError: no key, or another one"""
        self.ensure_one()
        # The one place that reads them; nothing returns them to a user.
        return {line.name: line._read_secret() for line in self.sudo().field_ids if line.is_set}

    def _get_client(self):
        """:return: :class:`karrio_client.Client`
        :raise UserError: what is missing, in words"""
        self.ensure_one()
        if self.plugin in OWN:
            raise UserError(self.env._("%s gives tracking only.", self.display_name))
        own = dict(EXTRA.get(self.plugin, ()))
        credentials = {k: v for k, v in self._load_credentials().items() if k not in own}
        try:
            return karrio_client.Client(
                self.plugin,
                credentials,
                test_mode=self.test_mode,
                server=(self.sudo().server_url or "").rstrip("/") or None,
                config={"label_type": self.label_format},
            )
        except CarrierError as error:
            raise UserError(self._explain(error)) from error

    def _explain(self, error):
        if error.code == "missing_library":
            return self.env._(
                "The program library for carriers is not installed. Your administrator installs "
                "it on the server: pip install karrio karrio-<carrier>"
            )
        if error.code == "missing_plugin":
            return self.env._(
                "The library is there, but not for this carrier. Your administrator installs "
                "karrio-%(name)s on the server.",
                name=self.plugin,
            )
        missing = [line.name for line in self.sudo().field_ids if line.required and not line.is_set]
        if missing:
            return self.env._("These credentials are missing: %s", ", ".join(missing))
        return self.env._("The carrier's library does not accept these settings: %s", error)

    def action_check(self):
        """Button: is everything there? Nothing is bought, nothing is sent."""
        self.ensure_one()
        if self.plugin in OWN:
            self._load_credentials()
        else:
            self._get_client()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.name,
                "message": self.env._("The settings are complete."),
                "type": "success",
            },
        }

    def _note_result(self, answer):
        """Remember how the last call went."""
        self.ensure_one()
        vals = {"state": "ok" if answer.outcome == "ok" else "error", "last_error": False}
        if answer.outcome != "ok":
            vals["last_error"] = answer.text[:300] or answer.outcome
        vals = {name: value for name, value in vals.items() if self[name] != value}
        if vals:
            self.write(vals)


class EcomCarrierAccountField(models.Model):
    """One credential. It can be typed in, but never read again, by anybody over any door."""

    _name = "ecom.carrier.account.field"
    _description = "Carrier Credential"
    _order = "required desc, id"

    account_id = fields.Many2one(
        "ecom.carrier.account", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    name = fields.Char(required=True, readonly=True)
    required = fields.Boolean(readonly=True)
    new_value = fields.Char(
        "Enter", store=False, compute="_compute_new_value", inverse="_inverse_new_value"
    )
    value = fields.Text("Encrypted", groups=fields.NO_ACCESS, copy=False)
    is_set = fields.Boolean("Set", compute="_compute_is_set")

    _name_uniq = models.UniqueIndex("(account_id, name)")

    def _compute_new_value(self):
        self.new_value = False

    def _inverse_new_value(self):
        for line in self:
            # An empty entry leaves what is there; a blank takes it away.
            text = line.new_value
            if text:
                line.sudo().value = line._encrypt(text.strip()) if text.strip() else False

    @api.depends("value")
    def _compute_is_set(self):
        for line in self:
            line.is_set = bool(line.sudo().value)

    @api.model
    def _get_key(self):
        """:return: the server's key, from its environment or configuration; never the database"""
        return os.environ.get("ECOM_SECRET_KEY") or config.get("ecom_secret_key") or ""

    def _encrypt(self, text):
        try:
            return secrets.encrypt(self._get_key(), json.dumps(text))
        except secrets.SecretError as error:
            raise self._explain(error) from error

    def _read_secret(self):
        self.ensure_one()
        try:
            return json.loads(secrets.decrypt(self._get_key(), self.sudo().value))
        except secrets.SecretError as error:
            raise self._explain(error) from error

    @api.model
    def _explain(self, error):
        return UserError(
            {
                "no_key": self.env._(
                    "The server has no key to keep credentials safe. Its administrator sets one, "
                    "as ecom_secret_key in the configuration file or as ECOM_SECRET_KEY in the "
                    "environment, and restarts it."
                ),
                "short_key": self.env._("The server's key for credentials is too short."),
                "other_key": self.env._(
                    "The credentials of this account were saved with another key than the server "
                    "has now. Enter them again, or give the server its earlier key back."
                ),
            }[error.code]
        )

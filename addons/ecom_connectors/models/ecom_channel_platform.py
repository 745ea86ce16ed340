import secrets as random_secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .. import platforms
from ..exceptions import EcomAuthError, EcomConnectorError

CREDENTIALS = ("account", "key", "secret", "token", "webhook")
# How far a shop's clock may be behind ours when it is read for the first time.
SKEW = timedelta(hours=2)
# What decides where a webhook goes: ``ecom.webhook._get_target`` remembers it.
WEBHOOK_FIELDS = {"active", "connector", "webhook_token"}
# What the connectors `api` and `file` need nothing of.
NO_PLATFORM = ("api", "file")


class EcomChannel(models.Model):
    """How a channel reaches its platform: address, credentials, what it reads and tells."""

    _inherit = "ecom.channel"

    connector = fields.Selection(
        selection_add=[
            (code, platforms.get_capabilities(code).label) for code in platforms.REGISTRY
        ],
        ondelete=dict.fromkeys(platforms.REGISTRY, "set default"),
    )
    connector_url = fields.Char(
        "Shop Address", copy=False, help="Where the shop is, e.g. https://shop.example.com"
    )
    connector_account = fields.Char(
        "Account",
        copy=False,
        help="Channels of one account share its limit of calls. Empty: the shop's address.",
    )
    connector_internal = fields.Boolean(
        "Internal Server",
        copy=False,
        groups="base.group_system",
        help="The shop runs in your own network. Only then are private addresses called.",
    )
    connector_options = fields.Json(
        "Connector Settings",
        help="What the platform needs besides, e.g. which of the shop's own states mean what.",
    )
    connector_shadow = fields.Boolean(
        "Shadow Mode",
        copy=False,
        tracking=True,
        help="Everything is read, nothing is told to the shop. What would have been told is "
        "listed, so that you can compare before you go live.",
    )
    connector_interval = fields.Integer("Read Every", default=10, help="Minutes between two polls.")
    connector_overlap = fields.Integer(
        "Overlap",
        default=15,
        help="Minutes that each poll goes back behind the last order read, for clocks that differ "
        "and orders that appear late.",
    )
    connector_since = fields.Datetime(
        "Orders Since",
        copy=False,
        default=fields.Datetime.now,
        help="Orders that did not change since then are left to the past. Two hours before it are "
        "read too, for clocks that differ.",
    )
    push_shipments = fields.Boolean("Tell Shipments", default=True)
    push_cancels = fields.Boolean("Tell Cancellations", default=True)
    push_refunds = fields.Boolean("Tell Refunds", default=True)
    read_returns = fields.Boolean(
        "Read Return Requests",
        default=True,
        help="What buyers ask of the platform after the sale is read, where the connector can.",
    )
    push_returns = fields.Boolean(
        "Answer Return Requests",
        default=True,
        help="What is decided here about a case of the platform is told to it.",
    )

    credential_account = fields.Char(
        "Account Id", compute="_compute_credentials", inverse="_inverse_account", copy=False
    )
    credential_key = fields.Char(
        "Key", compute="_compute_credentials", inverse="_inverse_key", copy=False
    )
    credential_secret = fields.Char(
        "Secret", compute="_compute_credentials", inverse="_inverse_secret", copy=False
    )
    credential_token = fields.Char(
        "Token", compute="_compute_credentials", inverse="_inverse_token", copy=False
    )
    credential_webhook = fields.Char(
        "Webhook Secret", compute="_compute_credentials", inverse="_inverse_webhook", copy=False
    )
    credentials_known = fields.Char("Entered", compute="_compute_credentials_known")
    credentials_wanted = fields.Char(compute="_compute_capabilities")
    credentials_help = fields.Text("What to Enter", compute="_compute_capabilities")
    connector_features = fields.Text("What This Connector Does", compute="_compute_capabilities")
    connector_url_help = fields.Char(compute="_compute_capabilities")
    is_platform = fields.Boolean(compute="_compute_capabilities")
    can_webhook = fields.Boolean(compute="_compute_capabilities")
    can_push_stock = fields.Boolean(compute="_compute_capabilities")
    can_push_shipment = fields.Boolean(compute="_compute_capabilities")
    can_read_listings = fields.Boolean(compute="_compute_capabilities")
    can_read_returns = fields.Boolean(compute="_compute_capabilities")

    webhook_token = fields.Char(
        copy=False,
        groups="ecom_order_mgmt.group_ecom_manager",
        help="The unguessable part of the address that the platform calls.",
    )
    webhook_url = fields.Char(
        "Webhook Address",
        compute="_compute_webhook_url",
        groups="ecom_order_mgmt.group_ecom_manager",
    )
    webhooks_registered = fields.Boolean("Webhooks On", copy=False, readonly=True)

    sync_ids = fields.One2many("ecom.sync", "channel_id", "Synchronisation", readonly=True)
    connector_message = fields.Text("Last Trouble", copy=False, readonly=True)
    connector_checked_at = fields.Datetime("Connection Tried", copy=False, readonly=True)

    _webhook_token_uniq = models.UniqueIndex("(webhook_token) WHERE webhook_token IS NOT NULL")

    @api.depends("connector")
    def _compute_capabilities(self):
        for channel in self:
            known = channel.connector in platforms.REGISTRY
            able = platforms.get_capabilities(channel.connector) if known else None
            wanted = able.credentials if able else {}
            channel.is_platform = known
            channel.credentials_wanted = ",".join(["", *wanted, ""])
            channel.credentials_help = "\n".join(
                f"{self._fields[f'credential_{name}'].string}: {label}"
                for name, label in wanted.items()
            )
            channel.connector_features = channel._describe(able) if able else False
            channel.connector_url_help = able.url_help if able else False
            channel.can_webhook = bool(able and able.register_webhooks)
            channel.can_push_stock = bool(able and able.push_stock)
            channel.can_push_shipment = bool(able and able.push_shipment)
            channel.can_read_listings = bool(able and able.listings)
            channel.can_read_returns = bool(able and able.returns)

    @api.model
    def _describe(self, able):
        """:return: in words what a connector does and what it does not"""
        features = [
            (able.poll, self.env._("reads orders by itself")),
            (able.webhooks, self.env._("hears of orders at once (webhooks)")),
            (able.push_shipment, self.env._("tells shipments and tracking numbers")),
            (able.push_cancel, self.env._("tells cancellations")),
            (able.push_refund, self.env._("tells refunds")),
            (able.returns, self.env._("reads requests to return")),
            (able.push_return, self.env._("answers requests to return")),
            (able.push_stock, self.env._("publishes stock")),
            (able.listings, self.env._("reads the catalogue")),
        ]
        does = [text for can, text in features if can]
        does_not = [text for can, text in features if not can]
        lines = [
            self.env._("It %(features)s.", features=", ".join(does))
            if does
            else self.env._("It reads documents that are sent to it (import_orders).")
        ]
        if does_not:
            lines.append(self.env._("Not yet: %(features)s.", features=", ".join(does_not)))
        if able.notes:
            lines.append(able.notes)
        return "\n".join(lines)

    @api.constrains("connector_interval", "connector_overlap")
    def _check_connector(self):
        for channel in self:
            if channel.connector_interval < 1 or channel.connector_overlap < 0:
                raise ValidationError(
                    self.env._("Orders are read every minute at most, with no negative overlap.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        channels = super().create(vals_list)
        channels._give_webhook_tokens()
        return channels

    def write(self, vals):
        result = super().write(vals)
        if "connector" in vals:
            self._give_webhook_tokens()
        if not WEBHOOK_FIELDS.isdisjoint(vals):
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    def _give_webhook_tokens(self):
        """No default of the field: an upgrade would give all channels the same one."""
        # Whoever may set up a channel need not see its token.
        for channel in self.sudo():
            if channel.is_platform and not channel.webhook_token:
                channel.webhook_token = random_secrets.token_urlsafe(32)

    # === CREDENTIALS === #

    def _compute_credentials(self):
        """Write-only: what was entered never comes back."""
        for name in CREDENTIALS:
            self[f"credential_{name}"] = False

    def _inverse_account(self):
        self._save_credential("account")

    def _inverse_key(self):
        self._save_credential("key")

    def _inverse_secret(self):
        self._save_credential("secret")

    def _inverse_token(self):
        self._save_credential("token")

    def _inverse_webhook(self):
        self._save_credential("webhook")

    def _save_credential(self, name):
        self.check_access("write")
        # No group may touch credentials; whoever may write the channel may replace them.
        Credential = self.env["ecom.credential"].sudo()
        for channel in self:
            text = (channel[f"credential_{name}"] or "").strip()
            if text:
                Credential._save(channel, name, text)
                Credential._save(channel, "access", "")
                if channel.state == "needs_auth":
                    channel._clear_auth_error()
        # What was typed in must not stay readable until the request ends.
        self.invalidate_recordset([f"credential_{name}"], flush=False)

    def _compute_credentials_known(self):
        # Which ones there are is no secret; what they are is.
        groups = (
            self.env["ecom.credential"]
            .sudo()
            ._read_group(
                [("channel_id", "in", self.ids), ("name", "in", CREDENTIALS)],
                ["channel_id"],
                ["name:array_agg"],
            )
        )
        names = {channel.id: found for channel, found in groups}
        for channel in self:
            channel.credentials_known = ", ".join(
                self._fields[f"credential_{name}"].string
                for name in CREDENTIALS
                if name in names.get(channel.id, ())
            )

    @api.depends("webhook_token")
    def _compute_webhook_url(self):
        root = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")
        for channel in self:
            token = channel.webhook_token
            channel.webhook_url = f"{root}/ecom/hook/{token}" if token else False

    # === STATE === #

    def _get_handler(self):
        """:return: the connector's model
        :raise UserError: this channel has no platform to talk to"""
        self.ensure_one()
        if self.connector not in platforms.REGISTRY:
            raise UserError(
                self.env._("Channel %(name)s is not connected to a platform.", name=self.name)
            )
        return self.env[f"ecom.connector.{self.connector}"]

    def _may_call(self):
        """Whether the platform may be called now."""
        self.ensure_one()
        return self.active and self.is_platform and self.state not in ("paused", "needs_auth")

    def _on_trouble(self, error):
        """Keep what went wrong; an error of credentials stops all calls until a person acts."""
        self.ensure_one()
        message = error.message if isinstance(error, EcomConnectorError) else str(error)
        answer = getattr(error, "answer", None)
        self.connector_message = f"{message}\n{answer}" if answer else message
        if isinstance(error, EcomAuthError) and self.state not in ("needs_auth", "paused"):
            self.state = "needs_auth"
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Sign in to %(name)s again", name=self.name),
                note=self.env._(
                    "The shop refuses our credentials. Enter new ones on the channel; nothing is "
                    "lost meanwhile, orders and shipments go on from where they stopped."
                ),
                user_id=(self.user_id or self.create_uid).id,
            )

    def _clear_auth_error(self):
        self.write({"state": "ok", "connector_message": False})
        self.activity_unlink(["mail.mail_activity_data_todo"])
        self._trigger_sync()

    def _trigger_sync(self, at=None):
        for xmlid in ("ir_cron_sync", "ir_cron_tasks"):
            cron = self.env.ref(f"ecom_connectors.{xmlid}", raise_if_not_found=False)
            if cron:
                cron.sudo()._trigger(at)

    # === ACTIONS === #

    def _check_connector_manager(self):
        if not self.env.su and not self.env.user.has_group("ecom_order_mgmt.group_ecom_manager"):
            raise AccessError(self.env._("Only managers may change how a channel is connected."))
        self.check_access("write")

    def action_test_connection(self):
        """Button: call the shop and say what it answered."""
        self.ensure_one()
        self._check_connector_manager()
        self.connector_checked_at = fields.Datetime.now()
        try:
            found = self._get_handler()._test_connection(self)
        except EcomConnectorError as error:
            self._on_trouble(error)
            return self._notify(error.message, "danger")
        self.connector_message = False
        if self.state in ("needs_auth", "lagging"):
            self._clear_auth_error()
        return self._notify(self.env._("Connected to %(shop)s.", shop=found), "success")

    def _notify(self, message, kind):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self[:1].name,
                "message": message,
                "type": kind,
                "sticky": kind == "danger",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_register_webhooks(self):
        """Button: ask the platform to call us."""
        self.ensure_one()
        self._check_connector_manager()
        secret = random_secrets.token_hex(24)
        if self.connector_shadow:
            raise UserError(self.env._("In shadow mode nothing is changed in the shop."))
        Credential = self.env["ecom.credential"].sudo()
        try:
            kept = Credential._load(self).get("webhook")
            if not kept:
                Credential._save(self, "webhook", secret)
            said = self._get_handler()._register_webhooks(self, self.webhook_url, kept or secret)
        except EcomConnectorError as error:
            self._on_trouble(error)
            return self._notify(error.message, "danger")
        self.webhooks_registered = True
        return self._notify(said, "success")

    def action_unregister_webhooks(self):
        self.ensure_one()
        self._check_connector_manager()
        try:
            said = self._get_handler()._unregister_webhooks(self, self.webhook_url)
        except EcomConnectorError as error:
            self._on_trouble(error)
            return self._notify(error.message, "danger")
        self.webhooks_registered = False
        return self._notify(said, "success")

    def _since(self, moment):
        """:return: where a poll begins that goes on from `moment`"""
        if not moment:
            # By our own clock; the shop's may be behind it. From then on its own times count.
            return (self.connector_since or fields.Datetime.now()) - SKEW
        # A shop's clock that was ahead, and is put right, must not hide what happens until then.
        moment = min(moment, fields.Datetime.now())
        return moment - timedelta(minutes=self.connector_overlap)

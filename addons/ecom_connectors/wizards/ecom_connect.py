import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import platforms
from ..exceptions import EcomConnectorError
from ..models.ecom_channel_platform import CREDENTIALS
from ..models.ecom_channel_sync import UNEXPECTED

_logger = logging.getLogger(__name__)

STEPS = ("connect", "test", "map", "dry", "live")


class EcomConnect(models.TransientModel):
    """The set-up assistant: from a shop's address to a channel that runs.

    The channel is made on the first step, paused and in shadow mode, so that nothing happens by
    itself before the last one. Credentials never stay here: they go straight to the channel, which
    keeps them encrypted.
    """

    _name = "ecom.connect"
    _description = "Connect a Shop"

    step = fields.Selection(
        [
            ("connect", "Connect"),
            ("test", "Test"),
            ("map", "Map"),
            ("dry", "Try"),
            ("live", "Go Live"),
        ],
        default="connect",
        required=True,
        readonly=True,
    )
    channel_id = fields.Many2one("ecom.channel", readonly=True, ondelete="cascade")
    name = fields.Char("Name of the Channel", required=True)
    connector = fields.Selection(
        lambda self: [
            (code, platforms.get_capabilities(code).label) for code in platforms.REGISTRY
        ],
        "Platform",
        required=True,
    )
    connector_url = fields.Char("Shop Address")
    internal = fields.Boolean(
        "Internal Server",
        groups="base.group_system",
        help="The shop runs in your own network. Only then are private addresses called.",
    )
    connector_since = fields.Datetime(
        "Orders Since", default=fields.Datetime.now, required=True,
        help="Orders that did not change since then are left to the past.",
    )  # fmt: skip
    credential_account = fields.Char(
        "Account Id", compute="_compute_credentials", inverse="_inverse_credentials"
    )
    credential_key = fields.Char(
        "Key", compute="_compute_credentials", inverse="_inverse_credentials"
    )
    credential_secret = fields.Char(
        "Secret", compute="_compute_credentials", inverse="_inverse_credentials"
    )
    credential_token = fields.Char(
        "Token", compute="_compute_credentials", inverse="_inverse_credentials"
    )
    credential_webhook = fields.Char(
        "Webhook Secret", compute="_compute_credentials", inverse="_inverse_credentials"
    )
    credentials_known = fields.Char(related="channel_id.credentials_known")
    credentials_wanted = fields.Char(compute="_compute_capabilities")
    credentials_help = fields.Text("What to Enter", compute="_compute_capabilities")
    url_help = fields.Char(compute="_compute_capabilities")
    url_fixed = fields.Boolean(compute="_compute_capabilities")
    features = fields.Text("What This Connector Does", compute="_compute_capabilities")
    can_read_listings = fields.Boolean(compute="_compute_capabilities")
    can_webhook = fields.Boolean(compute="_compute_capabilities")
    can_push_stock = fields.Boolean(compute="_compute_capabilities")

    message = fields.Text("Trouble", readonly=True)
    shop_name = fields.Char("The Shop Answered", readonly=True)
    listing_count = fields.Integer("Things to Sell", compute="_compute_listings")
    listing_missing_count = fields.Integer("Not Mapped", compute="_compute_listings")
    listing_proposed_count = fields.Integer("With a Proposal", compute="_compute_listings")
    line_ids = fields.One2many("ecom.connect.line", "connect_id", readonly=True)
    import_count = fields.Integer("Would Be Imported", readonly=True)
    park_count = fields.Integer("Would Be Parked", readonly=True)
    known_count = fields.Integer("Are Here Already", readonly=True)
    has_more = fields.Boolean(readonly=True)

    shadow = fields.Boolean(
        "Stay in Shadow Mode", default=True,
        help="Everything is read, nothing is told to the shop. Turn it off when you have compared.",
    )  # fmt: skip
    webhooks = fields.Boolean("Hear of Orders at Once", default=True)
    stock_publish = fields.Boolean("Publish Stock")
    backfill = fields.Boolean("Read the Orders of the Past", help="Since the date of the first step.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        channel = self.env["ecom.channel"].browse(self.env.context.get("default_channel_id"))
        if channel:
            values |= {
                "channel_id": channel.id,
                "name": channel.name,
                "connector": channel.connector if channel.is_platform else False,
                "connector_url": channel.connector_url,
                "connector_since": channel.connector_since,
                "shadow": channel.connector_shadow,
                "stock_publish": channel.stock_publish,
            }
            if self.env.user.has_group("base.group_system"):
                values["internal"] = channel.connector_internal
        return {key: value for key, value in values.items() if key in fields}

    @api.depends("connector")
    def _compute_capabilities(self):
        Channel = self.env["ecom.channel"]
        for wizard in self:
            able = platforms.get_capabilities(wizard.connector) if wizard.connector else None
            wanted = able.credentials if able else {}
            wizard.credentials_wanted = ",".join(["", *wanted, ""])
            wizard.credentials_help = "\n".join(
                f"{self._fields[f'credential_{name}'].string}: {label}"
                for name, label in wanted.items()
            )
            wizard.url_help = able.url_help if able else False
            wizard.url_fixed = bool(able and able.fixed_url)
            wizard.features = Channel._describe(able) if able else False
            wizard.can_read_listings = bool(able and able.listings)
            wizard.can_webhook = bool(able and able.register_webhooks)
            wizard.can_push_stock = bool(able and able.push_stock)

    def _compute_listings(self):
        for wizard in self:
            listings = self.env["ecom.listing"].search([("channel_id", "in", wizard.channel_id.ids)])
            missing = listings.filtered(lambda listing: listing.state == "missing")
            wizard.listing_count = len(listings)
            wizard.listing_missing_count = len(missing)
            wizard.listing_proposed_count = len(missing.filtered("proposal_product_id"))

    # === CREDENTIALS === #

    def _compute_credentials(self):
        """Write-only: what was entered never comes back."""
        for name in CREDENTIALS:
            self[f"credential_{name}"] = False

    def _inverse_credentials(self):
        for wizard in self:
            given = {f"credential_{name}": wizard[f"credential_{name}"] for name in CREDENTIALS}
            given = {key: text for key, text in given.items() if text}
            if given:
                wizard._make_channel().write(given)
        self.invalidate_recordset([f"credential_{name}" for name in CREDENTIALS], flush=False)

    def _make_channel(self):
        """:return: the channel of this assistant, with the address as it is now"""
        self.ensure_one()
        Channel = self.env["ecom.channel"]
        vals = {
            "name": self.name,
            "connector": self.connector,
            "connector_url": self.connector_url,
            "connector_since": self.connector_since,
        }
        if self.env.user.has_group("base.group_system"):
            vals["connector_internal"] = self.internal
        if self.channel_id:
            self.channel_id._check_connector_manager()
            changed = {key: value for key, value in vals.items() if self.channel_id[key] != value}
            if changed:
                self.channel_id.write(changed)
        else:
            # Nothing is read or told by itself before the last step.
            self.channel_id = Channel.create({**vals, "state": "paused", "connector_shadow": True})
        return self.channel_id

    # === STEPS === #

    def action_next(self):
        """Button: do what this step does; go on where it came out well."""
        self.ensure_one()
        self.message = False
        # Mapping and the trial have buttons of their own.
        work = getattr(self, f"_do_{self.step}", None)
        try:
            done = work() if work else None
        except EcomConnectorError as error:
            # What the shop said is shown here; the channel keeps it for whoever comes later.
            self.channel_id._on_trouble(error)
            return self._complain(error)
        except UNEXPECTED as error:
            return self._complain(error)
        if done:
            return done
        self.step = STEPS[STEPS.index(self.step) + 1]
        if self.step == "test":
            return self.action_next()
        return self._show()

    def _complain(self, error):
        """Show what went wrong; the step stays."""
        if isinstance(error, EcomConnectorError):
            self.message = f"{error.message}\n{error.answer}" if error.answer else error.message
        else:
            _logger.exception("Channel %s", self.channel_id.id)
            self.message = self.env._(
                "The shop answered what this connector does not understand (%(error)s).",
                error=f"{type(error).__name__}: {error}",
            )
        return self._show()

    def action_back(self):
        """Button: one step back; what was found stays."""
        self.ensure_one()
        # The test has nothing to look at: it is done on the way.
        before = {"test": "connect", "map": "connect", "dry": "map", "live": "dry"}
        self.write({"step": before.get(self.step, "connect"), "message": False})
        return self._show()

    def _show(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Connect a Shop"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def _do_connect(self):
        able = platforms.get_capabilities(self.connector)
        if not able.fixed_url and not (self.connector_url or "").startswith(("http://", "https://")):
            raise UserError(self.env._("Enter the address of the shop, beginning with https://"))
        self._make_channel()

    def _do_test(self):
        channel = self._make_channel()
        channel.connector_checked_at = fields.Datetime.now()
        self.shop_name = channel._get_handler()._test_connection(channel)
        channel.connector_message = False
        if channel.state == "needs_auth":
            channel.state = "paused"

    def action_read_listings(self):
        """Button: read the catalogue, match it, and propose what may be the same."""
        self.ensure_one()
        self.channel_id._check_connector_manager()
        self.message = False
        channel = self.channel_id.sudo()  # listings are written as by the timers
        sync = channel._get_sync("listings")
        try:
            channel._sync_listings(sync, {"read": 0})
        except (EcomConnectorError, *UNEXPECTED) as error:
            return self._complain(error)
        self.env["ecom.listing"].search([("channel_id", "=", channel.id)])._propose()
        return self._show()

    def action_open_listings(self):
        return self.channel_id.action_open_listings()

    def action_dry_run(self):
        """Button: read the first orders and say what would become of each. Nothing is kept."""
        self.ensure_one()
        self.channel_id._check_connector_manager()
        self.message = False
        try:
            rows, more = self.channel_id._dry_run()
        except (EcomConnectorError, *UNEXPECTED) as error:
            return self._complain(error)
        self.line_ids.unlink()
        self.env["ecom.connect.line"].create([{"connect_id": self.id, **row} for row in rows])
        counts = {
            outcome: len([row for row in rows if row["outcome"] == outcome])
            for outcome in ("import", "park", "known")
        }
        self.write(
            {
                "import_count": counts["import"],
                "park_count": counts["park"],
                "known_count": counts["known"],
                "has_more": more,
            }
        )
        return self._show()

    def _do_live(self):
        channel = self.channel_id
        channel._check_connector_manager()
        channel.write(
            {
                "connector_shadow": self.shadow,
                "stock_publish": self.stock_publish and self.can_push_stock,
                "state": "ok" if channel.state in ("paused", "lagging") else channel.state,
            }
        )
        if self.backfill:
            channel.action_backfill()
        if self.webhooks and self.can_webhook and not self.shadow and not channel.webhooks_registered:
            channel.action_register_webhooks()
        channel._trigger_sync()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ecom.channel",
            "res_id": channel.id,
            "views": [(False, "form")],
        }

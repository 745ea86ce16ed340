import base64
import json
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

PACK_FOLDER = Path(__file__).parent.parent / "data"


class EcomRulePack(models.TransientModel):
    """Brings a set of rules in, or hands one out, with the examples that it is checked on."""

    _name = "ecom.rule.pack"
    _description = "Rule Pack"

    source = fields.Selection(
        [
            ("cautious_start", "Cautious start: much is held, nothing slips through"),
            ("high_volume", "High volume: only what a person must see is held"),
            ("file", "A file"),
        ],
        "Rules",
        default="cautious_start",
        required=True,
    )
    file = fields.Binary("Pack (JSON)", attachment=False)
    file_name = fields.Char()
    rule_ids = fields.Many2many("ecom.rule", string="Rules to Export")
    example_order_ids = fields.Many2many(
        "ecom.order",
        string="Examples",
        help="Orders that show what the rules do. Names, addresses and messages are taken out.",
    )
    name = fields.Char("Name of the Pack", default="My rules")
    data = fields.Binary("Result", readonly=True, attachment=False)
    data_name = fields.Char(readonly=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "ecom.rule" and "rule_ids" in fields:
            ids = self.env.context.get("active_ids", [])
            values["rule_ids"] = [Command.set(ids)]
        return values

    def _check_manager(self):
        if not self.env.user.has_group("ecom_order_mgmt.group_ecom_manager") and not self.env.su:
            raise AccessError(self.env._("Only managers may import and export rules."))

    def action_import(self):
        """Button: make the rules, switched off, once their examples come out as they should."""
        self.ensure_one()
        self._check_manager()
        rules, count = self.env["ecom.rule"]._import_pack(self._get_pack_text())
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("Rules imported"),
                "message": self.env._(
                    "%(rules)s rules, checked on %(count)s example orders. They are switched off: "
                    "try them on your past orders first.",
                    rules=len(rules),
                    count=count,
                ),
                "next": {
                    "type": "ir.actions.act_window",
                    "name": self.env._("Imported Rules"),
                    "res_model": "ecom.rule",
                    "domain": [("id", "in", rules.ids)],
                    "views": [(False, "list"), (False, "form")],
                },
            },
        }

    def _get_pack_text(self):
        if self.source != "file":
            return (PACK_FOLDER / f"rule_pack_{self.source}.json").read_text(encoding="utf-8")
        if not self.file:
            raise UserError(self.env._("Choose a file."))
        try:
            return base64.b64decode(self.file).decode("utf-8-sig")
        except ValueError as error:
            raise UserError(self.env._("This is no text file: %s", error)) from error

    @api.model
    def _dump(self, pack):
        return json.dumps(pack, indent=2, ensure_ascii=False) + "\n"

    def action_export(self):
        """Button: hand the rules out as a file."""
        self.ensure_one()
        self._check_manager()
        if not self.rule_ids:
            raise UserError(self.env._("Choose the rules to export."))
        self.example_order_ids.check_access("read")
        # The examples need what the orders were sold at and cost.
        orders = self.example_order_ids.sudo()
        pack = self.rule_ids._export_pack(self.name, self.rule_ids._prepare_examples(orders))
        self.data = base64.b64encode(self._dump(pack).encode())
        self.data_name = f"{(self.name or 'rules').strip().replace(' ', '_').lower()}.json"
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(self.env.ref("ecom_order_mgmt.ecom_rule_pack_view_export").id, "form")],
            "target": "new",
        }

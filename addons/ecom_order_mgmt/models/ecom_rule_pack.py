import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

FORMAT = 1
_RULE_FIELDS = (
    "name", "stage", "sequence", "domain", "check_mode", "checks_needed", "message",
    "exception_type", "stop", "watch",
)  # fmt: skip
_CHECK_FIELDS = ("kind", "value", "text", "where", "variant", "domain")
_ACTION_FIELDS = (
    "kind", "until", "duration", "unit", "force_only", "due_hours", "priority", "quantity", "note",
    "strategy", "merge_key", "minutes",
)  # fmt: skip
# Records are named by what is the same in another database: (field of that model).
_REFERENCES = {
    "team_id": "name",
    "warehouse_id": "code",
    "carrier_id": "name",
    "product_id": "default_code",
    "tag_ids": "name",
    "user_ids": "login",
    "exclude_warehouse_ids": "code",
    "profile_id": "name",
    "product_tag_ids": "name",
}


class EcomRule(models.Model):
    """Sets of rules as JSON, to be carried from one database to another."""

    _inherit = "ecom.rule"

    # === EXPORT === #

    def _export_pack(self, name, examples=()):
        """:param examples: list of examples, see :meth:`_run_examples`
        :return: dict of a pack, JSON-able
        :raise UserError: a rule names records that other databases do not have"""
        return {
            "format": FORMAT,
            "name": name,
            "rules": [rule._export_rule() for rule in self.sorted(lambda r: (r.sequence, r.id))],
            "examples": list(examples),
        }

    def _export_rule(self):
        self._check_portable(self.domain)
        data = {key: value for key in _RULE_FIELDS if (value := self[key]) not in (False, None)}
        data["checks"] = []
        for check in self.check_ids:
            self._check_portable(check.domain)
            values = check.read(_CHECK_FIELDS)[0]
            data["checks"].append({key: values[key] for key in _CHECK_FIELDS if values[key]})
        data["actions"] = [self._export_action(action) for action in self.action_ids]
        return data

    def _export_action(self, action):
        data = {key: action[key] for key in _ACTION_FIELDS if action[key]}
        if action.date:
            data["date"] = fields.Datetime.to_string(action.date)
        if action.group_id:
            data["group"] = action.group_id.get_external_id()[action.group_id.id]
        # Who makes rules need not work with stock or sales teams; their names are no secret.
        for field, name in _REFERENCES.items():
            if action[field]:
                data[field.rsplit("_", 1)[0]] = action[field].sudo().mapped(name)
        return data

    def _check_portable(self, text):
        """:raise UserError: a condition asks for the id of a record"""
        for condition in self._parse_domain(text).iter_conditions():
            model = self.env["ecom.order"]
            names = condition.field_expr.split(".")
            for name in names[:-1]:
                field = model._fields[name]
                model = self.env[field.comodel_name] if field.relational else model
            field = model._fields.get(names[-1])
            values = (
                condition.value
                if isinstance(condition.value, list | tuple | set)
                else [condition.value]
            )
            if (names[-1] == "id" or field and field.relational) and any(
                isinstance(value, int) and not isinstance(value, bool) for value in values
            ):  # fmt: skip
                raise UserError(
                    self.env._(
                        "Rule “%(rule)s” asks for records of this database (%(field)s). Ask for "
                        "their name or code instead, so that it means the same elsewhere.",
                        rule=self.name,
                        field=condition.field_expr,
                    )
                )

    # === IMPORT === #

    @api.model
    def _import_pack(self, text):
        """Make the rules of a pack, switched off, and check them on its examples.

        :param str text: JSON
        :return: (rules, count of examples)
        :raise UserError: it cannot be read, names what is not here, or an example comes out
            otherwise than it says; nothing is stored then
        """
        pack = self._read_pack(text)
        rules = self.create([self._prepare_rule_vals(data) for data in pack["rules"]])
        problems = rules._run_examples(pack.get("examples", []))
        if problems:
            raise UserError(
                self.env._(
                    "The rules do not do what the pack says. Nothing was imported.\n%s",
                    "\n".join(problems),
                )
            )
        return rules, len(pack.get("examples", []))

    @api.model
    def _read_pack(self, text):
        try:
            pack = json.loads(text)
        except ValueError as error:
            raise UserError(self.env._("This is no JSON file: %s", error)) from error
        if not isinstance(pack, dict) or pack.get("format") != FORMAT:
            raise UserError(self.env._("This is no rule pack (format %s).", FORMAT))
        rules, examples = pack.get("rules"), pack.get("examples", [])
        well_formed = (
            isinstance(rules, list)
            and rules
            and all(isinstance(rule, dict) and rule.get("name") for rule in rules)
            and all(isinstance(rule.get(key, []), list) for rule in rules for key in ("checks", "actions"))
            and isinstance(examples, list)
        )  # fmt: skip
        if not well_formed:
            raise UserError(self.env._("The pack has no list of rules with names."))
        return pack

    @api.model
    def _prepare_rule_vals(self, data):
        known = {*_RULE_FIELDS, "checks", "actions"}
        self._refuse_unknown(data, known, data["name"])
        vals = {key: data[key] for key in _RULE_FIELDS if key in data}
        vals["check_ids"] = []
        for check in data.get("checks", []):
            self._refuse_unknown(check, _CHECK_FIELDS, data["name"])
            vals["check_ids"].append(fields.Command.create(check))
        vals["action_ids"] = [
            fields.Command.create(self._prepare_action_vals(action, data["name"]))
            for action in data.get("actions", [])
        ]
        return vals

    @api.model
    def _prepare_action_vals(self, data, rule_name):
        references = {field.rsplit("_", 1)[0]: field for field in _REFERENCES}
        self._refuse_unknown(data, {*_ACTION_FIELDS, *references, "date", "group"}, rule_name)
        vals = {key: data[key] for key in (*_ACTION_FIELDS, "date") if key in data}
        if data.get("group"):
            group = self.env.ref(data["group"], raise_if_not_found=False)
            if not group or group._name != "res.groups":
                self._refuse_missing(rule_name, data["group"])
            vals["group_id"] = group.id
        for key, field in references.items():
            if data.get(key):
                records = self._find_named(field, data[key], rule_name)
                many = field.endswith("_ids")
                vals[field] = [fields.Command.set(records.ids)] if many else records.id
        return vals

    @api.model
    def _find_named(self, field, names, rule_name):
        """:return: the records that have these names here; tags are made where they are missing"""
        Model = self.env[self.env["ecom.rule.action"]._fields[field].comodel_name]
        name_field, records = _REFERENCES[field], Model.browse()
        for name in names:
            domain = Domain(name_field, "=", name)
            if "company_id" in Model._fields:
                domain &= Domain("company_id", "in", (False, self.env.company.id))
            # Who makes rules need not work with stock or sales teams; their names are no secret.
            record = Model.sudo().search(domain, limit=1).sudo(False)
            if not record and field == "tag_ids":
                record = Model.create({"name": name})
            if not record:
                self._refuse_missing(rule_name, name)
            records |= record
        return records

    @api.model
    def _refuse_missing(self, rule_name, name):
        raise UserError(
            self.env._("Rule “%(rule)s” needs “%(name)s”, which is not here.", rule=rule_name, name=name)
        )  # fmt: skip

    @api.model
    def _refuse_unknown(self, data, known, rule_name):
        unknown = set(data) - set(known) if isinstance(data, dict) else {str(data)[:40]}
        if unknown:
            raise UserError(
                self.env._(
                    "Rule “%(rule)s” of the pack says what is not understood: %(keys)s.",
                    rule=rule_name,
                    keys=", ".join(sorted(unknown)),
                )
            )

from odoo import fields, models

from odoo.addons.ecom_order_mgmt.tools.canonical import InvalidDocument

from ..const import PROBLEMS_KEY


class EcomChannel(models.Model):
    _inherit = "ecom.channel"

    connector = fields.Selection(
        selection_add=[("file", "Files (CSV, Excel, JSON)")], ondelete={"file": "set default"}
    )
    import_mapping_ids = fields.One2many("ecom.import.mapping", "channel_id", "File Layouts")
    import_ids = fields.One2many("ecom.import", "channel_id", "Files")
    import_count = fields.Integer("Files Imported", compute="_compute_import_count")

    def _compute_import_count(self):
        counts = dict(
            self.env["ecom.import"]
            .sudo()
            ._read_group([("channel_id", "in", self.ids)], ["channel_id"], ["__count"])
        )
        for channel in self:
            channel.import_count = counts.get(channel, 0)

    def _map_document(self, document):
        """Documents that were built from rows are canonical already, whatever the connector."""
        if isinstance(document, dict) and PROBLEMS_KEY in document:
            raise InvalidDocument(
                [tuple(reason) for reason in document[PROBLEMS_KEY]],
                document.get("external_id"),
                document.get("type", "order"),
            )
        if self.connector == "file" or self.env.context.get("ecom_canonical"):
            return document
        return super()._map_document(document)

    def import_file(self, name, content):
        """Import a file of orders into this channel.

        A small file is taken in at once; a larger one is queued and goes on in the background.
        The layout is the saved one of the channel that fits the file, else what the headers mean.

        :param str name: name of the file
        :param str content: the file in base64 (csv, tsv, xlsx, json or jsonl; gzipped or not)
        :return: dict with `import_id`, `state`, `rows`, `orders`, `created`, `updated`,
            `unchanged`, `stale`, `parked`, `rejected`, `message` and `errors` (the first of them,
            each with `row`, `column`, `value`, `code` and `reason`). A file that cannot be read
            has the state `failed` and says why.
        """
        self.ensure_one()
        self.check_access("read")
        record = self.env["ecom.import"].create(
            {"channel_id": self.id, "file": content, "file_name": name}
        )
        if record.state == "draft":
            record._start()
        return record._get_result()

    def action_import_file(self):
        """Button: a new import for this channel."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import a File"),
            "res_model": "ecom.import",
            "view_mode": "form",
            "context": {"default_channel_id": self.id},
        }

    def action_open_imports(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecom_connectors.ecom_import_action")
        action["domain"] = [("channel_id", "=", self.id)]
        action["context"] = {"default_channel_id": self.id}
        return action

import json

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.ecom_order_mgmt.tools import canonical

from ..platforms.rest import mapping

EXAMPLE = {
    "orders_url": "/api/orders?since={since}&page={page}&limit={limit}",
    "order_url": "/api/orders/{id}",
    "auth": "bearer",
    "paging": "page",
    "orders_path": "orders",
    "prices_include_tax": False,
    "minor_units": False,
    "order": {
        "id": "id", "number": "number", "status": "state", "placed_at": "created_at",
        "updated_at": "updated_at", "currency": "currency", "total": "total", "lines": "items",
        "customer_name": "customer.first_name+customer.last_name", "customer_email": "customer.email",
        "ship_name": "shipping.name", "ship_street": "shipping.street", "ship_city": "shipping.city",
        "ship_zip": "shipping.zip", "ship_country": "shipping.country",
        "shipping_price": "shipping_price", "paid": "paid",
    },
    "line": {
        "id": "id", "sku": "sku", "name": "name", "quantity": "quantity", "unit_price": "price",
        "tax_rate": "tax_rate", "tax_amount": "tax",
    },
    "states": {"new": "open", "cancelled": "cancelled", "shipped": "completed", "draft": "ignore"},
    "shipment": {
        "url": "/api/orders/{id}/shipments", "method": "POST",
        "body": {"tracking": "{tracking}", "carrier": "{carrier}",
                 "items": [{"id": "{line_id}", "quantity": "{quantity}"}]},
    },
    "stock": {"url": "/api/stock/{sku}", "method": "PUT", "body": {"quantity": "{quantity}"}},
}  # fmt: skip
_KEYS = {
    "orders_url", "order_url", "auth", "paging", "orders_path", "order_path", "next_path", "prices_include_tax",
    "minor_units", "order", "line", "states", "paid_values", "shipment", "stock", "signature_header",
    "webhook_id_path",
}  # fmt: skip


class EcomChannel(models.Model):
    """Any shop, described by data: where its orders are listed and where in them things stand."""

    _inherit = "ecom.channel"

    rest_settings = fields.Text(
        "How the Shop Speaks",
        compute="_compute_rest_settings",
        inverse="_inverse_rest_settings",
        help="JSON. Addresses with {since}, {page}, {offset}, {limit}, {cursor} and {id}; a path is "
        "names with dots, a|b is the first that is there, a+b joins texts, 'text' is itself.",
    )
    rest_sample = fields.Text("A Sample Answer", copy=False)
    rest_result = fields.Text("What Is Read in It", compute="_compute_rest_result")

    @api.depends("connector_options", "connector")
    def _compute_rest_settings(self):
        for channel in self:
            settings = (channel.connector_options or {}).get("rest")
            show = settings or (EXAMPLE if channel.connector == "rest" else None)
            channel.rest_settings = json.dumps(show, indent=2, ensure_ascii=False) if show else False

    def _inverse_rest_settings(self):
        for channel in self:
            settings = self._parse_json(channel.rest_settings or "{}")
            if not isinstance(settings, dict):
                raise ValidationError(self.env._("The settings are a JSON object."))
            unknown = set(settings) - _KEYS
            unknown |= {f"order.{k}" for k in set(settings.get("order") or ()) - set(mapping.ORDER_FIELDS)}
            unknown |= {f"line.{k}" for k in set(settings.get("line") or ()) - set(mapping.LINE_FIELDS)}
            if unknown:
                raise ValidationError(
                    self.env._("Unknown settings: %(names)s.", names=", ".join(sorted(unknown)))
                )
            options = {k: v for k, v in (channel.connector_options or {}).items() if k != "rest"}
            channel.connector_options = {**options, **({"rest": settings} if settings else {})}

    def _parse_json(self, text):
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValidationError(self.env._("This is no JSON: %(error)s", error=error)) from None

    @api.depends("rest_sample", "connector_options", "connector")
    def _compute_rest_result(self):
        for channel in self:
            channel.rest_result = False
            if channel.connector != "rest" or not channel.rest_sample:
                continue
            try:
                sample = self._parse_json(channel.rest_sample)
            except ValidationError as error:
                channel.rest_result = str(error)
                continue
            results = []
            for mapped in channel._get_handler()._map(channel, sample):
                results.append(self._explain_mapped(mapped))
            channel.rest_result = "\n\n".join(results)

    def _explain_mapped(self, mapped):
        if mapped.document is None:
            return self.env._("%(id)s: %(message)s", id=mapped.external_id or "?", message=mapped.message)
        try:
            return canonical.pretty(canonical.normalise(mapped.document))
        except canonical.InvalidDocument as error:
            return str(error)

    def action_test_sample(self):
        """Button: read the sample; the field beside it shows what came of it."""
        self.ensure_one()
        if not self.rest_sample:
            raise UserError(self.env._("Paste an answer of the shop first."))
        return True



from decimal import Decimal

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .ecom_return import TAKING_TYPES
from .sale_order import exact

_VALUES = {
    "type",
    "origin",
    "request_key",
    "sale_order_id",
    "order_id",
    "channel_id",
    "order_external_id",
    "lines",
    "reason",
    "description",
    "fault",
    "method",
    "photos",
    "company_id",
    "partner_id",
    "platform_case_id",
    "platform_deadline",
    "platform_kind",
    "return_tracking_ref",
}
_LINE_VALUES = {
    "sale_line_id",
    "line_ref",
    "sku",
    "product_id",
    "quantity",
    "reason",
    "lot_id",
    "note",
    "exchange_product_id",
    "exchange_quantity",
}
_MAX_PHOTOS = 10


class EcomReturn(models.Model):
    """From a request to its decision."""

    _inherit = "ecom.return"

    # === PUBLIC API === #

    @api.model
    def create_request(self, values):
        """Open a case, once, and let the policy decide about it.

        :param dict values:
            - ``type`` (required): key of the field `type`
            - which order (required but for type ``unknown``): ``sale_order_id``, or ``order_id``
              (ecom.order), or ``channel_id`` with ``order_external_id``
            - ``lines``: list of dicts with ``quantity`` and one of ``sale_line_id``, ``line_ref``
              (the channel's line id) or ``sku``; optional ``product_id`` (a component of a kit),
              ``reason`` (code), ``lot_id``, ``note``, ``exchange_product_id`` and
              ``exchange_quantity``. No lines: everything that is left of the order
            - ``request_key``: the same key twice is one case
            - ``reason`` (code of ecom.return.reason), ``description``, ``fault``, ``method``,
              ``origin``, ``photos`` ([{"name", "data" (base64)}]), ``platform_case_id``,
              ``platform_deadline``, ``platform_kind``, ``return_tracking_ref``
        :return: dict ``{"id", "name", "outcome": "created"|"known", "request_state",
            "allowed", "message", "amount_due", "currency"}``
        :raise UserError: what is wrong with the values, in words
        """
        if not self.env.su and not self.env.user.has_group("ecom_aftersales.group_ecom_agent"):
            raise AccessError(self.env._("Only after-sales agents may open cases."))
        case, outcome = self.sudo()._create_request(
            values, companies=None if self.env.su else self.env.companies
        )
        return {
            "id": case.id,
            "name": case.name,
            "outcome": outcome,
            "request_state": case.request_state,
            "allowed": case.policy_verdict == "allowed",
            "message": case.policy_reason or "",
            "amount_due": case.amount_due,
            "currency": case.currency_id.name,
        }

    @api.model
    def _create_request(self, values, companies=None):
        """:param companies: those that the order may belong to; None: any
        :return: (case, "created" or "known")"""
        unknown = set(values) - _VALUES
        if unknown:
            raise UserError(
                self.env._("Unknown fields: %(names)s.", names=", ".join(sorted(unknown)))
            )
        if values.get("type") not in dict(self._fields["type"].selection):
            raise UserError(self.env._("Say what kind of case it is (type)."))
        channel_order, sale_order = self._find_request_order(values)
        company = (
            sale_order.company_id
            or channel_order.company_id
            or self.env["res.company"].browse(values.get("company_id") or self.env.company.id)
        )
        if companies is not None and company not in companies:
            raise AccessError(self.env._("The order belongs to another company."))
        self = self.with_company(company)
        known = self._find_known(values, company, channel_order)
        if known:
            return known, "known"
        preview = self.env.context.get("ecom_preview")
        if not preview:
            sale_order._ecom_lock_refunds()
        taken = sale_order._ecom_get_taken() if values["type"] in TAKING_TYPES else None
        vals = self._prepare_request_vals(values, channel_order, sale_order, company, taken)
        if preview:
            # No number is used up by a look at what would be.
            vals["name"] = self.env._("Preview")
        # What the policy decides is the first entry of the history.
        case = self.with_context(mail_create_nolog=True).create(vals).with_env(self.env)
        case._attach_photos(values.get("photos") or [])
        with case._gather_decisions() as deciding:
            deciding._apply_policy(taken)
        return case, "created"

    def _find_known(self, values, company, channel_order):
        domain = []
        if values.get("request_key"):
            domain = [
                ("company_id", "=", company.id),
                ("request_key", "=", str(values["request_key"])),
            ]
        elif values.get("platform_case_id"):
            domain = [
                ("channel_id", "=", channel_order.channel_id.id or values.get("channel_id")),
                ("platform_case_id", "=", str(values["platform_case_id"])),
            ]
        return self.search(domain, limit=1) if domain else self.browse()

    def _find_request_order(self, values):
        """:return: (ecom.order, sale.order); both may be empty for an unknown parcel"""
        Order, SaleOrder = self.env["ecom.order"], self.env["sale.order"]
        order, sale_order = Order, SaleOrder
        if values.get("sale_order_id"):
            sale_order = SaleOrder.search_fetch([("id", "=", values["sale_order_id"])])
            order = sale_order.ecom_order_id
        elif values.get("order_id"):
            order = Order.browse(values["order_id"]).exists()
            sale_order = order.sale_order_id
        elif values.get("order_external_id"):
            order = Order.search(
                [
                    ("channel_id", "=", values.get("channel_id")),
                    ("external_id", "=", str(values["order_external_id"])),
                ]
            )
            sale_order = order.sale_order_id
        if not sale_order and values["type"] != "unknown":
            raise UserError(
                self.env._("There is no such order here, or it has no sale order (yet).")
            )
        return order, sale_order

    def _prepare_request_vals(self, values, channel_order, sale_order, company, taken=None):
        reason = self._find_reason(values.get("reason"))
        lines = self._prepare_request_lines(values, sale_order, taken)
        return {
            "type": values["type"],
            "origin": values.get("origin") or "api",
            "request_key": values.get("request_key") and str(values["request_key"]),
            "company_id": company.id,
            "order_id": channel_order.id,
            "channel_id": channel_order.channel_id.id,
            "sale_order_id": sale_order.id,
            "partner_id": sale_order.partner_id.id or values.get("partner_id"),
            "currency_id": (sale_order.currency_id or company.currency_id).id,
            "reason_id": reason.id,
            "fault": values.get("fault") or reason.fault,
            "description": values.get("description"),
            "method": values.get("method"),
            "platform_case_id": values.get("platform_case_id") and str(values["platform_case_id"]),
            "platform_state": "open" if values.get("platform_case_id") else "none",
            "platform_deadline": values.get("platform_deadline"),
            "platform_kind": values.get("platform_kind"),
            "deadline": values.get("platform_deadline"),
            "return_tracking_ref": values.get("return_tracking_ref"),
            "line_ids": [Command.create(line) for line in lines],
        }

    def _find_reason(self, code):
        if not code:
            return self.env["ecom.return.reason"]
        reason = self.env["ecom.return.reason"].search_fetch([("code", "=", code)], limit=1)
        if not reason:
            raise UserError(self.env._("There is no return reason %(code)s.", code=code))
        return reason

    def _prepare_request_lines(self, values, sale_order, taken=None):
        """:param taken: pieces that other cases hold; None where the case takes none itself
        :raise UserError: a line is not of the order, or asks for more than is left"""
        wanted = values.get("lines")
        if values["type"] == "unknown":
            return [self._prepare_loose_line(line) for line in wanted or []]
        taking = taken is not None
        taken = dict(taken or {})
        if not wanted:
            wanted = [
                {"sale_line_id": line.id, "quantity": left}
                for line in sale_order.order_line
                if line._ecom_get_amount_kind() == "goods"
                and not line.display_type
                and (left := float(self._get_left(line, line.product_id, taken))) > 0
            ]
            if not wanted:
                raise UserError(self.env._("Everything of this order is in a case already."))
        result = []
        for entry in wanted:
            line = self._prepare_request_line(entry, sale_order)
            sale_line = self.env["sale.order.line"].browse(line["sale_line_id"])
            product = self.env["product.product"].browse(line["product_id"])
            if taking:
                left = self._get_left(sale_line, product, taken)
                if exact(line["quantity"]) > left:
                    raise UserError(
                        self.env._(
                            "%(product)s: %(wanted)s asked for, but only %(left)s are left that "
                            "no other case holds.",
                            product=product.display_name,
                            wanted=f"{line['quantity']:g}",
                            left=f"{float(left):g}",
                        )
                    )
                for part, ratio in self._get_ratios(sale_line, product).items():
                    key = (sale_line.id, part.id)
                    taken[key] = taken.get(key, Decimal(0)) + exact(line["quantity"]) * ratio
            result.append(line)
        return result

    def _get_ratios(self, sale_line, product):
        if product == sale_line.product_id:
            return sale_line._ecom_get_components()
        return {product: Decimal(1)}

    def _get_left(self, sale_line, product, taken):
        """:return: pieces of the line (or of one component of its kit) that no case holds"""
        all_parts = sale_line._ecom_get_components()
        sold = exact(sale_line.product_uom_qty)
        left = []
        for part, ratio in self._get_ratios(sale_line, product).items():
            total = sold * all_parts.get(part, Decimal(0))
            left.append((total - taken.get((sale_line.id, part.id), Decimal(0))) / ratio)
        return min(left)

    def _prepare_request_line(self, entry, sale_order):
        self._check_line_keys(entry)
        lines = sale_order.order_line.filtered(
            lambda line: not line.display_type and line._ecom_get_amount_kind() == "goods"
        )
        if entry.get("sale_line_id"):
            found = lines.filtered(lambda line: line.id == entry["sale_line_id"])
        elif entry.get("line_ref"):
            found = lines.filtered(lambda line: line.ecom_line_ref == str(entry["line_ref"]))
        else:
            sku = str(entry.get("sku") or "").strip().upper()
            found = lines.filtered(lambda line: (line.product_id.default_code or "").upper() == sku)
        if not found:
            raise UserError(
                self.env._(
                    "%(what)s is not on order %(order)s.",
                    what=entry.get("sku") or entry.get("line_ref") or self.env._("This line"),
                    order=sale_order.name,
                )
            )
        sale_line = found[0]
        product = sale_line.product_id
        if entry.get("product_id") and entry["product_id"] != product.id:
            product = self.env["product.product"].browse(entry["product_id"]).exists()
            if product not in sale_line._ecom_get_components():
                raise UserError(
                    self.env._(
                        "%(part)s is no part of %(product)s.",
                        part=product.display_name,
                        product=sale_line.product_id.display_name,
                    )
                )
        return {
            **self._prepare_line_rest(entry),
            "sale_line_id": sale_line.id,
            "product_id": product.id,
        }

    def _prepare_loose_line(self, entry):
        self._check_line_keys(entry)
        product = self.env["product.product"]
        if entry.get("product_id"):
            product = product.browse(entry["product_id"]).exists()
        elif entry.get("sku"):
            product = product.search(
                ["|", ("default_code", "=", entry["sku"]), ("barcode", "=", entry["sku"])], limit=1
            )
        if not product:
            raise UserError(self.env._("Say which product is in the parcel."))
        return {**self._prepare_line_rest(entry), "product_id": product.id}

    def _check_line_keys(self, entry):
        unknown = set(entry) - _LINE_VALUES
        if unknown:
            raise UserError(
                self.env._("Unknown fields: %(names)s.", names=", ".join(sorted(unknown)))
            )

    def _prepare_line_rest(self, entry):
        try:
            quantity = float(entry.get("quantity") or 0)
        except (TypeError, ValueError):
            quantity = 0
        if quantity <= 0:
            raise UserError(self.env._("A line needs a quantity above zero."))
        return {
            "quantity": quantity,
            "reason_id": self._find_reason(entry.get("reason")).id,
            "lot_id": entry.get("lot_id"),
            "note": entry.get("note"),
            "exchange_product_id": entry.get("exchange_product_id"),
            "exchange_quantity": entry.get("exchange_quantity") or 0,
        }

    def _attach_photos(self, photos):
        if len(photos) > _MAX_PHOTOS:
            raise UserError(self.env._("At most %(n)s photos, please.", n=_MAX_PHOTOS))
        for photo in photos:
            self.photo_ids = [
                Command.create(
                    {
                        "name": photo.get("name") or self.env._("Photo"),
                        "datas": photo.get("data"),
                        "res_model": self._name,
                        "res_id": self.id,
                    }
                )
            ]

import base64
import uuid

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

MAX_PHOTOS = 5
MAX_PHOTO_BYTES = 8 * 1024 * 1024
PHOTO_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/heic")
PAGE = 20
KINDS = ("return", "exchange", "refund_only", "warranty")


class AftersalesPortal(CustomerPortal):
    """Buyers ask for a return in three steps, follow it, and write to us; guests by a token."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        for counter, model in (("return_count", "ecom.return"), ("ticket_count", "ecom.ticket")):
            if counter in counters:
                Model = request.env[model]
                values[counter] = (
                    Model.search_count(self._get_own_domain()) if Model.has_access("read") else 0
                )
        return values

    def _get_own_domain(self):
        return Domain(
            "partner_id", "child_of", request.env.user.partner_id.commercial_partner_id.id
        )

    # === ASK FOR A RETURN === #

    @http.route(
        "/my/orders/<int:order_id>/return",
        type="http",
        auth="public",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_return_request(self, order_id, access_token=None, step="what", **post):
        """One page per step: what, why (with photos), how (with policy and amount), sent."""
        try:
            order = self._document_check_access("sale.order", order_id, access_token=access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        if request.httprequest.method == "GET":
            step = "what"
        values = self._prepare_return_page(order, access_token, post)
        try:
            if step in ("why", "how", "send"):
                self._check_what(values)
            if step in ("how", "send"):
                self._check_why(values, order)
            if step in ("how", "send"):
                values["preview"] = (
                    request.env["ecom.return"]
                    .sudo()
                    ._preview_request(self._prepare_request(order, values))
                )
                if values["preview"]["method"] == "destroy" and not values["photos"]:
                    step = "how"
                    raise UserError(
                        request.env._(
                            "You need not send it back: destroy it, and add a photo that shows it."
                        )
                    )
            if step == "send":
                case = self._send_request(order, values)
                return request.redirect(case.get_portal_url())
        except UserError as error:
            values["error"] = str(error)
            step = {"why": "what", "how": "why", "send": "what"}[step]
        values["step"] = step
        return request.render("ecom_aftersales.portal_return_request", values)

    def _prepare_return_page(self, order, access_token, post):
        Case = request.env["ecom.return"].sudo()
        taken = order._ecom_get_taken()
        lines = []
        for line in order.order_line:
            if line.display_type or line._ecom_get_amount_kind() != "goods":
                continue
            left = float(Case._get_left(line, line.product_id, taken))
            wanted = self._as_number(post.get(f"qty_{line.id}"))
            swap = self._as_number(post.get(f"swap_{line.id}"))
            lines.append({"line": line, "left": max(left, 0), "wanted": wanted, "swap": swap})
        kind = post.get("kind") if post.get("kind") in KINDS else "return"
        return {
            "page_name": "return_request",
            "order": order,
            "token": access_token or "",
            "lines": lines,
            "kind": kind,
            "kinds": self._get_kinds(order),
            "reasons": request.env["ecom.return.reason"].sudo().search([("portal", "=", True)]),
            "reason": post.get("reason") or "",
            "description": (post.get("description") or "")[:5000],
            "photos": self._get_photos(post),
            "get_swaps": lambda line: self._get_swaps(line.sudo()),
            "way": post.get("way") if post.get("way") in ("ship", "drop_off") else "ship",
            "request_key": (post.get("request_key") or uuid.uuid4().hex)[:64],
            "error": None,
        }

    def _get_kinds(self, order):
        labels = dict(
            request.env["ecom.return"]._fields["type"]._description_selection(request.env)
        )
        if not any(order.order_line.mapped("qty_delivered")):
            return [("refund_only", request.env._("Cancel before it is sent"))]
        return [(kind, labels[kind]) for kind in ("return", "exchange", "warranty")]

    @staticmethod
    def _as_number(text):
        try:
            return max(float(str(text).replace(",", ".")), 0.0)
        except ValueError:
            return 0.0

    def _check_what(self, values):
        wanted = [entry for entry in values["lines"] if entry["wanted"]]
        if not wanted:
            raise UserError(request.env._("Choose at least one piece."))
        for entry in wanted:
            if entry["wanted"] > entry["left"]:
                raise UserError(
                    request.env._(
                        "Of %(product)s only %(left)s can be returned.",
                        product=entry["line"].product_id.name,
                        left=f"{entry['left']:g}",
                    )
                )
        if values["kind"] not in dict(values["kinds"]):
            values["kind"] = values["kinds"][0][0]

    def _check_why(self, values, order):
        reason = values["reasons"].filtered(lambda r: r.code == values["reason"])
        if not reason:
            raise UserError(request.env._("Choose a reason."))
        values["photos"] += self._store_photos()
        if len(values["photos"]) > MAX_PHOTOS:
            raise UserError(request.env._("At most %(n)s photos, please.", n=MAX_PHOTOS))
        if reason.needs_photo and not values["photos"]:
            raise UserError(request.env._("Please add a photo of the goods."))

    def _get_swaps(self, line):
        """:return: variants of the same price that are in stock: another size, another colour"""
        product = line.product_id
        others = product.product_tmpl_id.product_variant_ids - product
        warehouse = line.order_id.warehouse_id
        return others.filtered(
            lambda other: other.sale_ok
            and not line.currency_id.compare_amounts(other.lst_price, product.lst_price)
            and other.with_context(warehouse_id=warehouse.id).free_qty >= 1
        )

    def _store_photos(self):
        """Keep uploaded photos until the request is sent. :return: list of ir.attachment"""
        result = []
        for upload in request.httprequest.files.getlist("photos"):
            content = upload.read(MAX_PHOTO_BYTES + 1)
            if not content:
                continue
            if len(content) > MAX_PHOTO_BYTES:
                raise UserError(request.env._("A photo is too large (8 MB at most)."))
            attachment = (
                request.env["ir.attachment"]
                .sudo()
                .create(
                    {
                        "name": upload.filename or "photo",
                        "datas": base64.b64encode(content),
                        "res_model": "ecom.return",
                        "res_id": 0,
                    }
                )
            )
            if attachment.mimetype not in PHOTO_TYPES:
                attachment.unlink()
                raise UserError(request.env._("Only photos can be added (JPEG or PNG)."))
            attachment.generate_access_token()
            result.append(attachment)
        return result

    def _get_photos(self, post):
        """Photos of an earlier step, named by their unguessable tokens."""
        tokens = [t for t in (post.get("photo_tokens") or "").split(",") if t][:MAX_PHOTOS]
        if not tokens:
            return []
        return list(
            request.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("access_token", "in", tokens),
                    ("res_model", "=", "ecom.return"),
                    ("res_id", "=", 0),
                ]
            )
        )

    def _prepare_request(self, order, values):
        return {
            "type": values["kind"],
            "origin": "portal",
            "sale_order_id": order.id,
            "lines": [
                self._prepare_request_line(entry, values["kind"])
                for entry in values["lines"]
                if entry["wanted"]
            ],
            "reason": values["reason"],
            "description": values["description"],
        }

    def _prepare_request_line(self, entry, kind):
        vals = {"sale_line_id": entry["line"].id, "quantity": entry["wanted"]}
        if kind == "exchange" and entry["swap"]:
            # Stock and prices are no secret of the shop's, but buyers have no rights on them.
            swaps = self._get_swaps(entry["line"].sudo())
            chosen = swaps.filtered(lambda product: product.id == int(entry["swap"]))
            if not chosen:
                raise UserError(request.env._("That variant is sold out meanwhile. Choose another."))
            vals["exchange_product_id"] = chosen.id
        return vals

    def _send_request(self, order, values):
        request_values = self._prepare_request(order, values)
        if values["request_key"]:
            # The button pressed twice is one case.
            request_values["request_key"] = f"portal/{order.id}/{values['request_key']}"
        if values["preview"]["method"] in ("ship", "drop_off"):
            # Otherwise nothing has to come back, whatever the buyer would have chosen.
            request_values["method"] = values["way"]
        # The buyer may ask for their own order's return; what it takes, the case does itself.
        Case = request.env["ecom.return"].sudo()
        with request.env.cr.savepoint():
            case, outcome = Case._create_request(request_values)
            if outcome == "created" and case.policy_verdict != "allowed":
                # Nothing is kept of what the policy does not offer.
                raise UserError(case.policy_reason)
        if outcome == "created":
            for photo in values["photos"]:
                photo.res_id = case.id
            case.photo_ids = [(6, 0, [photo.id for photo in values["photos"]])]
            case.message_subscribe(order.partner_id.ids)
        return case

    # === FOLLOW IT === #

    @http.route(
        ["/my/returns", "/my/returns/page/<int:page>"], type="http", auth="user", website=True
    )
    def portal_my_returns(self, page=1, **_kw):
        Case = request.env["ecom.return"]
        domain = self._get_own_domain()
        count = Case.search_count(domain)
        pages = pager(url="/my/returns", total=count, page=page, step=PAGE)
        return request.render(
            "ecom_aftersales.portal_my_returns",
            {
                "page_name": "returns",
                "cases": Case.search(domain, limit=PAGE, offset=pages["offset"]).sudo(),
                "pager": pages,
                "default_url": "/my/returns",
            },
        )

    @http.route("/my/returns/<int:case_id>", type="http", auth="public", website=True)
    def portal_my_return(self, case_id, access_token=None, **_kw):
        try:
            case = self._document_check_access("ecom.return", case_id, access_token=access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        return request.render(
            "ecom_aftersales.portal_my_return",
            {
                "page_name": "returns",
                "case": case,
                "object": case,
                "token": access_token,
                "steps": case._get_portal_steps(),
            },
        )

    @http.route("/my/returns/<int:case_id>/label", type="http", auth="public", website=True)
    def portal_return_label(self, case_id, access_token=None, **_kw):
        """The label to print. It is the case's, so that its token is all that it takes."""
        try:
            case = self._document_check_access("ecom.return", case_id, access_token=access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        # Buyers read no attachments; this one is for them.
        label = case.sudo().label_ids[:1]
        if not label or case.label_state != "bought":
            return request.redirect(case.get_portal_url())
        return request.env["ir.binary"].sudo()._get_stream_from(label).get_response()

    @http.route(
        "/my/returns/<int:case_id>/withdraw",
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
    )
    def portal_return_withdraw(self, case_id, access_token=None, **_kw):
        try:
            case = self._document_check_access("ecom.return", case_id, access_token=access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        try:
            case._withdraw(request.env._("by the buyer"))
        except UserError as error:
            return request.render(
                "ecom_aftersales.portal_my_return",
                {
                    "page_name": "returns",
                    "case": case,
                    "object": case,
                    "token": access_token,
                    "steps": case._get_portal_steps(),
                    "error": str(error),
                },
            )
        return request.redirect(case.get_portal_url())

    # === TICKETS === #

    @http.route(
        ["/my/tickets", "/my/tickets/page/<int:page>"], type="http", auth="user", website=True
    )
    def portal_my_tickets(self, page=1, **_kw):
        Ticket = request.env["ecom.ticket"]
        domain = self._get_own_domain()
        pages = pager(url="/my/tickets", total=Ticket.search_count(domain), page=page, step=PAGE)
        return request.render(
            "ecom_aftersales.portal_my_tickets",
            {
                "page_name": "tickets",
                "tickets": Ticket.search(
                    domain, limit=PAGE, offset=pages["offset"], order="id desc"
                ).sudo(),
                "pager": pages,
                "default_url": "/my/tickets",
            },
        )

    @http.route("/my/tickets/new", type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_new_ticket(self, subject=None, body=None, order_id=None, kind=None, **_kw):
        partner = request.env.user.partner_id
        Order = request.env["ecom.order"].sudo()
        # Buyers see their own orders here, whatever rights they have on channel orders.
        orders = Order.search(
            [("partner_id", "child_of", partner.commercial_partner_id.id)], limit=50
        )
        Ticket = request.env["ecom.ticket"].sudo()
        kinds = [
            entry
            for entry in Ticket._fields["kind"]._description_selection(request.env)
            if entry[0] not in ("rating", "alert")
        ]
        values = {
            "page_name": "tickets",
            "orders": orders,
            "kinds": kinds,
            "subject": subject or "",
            "body": body or "",
            "kind": kind or "question",
            "error": None,
        }
        if request.httprequest.method == "POST":
            if not (subject or "").strip() or not (body or "").strip():
                values["error"] = request.env._("Write a subject and a message, please.")
            else:
                order = orders.filtered(lambda o: str(o.id) == order_id)
                ticket = Ticket.create(
                    {
                        "name": subject.strip()[:200],
                        "description": body.strip()[:20000],
                        "kind": kind if kind in dict(kinds) else "question",
                        "source": "portal",
                        "partner_id": partner.id,
                        "email_from": partner.email,
                        "order_id": order.id,
                        "company_id": (order.company_id or request.env.company).id,
                    }
                )
                ticket.message_subscribe(partner.ids)
                return request.redirect(ticket.get_portal_url())
        return request.render("ecom_aftersales.portal_new_ticket", values)

    @http.route("/my/tickets/<int:ticket_id>", type="http", auth="public", website=True)
    def portal_my_ticket(self, ticket_id, access_token=None, **_kw):
        try:
            ticket = self._document_check_access(
                "ecom.ticket", ticket_id, access_token=access_token
            )
        except (AccessError, MissingError):
            return request.redirect("/my")
        return request.render(
            "ecom_aftersales.portal_my_ticket",
            {"page_name": "tickets", "ticket": ticket, "object": ticket, "token": access_token},
        )

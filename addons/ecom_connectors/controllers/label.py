from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

MAX_LABELS = 500
TYPES = {
    "pdf": "application/pdf",
    "zpl": "text/plain; charset=utf-8",
    "zip": "application/zip",
    "png": "image/png",
}


class EcomLabels(http.Controller):
    """Bought labels as one file, for whoever may see them."""

    @http.route("/ecom/labels", type="http", auth="user", methods=["GET"], readonly=True)
    def labels(self, ids="", **_params):
        wanted = [int(part) for part in ids.split(",")[:MAX_LABELS] if part.isdigit()]
        labels = request.env["ecom.label"].search([("id", "in", wanted)], order="id")
        if not labels.attachment_ids:
            raise request.not_found()
        try:
            name, data = labels._get_print_file()
        except UserError as error:
            return request.make_response(
                str(error), headers={"Content-Type": "text/plain; charset=utf-8"}, status=422
            )
        kind = name.rsplit(".", 1)[-1]
        return request.make_response(
            data,
            headers={
                "Content-Type": TYPES.get(kind, "application/octet-stream"),
                "Content-Disposition": content_disposition(name),
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "private, no-store",
            },
        )

from odoo import fields, models


class EcomReturnDecision(models.Model):
    """One decision about a case, by a policy or by a person, and why it was made."""

    _name = "ecom.return.decision"
    _description = "Decision about a Case"
    _order = "id desc"

    return_id = fields.Many2one("ecom.return", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="return_id.company_id", store=True, index=True)
    stage = fields.Selection(
        [
            ("policy", "Policy"),
            ("request", "Request"),
            ("amount", "Amount"),
            ("goods", "Goods"),
            ("money", "Money"),
            ("credit", "Credit note"),
            ("exchange", "Replacement"),
            ("platform", "Platform"),
        ],
        required=True,
    )
    summary = fields.Text(required=True, help="What was decided and why.")
    rule = fields.Char(help="The policy or setting that decided.")
    details = fields.Json(help="What was looked at, and what was rejected.")
    user_id = fields.Many2one("res.users", "By", default=lambda self: self.env.user)

from odoo import fields, models


class EcomReturnNew(models.TransientModel):
    _inherit = "ecom.return.new"

    ticket_id = fields.Many2one("ecom.ticket")

    def _get_origin(self):
        return "ticket" if self.ticket_id else super()._get_origin()

    def _after_create(self, case):
        if self.ticket_id:
            self.ticket_id.return_id = case
        return super()._after_create(case)

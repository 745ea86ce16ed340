from odoo import api, models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_confirm(self, merge=True, merge_into=False, create_proc=True):
        result = super()._action_confirm(
            merge=merge, merge_into=merge_into, create_proc=create_proc
        )
        self._ecom_wake_publishing()
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        self._ecom_wake_publishing()
        return result

    def _action_done(self, cancel_backorder=False):
        result = super()._action_done(cancel_backorder=cancel_backorder)
        self._ecom_wake_publishing()
        return result

    @api.model
    def _ecom_wake_publishing(self):
        """Stock changed: shops are told soon. Once per transaction, and only where one publishes."""
        data = self.env.cr.precommit.data
        if data.get("ecom_publishing") or not self:
            return
        data["ecom_publishing"] = True
        # Warehouse workers see no channels; whether one publishes is all that is asked.
        if self.env["ecom.channel"].sudo().search_count([("stock_publish", "=", True)], limit=1):
            cron = self.env.ref("ecom_connectors.ir_cron_stock", raise_if_not_found=False)
            if cron:
                cron.sudo()._trigger()

from odoo import fields, models


class EcomReplenishmentRun(models.Model):
    """What the nightly timer did, for one company: demand built, forecasts made, suggestions."""

    _name = "ecom.replenishment.run"
    _description = "Replenishment Run"
    _order = "id desc"
    _rec_name = "kind"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [("demand", "Demand"), ("forecast", "Forecast"), ("suggest", "Suggestions")],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("running", "Under way"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        default="running",
        readonly=True,
    )
    started_at = fields.Datetime("Started", required=True, readonly=True)
    ended_at = fields.Datetime("Ended", readonly=True)
    done_count = fields.Integer("Done", readonly=True)
    total_count = fields.Integer("In All", readonly=True)
    progress = fields.Float(compute="_compute_progress")
    figures = fields.Json(readonly=True)
    message = fields.Text(readonly=True)

    def _compute_progress(self):
        for run in self:
            whole = run.state == "done" or not run.total_count
            run.progress = 100.0 if whole else 100.0 * run.done_count / run.total_count

import logging

from odoo import api, fields, models, modules
from odoo.exceptions import UserError

from ..concurrency import RETRYABLE
from ..tools.forecast import ForecastInputError

_logger = logging.getLogger(__name__)

KINDS = ("demand", "forecast", "suggest")
TRIES = 3


class EcomReplenishment(models.Model):
    """The nightly run: demand, forecasts and suggestions of every company, each step once a day.

    A step that is done is recorded in the transaction that did it, so a run that is killed goes
    on where it stopped.
    """

    _inherit = "ecom.replenishment"

    @api.model
    def _cron_nightly(self):
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        places = self.env["stock.warehouse"]._read_group([], ["company_id"])
        steps = [(company, kind) for (company,) in places for kind in KINDS]
        done = {
            (run.company_id, run.kind)
            for run in self.env["ecom.replenishment.run"].search(
                [("started_at", ">=", today), ("state", "in", ("done", "failed"))]
            )
        }
        left = [step for step in steps if step not in done]
        if not modules.module.current_test:
            self.env["ir.cron"]._commit_progress(remaining=len(left))
        for company, kind in left:
            self._run_step(company, kind)
            if not self._commit_step(1):
                break

    @api.model
    def _commit_step(self, processed=0):
        """End a transaction of the timer. :return: seconds that are left to it"""
        if modules.module.current_test:
            self.env.flush_all()
            return float("inf")
        return self.env["ir.cron"]._commit_progress(processed)

    @api.model
    def _run_step(self, company, kind):
        """Do one step; a concurrent change makes it run again on what is there then."""
        for attempt in range(1, TRIES + 1):
            try:
                return self._do_step(company, kind)
            except RETRYABLE:
                if attempt == TRIES or modules.module.current_test:
                    raise
                self.env.cr.rollback()
                _logger.info("Replenishment step %s of %s is repeated", kind, company.name)
            except (UserError, ForecastInputError) as error:
                # The data of one company must not stop the others.
                if modules.module.current_test:
                    raise
                self.env.cr.rollback()
                _logger.warning("Replenishment step %s of %s failed: %s", kind, company.name, error)
                return self.env["ecom.replenishment.run"].create(
                    {
                        "company_id": company.id,
                        "kind": kind,
                        "state": "failed",
                        "started_at": fields.Datetime.now(),
                        "ended_at": fields.Datetime.now(),
                        "message": str(error),
                    }
                )
        return self.env["ecom.replenishment.run"]

    @api.model
    def _do_step(self, company, kind):
        company_env = self.with_company(company)
        if kind == "demand":
            return company_env.env["ecom.demand"]._build(company)
        if kind == "forecast":
            return company_env.env["ecom.forecast"]._run(company)
        return company_env._run_suggest(company)

    @api.model
    def _run_suggest(self, company):
        """:return: the ecom.replenishment.run, which shows how far it is while it runs"""
        run = self.env["ecom.replenishment.run"].create(
            {
                "company_id": company.id,
                "kind": "suggest",
                "state": "running",
                "started_at": fields.Datetime.now(),
            }
        )

        def progress(done, total):
            run.write({"done_count": done, "total_count": total})
            self._commit_step()

        counts = self._suggest(company, progress=progress)
        run.write({"state": "done", "ended_at": fields.Datetime.now(), "figures": counts})
        return run

    @api.model
    def action_run_now(self):
        """Build the demand, forecast and suggest for the present company, at once.

        :raise AccessError: the user is neither a manager nor a purchase manager
        """
        self._check_may_run()
        company = self.env.company
        # What the timer may, whoever starts it by hand: read all sales, write demand.
        engine = self.sudo()
        for kind in KINDS:
            engine._do_step(company, kind)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The suggestions are up to date."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _check_may_run(self):
        user = self.env.user
        if not (
            user.has_group("ecom_order_mgmt.group_ecom_manager")
            or user.has_group("purchase.group_purchase_user")
        ):
            raise UserError(self.env._("Only managers and purchasers may work out suggestions."))

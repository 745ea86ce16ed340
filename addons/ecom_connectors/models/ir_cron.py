from odoo import fields, models
from odoo.tools import SQL


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _ecom_wake(self):
        """Have the timer run soon, as `_trigger()` does, but with one wake-up for everybody.

        A busy shop calls hundreds of times a second; as many wake-ups would cost more than the
        work. A wake-up that is there already serves us too, as long as the timer has not taken it:
        its row is locked until we commit, so that a timer that takes it begins after that and finds
        what we wrote. One that is being taken is passed over. For short transactions only: the
        timer waits for their end.

        :raise psycopg2.errors.SerializationFailure: the timer took it since our transaction began,
            and may have looked before our commit; a web request is run again by Odoo
        """
        self.ensure_one()
        query = SQL(
            """
            SELECT 1 FROM ir_cron_trigger WHERE cron_id = %s AND call_at <= %s
             LIMIT 1 FOR KEY SHARE SKIP LOCKED
            """,
            self.id,
            fields.Datetime.now(),
        )
        self.env.cr.execute(query, log_exceptions=False)
        if not self.env.cr.rowcount:
            self.sudo()._trigger()

import contextlib
import random
import time

from odoo import api, fields, models, modules
from odoo.tools import SQL

from odoo.addons.ecom_order_mgmt.concurrency import RETRYABLE

_TRIES = 6


class EcomThrottle(models.Model):
    """How many calls an account may still make. A row is a bucket that fills by itself.

    All processes share it, so it is kept in PostgreSQL, and in transactions of its own: a call
    that was made counts, also where the work around it is rolled back later.
    """

    _name = "ecom.throttle"
    _description = "Calls to a Platform"

    key = fields.Char("Account and Operation", required=True, readonly=True)
    tokens = fields.Float("Calls Left", readonly=True)
    filled_at = fields.Datetime(readonly=True)
    blocked_until = fields.Datetime("Paused Until", readonly=True)

    _key_uniq = models.UniqueIndex("(key)")

    @api.model
    def _take(self, key, rate, burst, cost=1.0):
        """Take `cost` from the bucket. :return: 0.0, or the seconds to wait where it is too empty"""
        row = self._run(
            SQL(
                """
                INSERT INTO ecom_throttle AS t (key, tokens, filled_at)
                     VALUES (%(key)s, %(burst)s - %(cost)s, clock_timestamp() AT TIME ZONE 'UTC')
                ON CONFLICT (key) DO UPDATE
                        SET tokens = LEAST(%(burst)s, t.tokens + %(rate)s * extract(epoch FROM
                                clock_timestamp() AT TIME ZONE 'UTC' - t.filled_at)) - %(cost)s,
                            filled_at = clock_timestamp() AT TIME ZONE 'UTC'
                      WHERE LEAST(%(burst)s, t.tokens + %(rate)s * extract(epoch FROM
                                clock_timestamp() AT TIME ZONE 'UTC' - t.filled_at)) >= %(cost)s
                        AND (t.blocked_until IS NULL
                             OR t.blocked_until <= clock_timestamp() AT TIME ZONE 'UTC')
                  RETURNING 1
                """,
                key=key,
                burst=burst,
                cost=cost,
                rate=rate,
            )
        )
        if row:
            return 0.0
        row = self._run(
            SQL(
                """
                SELECT GREATEST(
                    (%(cost)s - LEAST(%(burst)s, tokens + %(rate)s * extract(epoch FROM
                        clock_timestamp() AT TIME ZONE 'UTC' - filled_at))) / %(rate)s,
                    coalesce(extract(epoch FROM
                        blocked_until - clock_timestamp() AT TIME ZONE 'UTC'), 0),
                    0.05)
                  FROM ecom_throttle WHERE key = %(key)s
                """,
                key=key,
                cost=cost,
                burst=burst,
                rate=rate,
            )
        )
        return float(row[0]) if row else 0.05

    @api.model
    def _set_left(self, key, tokens):
        """The platform says itself how much is left of the account's bucket."""
        self._run(
            SQL(
                """
                UPDATE ecom_throttle
                   SET tokens = %(tokens)s, filled_at = clock_timestamp() AT TIME ZONE 'UTC'
                 WHERE key = %(key)s RETURNING 1
                """,
                key=key,
                tokens=tokens,
            )
        )

    @api.model
    def _block(self, key, seconds):
        """The platform asks for a pause of the whole account."""
        self._run(
            SQL(
                """
                INSERT INTO ecom_throttle AS t (key, tokens, filled_at, blocked_until)
                     VALUES (%(key)s, 0, clock_timestamp() AT TIME ZONE 'UTC',
                             clock_timestamp() AT TIME ZONE 'UTC' + %(pause)s * interval '1 second')
                ON CONFLICT (key) DO UPDATE
                        SET blocked_until = GREATEST(t.blocked_until, EXCLUDED.blocked_until)
                  RETURNING 1
                """,
                key=key,
                pause=seconds,
            )
        )

    def _run(self, query):
        """Run one statement in a transaction of its own. :return: its first row"""
        if modules.module.current_test:
            # The test's transaction is all there is.
            rows = self.env.execute_query(query)
            return rows[0] if rows else None
        for attempt in range(_TRIES):
            try:
                with contextlib.closing(self.env.registry.cursor()) as cr:
                    cr.execute(query)
                    row = cr.fetchone()
                    # Its own transaction: the call counts, whatever becomes of the work.
                    cr.commit()  # pylint: disable=invalid-commit
                    return row
            except RETRYABLE:
                if attempt == _TRIES - 1:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
        return None

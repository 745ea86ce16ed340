"""What concurrent processes do to each other, and how to go on."""

from psycopg2 import errors as pg_errors

from odoo.exceptions import ConcurrencyError

# A failure of this kind is nobody's fault: the same work runs again on a new snapshot. Odoo does
# that for requests; our timers do it themselves.
RETRYABLE = (
    pg_errors.SerializationFailure,
    pg_errors.DeadlockDetected,
    pg_errors.LockNotAvailable,
    ConcurrencyError,
)


class WorkAlone(ConcurrencyError):
    """What was built ahead of its stock cannot be promised, or not be vouched for: the batch is
    taken back, and runs again with its stock in hand from the beginning."""


def create_once(model, vals_list):
    """Create records that a unique index guards against being made twice.

    Another process may make the same one at this moment; only a new snapshot can see that.

    :raise ConcurrencyError: so that the caller's work runs again
    """
    try:
        return model.create(vals_list)
    except pg_errors.UniqueViolation as error:
        raise ConcurrencyError(f"another process just made the same {model._name}") from error

class RefundAnswerLost(Exception):
    """The payment service may have carried the request out: nobody heard its answer.

    No ValidationError, which Odoo takes for a refusal.
    """

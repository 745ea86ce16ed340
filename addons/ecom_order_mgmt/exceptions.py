"""Exceptions of the pipeline. They are caught inside it and become a cause on the order."""


class ParkOrder(Exception):
    """The order must wait.

    :param cause: key of ``ecom.order.cause``
    :param message: what a user reads
    """

    def __init__(self, cause, message):
        self.cause = cause
        self.message = message
        super().__init__(message)

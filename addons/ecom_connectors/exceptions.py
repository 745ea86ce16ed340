"""What can come of a call to a platform, besides success. The outbox and the polls know them."""


class EcomConnectorError(Exception):
    """:param message: what a user reads
    :param answer: what the platform said, secrets masked"""

    # Of several things that were to be told: what the platform said of those that were, by key.
    told = None

    def __init__(self, message, answer=None):
        self.message = message
        self.answer = answer
        super().__init__(message)


class EcomRetryableError(EcomConnectorError):
    """Not now: the platform is down, slow, or asks for patience.

    :param float delay: seconds that the platform asks to wait, or None: as the outbox sees fit
    :param bool unsure: the request was sent, so that it may have been carried out
    :param bool counts: the attempt counts (False: we were not even let through by the throttle)
    """

    def __init__(self, message, answer=None, delay=None, unsure=False, counts=True):
        super().__init__(message, answer)
        self.delay = delay
        self.unsure = unsure
        self.counts = counts


class EcomAuthError(EcomConnectorError):
    """The platform does not accept our credentials: nothing is called until a person renews them."""


class EcomDataError(EcomConnectorError):
    """The platform understood and refused: trying the same again is of no use."""

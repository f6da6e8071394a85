"""What can go wrong for a reason that a user can mend."""


class UserError(Exception):
    """A mistake in use or in the surroundings: its message says what, where and what to do.

    The command line prints the message as one sentence, without a traceback, and leaves with ``code``:
    2 for wrong use, 1 for a failure of the surroundings (a port in use, a folder that cannot be written).
    """

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


class Away(UserError):  # noqa: N818 - named by what has happened, as all errors of the house
    """A server is away, or takes no writes for now: it may come back by itself, and then the same may be done again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 1)

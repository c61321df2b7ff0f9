"""The few exceptions of our own. Each message is one sentence that ends with what to do next."""

__all__ = ["BuildError", "InputError", "KpmathError", "NothingToDrawError"]


class KpmathError(Exception):
    """Base of every error that a command reports as one sentence instead of a traceback."""

    exit_status = 1


class BuildError(KpmathError):
    """The build could not go on (a server that stays away, a full disk); what was logged is kept. Exit status 1."""


class InputError(KpmathError):
    """What the user gave is wrong (recipe, files, addresses). Exit status 2."""

    exit_status = 2


class NothingToDrawError(InputError):
    """The seeds hold too few topics to draw a question from."""

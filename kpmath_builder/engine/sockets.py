"""Where the servers of a build listen: Unix sockets in a folder that only their user may enter, so that no port is opened."""

import contextlib
import socket
import stat
import tempfile
from pathlib import Path
from tempfile import TemporaryDirectory

from kpmath_builder.errors import InputError

__all__ = ["remove_socket", "socket_folder"]

PLACES = ("/tmp",)  # noqa: S108 - the folder below it is private


def socket_folder() -> "TemporaryDirectory[str]":
    """Make a private folder for sockets; its `cleanup` removes it, at the latest when the builder ends.

    `/tmp` comes first: it is short and local. A build folder or a scheduler's `TMPDIR` may be neither, and
    `XDG_RUNTIME_DIR` disappears when the user logs out, while a build goes on.

    Raises
    ------
    InputError
        If a socket can be made nowhere.
    """
    parents = list(dict.fromkeys((*PLACES, tempfile.gettempdir())))
    for parent in parents:
        with contextlib.suppress(OSError):
            folder = TemporaryDirectory(prefix="kpmath-", dir=parent, ignore_cleanup_errors=True)
            if _holds_sockets(Path(folder.name)):
                return folder
            folder.cleanup()
    raise InputError(
        f"No Unix socket can be made in {' or '.join(parents)}: set TMPDIR to a folder with a short path on a local disk."
    )


def remove_socket(path: Path) -> None:
    """Remove a socket that a killed builder has left, and its folder; whatever else may stand there stays."""
    with contextlib.suppress(OSError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
            path.parent.rmdir()


def _holds_sockets(folder: Path) -> bool:
    """Try it: paths can be too long, and some network file systems have no sockets."""
    path = folder / "00000.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.bind(str(path))
        except OSError:
            return False
    path.unlink()
    return True

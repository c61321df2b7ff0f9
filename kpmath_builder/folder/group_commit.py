"""Group commit: many writes, one fsync, and nobody waits for it.

An fsync may take as long as a disk or a file server likes; it runs in a thread of its own, so that hundreds of requests in
flight do not stand still.
"""

import os
import threading

__all__ = ["GroupCommit"]


class GroupCommit:
    """Puts what is written to a file on the disk itself, each write at most `seconds` after it was noted.

    Parameters
    ----------
    descriptor
        The open file; must stay open until `close`.
    seconds
        How long a write may wait for others to share its fsync.
    """

    def __init__(self, descriptor: int, seconds: float) -> None:
        self._descriptor = descriptor
        self._seconds = seconds
        self._written = threading.Event()
        self._closing = threading.Event()
        self._fault: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="group commit", daemon=True)
        self._thread.start()

    def note(self) -> None:
        """Say that something was written; raises the `OSError` of an fsync that failed since."""
        self._raise()
        if not self._written.is_set():
            self._written.set()

    def sync(self) -> None:
        """Put everything on the disk now; raises `OSError` if this or an earlier fsync failed."""
        self._raise()
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Sync and end."""
        self._closing.set()
        self._written.set()
        self._thread.join()
        self.sync()

    def _raise(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        while (
            not self._closing.is_set()
        ):  # looked at after `clear`, which may have taken back what `close` set
            self._written.wait()
            if self._closing.wait(self._seconds):
                return
            self._written.clear()
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                self._fault = error  # the kernel may have dropped the pages: nothing after this is sure
                return

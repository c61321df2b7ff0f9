"""A Hugging Face Hub on the loopback interface: what huggingface_hub 0.24 to 2.4 and datasets 2.21 to 5.2 ask for.

In process: `with serve(folder) as hub: …`; by itself: `python -m loopback_hub --root FOLDER` (in `tests/`).
"""

from loopback_hub import downloads, listing, refs, repos, uploads  # noqa: F401 - they declare the routes
from loopback_hub.faults import Fault
from loopback_hub.serving import LoopbackHub, serve

__all__ = ["Fault", "LoopbackHub", "serve"]

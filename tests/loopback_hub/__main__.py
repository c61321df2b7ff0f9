"""Serve until stopped: `python -m loopback_hub --port 8377 --root FOLDER [--xet-cas local:///FOLDER]`."""

import argparse
import threading

from loopback_hub.serving import serve

parser = argparse.ArgumentParser(description="A Hugging Face Hub on the loopback interface.")
parser.add_argument("--port", type=int, default=8377)
parser.add_argument("--root", default="loopback-hub", help="folder for the objects")
parser.add_argument(
    "--xet-cas", help="local:///FOLDER of a content store for hf_xet; without it uploads are LFS"
)
options = parser.parse_args()
with serve(options.root, port=options.port, xet_cas=options.xet_cas) as hub:
    settings = f"HF_ENDPOINT={hub.url} HF_TOKEN=hf_test"
    print(f"export {settings}{'' if options.xet_cas else ' HF_HUB_DISABLE_XET=1'}", flush=True)  # noqa: T201 - its output
    threading.Event().wait()

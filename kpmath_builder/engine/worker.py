"""The child that runs vLLM's `LLM` without a port. Runs in the engine's own Python: imports nothing of ours, is imported by nobody.

    python worker.py MODEL [arguments of `vllm serve` that concern the engine]

Reads chat completion bodies from standard input, one JSON line each: {"id": 7, "body": {…}}; writes {"id": 7, "status": 200, "body": …}
to standard output as each is finished. The first line that it writes says that the model is loaded. All else goes to standard error.
"""

import json
import os
import queue
import sys
import threading
from typing import Any, TextIO

CHAT_FIELDS = {"model", "messages", "n", "response_format", "chat_template_kwargs"}


def take_pipes() -> tuple[TextIO, TextIO]:
    """Take standard input and output for ourselves, so that nothing that the engine prints gets between the lines."""
    asked, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    return asked, answers


class Engine:
    """vLLM's engine, stepped by hand, so that each answer can be written as soon as it is finished."""

    def __init__(self, argv: list[str]) -> None:
        from vllm import LLM, __version__
        from vllm.engine.arg_utils import EngineArgs
        from vllm.utils.argparse_utils import FlexibleArgumentParser

        parser = EngineArgs.add_cli_args(FlexibleArgumentParser())
        arguments = EngineArgs.from_cli_args(parser.parse_args(["--model", argv[0], *argv[1:]]))
        self.llm = LLM.from_engine_args(arguments)
        self.tokenizer = self.llm.get_tokenizer()
        self.context = self.llm.llm_engine.model_config.max_model_len
        self.version = __version__

    def add(self, number: int, body: dict[str, Any]) -> str:
        """Begin a request and return what its reply begins with; raises `ValueError` for one that can never be answered."""
        text, parameters = self._prompt(body), self._parameters(body)
        prompt = list(self.tokenizer.encode(text, add_special_tokens=False))
        if len(prompt) >= self.context:
            raise ValueError(f"a prompt of {len(prompt)} tokens exceeds the context of {self.context} tokens")
        parameters.max_tokens = min(
            parameters.max_tokens, self.context - len(prompt)
        )  # as vLLM's server does
        self.llm.llm_engine.add_request(str(number), {"prompt_token_ids": prompt}, parameters)
        return opening(text)

    def finished(self) -> list[Any]:
        """Run the engine one step and return the requests that ended in it."""
        return [output for output in self.llm.llm_engine.step() if output.finished]

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return bool(self.llm.llm_engine.has_unfinished_requests())

    def _prompt(self, body: dict[str, Any]) -> str:
        text: str = self.tokenizer.apply_chat_template(
            body["messages"],
            tokenize=False,
            add_generation_prompt=True,
            **body.get("chat_template_kwargs", {}),
        )
        return text

    def _parameters(self, body: dict[str, Any]) -> Any:  # noqa: ANN401 - a type of the engine
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

        sampling = {name: value for name, value in body.items() if name not in CHAT_FIELDS}
        if body.get("response_format"):
            sampling["structured_outputs"] = StructuredOutputsParams(
                json=body["response_format"]["json_schema"]["schema"]
            )
        try:
            return SamplingParams(n=body["n"], output_kind=RequestOutputKind.FINAL_ONLY, **sampling)
        except TypeError as error:
            raise ValueError(f"no such field: {error}") from error


def opening(prompt: str) -> str:
    """Return `<think>` where the prompt ends with it, else "": a reply that never closes it is no answer."""
    return "<think>" if prompt.rstrip().endswith("<think>") else ""


def completion(output: Any, body: dict[str, Any], version: str, opening: str) -> dict[str, Any]:  # noqa: ANN401 - a type of the engine
    """Return a finished request as a chat completion."""
    return {
        "model": body["model"],
        "system_fingerprint": f"vllm-{version}",
        "choices": [
            {
                "index": choice.index,
                "message": {"content": opening + choice.text},
                "finish_reason": choice.finish_reason,
            }
            for choice in output.outputs
        ],
        "usage": {
            "prompt_tokens": len(output.prompt_token_ids),
            "completion_tokens": sum(len(choice.token_ids) for choice in output.outputs),
            "prompt_tokens_details": {"cached_tokens": output.num_cached_tokens or 0},
        },
    }


def main() -> None:
    """Answer until standard input ends."""
    asked, answers = take_pipes()

    def write(line: dict[str, Any]) -> None:
        answers.write(json.dumps(line) + "\n")
        answers.flush()

    engine = Engine(sys.argv[1:])
    write({"ready": True, "context": engine.context, "version": engine.version})
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=read_all, args=(asked, lines), daemon=True).start()
    serve(engine, lines, write)


def read_all(asked: TextIO, lines: "queue.Queue[str]") -> None:
    """Pass on all lines as they come, and an empty one at the end."""
    for line in asked:
        lines.put(line)
    lines.put("")


def serve(engine: Engine, lines: "queue.Queue[str]", write: Any) -> None:  # noqa: ANN401 - a function of one line
    """Take new requests in between the engine's steps."""
    pending: dict[int, tuple[dict[str, Any], str]] = {}
    ended = False
    while engine.busy or not ended:
        while not ended and (not engine.busy or not lines.empty()):
            line = lines.get()
            ended = not line
            if ended:
                break
            asked = json.loads(line)
            try:
                pending[asked["id"]] = asked["body"], engine.add(asked["id"], asked["body"])
            except (ValueError, TypeError) as error:
                write({"id": asked["id"], "status": 400, "body": {"error": {"message": str(error)}}})
        for output in engine.finished():
            number = int(output.request_id)
            asked_for, begin = pending.pop(number)
            body = completion(output, asked_for, engine.version, begin)
            write({"id": number, "status": 200, "body": body})


if __name__ == "__main__":
    sys.path.pop(0)  # our neighbours' names are not meant for the engine
    main()

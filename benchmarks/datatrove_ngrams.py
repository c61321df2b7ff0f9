"""datatrove's n-gram decontamination on rows of JSON lines, for contamination.py; runs in an environment that has datatrove.

    python benchmarks/datatrove_ngrams.py TESTS ROWS FOUND

TESTS and ROWS hold a JSON string in each line; the numbers of the rows that are found are written to FOUND, as JSON, with the seconds of processor time.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.decont.n_grams import NGramsDecontFilter
from datatrove.utils.text import ngrams, simplify_text


def main() -> None:
    """Build the index of the tests as datatrove's indexer does, whose dependency (lighteval) is not needed for it; filter the rows."""
    tests, rows, found = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as empty:
        check = NGramsDecontFilter(empty)
    hashes: dict[int, str] = {}
    for line in tests.read_text(encoding="utf-8").splitlines():
        tokens = check.tokenizer.word_tokenize(simplify_text(json.loads(line), check.config.norm_config))
        for run in ngrams(tokens, check.config.n_grams):
            hashes[check.hash_func(" ".join(run))] = "tests"
    vars(check)["_index_hashes"] = hashes
    texts = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    start = time.process_time()
    hits = [
        number
        for number, text in enumerate(texts)
        if check.filter(Document(text=text, id=str(number))) is not True
    ]
    found.write_text(json.dumps({"rows": hits, "seconds": time.process_time() - start}))


if __name__ == "__main__":
    main()

"""Sources of a mix for tests: a small file in the shape of each set, with problems made up here, and a recipe that mixes them all.

Each problem that is planted to stay out says in its place why. MATH_MARK stands in each text that must never be published.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from factories import make_build

__all__ = ["MATH_MARK", "make_sources", "recipe_tree"]

MATH_MARK = "zymurgy"
_NOUNS = ("cat", "pear", "stone", "lamp", "boat", "drum", "kite", "rope", "coin", "leaf", "shoe", "tile")
_VERBS = ("paints", "stacks", "counts", "hides", "mends", "sells", "lifts", "folds", "carves", "throws")


def problem(number: int, kind: str = "shop") -> str:
    """Return a problem unlike any other of another number or kind."""
    noun, verb = _NOUNS[number % len(_NOUNS)], _VERBS[number // len(_NOUNS) % len(_VERBS)]
    return f"In the {kind} a {noun} costs {number + 3} coins, and Ada {verb} {number + 7} of them; what does she pay?"


def math_problem(number: int) -> str:
    """Return a problem that stands for one of MATH."""
    noun, verb = _NOUNS[number % len(_NOUNS)], _VERBS[number % len(_VERBS)]
    return f"Let the {MATH_MARK} of the {noun} be a function that {verb} every prime; find all of its fixed points."


def solved(number: int) -> str:
    """Return a solution that ends as MetaMathQA's do."""
    return f"She pays {number + 3} for each of {number + 7}.\nThe answer is: {(number + 3) * (number + 7)}"


def gsm8k() -> list[dict[str, Any]]:
    """Six rows, the last without an answer."""
    rows = [
        {
            "question": problem(number, "school"),
            "answer": f"That is {number}*2=<<{number}*2={2 * number}>>{2 * number}.\n#### {2 * number}",
        }
        for number in range(5)
    ]
    return [*rows, {"question": problem(5, "school"), "answer": "Nobody knows.\n#### "}]


def math() -> list[dict[str, Any]]:
    """Four rows, none of which is published."""
    return [
        {
            "problem": math_problem(number),
            "level": "Level 3",
            "type": "Algebra",
            "solution": rf"The {MATH_MARK} is \boxed{{{number}}}.",
            "unique_id": f"train/algebra/{number}.json",
        }
        for number in range(4)
    ]


def tal() -> list[dict[str, Any]]:
    """Three rows, the last without an analysis."""
    return [
        {
            "queId": f"q{number}",
            "problem": problem(number, "fair"),
            "answer_option_list": [
                [{"aoVal": letter, "content": f"{number + place} "}] for place, letter in enumerate("AB")
            ],
            "answer_analysis": [f"Count to {number}."] if number < 2 else [],
            "answer_value": "A",
        }
        for number in range(3)
    ]


def metamathqa() -> list[dict[str, Any]]:
    """Seven rows: an answer and another for one question of GSM8K, three kinds made of MATH, one rewording, one long number."""

    def row(query: str, response: str, kind: str, original: str = "") -> dict[str, Any]:
        return {"query": query, "response": response, "type": kind, "original_question": original or query}

    return [
        row(problem(20, "mill"), solved(20), "GSM_AnsAug"),
        row(problem(20, "mill"), "Otherwise: " + solved(20), "GSM_AnsAug"),
        row(problem(0, "school"), solved(0), "GSM_Rephrased"),  # GSM8K's own question
        row(math_problem(7), rf"It is \boxed{{7}}, says {MATH_MARK}.", "MATH_AnsAug"),
        row(math_problem(8) + " If the answer is 3, what is x?", "The answer is: 3", "MATH_FOBAR"),
        row(
            "Which numbers does the map of a leaf leave alone, if it folds primes?",
            solved(1),
            "MATH_Rephrased",
        ),
        row(problem(21, "mill"), "It is huge.\nThe answer is: 1,234,567,890,123", "GSM_SV"),
    ]


def mmiqc() -> list[dict[str, Any]]:
    """Four rows, with the words that the set puts before a problem."""
    asked = 'Please solve the following problem and put your answer at the end with "The answer is: ".\n\n'
    return [
        {"instruction": asked + problem(20, "mill"), "output": solved(20), "source": "GSM_Rephrased"},
        {
            "instruction": "Why is $e$ not a ratio?",
            "output": "Look at the series of $e$.",
            "source": "stackexchange-math",
        },
        {"instruction": asked + math_problem(2), "output": solved(2), "source": "gpt-4-1106-preview-MATH"},
        {
            "instruction": asked + problem(30, "port"),
            "output": solved(30),
            "source": "gpt-4-1106-preview-MATH",
        },
    ]


def platypus() -> list[dict[str, Any]]:
    """Four rows: MATH, mathematics, logic, and one whose input belongs to the question."""
    return [
        {
            "instruction": math_problem(9),
            "input": "",
            "output": f"{MATH_MARK}: 9",
            "data_source": "MATH/PRM-800K",
        },
        {"instruction": problem(40, "yard"), "input": "", "output": solved(40), "data_source": "theoremqa"},
        {
            "instruction": "All men are mortal.",
            "input": "Choose A or B.",
            "output": "A",
            "data_source": "reclor",
        },
        {
            "instruction": problem(41, "yard"),
            "input": "Choose A or B.",
            "output": solved(41),
            "data_source": "theoremqa",
        },
    ]


def mathinstruct() -> list[dict[str, Any]]:
    """Five rows: chain of thought under three licences, a program, and MATH."""
    return [
        {"instruction": problem(50, "farm"), "output": solved(50), "source": "data/CoT/aqua_rat.json"},
        {"instruction": problem(51, "farm"), "output": solved(51), "source": "data/CoT/math50k_camel.json"},
        {"instruction": problem(52, "farm"), "output": solved(52), "source": "data/CoT/gsm_rft.json"},
        {"instruction": problem(53, "farm"), "output": "print(1)", "source": "data/PoT/mathqa.json"},
        {"instruction": math_problem(3), "output": f"{MATH_MARK} 3", "source": "data/CoT/MATH_train.json"},
    ]


def own() -> list[dict[str, Any]]:
    """Eight rows under other names of columns, each with one thing to be said of it."""
    return [
        {"n": 1, "q": problem(60, "inn"), "a": solved(60), "short": 4221},
        {"n": 2, "q": "", "a": solved(61), "short": "1"},
        {"n": 3, "q": problem(62, "inn"), "a": " ... ", "short": "1"},
        {"n": 4, "q": problem(63, "inn"), "a": solved(63), "short": " "},
        {"n": 5, "q": ["not", "text"], "a": solved(64), "short": "1"},
        {"n": 6, "q": problem(99, "exam"), "a": solved(99), "short": "1"},  # of the test set
        {"n": 7, "q": f"Here you see it. {math_problem(1)} Did you?", "a": solved(66), "short": "1"},
        {"n": 8, "q": problem(67, "inn"), "a": f"It is known: {math_problem(0)} So it is one.", "short": "1"},
    ]


def make_sources(folder: Path) -> Path:
    """Write a build and a file for each source, in all formats that are read; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    make_build(candidates=36, seeds=9).finish(folder / "build")
    make_build(candidates=24, seeds=9, seed=5).finish(
        folder / "second", name="second", fingerprint="sha256:9"
    )
    for name, rows in {"gsm8k": gsm8k(), "tal": tal(), "mmiqc": mmiqc(), "own": own()}.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    with gzip.open(folder / "math.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in math())
    (folder / "metamathqa.json").write_text(json.dumps(metamathqa(), indent=1))
    (folder / "mathinstruct.json").write_text(json.dumps(mathinstruct()))
    pq.write_table(pa.Table.from_pylist(platypus()), folder / "platypus.parquet")
    (folder / "exam.jsonl").write_text(
        json.dumps({"question": problem(99, "exam").replace(" a ", "  A "), "answer": "#### 1"})
    )
    return folder


def recipe_tree(sources: Path, folder: Path) -> dict[str, Any]:
    """Return a recipe that mixes all of them into `folder`."""
    kinds = {
        "ours": ("build", "build"),
        "second": ("build", "second"),
        "gsm8k": ("gsm8k", "gsm8k.jsonl"),
        "math": ("math", "math.jsonl.gz"),
        "tal": ("tal-scq5k-en", "tal.jsonl"),
        "metamathqa": ("metamathqa", "metamathqa.json"),
        "mathinstruct": ("mathinstruct", "mathinstruct.json"),
        "platypus": ("open-platypus", "platypus.parquet"),
        "mmiqc": ("mmiqc", "mmiqc.jsonl"),
        "own": ("custom", "own.jsonl"),
    }
    tree: dict[str, Any] = {
        "name": "tried",
        "folder": str(folder),
        "sources": {
            name: {"kind": kind, "path": str(sources / file)} for name, (kind, file) in kinds.items()
        },
        "contamination": {"sets": [{"name": "exam", "path": str(sources / "exam.jsonl")}]},
    }
    tree["sources"]["own"] |= {
        "fields": {"question": "q", "solution": "a", "answer": "short", "id": "n"},
        "licence": "cc-by-4.0",
    }
    return tree

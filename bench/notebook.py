"""Chunks per minute beside the published notebook's pipeline: `python -m bench.notebook --python PYTHON`.

The notebook's way in our words: transformers, one chunk at a time, nothing kept from one chunk to the next, up to 512
new tokens, chunks of 1000 characters at word bounds out of pypdf's text. It runs the same weights (transformers opens
the same GGUF file), on the same chunks, on the same machine, in turn with Galley, a few chunks each.

PYTHON is an interpreter with torch, transformers, accelerate and gguf (the extra `bench`), so that the project's own
environment needs none of them; this file is run there too, and therefore imports nothing of Galley before it has to.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHUNK = 1000
NEW_TOKENS = 512
TEMPERATURE, TOP_P = 0.7, 0.9
OFFLINE = {"HF_HUB_OFFLINE": "1"}
CALM = {"GOMP_SPINCOUNT": "1000"}
"""Threads that spin for a moment and then sleep. Of themselves torch's spin without end, which is some 15 % faster on
an idle machine, and a tenth of the speed as soon as anything else wants a core: measured there it would flatter us."""
TARGETS = {"verbatim": 12.0, "rewrite": 5.0}
SAMPLE = Path(__file__).resolve().parent.parent / "tests" / "data" / "sample.pdf"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one way of cleaning took for some chunks."""

    chunks: int
    seconds: float
    written: int
    """Tokens that the model wrote; for `verbatim` the number of requests, since each yields one."""
    read: int
    """Tokens that had to be read."""
    attempts: int
    """Cleanings of a chunk, retries and fallbacks among them."""

    @property
    def rate(self) -> float:
        """Chunks per minute."""
        return 60 * self.chunks / self.seconds if self.seconds else 0.0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(
            self.chunks + other.chunks,
            self.seconds + other.seconds,
            self.written + other.written,
            self.read + other.read,
            self.attempts + other.attempts,
        )


NOTHING = Taken(0, 0.0, 0, 0, 0)


def word_bounded(text: str, size: int = CHUNK) -> list[str]:
    """Words put together again as long as they fit, a space counted for each; a longer word stands alone."""
    chunks: list[list[str]] = []
    room = 0
    for word in text.split():
        needed = len(word) + 1
        if needed > room:
            chunks.append([])
            room = size
        chunks[-1].append(word)
        room -= needed
    return [" ".join(words) for words in chunks]


def spread(items: Sequence[str], count: int) -> list[str]:
    """So many of them, evenly spread."""
    if len(items) <= count:
        return list(items)
    return [items[number * len(items) // count] for number in range(count)]


def serve(model: Path, dtype: str) -> None:
    """The notebook's side, in its own interpreter: a chunk a line comes in, what it took goes out, both as JSON."""
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    tokenizer = transformers.AutoTokenizer.from_pretrained(model.parent, gguf_file=model.name)
    llama = transformers.AutoModelForCausalLM.from_pretrained(
        model.parent, gguf_file=model.name, dtype=getattr(torch, dtype)
    )
    torch.manual_seed(1)
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}, {torch.get_num_threads()} threads"
    print(json.dumps({"versions": f"{versions}, {dtype}"}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.perf_counter()
        turns = [{"role": "system", "content": asked["system"]}, {"role": "user", "content": asked["text"]}]
        prompt = tokenizer.apply_chat_template(turns, tokenize=False)
        inputs = tokenizer(prompt, return_tensors="pt")
        with torch.no_grad():
            output = llama.generate(
                **inputs, do_sample=True, temperature=TEMPERATURE, top_p=TOP_P, max_new_tokens=NEW_TOKENS
            )
        text = tokenizer.decode(output[0], skip_special_tokens=True)[len(prompt) :].strip()
        seconds = time.perf_counter() - began
        read = inputs["input_ids"].shape[1]
        written = output.shape[1] - read
        print(json.dumps({"seconds": seconds, "read": read, "written": written, "text": text}), flush=True)


class Notebook:
    """The notebook's side, seen from ours. Use as a context manager: leaving it ends the process."""

    def __init__(self, python: str, model: Path, system: str, dtype: str = "bfloat16", calm: bool = False) -> None:
        """Raises SystemExit when that interpreter can't load the model."""
        command = [python, str(Path(__file__).resolve()), "--serve", str(model), "--dtype", dtype]
        self._system = system
        environment = {**OFFLINE, **(CALM if calm else {}), **os.environ}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.versions = str(self._answer()["versions"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def clean(self, chunks: Sequence[str]) -> Taken:
        return sum(map(self._one, chunks), NOTHING)

    def _one(self, text: str) -> Taken:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"system": self._system, "text": text}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        return Taken(1, answer["seconds"], answer["written"], answer["read"], 1)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(
                "The notebook's side ended. Its interpreter (--python) needs torch, transformers, accelerate and gguf, "
                "as the extra `bench` has."
            )
        return json.loads(line)


class Galley:
    """Galley's side: one loaded engine, as many chunks in hand as it has slots, by the policy of a run."""

    def __init__(self, model: Path, mode: str) -> None:
        from galley.core.clean.cleaner import Cleaner  # here, since the other interpreter has no Galley
        from galley.core.config import Config
        from galley.core.job import identify, make_engine, run_settings
        from galley.core.prompts import load_judge, load_prompt

        config = Config()
        self._mode = mode
        known = identify(model)
        wanted = config.model_copy(update={"clean": config.clean.model_copy(update={"mode": mode})})
        self._options = run_settings(wanted, known).clean
        self._engine = make_engine(known, config, config.chunk)
        self.info = self._engine.start()
        prompt = load_prompt(self._options.prompt)
        self._cleaner = Cleaner(self._engine, prompt, load_judge(), self._options, config.check, "en")

    def clean(self, chunks: Sequence[str]) -> Taken:
        from concurrent.futures import ThreadPoolExecutor

        began = time.perf_counter()
        with ThreadPoolExecutor(self.info.slots) as pool:
            done = list(pool.map(self._one, chunks))
        seconds = time.perf_counter() - began
        total = sum(done, NOTHING)
        return Taken(total.chunks, seconds, total.written, total.read, total.attempts)

    def close(self) -> None:
        self._engine.close()

    def _one(self, text: str) -> Taken:
        from galley.core.clean.policy import next_step

        past: list[Any] = []
        read = written = 0
        while (step := next_step(self._mode, past, self._options)) is not None:
            made = self._cleaner.make(step, text, (), lambda: False)
            past.append(made.past(text, "en"))
            read, written = read + made.usage.prompt_tokens, written + made.usage.output_tokens
        return Taken(1, 0.0, written, read, len(past))


def chunks_of(pdf: Path) -> list[str]:
    """The notebook's own chunks of a PDF."""
    from pypdf import PdfReader

    return word_bounded("\n".join(page.extract_text() for page in PdfReader(pdf).pages))


def report(rounds: Sequence[dict[str, Taken]]) -> Iterator[str]:
    """A row a way. The lowest ratio of a round stands beside the ratio of all, so that a disturbed round shows."""
    yield "| way | chunks | chunks a minute | s a chunk | read | written | attempts | ratio | lowest round | target |"
    yield "|---" * 10 + "|"
    base = sum((found["notebook"] for found in rounds), NOTHING)
    for way in rounds[0]:
        total = sum((found[way] for found in rounds), NOTHING)
        lowest = min(found[way].rate / found["notebook"].rate for found in rounds)
        figures = [total.rate, total.seconds / total.chunks, total.read / total.chunks, total.written / total.chunks]
        cells = [way, str(total.chunks), *(f"{figure:.2f}" for figure in figures)]
        cells += [f"{total.attempts / total.chunks:.2f}", f"{total.rate / base.rate:.1f}", f"{lowest:.1f}"]
        yield f"| {' | '.join([*cells, f'{TARGETS[way]:.0f}' if way in TARGETS else ''])} |"
    yield "\nRead and written: tokens a chunk. `verbatim` writes one for each question that it puts to the model."


def measure(pdf: Path, python: str, chunks: int, each: int, dtype: str, calm: bool) -> Iterator[str]:
    from galley.core.models import pull
    from galley.core.prompts import load_prompt

    model = pull()
    texts = spread(chunks_of(pdf), chunks)
    ours = {mode: Galley(model, mode) for mode in TARGETS}
    rounds: list[dict[str, Taken]] = []
    try:
        with Notebook(python, model, load_prompt("notebook").system, dtype, calm) as notebook:
            yield f"The notebook's side: {notebook.versions}"
            info = ours["verbatim"].info
            yield f"Galley's side: {info.engine} {info.version}, {info.threads} threads, {info.slots} slots\n"
            for at in range(0, len(texts), each):
                some = texts[at : at + each]
                found = {"notebook": notebook.clean(some)}
                rounds.append(found | {mode: galley.clean(some) for mode, galley in ours.items()})
    finally:
        for galley in ours.values():
            galley.close()
    yield from report(rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pdf", type=Path, nargs="?", default=SAMPLE, help="the sample without")
    parser.add_argument("--python", default=sys.executable, help="interpreter with torch and transformers")
    parser.add_argument("--chunks", type=int, default=6, help="evenly spread over the document")
    parser.add_argument("--each", type=int, default=2, help="chunks that a way cleans before it is the next one's turn")
    parser.add_argument("--dtype", default="bfloat16", help="of the notebook's side; the notebook has bfloat16")
    parser.add_argument("--calm", action="store_true", help="the notebook's threads don't spin: for a busy machine")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve is not None:
        serve(given.serve, given.dtype)
        return
    for line in measure(given.pdf, given.python, given.chunks, given.each, given.dtype, given.calm):
        print(line, flush=True)


if __name__ == "__main__":
    main()

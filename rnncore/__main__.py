"""The command line: ``python -m rnncore train …``. Torch is imported only by the commands that train or measure.

Exit codes: 0 done; 2 the request is wrong (one line on standard error that names the field or the place); 3 stopped by
a signal after writing a checkpoint; 1 anything else.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

from rnncore import catalog, recipe
from rnncore.errors import DataError, RequestError, RnncoreError

DONE, FAILED, WRONG, STOPPED = 0, 1, 2, 3


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    # PyTorch's threads wait for each other a thousand times a step. As they come they wait spinning, which on cores
    # that others use too is twenty times as slow as sleeping (bench/README.md). Read when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except RequestError as error:
        return _complain(error, WRONG)
    except RnncoreError as error:
        return _complain(error, FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads: say nothing more at exit either
        return FAILED
    except OSError as error:
        return _complain(RnncoreError(str(error)), FAILED)
    except KeyboardInterrupt:
        return FAILED


def _complain(error: RnncoreError, code: int) -> int:
    """One line on standard error."""
    place = f" (line {error.line})" if isinstance(error, DataError) and error.line is not None else ""
    hint = f". {error.hint}" if error.hint else ""
    print(f"rnncore: error: {error}{place}{hint}".replace("\n", " "), file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG, f"{self.prog}: error: {message}\n")


def _parser() -> argparse.ArgumentParser:
    from rnncore.bench import add_bench
    from rnncore.infer.command import add_generate, add_serve

    parser = _Parser(prog="rnncore", description="Recurrent networks for sequences, from a file to a trained model.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    _add_train(commands)
    add_generate(commands)
    _add_predict(commands)
    _add_evaluate(commands)
    _add_plan(commands)
    _add_data(commands)
    _add_synthetic(commands)
    add_bench(commands)
    add_serve(commands)
    return parser


def _command(commands: Any, name: str, run: Any, words: str, **more: Any) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".", **more)
    parser.set_defaults(run=run)
    return parser


def _add_train(commands: Any) -> None:
    parser = _command(
        commands, "train", _train, "train a recipe on a file",
        formatter_class=argparse.RawDescriptionHelpFormatter, epilog=_recipe_help(),
    )  # fmt: skip
    parser.add_argument("recipe", metavar="RECIPE", help="a TOML or JSON file")
    parser.add_argument("--data", required=True, metavar="PATH", help="the text or records to learn")
    parser.add_argument("--valid", metavar="PATH", help="a file to validate on, in place of a share of the data")
    parser.add_argument("--test", metavar="PATH", help="a file to test on once, in place of a share of the data")
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint in DIR, if any")
    parser.add_argument("--weights", metavar="DIR", help="start from a model or a checkpoint in place of drawn weights")
    parser.add_argument("--events", metavar="FILE", help="also write the events to FILE, - is stdout")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")


def _recipe_help() -> str:
    """Every field of a recipe with its help, unit and choices."""
    lines, table = ["fields of a recipe, each with a default that fits the data:"], ""
    for field in recipe.fields():
        if field.table != table:
            table = field.table
            lines += ["", f"  [{table}]"]
        notes = ", ".join(filter(None, [field.unit, " · ".join(field.choices)]))
        lines.append(f"  {field.name:<20} {field.help}" + (f" ({notes})" if notes else ""))
    return "\n".join(lines)


def _train(arguments: argparse.Namespace) -> int:
    stop = _stopping(arguments.until_stdin_closes)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy steps samples here: too small to share between threads
    asked = _recipe(arguments.recipe)
    if not arguments.resume:
        _warn_of_overlaps(asked, arguments)
    from rnncore.train.loop import train

    last: dict[str, Any] = {"kind": "finished"}
    with _event_writer(arguments.events) as write:
        for last in train(
            asked, arguments.data, arguments.out, valid=arguments.valid, test=arguments.test, resume=arguments.resume,
            weights=arguments.weights, should_stop=stop.is_set,
        ):  # fmt: skip
            write(last)
    return STOPPED if last["kind"] == "stopped" else DONE


def _overlaps(asked: recipe.Recipe, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Records that stand in the data and in a file that is measured on."""
    from rnncore.data.overlaps import of_files

    return of_files(asked, arguments.data, arguments.valid, arguments.test)


def _warn_of_overlaps(asked: recipe.Recipe, arguments: argparse.Namespace) -> None:
    for problem in _overlaps(asked, arguments):
        lines = ", ".join(f"{line:,}" for line in problem["lines"])
        print(f"rnncore: warning: {problem['count']:,} records: {problem['message']} (lines {lines})", file=sys.stderr)


def _stopping(until_stdin_closes: bool) -> threading.Event:
    """An event that SIGTERM, SIGINT, and if wanted the end of standard input set. A second SIGINT ends at once."""
    stop = threading.Event()

    def on_signal(number: int, frame: Any) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def read_to_the_end() -> None:
        while os.read(0, 4096):
            pass
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    if until_stdin_closes:
        threading.Thread(target=read_to_the_end, daemon=True).start()
    return stop


@contextmanager
def _event_writer(target: str | None) -> Iterator[Any]:
    """A function that takes each event: to a file as JSON lines, or to standard output, there in words by default."""
    from rnncore import events

    def line(file: IO[str]) -> Any:
        return lambda event: print(events.dumps(event), file=file, flush=True)

    if target is None:
        yield lambda event: print(_in_words(event), flush=True)
    elif target == "-":
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        yield line(sys.stdout)
    else:
        with Path(target).open("a", encoding="utf-8", newline="\n") as file:
            yield line(file)


def _in_words(event: dict[str, Any]) -> str:
    """One line for people."""
    head = f"{event['step']:>8,}  {event['kind']:<12}"
    match event["kind"]:
        case "started":
            steps = "" if event["steps"] is None else f", {event['steps']:,} steps"
            words = f"{event['parameters']:,} parameters, {event['tokens']:,} tokens, {event['device']}{steps}"
        case "progress":
            words = f"loss {event['loss']:.4f}  epoch {event['epoch']:.2f}  {event['tokens_per_second']:,.0f} tokens/s"
            if event["remaining_seconds"] is not None:
                words += f"  {event['remaining_seconds']:,.0f} s left"
        case "evaluated" | "baseline":
            name = event.get("split") or event["name"]
            figures = (f"{value:.4g} {metric.replace('_', ' ')}" for metric, value in event["metrics"].items())
            words = f"{name}: loss {event['loss']:.4f}  {', '.join(figures)}"
        case "sampled":
            words = _sample_in_words(event)
        case "checkpointed":
            words = event["path"] + (", the best so far" if event["best"] else "")
        case "finished" | "stopped":
            words = f"after {event['seconds']:,.1f} s of training" + (
                f", best loss {event['best']['loss']:.4f} at step {event['best']['step']:,}" if event["best"] else ""
            )
        case "failed":
            words = event["error"]
        case _:
            words = ""
    return f"{head} {words}".rstrip()


def _sample_in_words(event: dict[str, Any]) -> str:
    match event:
        case {"source": source, "output": output, "reference": reference}:
            return f"{source[:60]!r}: {output[:60]!r}, right is {reference[:60]!r}"
        case {"label": label, "text": text}:
            return f"{label}, temperature {event['temperature']}: {text[:80]!r}"
        case {"prompt": prompt, "text": text}:
            return f"temperature {event['temperature']}: {prompt + text[:80]!r}"
        case {"name": name, "quantiles": quantiles}:
            middle = quantiles[min(quantiles, key=lambda quantile: abs(float(quantile) - 0.5))]
            return f"{name}: {' '.join(f'{value:.4g}' for value in middle[:8])}"
    return ""


def _add_predict(commands: Any) -> None:
    parser = _command(commands, "predict", _predict, "answer the records of a file; writes JSON lines")
    parser.add_argument("folder", metavar="DIR", help="a run's folder or a model's")
    parser.add_argument("--data", required=True, metavar="PATH", help="the records to answer")
    parser.add_argument("--out", required=True, metavar="FILE", help="one JSON object a record")


def _predict(arguments: argparse.Namespace) -> int:
    from rnncore.infer.predict import write

    count = write(arguments.folder, arguments.data, arguments.out)
    print(f"{count:,} outputs in {arguments.out}")
    return DONE


def _add_evaluate(commands: Any) -> None:
    parser = _command(commands, "evaluate", _evaluate, "measure a model on a file; prints one JSON object")
    parser.add_argument("folder", metavar="DIR", help="a run's folder or a model's")
    parser.add_argument("--data", required=True, metavar="PATH", help="the text or records to measure on")


def _evaluate(arguments: argparse.Namespace) -> int:
    from rnncore.train.evaluate import evaluate

    _print(evaluate(arguments.folder, arguments.data))
    return DONE


def _add_plan(commands: Any) -> None:
    parser = _command(commands, "plan", _plan, "what a training will take; prints one JSON object")
    parser.add_argument("recipe", metavar="RECIPE", help="a TOML or JSON file")
    parser.add_argument("--data", required=True, metavar="PATH", help="the text or records to learn")
    parser.add_argument("--valid", metavar="PATH", help="a file to validate on, in place of a share of the data")
    parser.add_argument("--test", metavar="PATH", help="a file to test on once, in place of a share of the data")
    parser.add_argument("--calibration", metavar="FILE", help="what `rnncore bench calibration --json` printed here")


def _plan(arguments: argparse.Namespace) -> int:
    from rnncore.plan import facts_of, plan

    asked = _recipe(arguments.recipe)
    calibration = _json(arguments.calibration) if arguments.calibration else None
    body = plan(*facts_of(asked, arguments.data), calibration).to_dict()
    if arguments.valid or arguments.test:
        body["problems"] = _overlaps(asked, arguments)
    _print(body)
    return DONE


def _add_data(commands: Any) -> None:
    parser = _command(commands, "data", _data, "what is in a file; prints one JSON object")
    parser.add_argument("path", metavar="PATH")
    parser.add_argument("--task", choices=list(catalog.TASKS), help="the kind of task that it is to serve")


def _data(arguments: argparse.Namespace) -> int:
    from rnncore.data.inspect import inspect

    found = inspect(arguments.path, task=arguments.task)
    found.pop("index", None)  # where to begin to read: of use to programs alone
    _print(found)
    return DONE


def _add_synthetic(commands: Any) -> None:
    parser = _command(commands, "synthetic", _synthetic, "write data whose best possible loss is known")
    from rnncore.data.synthetic import NAMES

    parser.add_argument("name", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--out", required=True, metavar="FILE")
    parser.add_argument("--count", type=int, metavar="N", help="how many records; of grammar, characters")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--length", metavar="N[-M]", help="steps of a sequence, where the data set has a choice")


def _synthetic(arguments: argparse.Namespace) -> int:
    from rnncore.data import synthetic

    synthetic.write(arguments.name, arguments.out, arguments.count, arguments.seed, arguments.length)
    print(synthetic.optimum(arguments.name, arguments.length)["words"])
    return DONE


def _recipe(path: str) -> recipe.Recipe:
    try:
        return recipe.Recipe.load(path)
    except OSError as error:
        raise RequestError(f"{path}: {error.strerror}") from None


def _json(path: str) -> Any:
    try:
        return json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise RequestError(f"{path}: {error}") from None


def _print(body: Any) -> None:
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    print(json.dumps(body, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())

"""Put faults into the modules that judge, time, take turns, keep the journal and prove; say which none of their tests sees.

``python tests/mutants/run.py [MODULE ...]``. Each mutant runs the tests named for its module in ``modules.toml``, in a
copy of the working tree and in a process forked from one that has loaded the libraries. A mutant that passes them
survives. Exit status 1 if one does (in a sample: a few) that ``survivors.toml`` doesn't list with its reason, if more than MOST of them
survive, or if one is listed that no longer does; 2 if the tests fail without a fault.

cosmic-ray makes the mutants. Its own ``exec`` would change the working tree and know one test command for all; mutmut
3 leaves out module constants, fields of dataclasses and properties, where thresholds and recipes stand.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import faults

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MOST = 0.05
"""Share of the mutants that may survive."""

A_SAMPLE = 12
"""Mutants of a module in a sample: enough to be worth the run without a fault that comes before them."""


A_SAMPLES_UNLISTED = 2
"""Survivors that are not listed and that a sample may have all the same; more fail it, and all are told."""


class FailsAlready(Exception):
    """Tests that fail without a fault show nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all mutants of the modules, or a sample of them."""
    options = _options(arguments)
    groups = _toml("modules.toml")
    usual = [module for group in groups["group"] for module in group["modules"]]
    known = [*groups["group"], *groups.get("later", [])]
    tests = {module: group["tests"] for group in known for module in group["modules"]}
    unknown = set(options.modules) - tests.keys()
    if unknown:
        print(f"{sorted(unknown)[0]}: not in tests/mutants/modules.toml; known are {', '.join(tests)}")
        return 2
    chosen = {module: tests[module] for module in options.modules or usual}
    listed = {faults.named(entry): entry["reason"] for entry in _toml("survivors.toml").get("survivor", [])}
    _load_libraries()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        hidden = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "results", "report")
        shutil.copytree(ROOT, tree, symlinks=True, ignore=hidden)
        if options.sample is not None:
            mutants = _sample(list(chosen), options.seed, options.sample)
        else:
            mutants = (mutant for module in chosen for mutant in faults.every(ROOT, module))
        try:
            results = _try_all(tree, mutants, chosen, listed)
        except FailsAlready as failed:
            print(failed)
            return 2
        return _judge(results, chosen, listed, options.sample is None, not options.modules)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "modules",
        nargs="*",
        metavar="MODULE",
        help="such as models/contract/training/recipe.py; default: all",
    )
    parser.add_argument("--sample", type=float, metavar="SECONDS", help="as many as fit, drawn at random")
    parser.add_argument("--seed", default=time.strftime("%Y-%m-%d"), help="of the sample; default: the date")
    return parser.parse_args(arguments)


def _toml(name: str) -> dict:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def _load_libraries() -> None:
    """What every test imports, once for all forks; nothing of ours, which is what changes."""
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    import _pytest.assertion.rewrite  # noqa: F401
    import msgspec  # noqa: F401
    import numpy  # noqa: F401, ICN001
    import pytest_benchmark.plugin  # noqa: F401
    import scipy.stats  # noqa: F401

    gc.freeze()


def _sample(modules: list[str], seed: str, seconds: float) -> Iterator[faults.Mutant]:
    """Until the time is over, modules in a drawn order and A_SAMPLE mutants of each, drawn too."""
    until = time.monotonic() + seconds
    draw = random.Random(seed)
    print(f"a sample, seed {seed}")
    for module in draw.sample(modules, len(modules)):
        places = faults.places((ROOT / module).read_text(encoding="utf-8"))
        drawn = (faults.put(ROOT, module, *place) for place in draw.sample(places, len(places)))
        for mutant in islice(filter(None, drawn), A_SAMPLE):
            if time.monotonic() > until:
                return
            yield mutant


def _try_all(
    tree: Path, mutants: Iterator[faults.Mutant], tests: dict, listed: dict
) -> list[tuple[faults.Mutant, bool]]:
    """Each mutant and whether its tests still pass; survivors are told as they are found."""
    results = []
    limits: dict[tuple[str, ...], float] = {}
    for mutant in mutants:
        files = tuple(tests[mutant.module])
        place = tree / mutant.module
        if files not in limits:
            limits[files] = _limit_seconds(tree, files)
        for compiled in place.parent.glob(f"__pycache__/{place.stem}.*"):
            compiled.unlink()
        place.write_text(mutant.code, encoding="utf-8")
        survives = _passes(tree, files, limits[files])
        shutil.copyfile(ROOT / mutant.module, place)
        results.append((mutant, survives))
        if survives and not listed.get(mutant.name):
            print(f'\n{mutant.told()}\nreason = ""', flush=True)
    return results


def _limit_seconds(tree: Path, files: Sequence[str]) -> float:
    """How long these tests may take: what they take without a fault, five times and a little."""
    started = time.monotonic()
    if not _passes(tree, files, 600.0, faultless=True):
        raise FailsAlready(f"fails without a fault: pytest {' '.join(files)}")
    return 5.0 + 5.0 * (time.monotonic() - started)


def _passes(tree: Path, tests: Sequence[str], limit_seconds: float, faultless: bool = False) -> bool:
    """Whether these tests pass in the tree, in a fork of this process, within that time."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        # one that loops without end must not outlive this process, should that be killed
        processor_seconds = int(limit_seconds) + 10
        resource.setrlimit(resource.RLIMIT_CPU, (processor_seconds, processor_seconds))
        _become_tests(tree, tests, faultless)
    until = time.monotonic() + limit_seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > until:
            status = 1
            break
        time.sleep(0.005)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # and what its tests have left running
    if not ended:
        os.waitpid(child, 0)
    return status == 0


def _become_tests(tree: Path, tests: Sequence[str], faultless: bool) -> None:
    """Run the tests in this process and end it; its status says whether they passed."""
    status = 70
    try:
        os.setpgid(0, 0)
        os.chdir(tree)
        # compiled files of the first, faultless run are kept; a mutant's would be taken for the next one's
        sys.dont_write_bytecode = not faultless
        os.environ |= {"PYTHONPATH": str(tree)} | ({} if faultless else {"PYTHONDONTWRITEBYTECODE": "1"})
        sys.path[:] = [str(tree), *(place for place in sys.path if Path(place).resolve() not in (HERE, ROOT))]
        if not faultless:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        import pytest

        import likeforlike

        if not Path(likeforlike.__file__).is_relative_to(tree):
            raise SystemExit(
                f"likeforlike was imported from {likeforlike.__file__}, not from the copy {tree}"
            )
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        unused = ("cacheprovider", "unraisableexception", "threadexception")
        plugins = [word for name in unused for word in ("-p", f"no:{name}")]
        options = ["-x", "-q", "--no-header", "--tb=short", "-W", "ignore", "-p", "pytest_benchmark.plugin"]
        status = int(pytest.main([*options, *plugins, *tests]))
    finally:
        sys.stdout.flush()
        os._exit(status)


def _judge(
    results: list[tuple[faults.Mutant, bool]], modules: dict, listed: dict, whole: bool, every: bool
) -> int:
    """Print the counts and what is wrong; the exit status."""
    tried = Counter(mutant.module for mutant, _ in results)
    survived = Counter(mutant.module for mutant, survives in results if survives)
    width = max(map(len, modules))
    print(f"\n{'module':{width}}  mutants  killed  survived")
    for module in (*filter(tried.get, modules),):
        print(
            f"{module:{width}}  {tried[module]:7}  {tried[module] - survived[module]:6}  {survived[module]:8}"
        )
    total, left = tried.total(), survived.total()
    print(f"{'all':{width}}  {total:7}  {total - left:6}  {left:8}  ({left / max(total, 1):.1%})")
    alive = {mutant.name for mutant, survives in results if survives}
    wrong = [
        f"{m}: survives unlisted in {w or 'the module'}: {b}"
        for m, w, _, b, _ in sorted(alive - _reasoned(listed))
    ]
    if whole:
        gone = {name for name in listed if name[0] in modules} - alive
        wrong += [
            f"{m}: listed, but doesn't survive in {w or 'the module'}: {b}" for m, w, _, b, _ in sorted(gone)
        ]
        if every and left > MOST * total:
            wrong.append(f"{left} of {total} survive; at most {MOST:.0%} may")
    print("\n".join(wrong))
    # a sample meets what is tried for the first time, and one such fault says little of the tests
    return 1 if len(wrong) > (0 if whole else max(A_SAMPLES_UNLISTED, MOST * total)) else 0


def _reasoned(listed: dict) -> set:
    return {name for name, reason in listed.items() if reason.strip()}


if __name__ == "__main__":
    sys.exit(main())

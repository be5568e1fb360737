"""What one ``pytest bench`` holds from its first hook to its last."""

from __future__ import annotations

import secrets
import shlex
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from likeforlike.bench.keep.cell_record import unmeasured
from likeforlike.bench.keep.extra_info import touching as touching_variables
from likeforlike.bench.keep.journal import Header, Journal, journal_path
from likeforlike.bench.keep.replay import without_a_test
from likeforlike.bench.keep.result_file import check_writable, write_result
from likeforlike.bench.keep.run_facts import judge_suspicion, judge_together, noise_facts
from likeforlike.bench.plan.asked.options import OptionError, Options
from likeforlike.bench.plan.cells import Cell
from likeforlike.bench.plan.grid import Grid
from likeforlike.bench.plan.ladder import ladder_facts
from likeforlike.bench.plan.run_plan import Context, Plan
from likeforlike.bench.plan.thread_counts import ThreadCounts
from likeforlike.bench.plan.trained_data import generated_notes, located_data, sources_text
from likeforlike.bench.run.campaign import Campaign
from likeforlike.bench.run.invocation import invocation_of
from likeforlike.bench.run.measured_ceiling import MeasuredCeiling
from likeforlike.bench.run.screen.last_screen import Ending, findings_of, last_screen
from likeforlike.bench.run.screen.progress import Progress
from likeforlike.bench.run.screen.terminal import live_width, shows_header, terminal_writer
from likeforlike.bench.sides.preparing import Prepared
from likeforlike.bench.worker.outcomes import MEASURED
from likeforlike.devices.machine.environment import Inherited
from likeforlike.devices.machine.fingerprint import identity
from likeforlike.devices.machine.state import busy, read_ticks
from likeforlike.devices.process.measured_ceilings import kept_file
from likeforlike.devices.vendors.device import Device
from likeforlike.models.contract.training.data import Located
from likeforlike.models.registry import Registry
from likeforlike.models.tasks.own.given import Brought

SCHEMA_VERSION = 1


@dataclass
class Bench:
    """One run of ``pytest bench``."""

    config: pytest.Config
    options: Options
    grid: Grid
    registry: Registry
    devices: tuple[Device, ...]
    processor: Device
    """The first CPU, on which the noise floor is measured whatever devices were asked for."""
    threads: int
    fingerprint: dict[str, Any]
    environment: tuple[Inherited, ...] = ()
    """Inherited variables that change speed or results and reach the workers."""
    left_out: tuple[Inherited, ...] = ()
    """Those that --clean-environment keeps from them."""
    setup: dict[str, Any] = field(default_factory=dict)
    code: dict[str, str] = field(default_factory=dict)
    """Digests of the source that measures and is measured: ours, and each plug-in's."""
    thread_counts: ThreadCounts | None = None
    """Of the groups in which an entrant can't work with ``threads``."""
    sides: Prepared = Prepared()  # noqa: RUF009 - frozen
    """In which each cell is measured; none where no side was asked for."""
    plan: Plan | None = None
    journal: Journal | None = None
    campaign: Campaign | None = None
    ceiling: MeasuredCeiling | None = None
    chosen: tuple[Cell, ...] = ()
    marks: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """By cell, what other code or another host than now has measured and was kept on resuming."""
    host: dict[str, str] = field(default_factory=dict)
    """Which host this is."""
    busy: tuple[str, ...] = ()
    """Devices that others used before this session, or an earlier one of the run, measured anything."""
    replayed: list[Any] = field(default_factory=list)
    """pytest-benchmark's own records, in the order of measuring."""
    written: Path | None = None
    """The file of all figures, once it stands; a passing one if none was asked for."""
    unwritten: str = ""
    """Why the result file asked for could not be written."""
    items: dict[str, pytest.Item] = field(default_factory=dict)
    """The tests, by the cell that each is to replay."""
    unfinished: tuple[Cell, ...] = ()
    """Once the run has ended: cells that it has not done, or not as often as asked."""
    scratch: tempfile.TemporaryDirectory[str] | None = None
    own_models: Brought | None = None
    """What of the user's own is trained."""
    own_lines: tuple[str, ...] = ()
    """What the first screen says of it."""

    def header(self) -> list[str]:
        """Lines for the terminal before anything runs."""
        options = self.options
        places = ", ".join(f"{device.id} ({device.name})" for device in self.devices)
        lines = [
            f"likeforlike: preset {options.preset_name}, {len(self.grid.cells)} cells, "
            f"{self.threads} threads, {options.timing} timing",
            f"devices: {places}",
        ]
        skipped = Counter(cell.skip_reason for cell in self.grid.cells if cell.skip_reason)
        lines += [f"side {side.name}: {side.summary}" for side in self.sides.sides]
        lines += self.sides.left_out(self.registry.declared)
        lines += [*self.own_lines, *self._setup_lines()]
        lines += [f"skipped: {count} cells: {reason}" for reason, count in skipped.items()]
        return lines + [f"plug-in left out: {fault.name}: {fault.error}" for fault in self.registry.faults]

    def _setup_lines(self) -> list[str]:
        """What of the environment and the set-up moves figures, a line each, and what to do about it."""
        context = Context(self.fingerprint, {}, 0.0, {}, self.environment)
        measured = [cell for cell in self.grid.cells if cell.skip_reason is None]
        touching = {name for cell in measured for name in touching_variables(cell, context)}
        lines = [f"WARNING: {item.sentence}" for item in self.environment if item.name in touching]
        if lines:
            lines.append("to measure without: --clean-environment")
        if self.left_out:
            names = ", ".join(item.name for item in self.left_out)
            lines.append(f"clean environment: workers start without {names}")
        lines += self.thread_counts.lines() if self.thread_counts else []
        if read_ticks() is None:
            lines.append("NOTE: /proc can't be read: what others take of the processor is not told")
        if self.setup.get("pinned_to"):
            lines.append(f"pinned: workers keep to {self.setup['pinned_to']}")
        if self.setup.get("blas_remark"):
            lines.append(f"WARNING: {self.setup['blas_remark']}")
        return lines

    def begin(self, cells: Sequence[Cell]) -> None:
        """Open journal and data, and be ready to measure. Raises OptionError and the like."""
        options = self.options
        self.chosen = tuple(cells)
        self.busy = tuple(told for device in self.devices if (told := busy(device)))
        if options.resume and options.result_file is None:
            raise OptionError("--resume: needs --benchmark-json=FILE, whose journal it takes up")
        if options.retry_failed and not options.resume:
            raise OptionError("--retry-failed: of use with --resume alone; add it, or leave this out")
        data = located_data(self.chosen, options)
        progress = Progress(terminal_writer(self.config), live_width(self.config))
        for note in generated_notes(data, options):
            progress.say(note)
        if not shows_header(self.config):
            for line in (*self.own_lines, *self._setup_lines()):
                progress.say(line)
        for told in self.busy:
            progress.say(f"NOTE: {told}; the result file says so")
        once = self.config.option.benchmark_disable and not self.config.option.benchmark_enable
        run_id, order_seed = self._begin_journal(len(cells), data, once, progress)
        places = {device.id: device for device in (self.processor, *self.devices)}
        if options.measured_ceiling and not once:
            kept_in = kept_file(self.fingerprint["id"])
            self.ceiling = MeasuredCeiling(kept_in, places, self.threads, progress.say)
            self.ceiling.begin(cells)
        self.plan = self._plan_of(places, data, run_id, order_seed, once)
        reached = self.ceiling.reached if self.ceiling else {}
        rates = {place: rate.flop_per_second for place, rate in reached.items()}
        self.campaign = Campaign(self.plan, self.journal, progress, rates)
        self.campaign.choose(cells)

    def _begin_journal(
        self, count: int, data: Mapping[str, Located], once: bool, progress: Progress
    ) -> tuple[str, int]:
        """Id and seed of the run, or of that whose journal is taken up. Raises JournalError and the like."""
        options = self.options
        run_id = f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        order_seed = secrets.randbelow(2**31) if options.order_seed is None else options.order_seed
        if options.result_file is None or once:
            return run_id, order_seed
        check_writable(options.result_file)
        self.journal = Journal(journal_path(options.result_file), options.resume)
        if self.journal.warning:
            progress.say(self.journal.warning)
        header = Header(run_id, order_seed, self._conditions(data), count, self.busy)
        self.journal.check(header)
        if options.retry_failed:
            ended = self.journal.records.items()
            kept = (MEASURED, "skipped")
            self.journal.forget([cell for cell, record in ended if record.outcome not in kept])
        self.marks = self.journal.marks(self.code, self.host, options.resume_anyway, options.resume_elsewhere)
        self.journal.begin(header)  # only now: a run that is refused is no session of it
        assert self.journal.header is not None
        self.busy = self.journal.busy
        return self.journal.header.run_id, self.journal.header.order_seed

    def _plan_of(
        self, places: dict[str, Device], data: dict[str, Located], run_id: str, order_seed: int, once: bool
    ) -> Plan:
        """What all cells of the run share."""
        options = self.options
        names = {device.id: device.name for device in places.values()}
        of_sides = {side.name: side.variables for side in self.sides.sides}
        sources = {name: found.source for name, found in data.items()}
        context = Context(
            self.fingerprint, names, options.target_accuracy, sources, self.environment, of_sides
        )
        return Plan(
            options,
            places,
            self.threads,
            data,
            run_id,
            order_seed,
            options.result_file.parent if options.result_file else Path("results"),
            context,
            once,
            self.thread_counts.of_group if self.thread_counts else {},
            self.code,
            {side.name: side for side in self.sides.sides},
            self.sides.answers_folder,
            self.host,
        )

    def _conditions(self, data: Mapping[str, Located]) -> dict[str, Any]:
        """What a resumed run must share with the one it takes up."""
        machine = {f"machine {name}": value for name, value in identity(self.fingerprint).items()}
        chosen = {"option -k": self.config.option.keyword, "option -m": self.config.option.markexpr}
        environment = {f"environment {item.name}": item.value for item in self.environment}
        own = self.own_models.models if self.own_models else ()
        starts = {f"starting weights of {model.target}": list(model.starts) for model in own}
        asked = {**chosen, **starts, **self.options.conditions()}
        return {**machine, **environment, **self.sides.conditions, "data": sources_text(data), **asked}

    def complete(self, document: dict[str, Any]) -> None:
        """Put the run's own record into a result document, whole, whatever it held before."""
        if self.plan is None or self.campaign is None:
            return
        records = self.campaign.records
        ended = [(cell, records[cell.id]) for cell in self.chosen if cell.id in records]
        lost = [unmeasured(cell, r.outcome, r.reason) for cell, r in ended if r.outcome != MEASURED]
        why = "the run was ended before it"
        told = {benchmark.extra_info["cell"] for benchmark in self.replayed}
        unreached = [unmeasured(c, "interrupted", why) for c in self.unfinished if c.id not in told]
        document["likeforlike"] = {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.plan.run_id,
            "preset": self.options.preset_name,
            "timing": self.options.timing,
            "order_seed": self.plan.order_seed,
            "command": shlex.join(invocation_of(self.config).words()),
            "options": {k.removeprefix("option "): v for k, v in self.options.conditions().items()},
            "code": self.code,
            **({"sides": [dict(side.facts) for side in self.sides.sides]} if self.sides.sides else {}),
            "noise": noise_facts(records),
            "ladder": ladder_facts(self.grid.ladder) if self.grid.ladder else None,
            "busy": list(self.busy),
            "environment": {item.name: item.value for item in self.environment},
            "environment_effects": {item.name: item.effect for item in self.environment},
            "clean_environment": self.options.clean_environment,
            "setup": self.setup,
            "measured_ceilings": self.ceiling.facts() if self.ceiling else [],
            "measured_bandwidths": self.ceiling.bandwidth_facts() if self.ceiling else [],
            "workloads": self._declarations(),
            "plugin_faults": [fault._asdict() for fault in self.registry.faults],
            "unmeasured": lost + unreached,
        }

    def _declarations(self) -> dict[str, Any]:
        """The workloads of the run's cells, as declared."""
        chosen = {cell.workload: cell.declaration for cell in self.chosen}
        return {name: workload.as_json() for name, workload in chosen.items()}

    def finish(self) -> None:
        """End the workers; judge, write and say where."""
        if self.campaign is None or self.plan is None:
            return
        self.campaign.end()
        self.unfinished = tuple(self.campaign.unreached)
        self._tell_unreplayed()
        infos = [benchmark.extra_info for benchmark in self.replayed]
        medians = [benchmark.stats.median for benchmark in self.replayed]
        judge_together(infos, medians, self.plan.context, self.registry.declared)
        self._judge_suspicion(infos, medians)
        if not self.plan.once and (self.options.result_file is not None or self.replayed):
            self._write(self.options.result_file or self._passing_file())
        if self.journal is not None:
            self.journal.close()

    def _tell_unreplayed(self) -> None:
        """A run that was ended before its tests could replay all: what is measured stands in the file."""
        assert self.campaign is not None
        told = {benchmark.extra_info["cell"] for benchmark in self.replayed}
        known = {**self.campaign.records, **self.campaign.ended_early()}
        options = self.replayed[-1].options if self.replayed else {}
        for cell in self.chosen:
            record = known.get(cell.id)
            if record is not None and record.outcome == MEASURED and record.seconds and cell.id not in told:
                item = self.items[cell.id]
                self.replayed.append(
                    without_a_test(item, cell.group, record.seconds, record.extra_info, options)
                )
        for benchmark in self.replayed:
            benchmark.extra_info |= self.marks.get(benchmark.extra_info["cell"], {})

    def _write(self, path: Path) -> None:
        """Write the result file; where that fails, among the passing files, and say so."""
        document, say = self._document(), self.campaign.progress.say if self.campaign else print
        try:
            write_result(path, document)
            self.written = path
            return
        except OSError as error:
            self.unwritten = f"cannot write {path}: {error.strerror}"
        try:
            folder = Path(tempfile.mkdtemp(prefix="likeforlike-"))
            write_result(folder / path.name, document)
            self.written = folder / path.name
            say(f"\nERROR: {self.unwritten}; all figures are in {self.written}: move that file")
        except OSError as error:
            also = f"nor into {tempfile.gettempdir()}: {error.strerror}"
            say(f"\nERROR: {self.unwritten}, {also}; make room and go on with --resume")

    def _judge_suspicion(self, infos: Sequence[dict[str, Any]], medians: Sequence[float]) -> None:
        """Nothing is suspicious before the machine was measured once more; not at the end of a broken run."""
        assert self.campaign is not None
        doubted = self._hold_against_measured(infos, medians)
        if doubted and self.ceiling is not None and not self.unfinished:
            told = "a figure lies above what this machine was measured to reach: measuring that once more"
            self.campaign.progress.say(f"\n{told}")
            self.ceiling.again(doubted)
            self._hold_against_measured(infos, medians)
        for info in infos:
            for reason in info["plausible"]["suspicious"]:
                self.campaign.progress.say(f"SUSPICIOUS: {info['cell']}: {reason}")

    def _hold_against_measured(
        self, infos: Sequence[dict[str, Any]], medians: Sequence[float]
    ) -> set[tuple[str, str]]:
        """Where any figure lies above what was measured."""
        reached = self.ceiling.reached if self.ceiling else {}
        bandwidths = self.ceiling.bandwidths if self.ceiling else {}
        return judge_suspicion(infos, medians, reached, bandwidths, self.fingerprint)

    def _passing_file(self) -> Path:
        """Where figures stand until they are told that nobody asked to keep."""
        self.scratch = tempfile.TemporaryDirectory(prefix="likeforlike-")
        return Path(self.scratch.name) / "this run"

    def tell(self) -> None:
        """Show the last screen: what was found, what failed, the file and the next command."""
        if self.written is None or self.campaign is None:
            return
        terminal = self.config.get_terminal_writer()
        records = self.campaign.records
        lost = {
            cell.id: f"{record.outcome}: {record.reason}"
            for cell in self.chosen
            if (record := records.get(cell.id)) and record.outcome not in (MEASURED, "skipped")
        }
        ending = Ending(
            findings_of(self.written, terminal.fullwidth, terminal.hasmarkup),
            lost,
            measured=len(self.replayed),
            chosen=len(self.chosen),
            early=bool(self.unfinished),
            result_file=self.written if self.unwritten else self.options.result_file,
            next_command=self._next_command(),
        )
        terminal_writer(self.config)("\n" + "\n".join(last_screen(ending, terminal.fullwidth)) + "\n")
        if self.scratch is not None:
            self.scratch.cleanup()

    def _next_command(self) -> str:
        """To keep the figures of a run, to go on with it, or to read its file."""
        if self.options.result_file is None:
            return shlex.join(invocation_of(self.config).words("--benchmark-json=results.json"))
        if self.unfinished:
            return shlex.join(invocation_of(self.config).words("--resume"))
        kept = self.written if self.unwritten else self.options.result_file
        return f"likeforlike report {shlex.quote(str(kept))} --output report"

    def _document(self) -> dict[str, Any]:
        """pytest-benchmark's document of all replayed cells, through its own hooks."""
        hook = self.config.hook
        machine = hook.pytest_benchmark_generate_machine_info(config=self.config)
        hook.pytest_benchmark_update_machine_info(config=self.config, machine_info=machine)
        commit = hook.pytest_benchmark_generate_commit_info(config=self.config)
        hook.pytest_benchmark_update_commit_info(config=self.config, commit_info=commit)
        document = hook.pytest_benchmark_generate_json(
            config=self.config,
            benchmarks=self.replayed,
            include_data=True,
            machine_info=machine,
            commit_info=commit,
        )
        hook.pytest_benchmark_update_json(config=self.config, benchmarks=self.replayed, output_json=document)
        return document

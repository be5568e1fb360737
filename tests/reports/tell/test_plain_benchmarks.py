"""Plain benchmarks in groups: who is compared with whom, and what is said; checked with NumPy and SciPy."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from report_hostile import read
from report_plain import bench, file_of, report_of, times, told
from scipy import stats

from likeforlike.reports.judge import comparisons
from likeforlike.reports.judge.comparisons import compare
from likeforlike.reports.read.files import read_named
from likeforlike.reports.sort.plain_groups import cell_of, plain_groups
from likeforlike.reports.sort.pooling import build_study
from likeforlike.reports.statistics.choice import p_value_beside_the_fastest
from likeforlike.reports.statistics.ratios import unpaired_ratio
from likeforlike.reports.statistics.verdicts import adjusted_p_values
from likeforlike.reports.tell.document import Figure, Table, Text
from likeforlike.reports.tell.report import build_report
from likeforlike.reports.tell.sections.plain_benchmarks.names import short_names
from likeforlike.reports.tell.sections.plain_benchmarks.sentences import _over_fastest

CASES = Path(__file__).parents[1] / "data" / "cases"
SPELLED = Path(__file__).parents[1] / "read" / "data"
GROUP = json.loads((CASES / "group.json").read_text(encoding="utf-8"))


def blocks(report, kind):
    (section,) = [made for made in report.sections if made.anchor == "benchmarks"]
    return [block for block in section.blocks if isinstance(block, kind)]


def table(report):
    """The rows of the only table, by column."""
    (found,) = blocks(report, Table)
    assert not found.folded
    return [dict(zip(found.columns, [e.text for e in r.entries], strict=True)) for r in found.rows]


class TestCase:
    """``group``: three frameworks train, two infer."""

    @pytest.fixture(scope="class")
    @classmethod
    def report(cls):
        return build_report([read_named(str(CASES / "group.json"))])

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls):
        return {b["name"]: np.array(b["stats"]["data"]) for b in GROUP["benchmarks"]}

    @pytest.mark.parametrize(
        ("base", "other"),
        [
            ("test_train[torch]", "test_train[tf]"),
            ("test_train[torch]", "test_train[jax]"),
            ("test_infer[torch]", "test_infer[jax]"),
        ],
    )
    def test_ratio_and_interval(self, data, base, other):
        study = build_study([read_named(str(CASES / "group.json"))])
        found = compare(study, study.machines).groups
        names = {(cell_of(c.base).name, cell_of(c.other).name): c.verdict for c in found}
        assert len(found) == 3
        estimate = names[base, other].estimate
        assert estimate.ratio == pytest.approx(np.median(data[other]) / np.median(data[base]), rel=1e-3)
        boot = stats.bootstrap(
            (data[base], data[other]),
            lambda x, y, axis: np.median(y, axis) / np.median(x, axis),
            method="percentile",
            random_state=1,
        ).confidence_interval
        rounds = unpaired_ratio(data[base], data[other])
        assert (rounds.low, rounds.high) == pytest.approx((boot.low, boot.high), rel=0.01)
        # one process: by what launches differ by, 2 % with eight degrees of freedom, it is wider at least
        least = 0.02 * stats.norm.ppf(0.975)
        assert math.log(estimate.low) < math.log(rounds.ratio) - least
        assert math.log(estimate.high) > math.log(rounds.ratio) + least
        assert estimate.low < estimate.ratio < estimate.high
        assert stats.mannwhitneyu(data[base], data[other]).pvalue < 1e-9
        assert names[base, other].word == "slower"

    def test_the_result_first(self, report, data):
        train, infer = told(report)
        assert train.startswith("In group 'train' (one file): torch is fastest, 10.1 ms; tf takes ×1.99 (")
        assert ", jax ×3.02 (" in train
        assert infer.startswith("In group 'infer' (one file): torch is fastest, 270 ns; jax takes ×3.35 (")
        assert f"{np.median(data['test_train[torch]']) * 1e3:.1f}" == "10.1"
        assert f"{np.median(data['test_infer[torch]']) * 1e9:.0f}" == "270"

    def test_the_table(self, report, data):
        rows = table(report)
        assert [row["group"] for row in rows] == ["train"] * 3 + ["infer"] * 2
        assert [row["benchmark"] for row in rows[:3]] == [f"test_train[{n}]" for n in ("torch", "tf", "jax")]
        first = data["test_train[torch]"]
        low, high = stats.binomtest(15, 30).proportion_ci().low, None
        assert 0 < low < 0.5
        # the exact interval of a median of 30: the 10th and the 21st, by the binomial distribution
        assert stats.binom.cdf(9, 30, 0.5) * 2 < 0.05 < stats.binom.cdf(10, 30, 0.5) * 2
        low, high = np.sort(first)[[9, 20]] * 1e3
        assert rows[0]["median (95 %)"] == f"10.1 ms ({low:.2f} to {high:.1f})"
        assert rows[0]["min"] == f"{first.min() * 1e3:.2f} ms"
        assert rows[0]["rounds"] == "30"
        assert rows[0]["ratio to base"] == "base"
        assert [row["verdict"] for row in rows[1:3]] == ["slower", "slower"]

    def test_a_plot_of_each_group(self, report):
        train, infer = blocks(report, Figure)
        assert [bar.name for bar in train.data.bars] == ["torch", "tf", "jax"]
        assert train.data.bars[0].value == 1.0
        assert train.name != infer.name

    def test_the_commit_is_told(self, report):
        (section,) = [made for made in report.sections if made.anchor == "benchmarks"]
        assert section.blocks[0].text.startswith(
            "group.json: written by pytest-benchmark 5.1.0, commit aaaaaaa"
        )


class TestVerdicts:
    def test_five_rounds_by_ranks(self):
        """Ten pairs could be the extremes of five: each of the four p-values counts 2.5 times."""
        data = {
            name: times(seconds, 5, 0.01, i)
            for i, (name, seconds) in enumerate({"a": 1.0, "b": 1.3, "c": 1.004, "d": 1.31, "e": 1.6}.items())
        }
        report = report_of(file_of(*[bench(f"test_{name}", d, "g") for name, d in data.items()]))
        rows = {row["benchmark"]: row["verdict"] for row in table(report)}
        base = min(data, key=lambda name: np.median(data[name]))
        others = [name for name in data if name != base]
        exact = [stats.mannwhitneyu(data[base], data[n], method="exact").pvalue for n in others]
        welch = [stats.ttest_ind(np.log(data[base]), np.log(data[n]), equal_var=False).pvalue for n in others]
        apart = [max(data[base]) < min(data[n]) for n in others]
        p = [min(e, w) if far else e for e, w, far in zip(exact, welch, apart, strict=True)]
        adjusted = stats.false_discovery_control(np.minimum(np.array(p) * 5 / 2, 1.0))
        for name, value, far in zip(others, adjusted, apart, strict=True):
            assert (rows[f"test_{name}"] == "slower") == bool(value < 0.05 and far), name
        assert rows[f"test_{base}"] == "least median"

    @staticmethod
    def share_of_false_findings(files=150, entrants=24, rounds=30):
        """Files of benchmarks that are all alike: how many hold any verdict."""
        wrong = 0
        for seed in range(files):
            rng = np.random.default_rng(seed)
            data = np.exp(rng.normal(0.0, 0.3, (entrants, rounds)))
            file = read(file_of(*[bench(f"test_{i}", list(d), "g") for i, d in enumerate(data)]), "x.json")
            study = build_study([file])
            wrong += any(c.verdict.different for c in compare(study, study.machines).groups)
        return wrong / files

    def test_a_base_chosen_as_the_fastest_finds_nothing_among_alike(self, monkeypatch):
        assert self.share_of_false_findings() <= 0.05
        monkeypatch.setattr(comparisons, "allowing_for_choice", lambda estimate, entrants: estimate)
        assert self.share_of_false_findings() > 0.03

    def test_the_choice_of_the_base_counts_in_p_values(self):
        names, data = "abcd", [times(1 + 0.1 * i, 12, 0.05, i) for i in range(4)]
        documents = file_of(*[bench(f"test_{n}", d, "g") for n, d in zip(names, data, strict=True)])
        study = build_study([read(documents, "x.json")])
        free = {c.other.key: c.verdict.estimate.p_value for c in compare(study, study.machines).groups}
        fixed = build_study([read(documents, "x.json")], baseline="test_a")
        bound = {c.other.key: c.verdict.estimate.p_value for c in compare(fixed, fixed.machines).groups}
        assert free.keys() == bound.keys()
        for key, p_value in free.items():
            assert p_value == pytest.approx(p_value_beside_the_fastest(bound[key], 4))
            assert bound[key] < p_value <= 2 * bound[key] * (1 + 1e-9)
        assert len(adjusted_p_values(list(free.values()))) == 3

    def test_unlike_options_are_told_and_no_verdict_given(self):
        report = report_of(
            file_of(
                bench("test_a", times(1e-3), "g"),
                bench("test_b", times(2e-3), "g", timer="process_time"),
                bench("test_c", times(3e-3), "g", disable_gc=True),
                bench("test_d", times(4e-3), "g"),
            )
        )
        (finding,) = told(report)
        assert "test_a is fastest of those with a verdict, 1 ms; test_d takes ×4" in finding
        unlike = "measured with unlike options"
        assert f"no verdict on test_b: {unlike}: timer perf_counter and process_time; " in finding
        assert f"no verdict on test_c: {unlike}: garbage collection on and off." in finding
        assert [row["verdict"] for row in table(report)] == ["least median", *["no verdict"] * 2, "slower"]
        (figure,) = blocks(report, Figure)
        assert [bar.name for bar in figure.data.bars] == ["test_a", "test_d"]

    def test_what_is_unclear_or_the_same_is_no_fastest(self):
        same = report_of(
            file_of(*[bench(f"test_{n}", times(1e-3, 200, 0.001, i), "g") for i, n in enumerate("ab")])
        )
        assert "is unclear" in told(same)[0]  # in one launch nobody knows that they are the same
        unclear = report_of(
            file_of(*[bench(f"test_{n}", times(1e-3, 12, 0.2, i), "g") for i, n in enumerate("ab")])
        )
        assert "has the least median" in told(unclear)[0]
        assert "is unclear" in told(unclear)[0]
        assert "is fastest" not in told(unclear)[0]


class TestNames:
    @pytest.mark.parametrize(
        ("names", "short"),
        [
            (("test_f[torch-4000]", "test_f[jax-4000]"), ["torch", "jax"]),
            (("test_f[torch-4000]", "test_f[jax]"), ["torch-4000", "jax"]),
            (("test_f[1]", "test_f[2]"), ["test_f[1]", "test_f[2]"]),
            (("test_f", "test_g"), ["test_f", "test_g"]),
            (("test_f[a]", "test_g[a]"), ["test_f[a]", "test_g[a]"]),
        ],
    )
    def test_what_tells_them_apart(self, names, short):
        document = file_of(*[bench(name, times(i + 1), "g") for i, name in enumerate(names)])
        study = build_study([read(document, "x.json")])
        (group,) = plain_groups(study, study.machines)
        assert short_names(group) == short

    def test_parameters_are_columns(self):
        many = [
            bench(f"test_f[{n}-float32-{lib}]", times(n * s), "g", {"n": n, "dtype": "float32", "lib": lib})
            for n in (1, 2)
            for lib, s in (("a", 1), ("b", 3))
        ]
        report = report_of(file_of(*many))
        assert [(row["benchmark"], row["n"], row["lib"]) for row in table(report)] == [
            ("test_f", "1", "a"),
            ("test_f", "2", "a"),
            ("test_f", "1", "b"),
            ("test_f", "2", "b"),
        ]
        assert "Parameters with one value: dtype=float32." in blocks(report, Table)[0].note


class TestWhatIsNotCompared:
    def test_one_alone_says_what_it_takes(self):
        (finding,) = told(report_of(file_of(bench("test_f", times(1e-3)))))
        assert finding.startswith("test_f takes 1")
        assert "No other is in its group" in finding

    def test_many_alone(self):
        report = report_of(file_of(*[bench(f"test_{i}", times(1e-3 * (i + 1)), f"g{i}") for i in range(5)]))
        (finding,) = told(report)
        assert finding.startswith("5 benchmarks, 1 ms to 5")
        assert "--group-by" in finding

    def test_many_in_no_group_are_not_ranked(self):
        report = report_of(file_of(*[bench(f"test_{i}", times(1e-3 * (i + 1))) for i in range(9)]))
        (finding,) = told(report)
        assert "in no group, so that nothing says which" in finding
        assert "fastest" not in finding
        assert table(report)[-1]["ratio to base"].startswith("×9")

    def test_never_nothing_to_conclude(self):
        for name in ("gbench", "hyperfine", "fw-a", "nodata-now", "five-now", "nan-extra", "version-3"):
            report = build_report([read_named(str(CASES / f"{name}.json"))])
            assert "nothing to conclude" not in " ".join(told(report)), name

    def test_the_last_groups_are_counted(self):
        benches = [
            bench(f"test_f{i}[{lib}]", times(s), f"g{i}") for i in range(9) for lib, s in (("a", 1), ("b", 2))
        ]
        findings = told(report_of(file_of(*benches)))
        assert len(findings) == 7
        assert findings[-1] == "The table of benchmarks compares 3 more groups."


class TestOtherTools:
    @pytest.mark.parametrize(
        ("name", "tool"),
        [
            ("google-benchmark-1.9.5", "google/benchmark"),
            ("hyperfine-1.15", "hyperfine"),
            ("nvbench", "nvbench"),
            ("pyperf-2.11", "pyperf"),
        ],
    )
    def test_the_report_says_whose_they_are(self, name, tool):
        report = build_report([read_named(str(SPELLED / f"{name}.json"))])
        (section,) = [made for made in report.sections if made.anchor == "benchmarks"]
        assert section.title == f"Benchmarks of {tool}"
        (text,) = [
            b.text for s in report.sections for b in s.blocks if "no fingerprint" in getattr(b, "text", "")
        ]
        assert text.startswith(f"Files of {tool} hold no fingerprint")

    def test_calls_that_the_tool_chose_withhold_nothing(self):
        report = build_report([read_named(str(SPELLED / "google-benchmark-1.9.5.json"))])
        assert "no verdict" not in told(report)[0]
        assert "BM_square/256 has the least median" in told(report)[0]

    def test_figures_without_samples_are_marked(self):
        report = build_report([read_named(str(CASES / "nodata-now.json"))])
        (row,) = table(report)
        assert (row["rounds"], row["median (95 %)"]) == ("4,000 §", "14 ms")
        assert "--benchmark-save leaves samples out" in blocks(report, Table)[0].note
        other = build_report([read_named(str(SPELLED / "nvbench.json"))])
        assert "--benchmark-save" not in blocks(other, Table)[0].note


def test_zero_times_are_no_ratio():
    report = report_of(file_of(bench("test_a", [0.0] * 9, "g"), bench("test_b", times(1e-3), "g")))
    rows = table(report)
    assert [row["ratio to base"] for row in rows] == ["–", "base"]
    assert all(math.isfinite(bar.value) for figure in blocks(report, Figure) for bar in figure.data.bars)


def test_machines_whose_groups_are_not_told_are_counted():
    files = [
        file_of(bench("one", times(1e-3)), bench("two", times(2e-3, seed=1)), brand=f"CPU {n}", node=f"n{n}")
        for n in range(6)
    ]
    report = report_of(*files)
    left = len(files) - len({row["file"] for row in table(report)})
    assert left == 2
    assert "Groups of 2 more machines are not compared, to keep this short." in told(report)
    assert any("Benchmarks of 2 more machines in tables/cells.csv." in str(b) for b in blocks(report, Text))


def test_what_is_withheld_makes_no_other_discovery_likelier():
    """An interval that excludes 1 is by chance among three, and so it is beside nine of another timer."""
    spread = {"spread": 0.02, "rounds": 30}
    rng = np.random.default_rng(0)
    for seed in rng.integers(0, 10_000, 400):
        near = times(1.025e-3, seed=int(seed), **spread)
        base = times(1e-3, seed=int(seed) + 1, **spread)
        plain = [bench("a", near), *(bench(f"b{n}", base) for n in range(2))]
        unlike = [bench(f"c{n}", times(9e-3, seed=n), timer="process_time") for n in range(9)]
        first = [bench("a", base), *(bench(f"b{n}", base) for n in range(2))]
        far = [bench(f"c{n}", times(1e-3, seed=n)) for n in range(9)]
        without = _words(file_of(*first), file_of(*plain, day="2026-01-02"))
        beside = _words(file_of(*first, *far), file_of(*plain, *unlike, day="2026-01-02"))
        assert {name: beside[name] for name in without} == without
        if without["a"] == "unclear" and not _holds_one(base, near):
            return
    raise AssertionError("no draw whose p-value lies between")


def _words(*documents):
    study = build_study([read(document, f"{n}.json") for n, document in enumerate(documents)])
    return {cell_of(item.other).name: item.word for item in compare(study, study.machines).files}


def _holds_one(base, other):
    estimate = unpaired_ratio(base, other)
    return estimate.low <= 1.0 <= estimate.high


class TestOverProcesses:
    """Six processes at 10 ms and five at 100 have a median of 10; over processes 11 ms each is faster."""

    @staticmethod
    def said(*words):
        def row(name, word="", ratio="", seconds=0.011):
            return SimpleNamespace(
                name=name, word=word, ratio=ratio, item=SimpleNamespace(median_seconds=seconds)
            )

        others = [row(name, word, ratio) for name, word, ratio in words]
        return "; ".join(_over_fastest(row("split", seconds=0.01), others))

    def test_who_is_beaten_is_not_called_fastest(self):
        assert self.said(("steady", "faster", "×0.39"), ("slow", "slower", "×9")) == (
            "split has the least median of all rounds, 10 ms, but not process by process; "
            "steady takes ×0.39, slow ×9"
        )
        assert self.said(("slow", "slower", "×9")) == "split is fastest, 10 ms; slow takes ×9"

    def test_nobody_is_faster_than_those_without_a_verdict(self):
        unknown = ("x", "no verdict", "")
        assert self.said(("slow", "slower", "×9"), unknown) == (
            "split is fastest of those with a verdict, 10 ms; slow takes ×9"
        )
        assert self.said(("a", "same", ""), unknown) == (
            "split and a are fastest of those with a verdict and take the same time, 10 ms"
        )
        assert self.said(unknown) == "split takes 10 ms"

    def test_nor_with_those_that_take_as_long_or_are_unclear(self):
        lead = "split has the least median of all rounds, 10 ms, but not process by process; "
        beside = ("steady", "faster", "×0.39")
        assert self.said(beside, ("a", "same", "")) == f"{lead}a takes the same time; steady takes ×0.39"
        assert self.said(beside, ("a", "unclear", ""), ("b", "unclear", "")) == (
            f"{lead}unclear: a and b; steady takes ×0.39"
        )

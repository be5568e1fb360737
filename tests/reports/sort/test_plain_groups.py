"""Plain benchmarks in groups as pytest-benchmark has them, and what each group is compared with."""

from __future__ import annotations

import pytest
import report_samples as samples
from pytest_benchmark.plugin import pytest_benchmark_group_stats
from report_hostile import read
from report_plain import bench, file_of, report_of, times, told

from likeforlike.reports.command import main
from likeforlike.reports.sort.group_by import parse_group_by
from likeforlike.reports.sort.plain_groups import cell_of, plain_groups
from likeforlike.reports.sort.pooling import build_study


class TestBase:
    DATA = (("test_old", 2e-3), ("test_new", 1e-3), ("test_baseline", 1.5e-3))

    def file(self, names=DATA):
        return file_of(*[bench(name, times(s, seed=i), "g") for i, (name, s) in enumerate(names)])

    def test_one_that_says_so(self):
        (finding,) = told(report_of(self.file()))
        assert finding.startswith("In group 'g' (one file): test_baseline, the baseline, takes 1.5")
        assert "faster: test_new ×0.6" in finding
        assert "slower: test_old ×1.3" in finding

    def test_one_that_is_called_for(self):
        (finding,) = told(report_of(self.file(), baseline="OLD"))
        assert "test_old, the baseline" in finding
        assert "faster: test_new ×0.5" in finding

    def test_a_whole_name_is_called_for_though_others_hold_it(self):
        names = [("test_sort", 2e-3), ("test_sort_fast", 1e-3), ("test_sort_slow", 3e-3)]
        (finding,) = told(report_of(self.file(names), baseline="Test_Sort"))
        assert finding.startswith("In group 'g' (one file): test_sort, the baseline, takes 2")

    def test_so_is_a_whole_function_and_a_whole_parameter(self):
        rows = (("test_f[x]", 2.0, "x"), ("test_f_np[xy]", 1.0, "xy"), ("test_f[xz]", 3.0, "xz"))
        file = file_of(*[bench(name, times(s), "g", {"n": n}) for name, s, n in rows])
        for word in ("test_f", "x"):
            assert "test_f[x], the baseline, takes 2" in told(report_of(file, baseline=word))[0]

    def test_a_word_in_every_name_calls_for_none(self):
        names = [("test_baseline[a]", 1e-3), ("test_baseline[b]", 2e-3)]
        assert "a is fastest" in told(report_of(self.file(names)))[0]

    def test_a_word_in_no_name_is_an_error(self):
        with pytest.raises(ValueError, match="'nobody' fits no machine, file or plain benchmark"):
            report_of(self.file(), baseline="nobody")

    def test_by_a_parameter(self):
        params = [bench(f"test_f[{n}]", times(s), "g", {"n": n}) for n, s in (("x", 1.0), ("y", 2.0))]
        assert "y, the baseline, takes 2" in told(report_of(file_of(*params), baseline="y"))[0]


class TestGroupBy:
    BENCHES = (
        ("test_f[1-a]", "g", {"n": 1, "lib": "a"}, "test_x.py"),
        ("test_f[1-b]", "g", {"n": 1, "lib": "b"}, "test_x.py"),
        ("test_f[2-a]", "h", {"n": 2, "lib": "a"}, "test_x.py"),
        ("test_g[1-a]", None, {"n": 1, "lib": "a"}, "test_y.py"),
        ("test_f[1-a]", None, {"n": 1, "lib": "a"}, "sub/test_x.py"),
    )

    @pytest.fixture
    def document(self):
        return file_of(
            *[
                bench(name, times(1e-3 * (i + 1), seed=i), group, params, path)
                for i, (name, group, params, path) in enumerate(self.BENCHES)
            ]
        )

    @pytest.mark.parametrize(
        "by",
        [
            "group",
            "name",
            "func",
            "fullname",
            "fullfunc",
            "param",
            "param:n",
            "param:lib",
            "func,param:n",
            "group,param:lib",
            "name,group",
        ],
    )
    def test_as_pytest_benchmark_has_it(self, document, by):
        expected = {
            label or "": sorted(b["fullname"] for b in members)
            for label, members in pytest_benchmark_group_stats(None, document["benchmarks"], by)
        }
        study = build_study([read(document, "x.json")], group_by=parse_group_by(by))
        found = {
            group.label: sorted(cell_of(item).fullname for item in group.items)
            for group in plain_groups(study, study.machines)
        }
        assert found == expected

    def test_one_without_the_parameter_is_in_no_group(self, document):
        document["benchmarks"].append(bench("test_h", times(1e-3)))
        study = build_study([read(document, "x.json")], group_by=parse_group_by("param:n"))
        assert [g.label for g in plain_groups(study, study.machines)] == ["n=1", "n=2", ""]

    def test_files_meet_in_a_group_only_when_asked(self):
        files = [
            file_of(bench("test_f", times(s, seed=i)), day=f"2026-01-0{i + 1}") for i, s in enumerate((1, 2))
        ]
        own = build_study([read(file, f"{n}.json") for file, n in zip(files, "ab", strict=True)])
        assert [len(g.items) for g in plain_groups(own, own.machines)] == [1, 1]
        finding = told(report_of(*files, by="name"))[-1]
        assert finding.startswith("In group 'test_f' (2 files): a.json is fastest, 1 s; b.json takes ×2")
        assert "compared with nothing" not in " ".join(told(report_of(*files)))

    def test_machines_never_meet(self):
        files = [
            file_of(bench("test_f", times(s)), bench("test_g", times(s)), brand=b)
            for s, b in ((1, "A"), (2, "B"))
        ]
        study = build_study(
            [read(file, f"{n}.json") for file, n in zip(files, "ab", strict=True)],
            group_by=parse_group_by("group"),
        )
        groups = plain_groups(study, study.machines)
        assert [len({item.machine.id for item in group.items}) for group in groups] == [1, 1]

    @pytest.mark.parametrize(
        ("by", "message"),
        [
            ("size", "'size' is not known; expected group, name"),
            ("func,", "'' is not known"),
            ("param:", "param: without a name"),
            ("param:m", "no benchmark has it; parameters in the files: n, lib"),
        ],
    )
    def test_errors_are_a_line(self, document, tmp_path, capsys, by, message):
        path = samples.write(tmp_path / "x.json", document)
        assert main([str(path), "--output", str(tmp_path / "out"), "--group-by", by]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
        assert not (tmp_path / "out").exists()

    def test_our_own_files_have_no_such_groups(self, tmp_path, capsys):
        path = samples.write(tmp_path / "own.json", samples.quick_run())
        assert main([str(path), "--output", str(tmp_path / "out"), "--group-by", "func"]) == 2
        assert "no file of pytest-benchmark or another tool" in capsys.readouterr().err

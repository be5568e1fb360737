"""``pytest bench``: hands on the hooks and the fixture of the run, one by one."""

from likeforlike.bench.run.pytest_plugin import (
    end_on_sigterm,
    pytest_addoption,
    pytest_benchmark_update_json,
    pytest_benchmark_update_machine_info,
    pytest_collection_finish,
    pytest_configure,
    pytest_generate_tests,
    pytest_report_header,
    pytest_report_teststatus,
    pytest_sessionfinish,
    pytest_sessionstart,
    pytest_unconfigure,
    replay,
)

__all__ = [
    "end_on_sigterm",
    "pytest_addoption",
    "pytest_benchmark_update_json",
    "pytest_benchmark_update_machine_info",
    "pytest_collection_finish",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_report_header",
    "pytest_report_teststatus",
    "pytest_sessionfinish",
    "pytest_sessionstart",
    "pytest_unconfigure",
    "replay",
]

"""What is left out of shared files, text by text."""

from __future__ import annotations

from likeforlike.reports.publish.privacy import LEFT_OUT, personal, without_personal


def document(*cells, node="", **header):
    """A file of cells' ``extra_info``, as decoded."""
    return {
        "machine_info": {"node": node, "likeforlike": {"id": "m", "cpu": {"model": "Xeon"}}},
        "benchmarks": [{"name": "test", "group": "g", "extra_info": cell} for cell in cells],
        "likeforlike": {"schema_version": 1, "run_id": "run"} | header,
    }


def lost(reason):
    return {"unmeasured": [{"cell": "c", "outcome": "failed", "reason": reason}]}


def reason_of(made):
    (told,) = made["likeforlike"]["unmeasured"]
    return told["reason"]


def test_other_hosts_of_a_resumed_run_are_told_without_their_names():
    """Their names, and serial numbers of GPUs, are cut wherever they stand."""
    moved = {"other_hosts": ["the host, joes-laptop", "the host, anns-laptop", "gpu:0, GPU-1234-5678"]}
    file = document(moved, {}, **lost("joes-laptop had no GPU-1234-5678"))
    made = without_personal(file)
    first, second = (cell["extra_info"] for cell in made["benchmarks"])
    assert first == {"other_hosts": [f"the host, {LEFT_OUT}", f"gpu:0, {LEFT_OUT}"]}
    assert second == {}
    assert reason_of(made) == f"{LEFT_OUT} had no {LEFT_OUT}"
    assert personal(file) == ["extra_info.other_hosts tell other hosts' names, or serial numbers"]
    assert personal(made) == []


def test_a_host_whose_name_nobody_knew_is_no_name():
    made = without_personal(document({"other_hosts": ["the host, another one"]}, **lost("another one failed")))
    assert reason_of(made) == "another one failed"

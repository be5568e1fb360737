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
    file = document({"other_hosts": ["the host, another one"]}, **lost("another one failed"))
    made = without_personal(file)
    assert reason_of(made) == "another one failed"


def test_a_host_called_as_a_word_of_the_file_takes_no_word_from_it():
    """A host called gpu, owners of home folders called data and torch: the cell stays as it was."""
    cell = {
        "workload": "matmul",
        "implementation": "torch-compiled",
        "framework": "torch",
        "device": "gpu:0",
        "axes": {},
        "data": {"name": "fashion-mnist", "source": "/home/data/images"},
    }
    made = without_personal(document(cell, node="gpu", **lost("no /home/torch/kernels.so on gpu")))
    (kept,) = made["benchmarks"]
    assert kept["extra_info"] == cell | {"data": {"name": "fashion-mnist", "source": LEFT_OUT}}
    assert reason_of(made) == f"no {LEFT_OUT} on gpu"


def test_the_name_of_a_plug_in_is_no_word_of_ours():
    """Ann's module and its workload are called as she is."""
    cell = {"workload": "ann", "implementation": "ann", "origin": "ann", "device": "cpu:0"}
    header = {"code": {"ann": "1f"}, "workloads": {"ann": {"kind": "kernel"}}}
    made = without_personal(document(cell, **header, **lost("/home/ann/x by ann")))
    (kept,) = made["benchmarks"]
    assert kept["extra_info"] == cell | dict.fromkeys(("workload", "implementation", "origin"), LEFT_OUT)
    assert made["likeforlike"]["code"] == {LEFT_OUT: "1f"}
    assert made["likeforlike"]["workloads"] == {LEFT_OUT: {"kind": "kernel"}}
    assert reason_of(made) == f"{LEFT_OUT} by {LEFT_OUT}"


def test_a_name_within_another_leaves_nothing_of_it():
    """Whichever is looked for first."""
    made = without_personal(document(node="joe", **lost("/home/joe.smith/x by joe.smith on joe")))
    assert reason_of(made) == f"{LEFT_OUT} by {LEFT_OUT} on {LEFT_OUT}"


def test_a_version_behind_a_name_is_no_mail_address():
    for kept in ("kernel@2.5", "kernel@2.5.1-cpu:0", "kernel@2.5.dev3"):
        assert reason_of(without_personal(document(**lost(kept)))) == kept
    for cut in ("joe@example.org", "joe.smith@mail.example.co.uk", "joe@10.0.0.1"):
        made = without_personal(document(**lost(f"ask {cut}, please")))
        assert reason_of(made) == f"ask {LEFT_OUT}, please"

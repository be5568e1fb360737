"""Models that a user brought: what was matched is shown; what is unproven stands in tables and is never faster."""

from __future__ import annotations

import report_samples as samples
from report_hostile import read
from report_trainings import trainings

from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.markdown import to_markdown

FIRST = {
    "model": "my:keras_net",
    "family": "keras",
    "loss": "sparse-crossentropy",
    "starting_weights": "ab12",
}
OTHER = FIRST | {
    "model": "my:torch_net",
    "family": "torch",
    "matched": "by order and shape, layer by layer",
    "matches": ["conv2d/kernel = stem.weight [3, 2, 0, 1]", "conv2d/bias = stem.bias"],
    "remarks": ["keras_net and torch_net: epsilon is 0.001 in norm and 1e-05 in bn"],
}
WORKLOADS = {"net": {"name": "net", "kind": "task", "summary": "training of my:keras_net on my:data"}}


def document(unproven="", workload="net", target=0.88):
    names = {"graph-loop": 2.0, "torch-loop": 1.0}
    cells = trainings({name: [0.9, 0.901, 0.899] for name in names}, names)
    for cell in cells:
        info = cell["extra_info"]
        ours = info["implementation"] == "graph-loop"
        info |= {
            "workload": workload,
            "brought": FIRST if ours else OTHER,
            "group": info["group"].replace("training", workload),
        }
        info["cell"] = info["cell"].replace("training-", f"{workload}-")
        info["data"] = {
            "name": "my:data",
            "source": "my:data",
            "train_samples": 512,
            "validation_samples": 128,
        }
        info["time_to_accuracy"] = target and {"target": target, "seconds": None, "epoch": None}
        if not ours and unproven:
            info["unproven"] = unproven
    return samples.document(cells, workloads=WORKLOADS)


def text_of(**how):
    return to_markdown(build_report([read(document(**how), "a.json")]))


def test_models_and_matches_are_shown_and_nothing_of_other_networks():
    text = text_of()
    assert "The models of net" in text
    assert "| my:torch\\_net | torch |" in text or "my:torch_net" in text
    assert "stem.weight" in text
    assert "epsilon is 0.001 in norm and 1e-05 in bn" in text
    assert "Fashion-MNIST" not in text
    assert "784" not in text


def test_no_accuracy_is_held_to_that_nobody_asked_for():
    assert "time to accuracy" in text_of()
    assert "time to accuracy" not in text_of(target=None)
    assert "validation accuracy" in text_of(target=None)


def test_what_is_proven_may_be_faster_and_what_is_not_never_is():
    assert "torch-loop (1.0" in text_of() or "faster than graph-loop" in text_of()
    why = "its weights are not matched with those of keras_net"
    text = text_of(unproven=why)
    assert "faster than" not in text
    assert why in text
    assert "no verdict" in text
    assert "it is measured all the same" in text
    assert "unproven: nothing proves" not in text_of()

"""Facts in which machines differ."""

from __future__ import annotations

import report_samples as samples
from report_hostile import products
from report_studies import study_of

from likeforlike.reports.read.machines import differences


def test_a_machine_without_a_gpu_has_no_unknown_one():
    study = study_of(
        samples.document(products(), samples.fingerprint(gpus=[samples.A100])),
        samples.document(products(), samples.fingerprint("b" * 12), run_id="b"),
    )
    told = dict(differences(list(study.machines)))
    assert told["GPUs"] == ["1", "none"]
    assert told["GPU 0"] == ["NVIDIA A100-SXM4-80GB", "none"]

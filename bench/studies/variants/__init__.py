"""What was tried and did not help: trainers with one thing done another way, beside the originals.

``python -m likeforlike.bench.studies.variants`` measures each in turns with what it varies, under
``matched``, and prints the ratio of their epochs. As a plug-in (``--plugin bench.studies.variants``) it joins
them to any run.
"""

from likeforlike.bench.studies.variants.entries import IMPLEMENTATIONS

__all__ = ["IMPLEMENTATIONS"]

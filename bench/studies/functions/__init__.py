"""How often ``likeforlike.compare`` finds a difference, how often a false one, and what it costs.

``python -m likeforlike.bench.studies.functions``
"""

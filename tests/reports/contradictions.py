"""Claims of one report that can't both be true."""

from __future__ import annotations

from collections import defaultdict

from report_claim_reader import Reader
from report_claims import OPPOSITE


def contradictions(report):
    """Every pair of claims of a report that can't both be true, as a text each."""
    reader = Reader(report).read()
    return [
        *reader.faults,
        *_disagreeing(reader.claims),
        *_circles(reader.claims),
        *_accuracies(reader.accuracies),
    ]


def _disagreeing(claims):
    known = defaultdict(dict)
    for claim in (c if c.than == "*" else c.ordered for c in claims):
        known[claim.scope, claim.who, claim.than].setdefault(claim.word, claim.source)
    for (scope, who, than), words in known.items():
        if than == "*":
            yield from _beaten(scope, who, claims)
        if len(words) > 1:
            told = " <> ".join(f"{word}: {source}" for word, source in words.items())
            yield f"{who} against {than}, {scope}: {told}"


def _beaten(scope, who, claims):
    """Claims that somebody who is called the fastest of all is not faster than some."""
    for claim in claims:
        word = {claim.who: claim.word, claim.than: OPPOSITE[claim.word]}.get(who, "faster")
        if claim.scope == scope and claim.than != "*" and word != "faster":
            yield f"{who} is called the fastest, and is {word}: {claim.source}"


def _circles(claims):
    """Claims of one scope by which somebody is faster than himself."""
    scopes = defaultdict(lambda: defaultdict(set))
    for claim in claims:
        if claim.word in ("faster", "slower") and claim.than != "*":
            first, second = (claim.who, claim.than)[:: 1 if claim.word == "faster" else -1]
            scopes[claim.scope][first].add(second)
    for scope, edges in scopes.items():
        for start in list(edges):
            seen, left = set(), set(edges[start])
            while left:
                name = left.pop()
                if name not in seen:
                    seen.add(name)
                    left |= edges.get(name, set())
            if start in seen:
                yield f"{start} is faster than itself in {scope}"


def _accuracies(accuracies):
    known = defaultdict(list)
    for accuracy in accuracies:
        known[accuracy.scope, accuracy.who].append(accuracy)
    for (scope, who), told in known.items():
        for one in told:
            for other in told:
                if one.percent - other.percent > one.precision + other.precision + 1e-9:
                    yield f"accuracy of {who}, {scope}: {one.source} <> {other.source}"

"""Results in other tools' formats: pyperf's, github-action-benchmark's, Bencher's."""

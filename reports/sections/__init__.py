"""The sections of a report, each built from the study and its comparisons as blocks without mark-up."""

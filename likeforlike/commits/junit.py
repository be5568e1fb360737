"""What ``ab`` found as JUnit's XML, which every continuous integration shows: a test case a cell."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from likeforlike.commits.judging import Effect, Outcome
from likeforlike.reports.tell.formatting import percent, ratio_entry


def to_junit(outcome: Outcome) -> bytes:
    """A suite: surely slower fails, what could not be measured is an error, what is unclear is skipped."""
    suite = ET.Element("testsuite", name="likeforlike ab")
    for effect in outcome.effects:
        _case(suite, effect)
    for lost, tag in ((outcome.broken, "error"), (outcome.skipped, "skipped")):
        for one in lost:
            case = ET.SubElement(suite, "testcase", classname=one.workload or "likeforlike", name=one.cell)
            ET.SubElement(case, tag, message=one.reason)
    suite.set("tests", str(len(suite)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"*/{tag}"))))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ET.Element, effect: Effect) -> None:
    item = effect.comparison
    case = ET.SubElement(
        suite,
        "testcase",
        classname=item.other.key.workload,
        name=effect.cell,
        time=f"{item.other.median_seconds:.9g}",
    )
    ratio = ratio_entry(item).text
    if effect.fails:
        ET.SubElement(case, "failure", message=f"slower, {ratio}: more than {percent(effect.limit)}")
    elif effect.word in ("unclear", "no verdict"):
        ET.SubElement(case, "skipped", message=f"{effect.word}, {ratio}: {effect.why_unsure}")
    else:
        ET.SubElement(case, "system-out").text = f"{effect.word}, {ratio}"

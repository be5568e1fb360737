"""Reads the claims of a report from its findings, its tables and its prose."""

from __future__ import annotations

import re

from report_claims import EAGER, KERAS, OPPOSITE, Accuracy, Claim, number, ratio_of, word_of

from likeforlike.reports.tell.document import Figure, Points, Table, Text, Warn


def titles_of(report):
    """The names of all machines."""
    told = {row.machine for table in report.tables for row in table.rows if row.machine}
    return sorted(told | {row.entries[0].text for t in report.csv_only for row in t.rows}, key=len)[::-1]


class Reader:
    """Reads the claims of one report."""

    def __init__(self, report):
        self.report = report
        self.titles = titles_of(report)
        own = {row.machine for table in report.tables for row in table.rows if row.machine}
        self.only = next(iter(own)) if len(own) == 1 else ""
        self.claims = []
        self.accuracies = []
        self.faults = []
        self.caption = ""
        self.understood = set()

    def place(self, text):
        """Device and machine and file of ``on cpu:0 of X in F``."""
        found = re.search(r"\bon (a device not stated|[\w]+:\d+|[\w-]+)", text)
        device = found[1] if found else ""
        rest = text[found.end() :] if found else text
        title = next((t for t in self.titles if rest.startswith((f" of {t}", f" ({t})"))), self.only)
        inside = re.match(rf"(?: of {re.escape(title)})? in (\S+?\.json)", rest)
        return device, title, inside[1] if inside else ""

    def claim(self, scope, who, than, word, source):
        self.understood.add(source)
        if word in OPPOSITE and who != than:
            self.claims.append(Claim(tuple(map(str, scope)), who, than, word, source))

    def read(self):
        for finding in self.report.findings:
            self.finding(finding.text)
        for section in self.report.sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    self.caption = block.caption
                    self.table(section, block)
                elif isinstance(block, Text | Warn):
                    self.prose(block.text)
                elif isinstance(block, Points):
                    for item in block.items:
                        self.prose(item)
                elif isinstance(block, Figure):
                    self.bars(section, block)
        self.floors()
        return self

    # findings

    def finding(self, text):
        self.prose(text)
        for read in (self.equal_terms, self.division, self.published, self.barred, self.largest, self.device):
            read(text)
        self.sides(text)
        self.fastest(text)
        self.group(text)

    def equal_terms(self, text):
        found = re.match(
            r"On equal terms \((.+?)\) the hand-written eager loop (is (\w+) than|and) Keras", text
        )
        if found:
            scope = ("training", found[1], *self.place(text[text.index(" per ") :]))
            word = found[3] or "same"
            self.claim(scope, EAGER, KERAS, word, text)
            self.told_ratio(text, word)
            self.told_accuracies(scope, text, {"Keras": KERAS, "eager loop": EAGER})

    def division(self, text):
        found = re.match(r"Division \w+, (.+?) (on .+?): (\S+)(?: \(.*?\))? is faster than ([^\s;.]+)", text)
        if found:
            scope = ("training", found[1], *self.place(found[2]))
            self.claim(scope, found[3], found[4], "faster", text)
            self.told_accuracies(scope, text, {})

    def published(self, text):
        found = re.match(r"The hand-written trainer under its own recipe (is (\w+) than|and) Keras", text)
        if found:
            scope = ("published", *self.place(text[text.index(" per ") :]))
            self.claim(scope, EAGER, KERAS, found[2] or "same", text)
            self.told_ratio(text, found[2] or "same")

    def barred(self, text):
        found = re.match(r"(\S+) trains to .+?, (\S+) to .+?: not compared as faster \((.+?) (on .+)", text)
        if found and " own recipe" not in found[3]:
            scope = ("training", found[3], *self.place(found[4]))
            self.claim(scope, found[1], found[2], "barred", text)
            for name, told in re.findall(r"(\S+) (?:trains )?to ([\d.]+ %)", text):
                self.accuracy(scope, name, told, text)
        found = re.match(
            r"(\S+) trained to .+?: not compared as faster \((.+?) (on .+?)\), though (.+)", text
        )
        if found:
            base = re.search(r" of (\S+)'s time", found[4])[1]
            other = found[4].partition(" takes")[0]
            self.claim(("training", found[2], *self.place(found[3])), other, base, "barred", text)

    def largest(self, text):
        """``At the largest product on D (float32, size N) b takes ×2.0 (…) of a's time; c takes as long.``"""
        pattern = r"At the largest product.*? (on .+?) \((\w+), size ([\d,]+)(?:, division \w+)?\) (.+)\."
        found = re.match(pattern, text)
        if not found:
            return
        scope = ("matmul", *self.place(found[1]), found[2], found[3])
        apart = re.search(r"(.+ takes .+) of (\S+)'s time", found[4])
        for name, ratio in re.findall(r"([\w.+-]+) (?:takes )?(×[\d.,]+)", apart[1] if apart else ""):
            self.claim(scope, name, apart[2], "slower" if ratio_of(ratio) > 1 else "faster", text)
        alike = re.search(r"(?:^|; )([^;]+?) takes? as long(?: as (\S+))?$", found[4])
        for name in re.split(r", | and ", alike[1]) if alike else ():
            self.claim(scope, name, alike[2] or apart[2], "same", text)

    def device(self, text):
        found = re.match(
            r"(\w+:\d+)(?: \((.+?)\))? is up to ×\S+ as fast as cpu:0 at products \((.+?)\)", text
        )
        if found:
            cell, _, faster = found[3].partition("; ")
            name, dtype, size = cell.split(", ")
            size = f"{int(size.removeprefix('size ')):,}"
            machine = found[2] or self.only
            self.claim(("devices", name, machine, dtype, size), found[1], "cpu:0", "faster", text)
            if faster:  # than it, on the processor
                place = self.place("on cpu:0" + (f" ({found[2]})" if found[2] else ""))
                self.claim(("matmul", *place, dtype, size), faster.split()[0], name, "faster", text)

    def sides(self, text):
        """``B takes ×0.5 the time of A on cpu:0 at matmul (tf 500)``, of two machines or of two files."""
        found = re.match(r"(.+?) takes (×[\d.,]+|the same time)(?: \(.+?\))? (?:the time of|as) (.+)", text)
        if not found:
            return
        who, how, rest = found.groups()
        where = re.search(r" on (\S+) at \w+", rest)
        than = rest[: where.start()] if where else rest.partition(" (")[0]
        tail = rest[where.end() if where else len(than) :]
        kind = "machines" if {who, than} <= set(self.titles) else "files"
        if kind == "files" and not (who.endswith(".json") and than.endswith(".json")):
            return
        self.understood.add(text)
        listed = (
            tail.partition(": ")[2]
            or f"{tail.strip(' ().').partition(', the one of')[0].partition(')')[0]} {how}"
        )
        for told in re.split(r", | and ", listed.partition(" (")[0].rstrip(".")):
            name, _, ratio = told.partition(" ×")
            if re.fullmatch(r"\d+ more", name):
                continue
            value = number(ratio.split()[0]) if ratio else 1.0
            cell = name.removesuffix(" the same time")
            if where:
                first, *axes = cell.split()
                cell = " ".join((first, where[1], *axes))
            if how == "the same time" or abs(value - 1) > 0.1:  # of a list nearer ones may be called the same
                word = "same" if how == "the same time" else "faster" if value < 1 else "slower"
                self.claim((kind, cell), who, than, word, text)

    def fastest(self, text):
        """Of a workload's places: ``X is the fastest on cpu:0 at size 2 (gradient); the next, Y, takes ×r``."""
        workload, _, rest = text.partition(": ")
        machine = next((t for t in self.titles if workload.endswith(f" on {t}")), self.only)
        workload = workload.removesuffix(f" on {machine}").lower()
        pattern = (
            r"(\S+) is the fastest on (\S+?)(?: at size (.+?))?(?: \((.+?)\))?(?:, division \w+)?; the next, "
        )
        for name, device, size, axes, next_one in re.findall(rf"{pattern}(\S+), takes ×", rest):
            scope = (workload, "", machine, " ".join(filter(None, (size, axes))), device)
            self.understood.add(text)
            self.claims.append(Claim(scope, name, "*", "faster", text))
            self.claim(scope, next_one, name, "slower", text)

    def group(self, text):
        """Of plain benchmarks: ``In group 'train' (one file): torch is fastest, 10 ms; tf takes ×2 (1.9 to 2.1)``."""
        found = re.match(r"(?:In group '(.+?)'|Of \d+ benchmarks).*?: (\S+) is fastest, .+?; (.+)", text)
        tables = [table for table in self.report.tables if table.name == "benchmarks"]
        for table in tables if found else ():
            rows = [self.named(table, row) for row in table.rows]
            rows = [told for told in rows if told.get("group", "–") == (found[1] or "–")]
            base = next(told["benchmark"] for told in rows if told["ratio to base"] == "base")
            if found[2] not in base:
                self.faults.append(f"{found[2]} is called the fastest, {base} is: {text}")
            for told in rows:
                if told["ratio to base"].rstrip("°") in found[3]:
                    self.claim(("group", found[1] or "–"), base, told["benchmark"], "faster", text)

    # prose

    def prose(self, text):
        found = re.match(r"Per .+? the hand-written trainer takes (×.+?) of Keras's time: (.+)", text)
        if found:
            word = word_of(found[2])
            if word is not None:
                self.told_ratio(found[1], word)
                self.claim(("published", *self.place(self.caption)), EAGER, KERAS, word, text)

    def told_ratio(self, text, word):
        ratio = ratio_of(text)
        if ratio is not None and ((word == "faster" and ratio >= 1) or (word == "slower" and ratio <= 1)):
            self.faults.append(f"×{ratio} is no {word!r}: {text}")

    def told_accuracies(self, scope, text, names):
        told = re.search(r"validation accuracy (.+?) ([\d.]+ %).*? and (.+?) ([\d.]+ %)", text)
        for name, value in ((told[1], told[2]), (told[3], told[4])) if told else ():
            self.accuracy(scope, names.get(name, name), value, text)

    def accuracy(self, scope, who, text, source):
        found = re.match(r"([\d.]+) %", text)
        if found:
            digits = len(found[1].partition(".")[2])
            precision = 0.5 * 10**-digits
            self.accuracies.append(Accuracy(tuple(map(str, scope)), who, float(found[1]), precision, source))

    def bars(self, section, figure):
        """Learning curves tell the accuracies that trainings end at."""
        if section.title.startswith("Trainers on equal terms") and figure.name.startswith("learning"):
            recipe = section.title.partition(": ")[2]
            for name, told in re.findall(r"([\w-]+)(?: on \S+)? ends at ([\d.]+ %)", figure.alternative):
                if len(self.titles) == 1 and figure.alternative.count(f"{name} ends") == 1:
                    self.curve_end(recipe, name, told, figure.alternative)

    def curve_end(self, recipe, name, told, source):
        known = {(a.scope, a.who) for a in self.accuracies if a.scope[:2] == ("training", recipe)}
        for scope, who in known:
            if who == name:
                self.accuracy(scope, name, told, source)

    # tables

    def table(self, section, table):
        for column, heading in enumerate(table.columns):
            if "verdict" in heading:
                ratio = self.ratio_column(table, column)
                if ratio is not None:
                    self.column(section, table, ratio, column)

    @staticmethod
    def ratio_column(table, verdict):
        return next(
            (
                column
                for column in range(verdict - 1, -1, -1)
                if re.search(r"ratio|speed-up", table.columns[column])
            ),
            None,
        )

    def column(self, section, table, ratio, verdict):
        inverse = "speed-up" in table.columns[ratio]
        bases = {
            self.identity(table, row): self.name(table, row)
            for row in table.rows
            if row.entries[ratio].text.startswith("base")
        }
        for row in table.rows:
            word = word_of(row.entries[verdict].text)
            if word is None:
                continue
            source = f"table {table.name}: {' | '.join(entry.text for entry in row.entries)}"
            told = row.entries[ratio].value
            if told and word in ("faster", "slower") and ((told < 1) != (word == "faster")) != inverse:
                self.faults.append(f"ratio and verdict disagree: {source}")
            self.row(section, table, row, (ratio, verdict, word), bases, source)

    def row(self, section, table, row, columns, bases, source):
        ratio, verdict, word = columns
        name = self.name(table, row)
        if table.columns[0] == "cell" and "(base" in table.columns[1]:
            other = table.columns[verdict - 2]
            than = re.sub(r" \(base(line)?\)$", "", table.columns[1])
            kind, cell = ("machines", name.partition(" ")[2]) if table.name == "machines" else ("files", name)
            self.claim((kind, self.cell_name(cell)), other, than, word, source)
        elif "speed-up" in table.columns[ratio] and table.name.startswith("products"):
            axes = self.named(table, row)
            device = table.columns[ratio].removeprefix("speed-up ")
            scope = ("devices", name, row.machine, axes.get("dtype", ""), axes.get("size", ""))
            self.claim(scope, device, "cpu:0", word, source)
        elif self.identity(table, row) in bases and "speed-up" not in table.columns[ratio]:
            scope = self.scope(section, table, row)
            self.claim(scope, name, bases[self.identity(table, row)], word, source)
            if "validation accuracy" in table.columns:
                self.table_accuracies(scope, table, row, word, source)

    @staticmethod
    def cell_name(text):
        """``tf-eager cpu:0 1000 float32`` as sentences have it: name, device, then axes."""
        return " ".join(text.split())

    def table_accuracies(self, scope, table, row, word, source):
        told = row.entries[table.columns.index("validation accuracy")].text
        self.accuracy(scope, row.entries[0].text, told, source)
        if word == "faster" and re.search(r": (far )?lower$", told):
            self.faults.append(f"called faster though it trained worse: {source}")
        if word == "slower" and re.search(r": (far )?higher$", told):
            self.faults.append(f"base is faster though it trained worse: {source}")

    @staticmethod
    def named(table, row):
        return {name: entry.text for name, entry in zip(table.columns, row.entries, strict=True)}

    def name(self, table, row):
        """What a row is of: its first entry, but for the group that may stand before it."""
        return row.entries[1 if table.columns[0] == "group" else 0].text

    def identity(self, table, row):
        told = self.named(table, row)
        return tuple(
            told.get(name, "") for name in ("device", "machine", "size", "dtype", "division", "group")
        )

    def scope(self, section, table, row):
        told = self.named(table, row)
        if section.title.startswith("Trainers on equal terms"):
            recipe, _, file = section.title.partition(": ")[2].partition(", as in ")
            return "training", recipe, told.get("device", ""), row.machine, file
        if table.name == "benchmarks":
            return "group", told.get("group", "–")
        if table.name.startswith("matmul"):
            _, _, file = told["implementation"].partition(" of ")
            return "matmul", told["device"], row.machine, file, told.get("dtype", ""), told.get("size", "")
        return row.workload, "", row.machine, told.get("size", ""), told.get("device", "")

    # floors

    def floors(self):
        """A floor that anybody undercuts is struck, and then nobody says that it holds."""
        holds, struck = [], []
        for text in self.texts():
            if re.search(r"[Nn]o trainer (can be faster|was below it)", text):
                holds.append((self.place(text), text))
            if re.search(r"[Ff]loor .*(is none|struck)", text):
                struck.append((self.place(text), text))
        for table in self.report.tables:
            if "training over floor" in table.columns:
                column = table.columns.index("training over floor")
                for row in table.rows:
                    entry = row.entries[column]
                    if entry.value is not None and entry.value < 1.0:
                        place = (self.named(table, row).get("device", ""), row.machine, "")
                        struck.append((place, f"{row.entries[0].text} {entry.text} in {table.name}"))
                        if not entry.struck:
                            self.faults.append(f"undercut, not struck: {row.entries[0].text} {entry.text}")
        for place, text in holds:
            self.faults += [f"{text} <> {other}" for there, other in struck if there == place]

    def texts(self):
        for finding in self.report.findings:
            yield finding.text
        for section in self.report.sections:
            for block in section.blocks:
                if isinstance(block, Text | Warn):
                    yield block.text
                elif isinstance(block, Points):
                    yield from block.items

"""The HTML page: its text, and what a real browser makes of it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
import report_browser
import report_samples as samples
from report_hostile import EVIL, evil_document, golden_files, read
from report_plain import bench, file_of, times

from likeforlike.reports.tell.report import build_report
from likeforlike.reports.write.report_files import render_files


def page_of(files):
    return render_files(build_report(files))["report.html"].decode()


@pytest.fixture(scope="module")
def evil_files():
    """Every file of the report of hostile names, by name."""
    return render_files(build_report([read(evil_document(), EVIL[2])]))


@pytest.fixture(scope="module")
def page():
    return page_of(golden_files())


@pytest.fixture(scope="module")
def evil_page(evil_files):
    return evil_files["report.html"].decode()


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def of(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


class TestText:
    def test_every_plot_has_its_words_and_every_table_a_caption(self, page):
        elements = Elements(page)
        plots = [a for a in elements.of("div") if a.get("role") == "img"]
        drawn = [a for a in elements.of("svg") if a.get("class") != "narrow"]
        assert len(plots) == len(drawn) == 6
        assert len(elements.of("svg")) == 7  # the picture of the findings once more, for phones
        assert all(len(a["aria-label"]) > 40 for a in plots)
        assert len(elements.of("table")) == len(elements.of("caption"))
        assert all(a.get("scope") for a in elements.of("th"))

    def test_nothing_is_loaded_from_anywhere(self, page, evil_page):
        for text in (page, evil_page):
            elements = Elements(text)
            assert {a["href"] for a in elements.of("link")} == {"data:,"}
            assert not elements.of("img") + elements.of("iframe") + elements.of("object")
            assert len(elements.of("script")) == 1
            assert "src" not in elements.of("script")[0]
            links = [a["href"] for a in elements.of("a")]
            assert all(link.startswith("#") for link in links)
            assert "@import" not in text

    def test_one_id_once(self, page):
        ids = [a["id"] for _, a in Elements(page).found if a.get("id")]
        own = [name for name in ids if not re.fullmatch(r"[mph][0-9a-f]{8,}", name)]  # matplotlib's marks
        assert len(own) == len(set(own))

    def test_figures_in_doubt_are_struck_and_said(self, page):
        assert '<s>198 TFLOP/s</s><span class="hidden"> (not to be believed)</span>' in page

    def test_hostile_names_show_as_text(self, evil_page):
        assert "<script>alert" not in evil_page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in evil_page
        assert "{{ 7 * 7 }}{% raw %}" in evil_page
        assert not any("onerror" in attributes for _, attributes in Elements(evil_page).found)
        assert "\x1b" not in evil_page
        assert "\u202e" not in evil_page

    def test_hostile_names_write_no_file_elsewhere(self, evil_files):
        assert all(not name.startswith(("/", ".")) and ".." not in name for name in evil_files)
        assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-./") for name in evil_files)

    def test_spreadsheets_get_text_not_formulas(self, evil_files):
        cells = evil_files["tables/cells.csv"].decode()
        assert "'=HYPERLINK" in cells
        assert not any(line.startswith(("=", "+", "@")) for line in cells.splitlines())


@pytest.mark.skipif(bool(report_browser.missing()), reason=report_browser.missing() or "browser is there")
class TestBrowser:
    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory, page, evil_page):
        folder = tmp_path_factory.mktemp("page")
        (folder / "page.html").write_text(page, encoding="utf-8")
        (folder / "evil.html").write_text(evil_page, encoding="utf-8")
        return folder

    @pytest.fixture(scope="class")
    @classmethod
    def long_pages(cls, tmp_path_factory):
        folder, pages = tmp_path_factory.mktemp("long"), {}
        for name, files in {"one": plain_files(1), "two": plain_files(2), "wide": wide_files()}.items():
            pages[name] = folder / f"{name}.html"
            pages[name].write_text(page_of(files), encoding="utf-8")
        return pages

    @pytest.fixture(scope="class")
    @classmethod
    def chromium(cls, tmp_path_factory):
        with report_browser.browser(tmp_path_factory.mktemp("profile")) as opened:
            yield opened

    def column(self, chromium, table, number):
        script = (
            "return [...document.querySelectorAll('#t-' + arguments[0] + ' tbody tr')]"
            ".filter(r => !r.hidden).map(r => r.cells[arguments[1]].textContent)"
        )
        return chromium.run(script, table, number)

    def test_sorts_figures_as_figures(self, chromium, folder):
        chromium.open(folder / "page.html")
        click = "document.querySelectorAll('#t-jacobian thead button')[8].click()"
        chromium.run(click)
        assert self.column(chromium, "jacobian", 8) == ["512 µs", "512 µs", "3.32 ms", "3.33 ms"]
        chromium.run(click)
        assert self.column(chromium, "jacobian", 8) == ["3.33 ms", "3.32 ms", "512 µs", "512 µs"]
        sort = "return document.querySelectorAll('#t-jacobian thead th')[8].getAttribute('aria-sort')"
        assert chromium.run(sort) == "descending"

    @pytest.mark.parametrize(
        ("field", "value", "left"),
        [("workload", "eigen", 0), ("machine", "8 x Intel Xeon", 3), ("verdict", "slower", 2)],
    )
    def test_filters(self, chromium, folder, field, value, left):
        chromium.open(folder / "page.html")
        everything = len(self.column(chromium, "matmul-implementations", 0))
        script = """
            const field = document.querySelector(`[data-filter=${arguments[0]}]`);
            field.value = arguments[1];
            field.dispatchEvent(new Event("input", {bubbles: true}));
            return document.getElementById("shown").textContent"""
        assert "rows" in chromium.run(script, field, value)
        assert len(self.column(chromium, "matmul-implementations", 0)) == left
        assert everything == 10

    def test_no_error_and_no_request(self, chromium, folder):
        chromium.open(folder / "page.html")  # leaves what a fresh browser shows, and loads for it, behind
        chromium.log("browser")
        chromium.log("performance")
        for name in ("page.html", "evil.html"):
            chromium.open(folder / name)
            assert chromium.run("return document.querySelector('.filters').hidden") is False
        assert [entry for entry in chromium.log("browser") if entry["level"] != "INFO"] == []
        events = [json.loads(entry["message"])["message"] for entry in chromium.log("performance")]
        asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        assert {url for url in asked if not url.startswith("data:")} == {
            f"file://{folder / name}" for name in ("page.html", "evil.html")
        }

    def test_hostile_names_run_nothing(self, chromium, folder):
        chromium.open(folder / "evil.html")
        assert chromium.run("return document.scripts.length + document.images.length") == 1
        assert "<script>alert(1)</script>" in chromium.run("return document.body.innerText")

    @pytest.mark.parametrize(("width", "mobile"), [(1280, False), (390, True)])
    def test_no_table_is_wider_than_its_page(self, folder, long_pages, tmp_path, width, mobile):
        """Long ones opened: of every machine's cells, of plain benchmarks, of hostile names."""
        pages = {"page": folder / "page.html", "evil": folder / "evil.html", **long_pages}
        screen = {"width": width, "height": 900, "pixelRatio": 1.0, "mobile": mobile}
        with report_browser.browser(tmp_path / "profile", screen) as opened:
            for page in pages.values():
                opened.open(page)
                opened.run("for (const d of document.querySelectorAll('details')) { d.open = true; }")
                assert opened.run(AFTER_DRAWING) is True
                assert opened.run(TOO_WIDE) == []
                assert opened.run("return document.documentElement.scrollWidth") <= width

    def test_folded_columns_are_named_and_come_back(self, long_pages, tmp_path):
        page = long_pages["wide"]
        phone = {"width": 390, "height": 800, "pixelRatio": 2.0, "mobile": True}
        columns = (
            "return [...document.querySelector('#t-products thead').rows[0].cells]"
            ".map(c => [c.dataset.name, !c.classList.contains('folded')])"
        )
        press = "const b = document.querySelector('#t-products').closest('.scroll').nextElementSibling;"
        with report_browser.browser(tmp_path / "profile", phone) as opened:
            opened.open(page)
            before = opened.run(columns)
            told = opened.run(f"{press} return b.textContent")
            assert told == "More columns: " + ", ".join(
                name for name, shown in sorted(before, key=lambda pair: told.find(pair[0])) if not shown
            )
            assert ["implementation", True] in before
            assert ["cpu:0 of ceiling", False] in before
            assert opened.run(f"{press} b.click(); return b.textContent") == "Fewer columns"
            assert all(shown for _, shown in opened.run(columns))
            assert opened.run(TOO_WIDE) == []  # as cards
            opened.run(f"{press} b.click()")
            assert opened.run(columns) == before

    def test_a_phone_sees_the_narrow_picture_and_a_page_the_wide_one(self, folder, tmp_path):
        shown = "return [...document.querySelectorAll('#findings svg')].map(s => [s.classList[0], s.checkVisibility()])"
        for width, narrow in ((390, True), (1280, False)):
            screen = {"width": width, "height": 800, "pixelRatio": 1.0, "mobile": narrow}
            with report_browser.browser(tmp_path / str(width), screen) as opened:
                opened.open(folder / "page.html")
                assert opened.run(shown) == [["wide", not narrow], ["narrow", narrow]]


AFTER_DRAWING = "return new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(true))))"
TOO_WIDE = (
    "return [...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth + 1)"
    ".map(s => [s.getAttribute('aria-label'), s.scrollWidth, s.clientWidth])"
)


def plain_files(files):
    """Plain benchmarks of three frameworks with three parameters, in so many files."""
    benches = [
        bench(
            f"test_training_of_a_transformer[{name}-{n}-{step}]",
            times(n * seconds * 1e-3, 12, 0.2),
            f"transformer-{n}",
            {"framework": name, "n": n, "step": step},
        )
        for seconds, name in enumerate(("torch", "jax", "tensorflow"), 1)
        for n in (1000, 4000)
        for step in ("forward", "backward")
    ]
    days = [f"2026-01-0{day}" for day in range(1, files + 1)]
    return [read(file_of(*benches, day=day), f"{day}.json") for day in days]


def wide_files():
    """Machines with long names, each with a GPU, trainers, products, answers; a ladder and peak memory."""
    made = []
    for number in range(4):
        machine = samples.fingerprint(f"{number}" * 12, {"usable_cores": 8 + number}, [samples.A100])
        document = samples.quick_run(
            number, 1.0 + number / 5, gpu=True, with_ladder=not number, machine=machine
        )
        for made_cell in document["benchmarks"]:
            memory = {"peak_memory_bytes": 5 << 30, "device_peak_memory_bytes": 40 << 30}
            made_cell["extra_info"] |= memory
        made.append(read(document, f"machine-{number}.json"))
    return made


def test_a_report_without_plots_is_a_page_too():
    text = page_of([read(samples.document([]), "empty.json")])
    assert "The file holds no cell" in text

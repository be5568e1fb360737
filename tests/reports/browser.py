"""A headless Chromium driven over WebDriver, with nothing but the standard library."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from contextlib import contextmanager

OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--window-size=1200,900",
)


def missing():
    """Why no browser test can run; empty if one can."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    absent = [
        name
        for name, path in (("chromium", chromium), ("chromedriver", shutil.which("chromedriver")))
        if not path
    ]
    return f"not installed: {', '.join(absent)} (Debian: apt install chromium-driver)" if absent else ""


class Browser:
    """One page's session."""

    def __init__(self, address, session):
        self.address = f"{address}/session/{session}"

    def _post(self, path, **values):
        return _call(f"{self.address}{path}", values)

    def open(self, path):
        """Load a file."""
        self._post("/url", url=f"file://{path}")

    def run(self, script, *arguments):
        """Run the body of a function in the page and return what it returns."""
        return self._post("/execute/sync", script=script, args=list(arguments))

    def log(self, kind):
        """Messages of the console (``browser``) or the network (``performance``) so far."""
        return self._post("/se/log", type=kind)


def _call(url, values=None, method=None):
    data = None if values is None else json.dumps(values).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)["value"]


@contextmanager
def browser(profile, emulate=None):
    """A fresh browser with its profile in a folder; ``emulate``: device metrics."""
    chrome = {"args": [*OPTIONS, f"--user-data-dir={profile}"]}
    if emulate:
        chrome["mobileEmulation"] = {"deviceMetrics": emulate}
    wanted = {
        "browserName": "chrome",
        "goog:chromeOptions": chrome,
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    }
    driver = subprocess.Popen(
        ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        address = f"http://127.0.0.1:{_port_of(driver)}"
        session = _call(f"{address}/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        try:
            yield Browser(address, session)
        finally:
            _call(f"{address}/session/{session}", method="DELETE")
    finally:
        driver.terminate()
        driver.wait(300)
        driver.stdout.close()


def _port_of(driver):
    """The port that chromedriver says it listens on."""
    for line in driver.stdout:
        if "started successfully on port" in line:
            return int(line.rstrip().rstrip(".").rsplit(" ", 1)[1])
    raise RuntimeError("chromedriver ended without naming its port")

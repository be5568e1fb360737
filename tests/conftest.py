from __future__ import annotations

import sys
from pathlib import Path

# helpers beside the tests that use them
for folder in ("bench", "bench/plugins", "devices/process", "bench/fleet"):
    sys.path.append(str(Path(__file__).parent / folder))

"""``python -m reports``, in a clone."""

import sys

from likeforlike.reports.command import main

sys.exit(main(prog="python -m reports"))

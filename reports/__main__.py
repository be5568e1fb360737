"""``python -m reports``, in a clone."""

import sys

from likeforlike.plain_streams import make_streams_lenient
from likeforlike.reports.command import main

make_streams_lenient()
sys.exit(main(prog="python -m reports"))

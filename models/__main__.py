"""``python -m models``, in a clone."""

import sys

from likeforlike.models.command import main

sys.exit(main(prog="python -m models"))

"""``python -m devices``, in a clone."""

import sys

from likeforlike.devices.command import main

sys.exit(main(prog="python -m devices"))

"""``python -m bench submit | status | collect``: the fleet's commands, in a clone."""

import sys

from likeforlike.bench.fleet.command import main

sys.exit(main(prog="python -m bench"))

"""``python -m bench submit | status | collect``: the fleet's commands, in a clone."""

import sys

from likeforlike.bench.fleet.command import main
from likeforlike.plain_streams import make_streams_lenient

make_streams_lenient()
sys.exit(main(prog="python -m bench"))

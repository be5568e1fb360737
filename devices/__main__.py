"""``python -m devices``, in a clone."""

import sys

from likeforlike.devices.command import main
from likeforlike.plain_streams import make_streams_lenient

make_streams_lenient()
sys.exit(main(prog="python -m devices"))

"""``python -m likeforlike``: the one command."""

import os
import sys


def run() -> int:
    """Run the command without the working directory before the standard library, where ``-m`` has put it."""
    here = os.getcwd()
    is_ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) == here
    if not sys.flags.safe_path and sys.path[0] == here and not is_ours:
        del sys.path[0]
    from likeforlike.command import main

    return main()


if __name__ == "__main__":
    sys.exit(run())

"""
Pictures of every page, wide and narrow, light and dark: `./run screenshots [FOLDER]`.

The browser tests take them on their way.
"""

import os
import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots").absolute()
    os.environ["SCREENSHOTS"] = str(folder)
    here = Path(__file__).parent
    done = pytest.main(["-q", *(str(here / f"test_{name}.py") for name in ("today", "connect", "loads", "check_in"))])
    print(f"pictures are in {folder}")
    sys.exit(int(done))

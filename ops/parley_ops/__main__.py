"""`python -m parley_ops`: what `./parley` runs."""

import sys

from parley_ops.cli import main

sys.exit(main())

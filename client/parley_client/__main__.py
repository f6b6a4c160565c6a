"""`python -m parley_client`."""

import sys

from parley_client.cli.main import main

sys.exit(main())

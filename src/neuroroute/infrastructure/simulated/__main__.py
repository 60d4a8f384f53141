"""The child process of `SimulatorProcess`: `python -m neuroroute.infrastructure.simulated ORDERS`."""

import sys

from neuroroute.infrastructure.simulated.process import run_as_child

if __name__ == "__main__":
    try:
        run_as_child(sys.argv[1])
    except OSError as exc:
        sys.exit(f"simulated providers: {exc}")

"""`python -m neuroroute` is the `neuroroute` command."""

from neuroroute.cli.main import main

if __name__ == "__main__":
    main()

"""`python -m omega.cli` is `omega`."""

from omega.cli import main

if __name__ == "__main__":
    main()

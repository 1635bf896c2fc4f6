"""`python -m omega` is `omega`."""

from omega.cli import main

if __name__ == "__main__":
    main()

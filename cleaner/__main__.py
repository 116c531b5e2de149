"""`python -m cleaner` is the `cleaner` command."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback while it starts: there is nothing to tidy up yet
    from cleaner import cli  # noqa: PLC0415  # see above; and worker processes, which import this module, need it not

    cli.main()


if __name__ == "__main__":
    main()

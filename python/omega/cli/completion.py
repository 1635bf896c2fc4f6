"""`omega completion`: what makes a shell complete commands, options and files."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from omega.cli._shared import as_json, print_json

_WHERE = {
    "bash": 'add to ~/.bashrc: eval "$(omega completion bash)"',
    "zsh": 'add to ~/.zshrc: eval "$(omega completion zsh)"',
    "fish": "omega completion fish > ~/.config/fish/completions/omega.fish",
}


@click.command(
    epilog="  ".join(f"{shell}: {where}." for shell, where in _WHERE.items()),
)
@click.argument("shell", type=click.Choice(list(_WHERE)))
@as_json
@click.pass_context
def completion(ctx: click.Context, *, shell: str, as_json: bool) -> None:
    """Print what makes SHELL complete omega's commands."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"this version of click does not complete in {shell}")
    root = ctx.find_root()
    source = kind(root.command, {}, "omega", "_OMEGA_COMPLETE").source()
    if as_json:
        print_json({"shell": shell, "script": source})
    else:
        click.echo(source)

"""`omega completion`: what makes a shell complete commands, options and files."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_WHERE = {
    "bash": 'add to ~/.bashrc: eval "$(omega completion bash)"',
    "zsh": 'add to ~/.zshrc: eval "$(omega completion zsh)"',
    "fish": "omega completion fish > ~/.config/fish/completions/omega.fish",
}


@click.command(
    epilog="  ".join(f"{shell}: {where}." for shell, where in _WHERE.items()),
)
@click.argument("shell", type=click.Choice(list(_WHERE)))
@click.pass_context
def completion(ctx: click.Context, *, shell: str) -> None:
    """Print what makes SHELL complete omega's commands."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"this version of click does not complete in {shell}")
    root = ctx.find_root()
    click.echo(kind(root.command, {}, "omega", "_OMEGA_COMPLETE").source())

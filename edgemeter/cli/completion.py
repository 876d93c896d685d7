"""`edgemeter completion`: what makes the tab key work."""

import rich_click as click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    bash: `eval "$(edgemeter completion bash)"` in ~/.bashrc. zsh: the same with `zsh` in ~/.zshrc.
    fish: `edgemeter completion fish > ~/.config/fish/completions/edgemeter.fish`.
    """
    from click.shell_completion import get_completion_class

    from edgemeter.cli.main import cli

    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"there is no completion for {shell}")
    click.echo(found(cli, {}, "edgemeter", "_EDGEMETER_COMPLETE").source())

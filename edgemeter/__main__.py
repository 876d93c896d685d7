"""`python -m edgemeter`: the command, also where its script is not on the path."""

from edgemeter.cli.main import main

main()

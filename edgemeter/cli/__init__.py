"""The command line: `edgemeter`, with the commands of every installed package."""

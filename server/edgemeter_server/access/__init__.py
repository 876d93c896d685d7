"""Who may do what: projects, tokens, roles."""

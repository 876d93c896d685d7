"""`edgemeter space`: search spaces, their architectures, and spaces made of what targets have shown."""

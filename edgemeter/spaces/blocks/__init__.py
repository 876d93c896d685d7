"""What operators are made of: blocks of operations, for any space to append."""

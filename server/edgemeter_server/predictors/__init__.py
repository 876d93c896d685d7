"""Cost models of spaces on targets: fitted from measurements, published, and asked."""

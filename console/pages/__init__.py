"""One module per area: each asks for what its page shows and renders it."""

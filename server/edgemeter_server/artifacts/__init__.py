"""Files by their content: upload, download, storage, graph features."""

"""Open channels: conversations that the server reads. Their id alone (`parley_contracts.ids.as_channel`) says so."""

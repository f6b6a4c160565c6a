"""Messages that are sent later: sealed on the device, held by the server, sent whether or not the device is there."""

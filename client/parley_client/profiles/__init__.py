"""What people show of themselves: kept on the device, asked for again once it is old, and changed."""

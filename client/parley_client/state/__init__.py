"""What surrounds conversations: receipts, unread marks, typing, presence, and what this person lets others see."""

"""What the app knows and does, in plain Python, fed by an engine's answers and events.

rows            what the views draw: people, rows of the list, entries of a timeline
timeline        from messages to entries: grouping, days, the New line, send states
marks           what was said of a message: quotes, reactions, polls, threads, mentions; who came and went
menus, deeds    what a message offers, and doing it
completing      whom an @ may mean
layers          what floats above the screens
faults, times   errors and moments as people read them
session, chats, conversation, people, preferences   the parts, each observed by the views that show it
app             all of it, and where in the app somebody is
"""

"""What the app knows and does, in plain Python, fed by an engine's answers and events.

rows            what the views draw: people, rows of the list, entries of a timeline
timeline        from messages to entries: grouping, days, the New line, send states
marks           what was said of a message: quotes, reactions, polls, threads, mentions; who came and went
menus, deeds    what a message offers, and doing it
completing      whom an @ may mean
layers          what floats above the screens
company         who is there and who types
reading         how far one has read, and the New line
waiting, drafts what is on its way, and what is kept of what was begun
keeping         marks, folders, mute; room_menus: the menu for them
governing       roles, rules, bans, links and requests of a group; member_menus: the menus for them
joining         coming in by a link
moment          choosing a day and a time
schedule        what is sent later; later: what is done with it
reminders       what one is reminded of; reminding: what is done with it
lifetimes       how long messages are kept
reporting       showing a message to who runs the server
comparing       a safety number, with somebody; new keys of theirs
beginning_anew  an account, for who has lost everything
pictures        those of groups, and whole ones of messages
privacy         what others see
faults, times   errors and moments as people read them
session, chats, conversation, people, preferences, notifications   the parts, each observed by the views that show it
app             all of it, and where in the app somebody is
"""

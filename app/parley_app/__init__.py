"""Parley's app: views over a device, one code base for browser, desktop and phone.

    main, desktop       where it starts: any page with an engine; CPython with the client core
    engine, bridge      what it needs from outside: a device's methods and events; the system it runs on
    model               what the app knows and does, in plain Python: no screen needed, no Flet imported
    words               every sentence that people read
    tokens, palettes, theme, icons   the look
    components, screens the views

Invariant: the model never sees a Flet control; importing makes no key, token, random state, id or time.
"""

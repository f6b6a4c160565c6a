"""The web app's build: the stock Flutter client and Pyodide, our Python and JavaScript, made into one folder of files.

Invariant: what is built depends on the inputs alone (`sources.fingerprint`), and loads nothing from another origin.
"""

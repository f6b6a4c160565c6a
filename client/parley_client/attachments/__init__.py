"""Files in messages: sealed on the device in chunks, sent in parts, opened chunk by chunk.

    stream        the STREAM construction: layout, keys, sealing and opening one chunk
    descriptor    what a message says of a file; what a hostile member may say is bounded here
    ports         what a platform brings: bulk sealing, images, files; `platforms` has the tools
    preparing     from a file to its descriptor and an upload that waits in the store
    uploading     parts on their way, across lost connections and crashes
    downloading   verified bytes, from any place on

Invariant: no byte of a file is handed on before its chunk's digest and tag have held, and no sealed chunk leaves the
device whose digest is not the one that the message names.
"""

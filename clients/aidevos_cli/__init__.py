"""`aidevos`: the command line. Thin: every verb is a client call, every import is lazy."""

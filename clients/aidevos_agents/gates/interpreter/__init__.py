"""The reference interpreter: executes an app model in memory and says what a service must answer.

Written from docs/generated-apis.md and the model alone. It shares no code with the generators and
the app door, so that a fault would have to be made twice to stay unseen.
"""

"""The spec compiler: text to app model and back."""

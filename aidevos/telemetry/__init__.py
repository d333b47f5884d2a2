"""Telemetry: every metric, log event name and trace attribute, one file each."""

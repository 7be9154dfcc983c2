"""Callbacks: records of calls, and alerts, sent on to Langfuse, Sentry, Slack or a webhook.

`outlet.py` stands in the shipper: it takes what reached the ledger and hands it to the sender through a pipe, without
ever waiting. `sender_main.py` is that sender, a process of its own with the official SDKs: one lane (a thread and a
bounded queue) for each destination. Whatever happens there, calls and the ledger do not notice.
"""

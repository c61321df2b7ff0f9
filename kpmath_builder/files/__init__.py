"""Durable files: atomic writes, locks that name their owner, scratch folders."""

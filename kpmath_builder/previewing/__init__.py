"""A few blueprints led through the whole method and shown, before a build is paid for."""

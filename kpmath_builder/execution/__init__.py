"""How requests are answered once and for ever: the response log, the asker, the window of blueprints."""

"""What of the agreed candidates is published."""

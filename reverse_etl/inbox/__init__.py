"""What vendors told us: verified, kept once each, waking a read. Hints only: the read is the truth."""

"""Clients of carriers. Pure: no database; what they say comes back in our words."""

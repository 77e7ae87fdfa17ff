"""Measurements that others can repeat; none of this is part of the product."""

"""Copies of the records in a format of our own: the same from SQLite and from PostgreSQL, checked line by line before it is believed.

A file is gzip over lines of JSON. The first says what it is, then each table has a head, its rows in the order of their keys, and
an end with their count and digest; the last line counts tables. A file without its last line is none.
"""

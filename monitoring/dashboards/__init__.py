"""Dashboards of Grafana, and what writes them.

One module a reader (`hospital_it`, `sre`, `clinical_lead`, `load_tester`); `writing` makes the committed JSON files from them. Grafana
takes the files as they are: the data source is a variable, nothing is asked at import. `panel` holds what a panel can be.
"""

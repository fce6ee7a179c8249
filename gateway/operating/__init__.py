"""The operator page: what is live, whether it answers, what watches it, and the stop switch. `gateway.operator_page` has the routes.

```
orders.py      pausing and resuming, as the commands do it
facts.py       what the page shows of the repository and of this gateway
figures.py     what this gateway counted since it started
prometheus.py  asks the site's Prometheus, where the settings name one
charts.py      which charts, and their lines as figures of a drawing
views.py       all of it in words, for the template
```

Nothing of a patient is shown here: no photo, no answer, no record. Who paused and who promoted is.
"""

"""The stop switch: one state for all gateways of a model repository, and the sentinel that throws it by itself.

Beside pin.json lie

```
pause.json       whether screening is paused, since when, by whom and why; replaced as a whole
pauses.jsonl     every change of it, in order; only ever appended to
.pause.lock      held while one of these is written
```

A person pauses and resumes (`python -m gateway pause`, `resume`). The sentinel pauses where the model's answers, or its files,
are not the ones that were checked; it never resumes. A drift alarm does neither: it informs people.
"""

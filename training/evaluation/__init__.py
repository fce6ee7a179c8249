"""What a model is worth on photos it never saw: answers, figures with intervals, comparisons."""

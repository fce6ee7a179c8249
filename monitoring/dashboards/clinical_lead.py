"""For the clinical lead: are photos and answers still those that the version was measured on, and what do clinicians say of them?"""

from __future__ import annotations

from monitoring.dashboards.panel import BLUE, GREEN, ORANGE, RED, Dashboard, Panel, Query, Row
from monitoring.dashboards.shared_panels import NOTHING_WRONG, golden_right, honest_text
from monitoring.drift.distances import LEAST_PHOTOS
from monitoring.objectives import Objectives

HOW_TO_READ = (
    "**Drift** compares photos and answers with those that the version was measured on. It cannot see whether answers are right: a change is a reason "
    "to look, and no change is no proof. *Too few photos* is never shown as *no change*."
)
PLAN = """How long until a change is seen depends on how many photos come a day; some changes are never seen in time at a small site.

The days for this site, change by change, with the rate of false alarms:

`python -m monitoring drift plan --per-day N`

with N from the panel beside this. What moved, since when, with a picture: `python -m monitoring drift explain`."""
LEFT = "\nand on (site, model_version) "
WARNED = 'max by (site, model_version) (symmetra_drift_alarm{tier="warning"}) == 1'


def clinical_lead(objectives: Objectives) -> Dashboard:
    """The dashboard."""
    traffic = f'traffic="{objectives.traffic}"'
    return Dashboard(
        uid="symmetra-clinical-lead",
        title="Symmetra: photos and answers",
        says="For the clinical lead: drift, bands against the reference, what clinicians say of answers.",
        shows="now-7d",
        rows=[
            Row("Has something changed?", [honest_text(HOW_TO_READ, height=5), *_drift()]),
            Row("Bands against the reference", _bands(traffic)),
            Row("Photos", _photos(traffic)),
            Row("How good are answers?", _quality(traffic)),
        ],
    )


def _drift() -> list[Panel]:
    return [
        Panel(
            "Watch", "stat", "short", [Query("symmetra_drift_state == 1", "{{state}} (version {{model_version}})")],
            "`watching`: enough photos to see changes. `insufficient_data`, `no_profile`, `stale`: a change would not be seen.",
            names=True, alert="DriftBlind",
        ),
        Panel(
            "Alarm", "stat", "short", [Query('symmetra_drift_alarm{tier="alarm"}', "version {{model_version}}")],
            "By chance at most once in the time that the site chose (90 days unless it says otherwise). It stays until somebody takes it up.",
            words={0: ("none", GREEN), 1: ("ALARM", RED)}, alert="DriftAlarm",
        ),
        Panel(
            "Warning", "stat", "short", [Query('symmetra_drift_alarm{tier="warning"}', "version {{model_version}}")],
            "Ends by itself, or becomes an alarm.", words={0: ("none", GREEN), 1: ("warning", ORANGE)}, alert="DriftWarning",
        ),
        Panel(
            "What moved", "stat", "short",
            [Query(f"symmetra_drift_loudest == 1{LEFT}{WARNED}", "{{signal}}", quiet=NOTHING_WRONG)],
            "The signal that speaks for a change most, while there is a warning.", names=True, empty="nothing that stands out", alert="DriftAlarm",
        ),
        Panel(
            "Evidence that something changed", "timeseries", "short",
            [
                Query("symmetra_drift_log_evidence", "{{signal}}"),
                Query('symmetra_drift_alarm_height{tier="alarm"}', "height of the alarm"),
                Query('symmetra_drift_alarm_height{tier="warning"}', "height of a warning"),
            ],
            "Logarithm of the drift statistic. `all` decides; the others say what moved. It may wander; only above the height is it told.",
            width=16, height=8, alert="DriftAlarm", below_zero=True,
        ),
        Panel(
            "Likely since", "stat", "dateTimeAsLocal", [Query(f"1000 * symmetra_drift_since_seconds{LEFT}{WARNED}", "since", quiet=NOTHING_WRONG)],
            "Most likely moment of the change, if there was one.", width=8, height=8, empty="no change to date",
        ),
        Panel(
            "Compared with", "stat", "short", [Query("symmetra_drift_site_profile", "version {{model_version}}")],
            "The version's own reference, or one that a person signed for this site.",
            words={0: ("the version's reference", BLUE), 1: ("this site's reference", BLUE)}, height=4,
        ),
        Panel(
            "Outside what the version was measured on", "stat", "short", [Query("symmetra_drift_outside_version", "version {{model_version}}")],
            "Also where the site has signed its own reference.", words={0: ("no sign of it", GREEN), 1: ("YES", ORANGE)}, height=4,
        ),
        Panel(
            "Photos or people?", "stat", "percentunit", [Query("symmetra_drift_share_with_subject", "came with a subject")],
            "At 0 %: photos, not people. Several photos of one person then look like a change, and alarms mean less.",
            steps=[(0, ORANGE), (0.95, GREEN)], height=4,
        ),
        Panel(
            "Reference", "stat", "short", [Query("max by (model_version, state) (symmetra_reference_state) == 1", "{{state}}")],
            "What gateways know of the version's profile.", names=True, height=4, alert="DriftBlind",
        ),
        Panel("How soon is a change seen?", "text", says=PLAN, width=16, height=6),
        Panel(
            "Photos a day", "stat", "short", [Query("symmetra_drift_photos_per_day", "a day")], "N of `drift plan`.", width=4, height=6, whole=True,
        ),
        Panel(
            "Photos compared", "stat", "short", [Query("symmetra_drift_photos", "since it began anew")], "By the detectors.", width=4, height=6, whole=True,
        ),
    ]  # fmt: skip


def _bands(traffic: str) -> list[Panel]:
    few = f"fewer than {LEAST_PHOTOS} photos within a week: nothing can be compared"
    words = {0: ("enough photos", GREEN), 1: ("insufficient data", ORANGE)}
    return [
        Panel(
            "Enough photos to compare?", "stat", "short", [Query("symmetra:drift_insufficient", "{{signal}}")],
            f"{LEAST_PHOTOS} photos within six hours, a day or a week. Without them the panels beside this stay empty.",
            words=words, width=24, height=4, alert="DriftBlind",
        ),
        Panel(
            "Share of each band", "bargauge", "percentunit",
            [
                Query("symmetra:drift_band_share", "{{band}}, here", quiet=few),
                Query("symmetra:drift_band_share:expected", "{{band}}, reference"),
            ],
            "The paper's bands. Another share is another mix of people, other photos, or another camera: not other illness.", width=8, height=7,
        ),
        Panel(
            "Severity, in tenths", "bargauge", "percentunit",
            [
                Query('symmetra:drift_share{signal="severity"}', "up to {{bin}}, here", quiet=few),
                Query('symmetra:drift_share:expected{signal="severity"}', "up to {{bin}}, reference"),
            ],
            "Of photos; severity is 1 - p.", width=8, height=7,
        ),
        Panel(
            "Distance from the reference", "timeseries", "short",
            [Query("symmetra:drift_psi / symmetra:drift_psi:threshold", "{{signal}}", quiet=few)],
            "PSI divided by what so many photos reach by chance once in a thousand looks. Looks overlap, so above 1 is a reason to look, no alarm.",
            width=8, height=7, steps=[(0, GREEN), (1, ORANGE)], empty="insufficient data",
        ),
        Panel(
            "High band: last day and week before", "timeseries", "percentunit",
            [
                Query("symmetra:share_high_band:day", "last day, version {{model_version}}"),
                Query("symmetra:share_high_band:usual", "week before", quiet="there is no week before in the first week"),
            ],
            "Of all answers with a band.", width=12, height=6, alert="HighBandShareJump",
        ),
        Panel(
            "No band given: last day and week before", "timeseries", "percentunit",
            [
                Query("symmetra:share_abstained:day", "last day"),
                Query("symmetra:share_abstained:usual", "week before", quiet="there is no week before in the first week"),
            ],
            "Answers without a band: a person must be seen without one.", width=12, height=6, alert="AbstentionShareJump",
        ),
        Panel(
            "Answers by band", "timeseries", "short", [Query(f"sum by (band) (increase(symmetra_bands_total{{{traffic}}}[$__rate_interval]))", "{{band}}")],
            "Photos.", width=8, height=6,
        ),
        Panel(
            "Answers by severity", "bargauge", "short",
            [Query(f"sum by (bin) (increase(symmetra_severity_total{{{traffic}}}[$__range]))", "up to {{bin}}", over_time=False)],
            "Photos over the time that is shown.", width=8, height=6, whole=True,
        ),
        Panel(
            "Why no band was given", "timeseries", "short",
            [Query(f"sum by (reason) (increase(symmetra_abstentions_total{{{traffic}}}[$__range]))", "{{reason}}")],
            "An answer may have two reasons.", width=8, height=6, alert="AbstentionShareJump",
        ),
    ]  # fmt: skip


def _photos(traffic: str) -> list[Panel]:
    def photos(more: str = "") -> str:
        return f"sum by (statistic) (increase(symmetra_image_quality_total{{{traffic}{more}}}[$__range]))"

    ends = [
        Query(f"{photos(edge)} / {photos()}", "{{statistic}}: " + words, over_time=False)
        for edge, words in ((',bin="1"', "lowest tenth"), (',bin="10"', "highest tenth"))
    ]
    refusals = (
        "photo_unreadable|no_face|several_faces|face_too_small|face_turned|face_cut_off|too_dark|too_bright|too_blurred"
    )
    return [
        Panel(
            "Dark, flat, blurred, or far away", "bargauge", "percentunit", ends,
            "Share of photos in the lowest and the highest tenth of the reference: 10 % each, where photos are alike.",
            width=12, height=8, steps=[(0, GREEN), (0.2, ORANGE)],
        ),
        Panel(
            "Refused for the photo", "timeseries", "short",
            [Query(f'sum by (outcome) (increase(symmetra_screenings_total{{{traffic},outcome=~"{refusals}"}}[$__range]))', "{{outcome}}")],
            "The person who took it is told what to do better.", width=12, height=8,
        ),
        Panel(
            "People counted once a day", "stat", "short",
            [
                Query("sum(increase(symmetra_subject_severity_total[$__range]))", "counted", over_time=False),
                Query("sum(increase(symmetra_photos_without_subject_total[$__range]))", "of them without a subject", over_time=False),
                Query("sum(increase(symmetra_subject_photos_left_out_total[$__range]))", "further photos of the same people", over_time=False),
            ],
            "A person's first photo of the day counts for drift. Photos without a subject count each.", width=24, height=4, whole=True,
        ),
    ]  # fmt: skip


def _quality(traffic: str) -> list[Panel]:
    kept = f'{traffic},kind="first"'
    return [
        golden_right(),
        Panel(
            "May the estimate be read?", "stat", "short",
            [Query('symmetra_estimated_accuracy{valid="1"} * 0 + 1 or symmetra_estimated_accuracy{valid="0"} * 0', "version {{model_version}}")],
            f"Only with {LEAST_PHOTOS} photos, and while no measure of photos or answers speaks for a change. A new camera makes the estimate rise "
            "while the model gets worse.",
            words={0: ("no", ORANGE), 1: ("yes", GREEN)}, empty="no calibration known",
        ),
        Panel(
            "Accuracy, if the calibration still holds", "stat", "percentunit",
            [Query('symmetra_estimated_accuracy{valid="1"}', "estimate", quiet="shown only while it is valid")],
            "An estimate without any diagnosis to compare with. Not the accuracy, and no reason for anything by itself.",
            width=12, empty="not valid now",
        ),
        Panel(
            "What clinicians said", "timeseries", "short", [Query(f"sum by (verdict) (increase(symmetra_reviews_total{{{kept}}}[$__range]))", "{{verdict}}")],
            "First verdicts on patients' answers. Whoever sees the answer first tends to agree with it.", width=8, height=6,
        ),
        Panel(
            "Outcomes that were told", "timeseries", "short",
            [Query(f"sum by (instrument) (increase(symmetra_outcomes_total{{{kept}}}[$__range]))", "{{instrument}}")],
            "Scores of validated questionnaires. High bands are asked more often than low ones.", width=8, height=6,
        ),
        Panel(
            "Shadow version: other band", "timeseries", "percentunit",
            # A share of nothing is no number, and is left out.
            [Query("symmetra:share_shadow:day >= 0", "last day", quiet="a site without a shadow version has none")],
            "Where a version is tried beside the one that answers; nobody is told its answers.",
            width=8, height=6, alert="ShadowDisagreement", empty="no shadow version answers",
        ),
        Panel(
            "Shadow version: how far apart", "timeseries", "short",
            [Query(f"sum by (bin) (increase(symmetra_shadow_differences_total{{{traffic}}}[$__range]))", "up to {{bin}}")],
            "Difference of p.", width=12, height=6,
        ),
        Panel(
            "Shadow version: not asked", "timeseries", "short", [Query("sum by (reason) (increase(symmetra_shadow_missed_total[$__range]))", "{{reason}}")],
            "Photos that it gave no answer for.", width=12, height=6,
        ),
    ]  # fmt: skip

"""The whole percent that is shown beside a band lies in that band, whatever a site's thresholds are."""

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.answer import whole_percent
from serving.contract.errors import ContractInvalid
from serving.contract.severity import PARTS_PER_MILLION, PPM_PER_PERCENT, Thresholds, band_of

PPM = st.integers(0, PARTS_PER_MILLION)


@st.composite
def thresholds(draw):
    none_max_ppm = draw(st.integers(1, PARTS_PER_MILLION - 2))
    width_ppm = draw(st.integers(1, 3 * PPM_PER_PERCENT))  # narrow ones are the ones that could fail
    try:
        return Thresholds(none_max_ppm, none_max_ppm + width_ppm)
    except ContractInvalid:
        assume(False)


@given(thresholds(), st.integers(-2 * PPM_PER_PERCENT, 2 * PPM_PER_PERCENT), PPM)
def test_whole_percent_lie_in_the_band(edges, near_ppm, anywhere_ppm):
    near_edge_ppm = min(max(edges.mild_max_ppm + near_ppm, 0), PARTS_PER_MILLION)
    for severity_ppm in (near_edge_ppm, anywhere_ppm):
        percent = whole_percent(severity_ppm, edges)
        assert 0 <= percent <= 100
        assert band_of(percent * PPM_PER_PERCENT, edges) is band_of(severity_ppm, edges)
        assert abs(percent * PPM_PER_PERCENT - severity_ppm) <= 1.5 * PPM_PER_PERCENT

"""What each role may do, and whose words give it."""

import re

import pytest

from gateway.access.roles import SCOPES, Role, role_mapping, roles_of, scopes_of_roles
from gateway.access.scopes import Scope


def test_every_role_has_its_scopes_and_nobody_may_do_everything():
    assert set(SCOPES) == set(Role)
    assert not [role for role in Role if SCOPES[role] == set(Scope)]


def test_who_runs_the_service_sees_no_answer_and_who_audits_changes_nothing():
    about_people = {Scope.SCREEN, Scope.EXPLAIN, Scope.READ_RECORDS, Scope.REVIEW, Scope.AUDIT}
    assert not SCOPES[Role.OPERATOR] & about_people
    assert not SCOPES[Role.AUDITOR] & {Scope.SCREEN, Scope.EXPLAIN, Scope.REVIEW, Scope.OPERATE}
    assert SCOPES[Role.SERVICE] < SCOPES[Role.CLINICIAN]


def test_several_roles_allow_what_each_allows():
    both = scopes_of_roles(frozenset({Role.CLINICIAN, Role.AUDITOR}))
    assert both == SCOPES[Role.CLINICIAN] | SCOPES[Role.AUDITOR]
    assert scopes_of_roles(frozenset()) == frozenset()


def test_a_sites_own_words_give_roles_and_others_give_none():
    mapping = role_mapping("clinician=ward-3 outpatients; operator=it;")
    claims = {"groups": ["ward-3", "it", "canteen", "auditor", 7, None]}
    assert roles_of(claims, "groups", mapping) == {Role.CLINICIAN, Role.OPERATOR}
    assert roles_of({"groups": "canteen clinician"}, "groups", mapping) == frozenset()
    assert roles_of({}, "groups", mapping) == frozenset()


def test_without_a_mapping_the_words_are_our_own():
    assert roles_of({"roles": ["auditor", "Auditor", "root"]}, "roles", ()) == {Role.AUDITOR}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("clinician", "must be like"),
        ("clinician=", "must be like"),
        ("doctor=ward-3", "is no role; there are clinician, operator, auditor, service"),
        ("clinician=it;operator=it", "'it' two roles"),
    ],
)
def test_a_mapping_that_could_grant_by_mistake_is_refused(value, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        role_mapping(value)

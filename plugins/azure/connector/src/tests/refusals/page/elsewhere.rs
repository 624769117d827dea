//! Tests that meet refusals and are not beside the texts: of the simulator, of the client, of the
//! preflight, of the platform, and of the whole system.

/// A test of the simulator: what a loopback Azure has to refuse.
macro_rules! sim {
    ($file:literal, $test:literal) => {
        concat!("plugins/azure/sim/tests/it/", $file, ".rs::", $test)
    };
}

/// A test of the connector that says itself what is shown.
macro_rules! ours {
    ($file:literal, $test:literal) => {
        concat!("plugins/azure/connector/src/tests/", $file, ".rs::", $test)
    };
}

macro_rules! client {
    ($file:literal, $test:literal) => {
        concat!("plugins/azure/client/src/tests/", $file, ".rs::", $test)
    };
}

macro_rules! destination {
    ($file:literal, $test:literal) => {
        concat!("core/destination/tests/it/", $file, ".rs::", $test)
    };
}

macro_rules! whole {
    ($file:literal, $test:literal) => {
        concat!("tests/it/", $file, ".rs::", $test)
    };
}

type Rows = &'static [(&'static str, &'static str)];

/// By subject: what is met, and the test.
pub(super) const ELSEWHERE: &[(&str, Rows)] = &[
    (
        "Answers of every service",
        &[
            (
                "every call of every step answered with 400, 403, 429, 500, 503 and 408, reset before and after its effect and in the middle of the answer, and not answered at all: [faults.md](faults.md)",
                ours!("faults", "table"),
            ),
            (
                "a reset after the effect repeats nothing that cannot be repeated",
                ours!("rehearsal", "lost_answers_make_nothing_twice"),
            ),
            (
                "one request is one exchange: nothing is sent again below the step",
                client!("exchanges", "nothing_else_is_tried_twice"),
            ),
            (
                "a 401 has the token replaced, once",
                client!("exchanges", "a_stale_token_is_replaced_once"),
            ),
            (
                "a next page elsewhere gets no token",
                client!("exchanges", "a_next_link_elsewhere_gets_no_token"),
            ),
            (
                "`nextLink`, `@nextLink` and `@odata.nextLink` are followed to the end",
                client!("exchanges", "every_kind_of_next_link_is_followed_to_the_end"),
            ),
            (
                "lists come in pages of one or two",
                sim!("checklist", "lists_come_in_pages_of_one_or_two"),
            ),
            (
                "429 on every verb with a time to wait, on a policy without one, 5xx, 408, a reset in the middle",
                sim!("checklist", "answers_fail_in_every_way"),
            ),
            (
                "`Retry-After` in seconds and as a date",
                ours!("classification", "waits_are_taken_over_in_seconds_and_as_dates"),
            ),
            (
                "what is left of an allowance slows the right steps down",
                ours!("limits", "counters_are_passed_on_by_domain"),
            ),
            (
                "errors come in the shape of their service",
                sim!("faults", "errors_come_in_the_shape_of_their_service"),
            ),
            (
                "every write leaves the id its client gave it",
                sim!("checklist", "writes_leave_their_request_ids"),
            ),
        ],
    ),
    (
        "Signing in as the operator",
        &[
            (
                "7000215, 7000222 and 700016 by number, 429 and 503 with a time, and tokens that hold what was granted before them",
                sim!(
                    "checklist/tokens",
                    "tokens_are_refused_by_number_and_hold_what_was_granted_before"
                ),
            ),
            (
                "a person who declines a device code, or does not come",
                ours!("operators", "a_person_who_declines_or_does_not_come"),
            ),
            (
                "a chain in which nothing works says what each link lacks",
                ours!("operators", "a_chain_without_a_link_says_what_each_lacks"),
            ),
            ("a token of another tenant", ours!("operators", "another_tenant_is_refused")),
            (
                "tokens are checked for tenant, audience and time",
                sim!("login", "tokens_are_checked"),
            ),
        ],
    ),
    (
        "Subscriptions",
        &[
            (
                "what each state of a subscription refuses",
                sim!("access", "states_of_subscriptions_have_consequences"),
            ),
            (
                "of a whole tenant, those that cannot be onboarded are left out with their reason",
                ours!("scopes", "the_whole_tenant"),
            ),
        ],
    ),
    (
        "Role assignments",
        &[
            (
                "201, then 409 under another name and 400 for another principal; `PrincipalNotFound` while the principal is young, longer without its type",
                sim!("checklist", "role_assignments_are_unique_and_immutable"),
            ),
            (
                "200 with what was deleted, then 204",
                sim!("checklist", "deleting_a_role_assignment_answers_200_then_204"),
            ),
            (
                "a deleted assignment lingers, in lists and in counts",
                sim!("deletion", "a_deleted_assignment_lingers"),
            ),
            (
                "an assignment somebody else made is adopted, whether it is seen before or after the refusal",
                ours!("rehearsal", "a_foreign_assignment_is_adopted"),
            ),
            (
                "taking one back twice is no mistake",
                ours!("undoing", "purging_leaves_the_tenant_as_it_was"),
            ),
            ("a condition narrows a role", sim!("access", "a_condition_narrows_a_role")),
            (
                "a deny assignment outweighs every role",
                sim!("access", "a_deny_assignment_outweighs_every_role"),
            ),
        ],
    ),
    (
        "The custom role",
        &[
            (
                "unknown actions, a taken name, two management groups, data actions at one, linked scopes, assignments that hold it",
                sim!("checklist", "role_definitions_are_checked_and_kept_while_assigned"),
            ),
            (
                "a scope in which it is still assigned stays a scope of it",
                sim!("management", "a_custom_role_keeps_the_scopes_it_is_assigned_in"),
            ),
            (
                "a deleted role lingers, and its name with it",
                sim!("deletion", "a_deleted_role_lingers"),
            ),
            (
                "a role of our name that somebody else made is used as it is, or refused",
                ours!("sharing", "a_role_of_somebody_else"),
            ),
            (
                "a role of our name that is seen from another subscription only is extended",
                ours!("sharing", "a_role_that_is_seen_from_elsewhere_only"),
            ),
            (
                "connectors that need other actions of one role",
                ours!("sharing", "different_actions_are_refused"),
            ),
            (
                "predefined roles are known by id, which no other role can have: one of the same name shadows nothing",
                ours!("describing", "predefined_roles_are_known_by_id"),
            ),
        ],
    ),
    (
        "The root management group, and elevation",
        &[
            (
                "200 for Global Administrators in person, 403 for anybody else, gone when it is taken back",
                sim!("checklist", "elevation_is_for_global_administrators"),
            ),
            (
                "without a root group there is nothing to assign at",
                sim!("scenarios", "without_a_root_group_there_is_nothing_to_assign_at"),
            ),
            (
                "whoever cannot be elevated is told, and nothing is noted",
                ours!("elevation", "who_cannot_be_elevated_is_told"),
            ),
            (
                "an assignment that fails for good leaves no elevation",
                whole!("elevation", "an_assignment_that_fails_for_good_leaves_no_elevation"),
            ),
            (
                "an elevation that cannot be removed is told until it is",
                whole!("elevation", "an_elevation_that_cannot_be_removed_is_told_until_it_is"),
            ),
        ],
    ),
    (
        "The application",
        &[
            (
                "404 without `Prefer`, 201, 204, and a unique name that stays taken until it is restored or purged",
                sim!("checklist/directory", "unique_names_stay_taken_until_restored_or_purged"),
            ),
            (
                "404 here and 409 there while it is young, now seen and now not",
                sim!("checklist/directory", "a_young_application_is_not_everywhere"),
            ),
            (
                "two applications of one name",
                ours!("adoption", "two_applications_of_one_name_are_refused"),
            ),
            (
                "one with credentials of others, one open to other tenants",
                ours!("adoption", "an_application_with_credentials_of_others_is_refused"),
            ),
        ],
    ),
    (
        "The service principal",
        &[(
            "400 \"does not reference a valid application object\" and 403 \"must in the local tenant\" while the application is young",
            sim!("checklist/directory", "a_young_application_is_not_everywhere"),
        )],
    ),
    (
        "Consent",
        &[
            (
                "404 and 400 while the principal is young, both spellings of a duplicate, a list that lags, 403 for those who only administer applications",
                sim!("checklist/directory", "app_roles_are_granted_once_and_listed_later"),
            ),
            (
                "who may not consent is told the way out",
                ours!("rehearsal", "consent_without_the_right_names_the_way_out"),
            ),
            ("nobody consents in time", whole!("waiting", "nobody_consents_in_time")),
        ],
    ),
    (
        "Credentials",
        &[
            (
                "a text that is shown once, an answer that is lost after the secret was made, a policy",
                sim!("checklist/directory", "secrets_are_shown_once_and_orphans_can_be_cleaned"),
            ),
            (
                "a secret whose answer was lost is removed, and another one made",
                ours!("rehearsal", "a_lost_secret_is_removed"),
            ),
            (
                "a rotation proves that the login service refuses the old secret before it ends",
                ours!("rotation", "a_secret_is_replaced_before_it_is_removed"),
            ),
            (
                "lost answers of a rotation leave no secret behind",
                ours!("rotation", "lost_answers_leave_no_orphan"),
            ),
            (
                "certificates are written as a collection, and limited by policy",
                sim!("credentials", "policies_limit_credentials"),
            ),
            (
                "names, issuers and subjects, and how many there may be",
                sim!("credentials", "federated_credentials_are_checked"),
            ),
            (
                "a federated credential of others is adopted or refused",
                ours!("credentials", "a_federated_credential_of_others_is_adopted_or_refused"),
            ),
        ],
    ),
    (
        "Verification, as a report",
        &[
            (
                "clusters that do not ask Azure who may do what; no token for Kubernetes is asked for",
                ours!("refusals/verified", "clusters_without_azure_roles"),
            ),
            (
                "a busy cloud is asked again, and named when it stays busy",
                whole!("verify", "a_busy_cloud_is_asked_again"),
            ),
            (
                "an expired credential",
                whole!("verify", "an_expired_credential_ends_with_seven_and_says_so"),
            ),
        ],
    ),
    (
        "Before the first write",
        &[
            ("Contributor: `AZ-PREFLIGHT-001`", ours!("preflight", "a_contributor")),
            (
                "an owner of the subscription and not of the root",
                ours!("preflight", "an_owner_of_the_subscription_only"),
            ),
            (
                "roles that have to be activated first: `AZ-PREFLIGHT-002`",
                ours!("preflight", "an_eligible_owner"),
            ),
            ("deny assignments: `AZ-PREFLIGHT-003`", ours!("preflight", "a_deny_assignment")),
            (
                "conditions on the operator's own role: `AZ-PREFLIGHT-005`",
                ours!("preflight", "an_operator_under_a_condition"),
            ),
            (
                "conditions nobody can decide yet: `AZ-PREFLIGHT-006`",
                ours!("preflight", "a_condition_nobody_can_decide_yet"),
            ),
            (
                "what may not be read, with the services busy: `AZ-PREFLIGHT-007`",
                ours!("preflight", "refused_reads_and_busy_services"),
            ),
            (
                "`PermissionScopeNotGranted`: a token of the Azure CLI may not ask what could be activated: `AZ-PREFLIGHT-007`",
                ours!("preflight", "people_who_may_not_consent"),
            ),
            (
                "applications that may not register applications: `AZ-PREFLIGHT-010`",
                ours!("preflight", "an_application_that_may_not_register_applications"),
            ),
            (
                "applications that may not consent: `AZ-PREFLIGHT-011`",
                ours!("preflight", "an_application_without_the_right_to_consent"),
            ),
            (
                "directory roles that could be activated: `AZ-PREFLIGHT-013`",
                ours!("preflight", "people_who_could_activate_a_role_and_clients_of_their_own"),
            ),
            (
                "people who may not register applications, and guests: `AZ-PREFLIGHT-014`, `AZ-PREFLIGHT-015`",
                ours!("preflight", "people_who_may_not_register_applications"),
            ),
            (
                "credentials the tenant does not allow: `AZ-PREFLIGHT-030`, `AZ-PREFLIGHT-031`",
                ours!("preflight", "credentials_the_tenant_does_not_allow"),
            ),
            (
                "a cloud without the provider of an action: `AZ-PREFLIGHT-040`",
                ours!("preflight", "a_cloud_without_the_provider"),
            ),
            (
                "a deleted application that may not be touched",
                ours!("preflight", "a_deleted_application_that_may_not_be_touched"),
            ),
            ("all of it as `plan` prints it", whole!("people", "a_tenant_with_policies")),
        ],
    ),
    (
        "The platform the connection is handed to",
        &[
            (
                "errors in an answer of 200, a quota that is told and counted, credentials that are not valid",
                sim!("checklist", "the_platform_refuses_in_its_own_ways"),
            ),
            (
                "no connector of the name, or several: `SKY-DEST-016`, `SKY-DEST-017`",
                destination!(
                    "ox_refusals",
                    "no_connector_and_several_are_refused_with_what_was_seen"
                ),
            ),
            (
                "a type of credentials that is not offered: `SKY-DEST-018`",
                destination!("ox_refusals", "a_connector_that_takes_other_credentials_is_refused"),
            ),
            (
                "a connector that somebody else uses: `SKY-DEST-020`",
                destination!("ox_refusals", "a_connector_for_one_that_somebody_uses_is_left_alone"),
            ),
            (
                "errors in an answer of 200: `SKY-DEST-015`",
                destination!("ox_refusals", "errors_in_an_answer_of_200_are_errors"),
            ),
            (
                "a wrong key, however it is said: `SKY-DEST-013`",
                destination!("ox_refusals", "a_wrong_key_is_permanent_however_it_is_said"),
            ),
            (
                "too many calls: `SKY-DEST-012`",
                destination!("ox_refusals", "too_many_calls_wait_as_long_as_is_asked"),
            ),
            (
                "no call is left in the hour: the next one waits",
                destination!("ox", "when_no_call_is_left_the_next_one_waits"),
            ),
            (
                "credentials that are not valid yet: `SKY-DEST-019`; the old ones stay",
                destination!(
                    "ox",
                    "credentials_that_do_not_work_yet_are_kept_and_the_old_ones_too"
                ),
            ),
            (
                "credentials of one name that were added twice are one in the end",
                destination!("ox", "credentials_that_were_added_twice_are_one_in_the_end"),
            ),
            (
                "a wrong key and errors in an answer of 200, as `apply` prints them",
                whole!("platforms", "what_the_platform_refuses_is_told"),
            ),
        ],
    ),
    (
        "When the time for something is over",
        &[
            (
                "what one replica shows and another does not is waited for until it was seen several times in a row",
                ours!("rehearsal", "onboard_again_verify_offboard"),
            ),
            (
                "waiting ends with its time, and says what was waited for",
                "core/engine/src/machine/tests/timing.rs::gives_up_waiting_when_the_budget_is_spent",
            ),
            (
                "whatever ended so says what to do",
                "core/cli/src/render/failures.rs::what_did_not_come_in_time_says_what_to_do",
            ),
            (
                "a service stays unwell for as long as it is tried",
                whole!("waiting", "a_service_stays_unwell"),
            ),
            ("nobody consents in time", whole!("waiting", "nobody_consents_in_time")),
        ],
    ),
];

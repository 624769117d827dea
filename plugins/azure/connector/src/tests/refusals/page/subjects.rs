//! What the texts are about.

/// Each subject with its texts, in the order of the page.
pub(super) const SUBJECTS: &[(&str, &[&str])] = &[
    (
        "Answers of every service",
        &[
            "hostile.txt",
            "documents.txt",
            "transport_connect.txt",
            "transport_interrupted.txt",
            "transport_certificates.txt",
        ],
    ),
    (
        "Signing in as the operator",
        &[
            "tokens_operator.txt",
            "simulated/operators.txt",
            "tokens_old.txt",
            "own/no_operator.txt",
        ],
    ),
    (
        "Subscriptions",
        &[
            "subscriptions.txt",
            "simulated/states.txt",
            "own/subscription_tenant.txt",
            "own/subscription_state.txt",
            "own/subscription_rights.txt",
        ],
    ),
    (
        "Role assignments",
        &[
            "role_assignments.txt",
            "simulated/young_principal.txt",
            "simulated/taken_elsewhere.txt",
            "our_name_for_something_else.txt",
            "simulated/against_the_operator.txt",
            "simulated/full_scopes.txt",
            "young_assignment.txt",
            "simulated/young_assignment.txt",
            "own/extra_grant.txt",
            "deny_group.txt",
        ],
    ),
    (
        "The custom role",
        &[
            "custom_roles.txt",
            "simulated/unknown_actions.txt",
            "simulated/out_of_sight.txt",
            "simulated/linked_scope.txt",
            "simulated/no_room.txt",
            "young_custom_role.txt",
            "young_custom_role_read.txt",
            "custom_role_assignment.txt",
            "simulated/young_role.txt",
            "simulated/still_counted.txt",
            "own/edited_role.txt",
        ],
    ),
    (
        "The root management group, and elevation",
        &[
            "own/no_root_group.txt",
            "own/no_right_at_root.txt",
            "young_elevation.txt",
            "own/elevation_application.txt",
            "own/elevation_person.txt",
            "own/elevation_removal.txt",
            "token_without_a_name.txt",
        ],
    ),
    (
        "The application",
        &[
            "applications.txt",
            "simulated/not_allowed.txt",
            "young_application.txt",
            "simulated/young_application.txt",
            "deleted_refuse.txt",
            "deleted_restore.txt",
            "deleted_purge.txt",
            "own/early_purge.txt",
        ],
    ),
    (
        "The service principal",
        &[
            "young_service_principal.txt",
            "simulated/young_reference.txt",
            "simulated/young_service_principal.txt",
            "own/disabled_principal.txt",
            "another_graph.txt",
        ],
    ),
    ("Consent", &["young_consent.txt", "simulated/young_consent.txt"]),
    (
        "Credentials",
        &[
            "client_secrets.txt",
            "client_secrets_policy.txt",
            "simulated/policies.txt",
            "young_secret.txt",
            "simulated/young_secret.txt",
            "federated_credentials.txt",
            "simulated/federated.txt",
            "own/assertions.txt",
            "own/no_certificate.txt",
            "own/old_secret.txt",
            "own/vault.txt",
        ],
    ),
    (
        "Verification, while a run waits for grants",
        &[
            "tokens_connector.txt",
            "simulated/connector.txt",
            "young_consent_refused.txt",
            "young_consent_token.txt",
        ],
    ),
    (
        "Verification, as a report",
        &["verified/grants.txt", "verified/credentials.txt", "verified/services.txt"],
    ),
    ("Before the first write", &[]),
    ("The platform the connection is handed to", &[]),
    ("When the time for something is over", &[]),
    (
        "Settings, and the host",
        &["own/settings.txt", "own/host.txt", "own/facts.txt", "no_simulated_cloud.txt"],
    ),
];

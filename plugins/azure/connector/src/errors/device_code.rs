//! Refusals of a sign-in by device code: most are about the client that was chosen for it.

use skybridge_azure_client::ServiceError;
use skybridge_plugin_sdk::kind;

use crate::operator::delegated;

/// What is being done when a person signs in on another device.
pub(crate) const DEVICE_SIGN_IN: &str = "signing in by device code";

/// What a person who was asked to sign in and did not can do.
pub(super) const NOT_SIGNED_IN: &str = "run again, and sign in on any device while the code is \
     good; where nobody can, choose another `operator.auth`";

/// Kind, code and help of a refusal that means something else here than elsewhere.
pub(super) fn meaning(error: &ServiceError) -> Option<(u16, &'static str, String)> {
    let has = |codes: &[u32]| error.login_codes.iter().any(|code| codes.contains(code));
    let (code, help) = if has(&[700_016]) {
        let help = "`client-id` names no application of this tenant: check it, `tenant` and \
                    `cloud`; 04b07795-8ddb-461a-bbee-02f9e1bf7b46 is the Azure CLI's, which every \
                    tenant knows";
        ("AZ-LOGIN-003", help.to_owned())
    } else if has(&[7_000_218]) {
        let help = "the application of `client-id` is no public client: switch on `Allow public \
                    client flows` (Entra > App registrations > Authentication)";
        ("AZ-LOGIN-014", help.to_owned())
    } else if has(&[65_001]) {
        let all = delegated::listed();
        (
            "AZ-LOGIN-015",
            format!("have an administrator consent for the client of `client-id`: {all}"),
        )
    } else if has(&[50_034, 50_126, 50_076, 50_079, 53_003]) {
        let help = "run again, and sign in with all the tenant wants; if a policy forbids signing \
                    in by device code, choose another `operator.auth`";
        ("AZ-LOGIN-008", help.to_owned())
    } else {
        return None;
    };
    Some((kind::UNAUTHENTICATED, code, help))
}

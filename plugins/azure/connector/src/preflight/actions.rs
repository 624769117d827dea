//! The custom role's actions against what this cloud's resource providers know. One unknown action
//! makes Azure refuse the whole role.

use skybridge_azure_client::ClientError;
use skybridge_azure_client::arm::provider_operations::{self, ProviderOperations};
use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::survey::PlannedWrite;

use super::findings::{Findings, Problem, Weight};
use crate::roles::CustomAction;
use crate::session::Session;
use crate::steps::role_definition;
use crate::survey::{self, Read};

/// An action no provider knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    action: String,
    provider: String,
    nearest: Option<String>,
}

impl Unknown {
    /// One sentence.
    pub(crate) fn sentence(&self) -> String {
        let near = self.nearest.as_ref().map(|it| format!("; the nearest is {it}"));
        format!("{} knows no action {}{}", self.provider, self.action, near.unwrap_or_default())
    }

    fn of(action: &CustomAction, provider: &ProviderOperations) -> Option<Self> {
        if provider.has_action(action.action) {
            return None;
        }
        Some(Self {
            action: action.action.to_owned(),
            provider: action.provider.to_owned(),
            nearest: nearest(action.action, provider.actions()),
        })
    }
}

/// Which of `actions` are unknown; one attempt.
pub(crate) async fn unknown(
    session: &Session<'_>,
    actions: &[CustomAction],
) -> std::result::Result<Vec<Unknown>, ClientError> {
    let mut all = Vec::new();
    for action in actions {
        let request = provider_operations::get_request(action.provider);
        let provider: ProviderOperations = session.json(&request).await?;
        all.extend(Unknown::of(action, &provider));
    }
    Ok(all)
}

/// The known action that is nearest to `wanted`, when it could be meant.
fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let wanted = wanted.to_ascii_lowercase();
    known
        .map(|one| (strsim::levenshtein(&wanted, &one.to_ascii_lowercase()), one))
        .min()
        .filter(|(distance, _)| *distance <= wanted.len() / 3)
        .map(|(_, one)| one.to_owned())
}

/// Looks when the role is going to be written.
pub(super) async fn check(
    session: &Session<'_>,
    steps: &[PlannedWrite],
    findings: &mut Findings,
) -> Result<()> {
    let blocks: Vec<String> = steps
        .iter()
        .filter(|step| step.kind == role_definition::KIND)
        .map(|step| step.address.clone())
        .collect();
    if blocks.is_empty() {
        return Ok(());
    }
    for action in &session.settings.grants().actions {
        findings.looked();
        let request = provider_operations::get_request(action.provider);
        match survey::read::<ProviderOperations>(session, &request).await? {
            Read::There(provider) => {
                if let Some(unknown) = Unknown::of(action, &provider) {
                    findings.add(lacking(unknown.sentence()), None, &blocks);
                }
            }
            Read::Refused(error) if error.status == 404 => {
                let summary = format!("this cloud has no resource provider {}", action.provider);
                findings.refused(lacking(summary), &error, &blocks);
            }
            Read::Refused(error) => {
                findings.closed("the operations of resource providers", &error, None);
            }
        }
    }
    Ok(())
}

fn lacking(summary: String) -> Problem {
    Problem {
        weight: Weight::Error,
        code: "AZ-PREFLIGHT-040",
        summary,
        help: "this cloud lacks the action, and would refuse the whole role; leave it out with \
               `permissions = \"least\"` and without the capabilities that need it"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::CUSTOM_ACTIONS;

    /// The page's misspelling is told with what was meant.
    #[test]
    fn the_nearest_action_is_named() {
        let operations = r#"{"name":"Microsoft.Web","operations":[],"resourceTypes":[{"name":"sites/config","operations":[
            {"name":"Microsoft.Web/sites/config/Read"},
            {"name":"Microsoft.Web/sites/config/list/Action"},
            {"name":"Microsoft.Web/sites/config/list/data","isDataAction":true}]}]}"#;
        let provider: ProviderOperations = serde_json::from_str(operations).unwrap();
        assert_eq!(Unknown::of(&CUSTOM_ACTIONS[0], &provider), None);
        let wrong = CustomAction {
            action: "Micandrosoft.Web/sites/config/list/action",
            ..CUSTOM_ACTIONS[0]
        };
        let unknown = Unknown::of(&wrong, &provider).unwrap();
        let nearest = "the nearest is Microsoft.Web/sites/config/list/Action";
        assert!(unknown.sentence().ends_with(nearest), "{}", unknown.sentence());
        let far = CustomAction {
            action: "Microsoft.Network/bastionHosts/getShareableLinks/action",
            ..wrong
        };
        assert_eq!(Unknown::of(&far, &provider).unwrap().nearest, None);
    }
}

//! The tenant's own public clients: what people sign in to, beside the Azure CLI.

use serde::Deserialize;
use uuid::Uuid;

use super::Scenario;
use crate::graph::microsoft_graph;
use crate::limits::SCENARIO_ENTRIES_MAX;
use crate::login::clients::COMMAND_LINE;

/// A public client application, and what an administrator consented to for everybody.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PublicClient {
    pub(crate) client_id: Uuid,
    pub(crate) name: String,
    /// Delegated permissions of Microsoft Graph.
    #[serde(default)]
    pub(crate) graph_scopes: Vec<String>,
    /// `user_impersonation` of Resource Manager.
    #[serde(default)]
    pub(crate) resource_manager: bool,
}

impl Scenario {
    /// The public client of this id.
    pub(crate) fn public_client(&self, id: Uuid) -> Option<&PublicClient> {
        self.clients.iter().find(|client| client.client_id == id)
    }

    /// The id of the client the operating person signs in to.
    pub(crate) fn operating_client(&self) -> Uuid {
        let named = self.operator.client.as_deref().and_then(|name| self.client_named(name));
        named.map_or(COMMAND_LINE, |client| client.client_id)
    }

    fn client_named(&self, name: &str) -> Option<&PublicClient> {
        self.clients.iter().find(|client| client.name == name)
    }
}

/// The first thing that is wrong, in words.
pub(super) fn check(scenario: &Scenario) -> Result<(), String> {
    let all = &scenario.clients;
    if all.len() > SCENARIO_ENTRIES_MAX {
        return Err(format!("clients: {} given, at most {SCENARIO_ENTRIES_MAX} are", all.len()));
    }
    for (index, client) in all.iter().enumerate() {
        check_client(scenario, client)?;
        let same = |other: &&PublicClient| {
            other.client_id == client.client_id || other.name == client.name
        };
        if all.iter().take(index).any(|other| same(&other)) {
            return Err(format!(
                "clients: {:?} has the name or the client-id of an earlier one",
                client.name
            ));
        }
    }
    match &scenario.operator.client {
        Some(name) if scenario.client_named(name).is_none() => {
            Err(format!("operator.client: there is no client {name:?}"))
        }
        Some(_) if scenario.operator.person.is_none() => Err(
            "operator.client: the operator is an application; only a person signs in to a client"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

fn check_client(scenario: &Scenario, client: &PublicClient) -> Result<(), String> {
    let (id, name) = (client.client_id, &client.name);
    if name.is_empty() {
        return Err(format!("clients: the client {id} has no name"));
    }
    if id == COMMAND_LINE {
        return Err(format!("clients: {id} is the Azure CLI's, which every tenant has as it is"));
    }
    if id == scenario.operator.client_id {
        return Err(format!("clients: {id} is the operator's application, which has a secret"));
    }
    for (index, scope) in client.graph_scopes.iter().enumerate() {
        if !microsoft_graph::is_scope(scope) {
            return Err(format!(
                "clients.graph-scopes: Microsoft Graph has no delegated permission {scope:?}"
            ));
        }
        if client.graph_scopes.iter().take(index).any(|earlier| earlier == scope) {
            return Err(format!("clients.graph-scopes: {scope:?} is given twice to {name:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u8, name: &str, more: &str) -> String {
        let id = format!("cccccccc-0000-4000-8000-0000000000{number:02}");
        format!("[[clients]]\nclient-id = '{id}'\nname = '{name}'\n{more}\n")
    }

    #[test]
    fn mistakes_are_named() {
        let both = |second: String| client(1, "one", "") + &second;
        let of = |id: &str| format!("[[clients]]\nclient-id = '{id}'\nname = 'x'\n");
        for (text, word) in [
            (client(1, "one", "graph-scopes = ['No.Such.Scope']"), "No.Such.Scope"),
            (client(1, "one", "graph-scopes = ['openid']"), "openid"),
            // There is an app role of this name, and no delegated permission.
            (
                client(1, "one", "graph-scopes = ['Application.ReadWrite.OwnedBy']"),
                "no delegated permission",
            ),
            (client(1, "one", "graph-scopes = ['User.Read', 'User.Read']"), "twice"),
            (client(1, "one", "graph-roles = []"), "graph-roles"),
            (client(1, "", ""), "no name"),
            (both(client(1, "two", "")), "earlier"),
            (both(client(2, "one", "")), "earlier"),
            (of("04b07795-8ddb-461a-bbee-02f9e1bf7b46"), "Azure CLI"),
            (of("22222222-3333-4444-5555-666666666666"), "secret"),
            ("[operator]\nclient = 'one'".to_owned(), "no client \"one\""),
            (both("[operator]\nclient = 'one'".to_owned()), "only a person"),
        ] {
            let error = Scenario::parse(&text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn a_person_operates_through_the_azure_cli_unless_a_client_is_named() {
        let person = "[operator]\nperson = 'admin@contoso.example'\n";
        let scenario = Scenario::parse(person).unwrap();
        assert_eq!(scenario.operating_client(), COMMAND_LINE);
        let text = format!("{person}client = 'one'\n{}", client(1, "one", ""));
        let scenario = Scenario::parse(&text).unwrap();
        assert_eq!(scenario.operating_client(), scenario.clients[0].client_id);
    }
}

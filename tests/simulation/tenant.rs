//! What a seed's tenant looks like, and what is to be connected of it: a scenario and a manifest.

use std::fmt::Write as _;

use super::cloud::ISSUER;
use super::dice::Dice;

/// A tenant and the manifest that connects it.
#[derive(Debug, Clone)]
pub(super) struct Tenant {
    /// The scenario without seed and lag.
    estate: String,
    /// Seed and lag.
    behaviour: String,
    pub(super) manifest: String,
    pub(super) credential: Credential,
    pub(super) destination: Destination,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    Secret,
    Certificate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    Local,
    Webhook,
    Ox,
}

/// Lags of the simulated cloud with their defaults in milliseconds.
pub(super) const LAGS: [(&str, u64); 18] = [
    ("application", 800),
    ("application-reference", 1000),
    ("service-principal", 1000),
    ("principal", 600),
    ("principal-untyped", 4000),
    ("app-role-assignment", 500),
    ("app-role-effect", 500),
    ("role-definition", 500),
    ("role-definition-deletion", 500),
    ("role-assignment", 500),
    ("role-assignment-deletion", 500),
    ("role-assignment-effect", 1000),
    ("secret", 1500),
    ("credential-list", 500),
    ("certificate", 1500),
    ("federated-credential", 1500),
    ("application-deletion", 300),
    ("service-principal-deletion", 300),
];

/// How much longer than usual everything takes to be seen, in percent: from nothing to a bad day.
const SLOWNESS: [u64; 6] = [0, 30, 100, 100, 300, 1000];

/// Tenants that differ in what they hold and in what is wished of them. What each comes to without
/// any disturbance is found out once; how it behaves differs from seed to seed.
const SHAPES: u64 = 128;

fn subscription(number: u64) -> String {
    format!("33333333-4444-5555-6666-{:012}", 777_777_777_777 - number)
}

impl Tenant {
    pub(super) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed % SHAPES, "tenant");
        let count = *dice.pick(&[1, 1, 1, 2, 2, 3]);
        let asleep = dice.percent(15);
        let scope = *dice.pick(&["listed", "listed", "listed", "group", "tenant"]);
        let clusters = *dice.pick(&["subscription", "subscription", "none", "listed"]);
        let least = dice.percent(30);
        let root = *dice.pick(&["assign", "assign", "skip"]);
        let operator = *dice.pick(&["owner", "owner", "access-administrator"]);
        // Making a key takes as long as everything else of a seed.
        let credential = match dice.percent(3) {
            true => Credential::Certificate,
            false => Credential::Secret,
        };
        let destination = match dice.below(5) {
            0 => Destination::Webhook,
            1 if credential == Credential::Secret => Destination::Ox,
            _ => Destination::Local,
        };
        let mut dice = Dice::new(seed, "behaviour");
        let slowness = *dice.pick(&SLOWNESS);
        let page = dice.between(1, 4);
        Self {
            estate: estate(count, asleep, operator),
            behaviour: behaviour(seed, |_, usual| usual * slowness / 100, page, dice.percent(80)),
            manifest: manifest(&Wish {
                count,
                scope,
                clusters,
                least,
                root,
                credential,
                destination,
            }),
            credential,
            destination,
        }
    }

    /// A tenant with one subscription, onboarded as a manifest that says little would have it. What
    /// is seen late, by how many milliseconds, is as `lag` says, to the millisecond.
    pub(super) fn plain(lag: impl Fn(&str) -> u64, credential: &str) -> Self {
        let issuer = format!("[[issuers]]\nurl = \"{ISSUER}\"\n");
        let wish = Wish {
            count: 1,
            scope: "listed",
            clusters: "subscription",
            least: false,
            root: "assign",
            credential: Credential::Secret,
            destination: Destination::Local,
        };
        let usual = format!("credential = {}", credential_of(wish.credential));
        let manifest = manifest(&wish);
        assert!(manifest.contains(&usual), "{manifest}");
        Self {
            estate: format!("{}{issuer}", estate(1, false, "owner")),
            behaviour: behaviour(7, |name, _| lag(name), 50, false),
            manifest: manifest.replace(&usual, &format!("credential = {credential}")),
            credential: wish.credential,
            destination: wish.destination,
        }
    }

    /// The scenario of the seed itself.
    pub(super) fn scenario(&self) -> String {
        format!("{}{}", self.behaviour, self.estate)
    }

    /// The same tenant on a good day: nothing lags.
    pub(super) fn scenario_undisturbed(&self) -> String {
        format!("{}{}", behaviour(7, |_, _| 0, 50, false), self.estate)
    }

    /// What tells tenants and wishes apart.
    pub(super) fn shape(&self) -> String {
        format!("{}\n{}", self.estate, self.manifest)
    }
}

fn behaviour(seed: u64, lag: impl Fn(&str, u64) -> u64, page: u64, flapping: bool) -> String {
    let mut text = format!("seed = {seed}\nflapping = {flapping}\n[lag]\n");
    for (name, usual) in LAGS {
        writeln!(text, "{name} = {}", lag(name, usual)).unwrap();
    }
    writeln!(text, "[page-size]\nresource-manager = {page}\ngraph = {page}").unwrap();
    text
}

fn estate(count: u64, asleep: bool, operator: &str) -> String {
    let mut text = String::from("[[management-groups]]\nid = \"platform\"\nname = \"Platform\"\n");
    for number in 0..count {
        let id = subscription(number);
        writeln!(
            text,
            "[[subscriptions]]\nid = \"{id}\"\nname = \"Workload {number}\"\n\
             management-group = \"platform\"\nresource-groups = [\"rg\"]\n\
             [[clusters]]\nname = \"aks-{number}\"\nsubscription = \"{id}\"\nresource-group = \"rg\""
        )
        .unwrap();
    }
    if asleep {
        let id = subscription(99);
        writeln!(
            text,
            "[[subscriptions]]\nid = \"{id}\"\nname = \"Asleep\"\nstate = \"Disabled\"\n\
             management-group = \"platform\""
        )
        .unwrap();
    }
    let role = match operator {
        "owner" => "{ role = \"Owner\" }",
        _ => "{ role = \"User Access Administrator\" }, { role = \"Contributor\" }",
    };
    writeln!(text, "[operator]\nassignments = [{role}]").unwrap();
    text
}

struct Wish {
    count: u64,
    scope: &'static str,
    clusters: &'static str,
    least: bool,
    root: &'static str,
    credential: Credential,
    destination: Destination,
}

fn credential_of(credential: Credential) -> String {
    let kind = match credential {
        Credential::Secret => "client-secret",
        Credential::Certificate => "certificate",
    };
    format!("{{ kind = \"{kind}\", lifetime = \"90d\", warn = \"10d\" }}")
}

fn manifest(wish: &Wish) -> String {
    let listed: Vec<String> =
        (0..wish.count).map(|number| format!("\"{}\"", subscription(number))).collect();
    let scope = match wish.scope {
        "listed" => format!("{{ subscriptions = [{}] }}", listed.join(", ")),
        "group" => "{ management-groups = [\"platform\"] }".to_owned(),
        _ => "{ tenant = true, exclude = [\"Aslee*\"] }".to_owned(),
    };
    let clusters = match wish.clusters {
        "subscription" => "{ scope = \"subscription\" }".to_owned(),
        "none" => "false".to_owned(),
        _ => format!(
            "{{ clusters = [\"/subscriptions/{}/resourceGroups/rg/providers\
             /Microsoft.ContainerService/managedClusters/aks-0\"] }}",
            subscription(0)
        ),
    };
    let permissions = if wish.least { "least" } else { "seed" };
    let credential = credential_of(wish.credential);
    let destination = match wish.destination {
        Destination::Local => "kind = \"local\"".to_owned(),
        Destination::Webhook => {
            "kind = \"webhook\"\nurl = \"https://hook.invalid/\"\nkey = \"file:hook.key\""
                .to_owned()
        }
        Destination::Ox => {
            "kind = \"ox\"\nurl = \"https://ox.invalid/graphql\"\nkey = \"env:OX_KEY\"".to_owned()
        }
    };
    format!(
        "schema = 1\n[connectors.contoso]\nplugin = \"azure\"\n[connectors.contoso.settings]\n\
         tenant = \"11111111-2222-3333-4444-555555555555\"\nscope = {scope}\naks = {clusters}\n\
         permissions = \"{permissions}\"\nroot-management-group = \"{root}\"\n\
         credential = {credential}\n\
         [connectors.contoso.operator]\nauth = \"azure-cli\"\n\
         [connectors.contoso.destination]\n{destination}\n",
        root = wish.root,
    )
}

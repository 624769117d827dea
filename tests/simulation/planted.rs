//! The checkers can fail: each kind of misbehaviour is planted, and seen.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::checker::{self, Wanted};
use super::drive::Disturbance;
use super::files::{Journal, everything};
use super::life::End;
use super::print::print;
use super::story::{Stage, reader};
use super::tenant::Tenant;
use crate::exit::Exit;

/// A tenant that was connected without a fault, and what it should hold.
struct Connected {
    stage: Stage,
    is: Value,
    should: Vec<String>,
}

fn runtime() -> tokio::runtime::Runtime {
    drop(rustls::crypto::ring::default_provider().install_default());
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn stage() -> Stage {
    // Any seed with a client secret and one subscription would do.
    let tenant = Tenant::of(0);
    Stage::new(0, &tenant, tenant.scenario_undisturbed(), reader()).await
}

impl Connected {
    async fn new() -> Self {
        let mut stage = stage().await;
        let end = stage.connect_with(Disturbance::default()).await.unwrap();
        assert!(matches!(end, End::Exit(Exit::Done)), "{end:?}");
        let is = stage.place.cloud.state().await;
        let should = print(&is);
        assert_eq!(stage.findings(Wanted::Connected, &should).await, Vec::<String>::new());
        Self { stage, is, should }
    }

    fn state(&self) -> PathBuf {
        self.stage.place.state()
    }

    /// What is found in the tenant when it is changed like this.
    fn in_tenant(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut changed = self.is.clone();
        change(&mut changed);
        checker::tenant(&changed, &self.should, false).join("\n")
    }

    /// What is found in the journal when its records are changed like this.
    fn in_journal(&self, change: impl FnOnce(&mut Vec<Value>)) -> String {
        let mut records = Journal::all(&self.state()).unwrap().pop().unwrap().records;
        let (path, _) = Journal::bytes(&self.state()).unwrap();
        let kept = fs_err::read(&path).unwrap();
        change(&mut records);
        records.insert(0, json!({ "format": "skybridge-journal", "version": 1 }));
        let line = |(at, record): (usize, &Value)| {
            let json = record.to_string();
            format!("00000000 {at} {} {json}\n", json.len())
        };
        let text: String = records.iter().enumerate().map(line).collect();
        fs_err::write(&path, text).unwrap();
        let found = checker::journals(&self.state(), true).join("\n");
        fs_err::write(&path, kept).unwrap();
        found
    }
}

fn at(records: &[Value], event: &str, address: &str) -> usize {
    let is = |it: &Value| {
        let about = it["address"].as_str().unwrap_or_default();
        it["event"] == event && about.starts_with(address)
    };
    records.iter().position(is).unwrap()
}

fn ours<'a>(tenant: &'a mut Value, kind: &str) -> &'a mut Vec<Value> {
    tenant[kind].as_array_mut().unwrap()
}

const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

/// Goal: what there is twice, too much or not at all in the tenant is found, and named.
#[test]
fn changes_of_the_tenant_are_seen() {
    runtime().block_on(async {
        let connected = Connected::new().await;
        assert_eq!(connected.in_tenant(|_| ()), "");
        let found = connected.in_tenant(|tenant| {
            let all = ours(tenant, "roleAssignments");
            let reader =
                |it: &&Value| it["properties"]["roleDefinitionId"].to_string().contains(READER);
            let mut again = all.iter().find(reader).unwrap().clone();
            again["name"] = json!("another");
            all.push(again);
        });
        assert!(
            found.starts_with("1 too many: roleAssignments") && found.contains(READER),
            "{found}"
        );
        let found = connected.in_tenant(|tenant| {
            let all = ours(tenant, "roleAssignments");
            all.retain(|it| !it["properties"]["roleDefinitionId"].to_string().contains(READER));
        });
        assert!(
            found.starts_with("1 missing: roleAssignments") && found.contains(READER),
            "{found}"
        );
        let found = connected.in_tenant(|tenant| {
            let mut leaked = ours(tenant, "applications").last().unwrap().clone();
            leaked["displayName"] = json!("forgotten");
            ours(tenant, "applications").push(leaked);
        });
        assert!(
            found.contains("1 too many: applications") && found.contains("forgotten"),
            "{found}"
        );
        let found = connected.in_tenant(|tenant| {
            let app = ours(tenant, "applications").last_mut().unwrap();
            let passwords = app["passwordCredentials"].as_array_mut().unwrap();
            let orphan = passwords[0].clone();
            passwords.push(orphan);
        });
        assert!(found.contains("too many: applications") && found.contains("missing"), "{found}");
        // Taken away, everything that is left is too much.
        let (is, before) = (&connected.is, stage().await.place.cloud.state().await);
        let found = checker::tenant(is, &print(&before), false).join("\n");
        for kind in ["applications", "servicePrincipals", "roleAssignments", "appRoleAssignments"] {
            assert!(found.contains(&format!("too many: {kind}")), "{kind}: {found}");
        }
        assert!(!checker::machine(&connected.state(), is, Wanted::Gone).is_empty());
        connected.stage.close().await;
    });
}

/// Goal: a step that was applied twice, too early, or not at all is seen in the journal.
#[test]
fn changes_of_the_journal_are_seen() {
    runtime().block_on(async {
        let connected = Connected::new().await;
        assert_eq!(connected.in_journal(|_| ()), "");
        let found = connected.in_journal(|records| {
            let applied = at(records, "step-applied", "contoso.application");
            records.insert(applied + 1, records[applied].clone());
        });
        assert!(found.contains("step-applied of contoso.application, which is"), "{found}");
        let found = connected.in_journal(|records| {
            let ready = at(records, "step-ready", "contoso.service-principal");
            let ready = records.remove(ready);
            records.insert(records.len() - 1, ready);
        });
        assert!(
            found.contains("contoso.service-principal, which it needs, is Some(Applied)"),
            "{found}"
        );
        let found = connected.in_journal(|records| {
            records.retain(|it| !it["address"].to_string().contains("role-assignment.reader"));
        });
        assert!(found.contains("role-assignment.reader") && found.contains("forgotten"), "{found}");
        let found = connected.in_journal(|records| {
            records.pop();
        });
        assert!(found.contains("did not end well"), "{found}");
        connected.stage.close().await;
    });
}

/// Goal: a secret in clear is seen in any file and in anything printed; one too many in the vault, too.
#[test]
fn secrets_out_of_place_are_seen() {
    runtime().block_on(async {
        let connected = Connected::new().await;
        let (state, secrets) = (connected.state(), connected.stage.secrets());
        let secret = secrets.iter().find(|secret| secret.contains("8Q~")).unwrap().clone();
        for place in ["audit/log.ndjson", "connections/contoso.json", ".gitignore"] {
            let path = state.join(place);
            let kept = fs_err::read(&path).unwrap();
            fs_err::write(&path, format!("{{\"detail\":\"{secret}\"}}")).unwrap();
            let found = checker::secrets(&state, b"", secrets).join("\n");
            assert!(found.contains(place), "{place}: {found}");
            fs_err::write(&path, kept).unwrap();
        }
        let said = format!("done contoso.client-secret: {secret}");
        assert_eq!(checker::secrets(&state, said.as_bytes(), secrets).len(), 1);
        assert!(checker::secrets(&state, b"done", secrets).is_empty());
        let sealed = everything(&state.join("vault"))
            .into_iter()
            .find(|(path, _)| path.extension().is_some_and(|it| it == "age"));
        let (path, bytes) = sealed.unwrap();
        fs_err::write(path.with_file_name("orphan.age"), bytes).unwrap();
        let found = checker::machine(&state, &connected.is, Wanted::Connected).join("\n");
        assert!(found.contains("one secret should be sealed"), "{found}");
        connected.stage.close().await;
    });
}

/// Goal: an effect before its intent is on disk is seen while it happens.
#[test]
fn effects_before_their_intents_are_seen() {
    runtime().block_on(async {
        let mut stage = stage().await;
        let planted = Disturbance { lawless: true, ..Disturbance::default() };
        let found = stage.connect_with(planted).await.unwrap_err();
        assert!(found.contains("its intent is not on disk"), "{found}");
        stage.close().await;
    });
}

//! Describing, applying, undoing; and what all of it tells of secrets.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use skybridge_plugin_api::kind;
use skybridge_plugin_protocol::manifest::capability;
use skybridge_plugin_protocol::onboard::{
    Applied, DescribeRequest, UndoRequest, applied, effect, observed,
};
use skybridge_plugin_protocol::verify::{VerifyRequest, check_status};

use super::{Cases, OFFLINE, Verdict, require, trouble};
use crate::bench::{Bench, Opened};
use crate::walk::Walk;

/// How long what was undone may still be seen.
const GONE_WITHIN: Duration = Duration::from_secs(60);

const DESCRIBES: &str = "describing is the same every time";
const ENDS: &str = "an onboarding ends with what it promised";
const TWICE: &str = "applying twice equals applying once";
const VERIFIES: &str = "a fresh connection is proved";
const UNDOES: &str = "undoing leaves nothing, and twice equals once";
const TROUBLE: &str = "a cloud that is busy, pages its lists, is slow, or refuses";
const SECRETS: &str = "no secret is in an answer, a record or a log line";

pub(super) async fn run(bench: &Bench<'_>, cases: &mut Cases) {
    let opened = match bench.open(bench.fixture.scenarios.plain.as_deref()).await {
        Ok(opened) => opened,
        Err(error) => return cases.add(DESCRIBES, Err(error)),
    };
    cases.add(DESCRIBES, describes_the_same(bench, &opened).await);
    if bench.fixture.offline {
        return cases.leave_out(&[ENDS, TWICE, VERIFIES, UNDOES, SECRETS, TROUBLE], OFFLINE);
    }
    went_through(bench, &opened, cases).await;
    trouble::run(bench, cases).await;
}

async fn went_through(bench: &Bench<'_>, opened: &Opened, cases: &mut Cases) {
    let mut walk = match Walk::plan(opened).await {
        Ok(walk) => walk,
        Err(error) => return cases.add(ENDS, Err(error)),
    };
    let onboarded = onboard(opened, &mut walk).await;
    let went_well = onboarded.is_ok();
    cases.add(ENDS, onboarded);
    if !went_well {
        return cases.leave_out(&[TWICE, VERIFIES, UNDOES, SECRETS], "the onboarding did not end");
    }
    cases.add(TWICE, twice_is_once(&mut walk).await);
    if bench.manifest().can(capability::VERIFY) {
        cases.add(VERIFIES, verifies(opened, &mut walk).await);
    } else {
        cases.leave_out(&[VERIFIES], "the plugin does not declare `verify`");
    }
    cases.add(UNDOES, undoes(&mut walk).await);
    if bench.capture.sees() {
        cases.add(SECRETS, tells_no_secret(bench, opened, &walk));
    } else {
        cases.leave_out(&[SECRETS], "somebody else receives the logs of this process");
    }
}

async fn describes_the_same(bench: &Bench<'_>, opened: &Opened) -> Verdict {
    let request = DescribeRequest::default();
    let describe = async |opened: &Opened| {
        let description = opened.instance.describe(&request).await;
        let description = description.map_err(|error| format!("describing: {error}"))?;
        serde_json::to_string(&description).map_err(|error| error.to_string())
    };
    let first = describe(opened).await?;
    let again = describe(opened).await?;
    require(first == again, || "two calls of one instance give two descriptions".to_owned())?;
    // A folder of its own stands in the settings of each instance.
    if !bench.fixture.settings.to_string().contains("{dir}") {
        let other = describe(&bench.open(None).await?).await?;
        require(first == other, || "two instances give two descriptions".to_owned())?;
    }
    Ok(())
}

async fn onboard(opened: &Opened, walk: &mut Walk<'_>) -> Verdict {
    for position in walk.steps() {
        let applied = walk.apply(position, 0).await?;
        let step = walk.step(position)?;
        let address = step.address();
        let missing = step.outputs().iter().find(|name| !applied.outputs.contains_key(*name));
        require(missing.is_none(), || {
            format!("{address} was applied and did not put out `{}`", missing.map_or("", |it| it))
        })?;
        let known = [
            applied::CREATED,
            applied::ADOPTED,
            applied::UPDATED,
            applied::UNCHANGED,
            applied::CHECKED,
        ];
        require(known.contains(&applied.action.as_str()), || {
            format!("{address} says it was `{}`, which is no word of the protocol", applied.action)
        })?;
        let reads = step.effect() == effect::READ;
        let wrote = [applied::CREATED, applied::UPDATED].contains(&applied.action.as_str());
        require(!(reads && wrote), || {
            format!("{address} only reads, and says it {}", applied.action)
        })?;
        let writes = step.calls().iter().any(|call| call.method != "GET");
        require(!(wrote && writes) || opened.told.writes(address.as_str()) > 0, || {
            format!("{address} was {} and put no write on record", applied.action)
        })?;
    }
    Ok(())
}

async fn twice_is_once(walk: &mut Walk<'_>) -> Verdict {
    for position in walk.steps() {
        let before = walk.outputs.get(&position).cloned().unwrap_or_default();
        let again: Applied = walk.apply(position, 1).await?;
        let step = walk.step(position)?;
        let (address, effect) = (step.address(), step.effect().to_owned());
        // What is minted is new each time; the earlier one is gone, which undoing shows.
        if effect == effect::MINT {
            continue;
        }
        require(again.action != applied::CREATED, || format!("{address} was created twice"))?;
        let same = step.outputs().iter().all(|name| before.get(name) == again.outputs.get(name));
        require(same, || format!("{address} put out something else the second time"))?;
        if effect == effect::ENSURE {
            let seen = walk.observe(position).await?;
            require([observed::MATCHES, observed::FOREIGN].contains(&seen.state.as_str()), || {
                format!("{address} was applied and is then observed as `{}`", seen.state)
            })?;
        }
    }
    Ok(())
}

async fn verifies(opened: &Opened, walk: &mut Walk<'_>) -> Verdict {
    let request = VerifyRequest { connection: walk.connection()? };
    let report = opened.instance.verify(&request).await;
    let report = report.map_err(|error| format!("verifying: {error}"))?;
    require(!report.checks.is_empty(), || "nothing was checked".to_owned())?;
    let failed: Vec<String> = report
        .checks
        .iter()
        .filter(|check| ![check_status::OK, check_status::SKIPPED].contains(&check.status.as_str()))
        .map(|check| format!("{} ({}): {} {}", check.what, check.scope, check.status, check.detail))
        .collect();
    require(failed.is_empty(), || failed.join("\n"))
}

async fn undoes(walk: &mut Walk<'_>) -> Verdict {
    let mut requests: Vec<UndoRequest> = walk.undo.drain(..).rev().collect();
    // Applying twice told the same twice; the later one stands where the order wants it.
    let mut told = BTreeSet::new();
    requests.retain(|request| told.insert(format!("{} {}", request.address, request.undo)));
    for request in &requests {
        walk.undo(request).await?;
        gone(walk, request).await?;
    }
    for request in &requests {
        let again = walk.undo(request).await?;
        require(!again.removed, || format!("{} was removed twice", request.address))?;
    }
    Ok(())
}

async fn gone(walk: &mut Walk<'_>, request: &UndoRequest) -> Verdict {
    let until = Instant::now() + GONE_WITHIN;
    loop {
        match walk.remains(request).await {
            Ok(seen) if !seen.remains => return Ok(()),
            Ok(seen) if Instant::now() > until => {
                let detail = seen.detail.unwrap_or_default();
                return Err(format!("{} was undone and remains: {detail}", request.address));
            }
            Ok(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            // Looking is not asked of every plugin: the host then says that nothing was proved.
            Err(error) if error.kind == kind::UNSUPPORTED => return Ok(()),
            Err(error) => return Err(format!("{}: looking for it: {error}", request.address)),
        }
    }
}

fn tells_no_secret(bench: &Bench<'_>, opened: &Opened, walk: &Walk<'_>) -> Verdict {
    let met: String =
        walk.met.iter().map(|error| format!("{error} {:?}\n", error.detail)).collect();
    let places = [
        ("an answer", walk.answers.clone()),
        ("a record or a progress note", opened.told.text()),
        ("an error", met),
        ("the log", bench.capture.text()),
    ];
    let vault = opened.vault.ever();
    let sealed = vault.iter().map(|secret| String::from_utf8_lossy(secret).into_owned());
    for secret in sealed.chain(opened.operator_secrets.iter().cloned()) {
        // Nobody can tell a word of three letters from a secret.
        if secret.len() < 8 {
            continue;
        }
        for (place, text) in &places {
            require(!text.contains(&secret), || {
                let shown: String = secret.chars().take(3).collect();
                format!("a secret that begins with `{shown}` is in {place}")
            })?;
        }
    }
    Ok(())
}

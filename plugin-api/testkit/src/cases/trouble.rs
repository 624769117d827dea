//! A cloud that is busy, pages its lists, is slow, or refuses.

use std::time::{Duration, Instant};

use skybridge_host::Retry;
use skybridge_plugin_api::{kind, method};
use skybridge_plugin_protocol::onboard::{ApplyRequest, observed};

use super::{Cases, Verdict, require};
use crate::bench::{Bench, Opened};
use crate::walk::Walk;

/// When a call is given up in the case of a slow cloud.
const GIVEN_UP_AFTER: Duration = Duration::from_millis(300);

/// The host's grace after that, and some time for a busy machine.
const ENDS_WITHIN: Duration = Duration::from_secs(4);

pub(super) async fn run(bench: &Bench<'_>, cases: &mut Cases) {
    let scenarios = bench.fixture.scenarios.clone();
    let name = "a busy cloud is waited for as it asks";
    match &scenarios.busy {
        Some(busy) => cases.add(name, waits(bench, busy).await),
        None => cases.leave_out(&[name], "the fixture has no scenario `busy`"),
    }
    let name = "lists are read to their end, through an empty page";
    match &scenarios.paged {
        Some(paged) => cases.add(name, reads_on(bench, paged).await),
        None => cases.leave_out(&[name], "the fixture has no scenario `paged`"),
    }
    let name = "a call that is given up ends in time, and can be made again";
    match &scenarios.slow {
        Some(slow) => cases.add(name, lets_go(bench, slow).await),
        None => cases.leave_out(&[name], "the fixture has no scenario `slow`"),
    }
    let name = "a refusal says what a person can do";
    match &scenarios.denied {
        Some(denied) => cases.add(name, refuses_well(bench, denied).await),
        None => cases.leave_out(&[name], "the fixture has no scenario `denied`"),
    }
}

async fn waits(bench: &Bench<'_>, scenario: &str) -> Verdict {
    let opened = bench.open(Some(scenario)).await?;
    let mut walk = Walk::plan(&opened).await?;
    walk.apply_all(0).await?;
    let mut asked = walk.met.iter().filter(|error| error.retry == Retry::RateLimited);
    let first = asked.next().ok_or("nothing was answered as rate-limited in the busy scenario")?;
    require(first.kind == kind::RATE_LIMITED, || format!("its kind is {}: {first}", first.kind))?;
    let told = walk.met.iter().any(|it| it.retry == Retry::RateLimited && it.retry_after.is_some());
    require(told, || "how long to wait is never passed on".to_owned())?;
    all_there(&mut walk).await
}

async fn reads_on(bench: &Bench<'_>, scenario: &str) -> Verdict {
    let opened = bench.open(Some(scenario)).await?;
    let mut walk = Walk::plan(&opened).await?;
    walk.apply_all(0).await?;
    // Whatever is looked for in a list is now somewhere in it, perhaps on its last page.
    all_there(&mut walk).await
}

async fn all_there(walk: &mut Walk<'_>) -> Verdict {
    for position in walk.steps() {
        if walk.step(position)?.effect() == "ensure" {
            let seen = walk.observe(position).await?;
            let address = walk.step(position)?.address();
            require(seen.state != observed::ABSENT, || format!("{address} is then not found"))?;
        }
    }
    Ok(())
}

async fn lets_go(bench: &Bench<'_>, scenario: &str) -> Verdict {
    let opened = bench.open(Some(scenario)).await?;
    let mut walk = Walk::plan(&opened).await?;
    let first = walk.steps().into_iter().next().ok_or("the plan has no steps")?;
    let request = ApplyRequest {
        step: walk.call(first)?,
        key: format!("00000000-0000-5000-8000-{first:012x}"),
        ..ApplyRequest::default()
    };
    let request = serde_json::to_vec(&request).map_err(|error| error.to_string())?;
    let began = Instant::now();
    let ended = give_up(&opened, request).await;
    require(began.elapsed() < GIVEN_UP_AFTER + ENDS_WITHIN, || {
        format!("a call that was given up ended after {:?}", began.elapsed())
    })?;
    require(ended.is_err(), || {
        "the slow scenario is not slow: the call ended by itself".to_owned()
    })?;
    walk.apply(first, 1).await?;
    Ok(())
}

async fn give_up(opened: &Opened, request: Vec<u8>) -> Result<(), u16> {
    let call = opened.instance.call_raw(method::APPLY, "test", request, GIVEN_UP_AFTER);
    call.await.map(|_| ()).map_err(|error| error.kind)
}

async fn refuses_well(bench: &Bench<'_>, scenario: &str) -> Verdict {
    let opened = bench.open(Some(scenario)).await?;
    let mut walk = Walk::plan(&opened).await?;
    for position in walk.steps() {
        let step = walk.call(position)?;
        let request = ApplyRequest { step, ..ApplyRequest::default() };
        let error = match opened.instance.apply(&request).await {
            Err(error) if error.retry == Retry::Permanent => error,
            _ => {
                walk.apply(position, 0).await?;
                continue;
            }
        };
        let detail = &error.detail;
        require(error.kind == kind::PERMISSION_DENIED, || {
            format!("its kind is {}: {error}", error.kind)
        })?;
        require(detail.help.is_some(), || format!("it has no help: {error}"))?;
        return require(!detail.message.contains('\n'), || format!("it is not one line: {error}"));
    }
    Err("everything was allowed in the denied scenario".to_owned())
}

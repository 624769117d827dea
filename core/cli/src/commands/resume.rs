//! `skybridge resume`: go on with a run from its journal.

use std::path::{Path, PathBuf};

use skybridge_engine::RunId;
use skybridge_journal::{self as journal, FileStore, RunPhase};
use skybridge_model::Diagnostic;
use skybridge_plan::Plan;

use crate::app::App;
use crate::args::{LimitArgs, SimulateArgs};
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::inject::{self, Inject};
use crate::put_back;
use crate::record::{self, RunDir, RunRecord};
use crate::render::diagnostics::show;
use crate::run::{Run, limits, log_compaction, simulate_words};
use crate::session::{Session, engine_failure};
use crate::state::StateDir;

pub(crate) async fn run(
    app: &App,
    run: Option<&str>,
    args: &LimitArgs,
    inject: &[String],
) -> Outcome {
    let (state, folder) = find(app, run)?;
    let inject = Inject::read(inject, folder.record()?.simulate_args().any())?;
    resume(app, &state, &folder, args, inject).await
}

/// Goes on with the run of a folder.
pub(crate) async fn resume(
    app: &App,
    state: &Path,
    folder: &RunDir,
    args: &LimitArgs,
    inject: Inject,
) -> Outcome {
    let record = folder.record()?;
    let id: RunId = record
        .run
        .parse()
        .map_err(|_| Failure::usage(format!("`{}` is not a run", record.run), HELP))?;
    let beside = record.folder.clone();
    let beside = beside.unwrap_or_else(|| connect::folder_of(Path::new(&record.manifest)));
    let checked = connect::check(&record.manifest, &folder.manifest()?, beside, &app.search)?;
    let doing = format!("resume {id}");
    let simulate = record.simulate_args();
    let session = Session::open(app, checked, state, &simulate, &doing).await?;
    let outcome = go_on(app, &session, folder, id, args, inject).await;
    session.close().await;
    outcome
}

/// A run that a crash cut short is gone on with before anything new is planned: its journal alone
/// knows what was begun. However it ends, what is left of it is part of the world that is looked at
/// next; only when it was stopped again there is nothing to look at, and the command ends like this.
/// What `--inject` asks for is for the run the command itself begins.
pub(crate) async fn go_on_first(
    app: &App,
    state: &Path,
    simulate: &SimulateArgs,
    args: &LimitArgs,
) -> Outcome<Option<Exit>> {
    let Some((run, folder)) = record::unfinished(state) else { return Ok(None) };
    if !folder.record()?.same_world(simulate) {
        app.ui.say(format!("run {run} on another cloud has not ended; `skybridge resume {run}`"));
        return Ok(None);
    }
    app.ui.say(format!("run {run} has not ended: going on with it first"));
    let exit = resume(app, state, &folder, args, Inject::default()).await?;
    Ok(record::unfinished(state).is_some_and(|(still, _)| still == run).then_some(exit))
}

const HELP: &str = "`skybridge status` lists the runs; what a run that has ended left undone is done by \
                    `skybridge apply`; --state names the state directory";

async fn go_on(
    app: &App,
    session: &Session,
    folder: &RunDir,
    id: RunId,
    args: &LimitArgs,
    inject: Inject,
) -> Outcome {
    let record = folder.record()?;
    let plan = Plan::from_json(&folder.plan()?)
        .map_err(|error| Failure::usage(format!("reading the plan of run {id}: {error}"), HELP))?;
    let context = session.context(plan);
    let opened = match FileStore::open(&folder.journal()) {
        Ok(opened) => opened,
        Err(error) => return Err(engine_failure("reading the journal", &error)),
    };
    if let Some(torn) = opened.torn {
        let (offset, bytes) = (torn.offset, torn.bytes);
        let text =
            format!("the journal's last record, {bytes} bytes at {offset}, was half written");
        let diagnostic =
            Diagnostic::warning("SKY-RUN-008", text).detail("what it announced is looked at again");
        show(&app.ui, &diagnostic.into(), None);
    }
    log_compaction(&opened.compaction);
    let standing = put_back::standing(session.state.path(), folder, &record, &opened.state);
    if let RunPhase::Finished(outcome) = opened.state.phase {
        let exit = has_ended(app, &record, outcome)?;
        put_back::tell(&app.ui, &standing, &record, true);
        return Ok(exit);
    }
    inject.check(&context, id)?;
    app.ui.say(format!("run {id}, going on"));
    standing.iter().for_each(|it| app.ui.say(it.stands()));
    let run = Run {
        id,
        record,
        store: Box::new(opened.store),
        state: opened.state,
        limits: limits(args),
        records: inject::records(&folder.journal())?,
        inject,
    };
    run.execute(app, session, context).await
}

/// What is left to do of a run that has ended: with steps that failed, what it was begun with.
fn has_ended(app: &App, record: &RunRecord, outcome: journal::Outcome) -> Outcome {
    let RunRecord { run, kind, manifest, .. } = record;
    if outcome == journal::Outcome::Done {
        app.ui.out(|out| writeln!(out, "Nothing to do: run {run} has ended."))?;
        return Ok(Exit::Done);
    }
    let (word, simulate) = (kind.word(), simulate_words(&record.simulate_args()));
    app.ui.out(|out| {
        writeln!(out, "Run {run} has ended, and not all of its steps are done.")?;
        writeln!(out, "Once the cause is mended: skybridge {word} {manifest}{simulate}")
    })?;
    Ok(Exit::Failed)
}

/// The state directory and folder of the run that is meant.
fn find(app: &App, run: Option<&str>) -> Outcome<(PathBuf, RunDir)> {
    let places = StateDir::both(app.global.state.as_deref());
    let found = match run {
        Some(name) => {
            places.iter().find_map(|place| Some((place.clone(), RunDir::open(place, name)?)))
        }
        None => places
            .iter()
            .filter_map(|place| {
                record::unfinished(place).map(|(name, folder)| (name, place, folder))
            })
            .max_by(|(a, ..), (b, ..)| a.cmp(b))
            .map(|(_, place, folder)| (place.clone(), folder)),
    };
    found.ok_or_else(|| {
        let looked: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        let summary = match run {
            Some(name) => format!("there is no run `{name}`"),
            None => "there is no run to go on with".to_owned(),
        };
        let mut detail = format!("looked in {}", looked.join(" and "));
        for line in places.iter().flat_map(|place| put_back::of_ended(place)) {
            detail = format!("{detail}\n{line}");
        }
        let diagnostic = Diagnostic::error("SKY-RUN-002", summary).detail(detail).help(HELP);
        Failure::new(Exit::Usage, diagnostic)
    })
}

//! `skybridge status --watch`: looks at a run once a second until it ends, and ends as it did.
//! Ctrl-C ends the looking; the run goes on.

use std::io::IsTerminal as _;
use std::time::Duration;

use skybridge_model::Timestamp;

use super::facts::{Depth, Facts, Phase};
use super::{find, show};
use crate::app::App;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::live::{self, Live, Now};
use crate::render::progress::area::{self, Look};
use crate::render::progress::screen::Area;
use crate::render::progress::words::{clean, counted, timeless, who};
use crate::state::StateDir;
use crate::ui::stdout_size;

/// Between two looks: the process at work writes no oftener.
const EVERY: Duration = Duration::from_secs(1);

/// What a look finds.
enum Seen {
    /// The run goes on.
    Live(Box<Live>),
    /// Somebody is at work and has not taken a run up.
    Soon(String),
    /// It has ended, or nobody works on it any more; nothing when there is no run at all.
    Over(Option<Box<Facts>>),
}

pub(super) async fn run(app: &App, wanted: Option<&str>) -> Outcome {
    let mut run = wanted.map(str::to_owned);
    let area = (std::io::stdout().is_terminal() && app.ui.may_draw).then(Area::on_stdout);
    let mut said = String::new();
    loop {
        let now = app.clock.now();
        let lines = match look(app, &mut run, now)? {
            Seen::Over(facts) => {
                drop(area);
                return over(app, facts.as_deref(), now);
            }
            Seen::Soon(text) => vec![text],
            Seen::Live(live) if area.is_some() => drawn(app, &live, now),
            Seen::Live(live) => vec![line(&live.now)],
        };
        match &area {
            Some(area) => area.draw(&lines),
            None => {
                let text = lines.join("\n");
                if text != said {
                    app.ui.out(|out| writeln!(out, "{text}"))?;
                    said = text;
                }
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Looks once. `run` is the one that is watched, once it is known which.
fn look(app: &App, run: &mut Option<String>, now: Timestamp) -> Outcome<Seen> {
    // Who is at work is asked first: whoever ends in between has then written all there is.
    let places = StateDir::both(app.global.state.as_deref());
    let mut holders = places.iter().filter_map(|place| live::at_work(place));
    let holder = holders.rfind(live::may_be_there);
    let found = find(app, run.as_deref())?;
    let alive = found.iter().rev().find_map(|(place, _, folder)| {
        let live = live::read(folder.path())?;
        let alive = live.is_alive(now) && live::works_in(place, &live.holder);
        alive.then_some(live)
    });
    if let Some(live) = alive {
        *run = Some(live.run.clone());
        return Ok(Seen::Live(Box::new(live)));
    }
    let newest = found.last();
    let facts = newest.and_then(|(place, _, it)| Facts::read(place, it, now, Depth::Steps));
    let facts = facts.map(Box::new);
    Ok(match holder {
        // The run is not known yet, or its process has just begun or is about to end.
        Some(holder) if run.is_none() || !facts.as_ref().is_some_and(|it| it.phase.has_ended()) => {
            Seen::Soon(format!("{} works on no run for the moment", who(&holder)))
        }
        _ => Seen::Over(facts),
    })
}

fn drawn(app: &App, live: &Live, now: Timestamp) -> Vec<String> {
    let (columns, lines) = stdout_size();
    let look = Look { columns, lines, color: app.ui.color_out };
    area::lines(&live.now, look, now)
}

/// What changes when something happened, and does not when only time passed.
fn line(run: &Now) -> String {
    let text = counted(run.total);
    match run.under_way.first() {
        Some(step) => format!("{text}; {} {}", clean(&step.address), clean(&timeless(step))),
        None => text,
    }
}

/// The last word, and how the run ended.
fn over(app: &App, facts: Option<&Facts>, now: Timestamp) -> Outcome {
    app.ui.out(|out| show::over(&app.ui, facts, now, out))?;
    Ok(match facts.map(|facts| facts.phase) {
        None | Some(Phase::Done) => Exit::Done,
        Some(Phase::Failed) => Exit::Failed,
        // Whatever it is, a person is needed before it goes on.
        Some(_) => Exit::Stuck,
    })
}

//! `skybridge explain`: what a diagnostic means.

use crate::app::App;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// The command line's own diagnostics; those of the manifest and the plan stand in their crates.
const OWN: &[(&str, &str, &str)] = &[
    (
        "SKY-CLI-001",
        "the command line asks for something that cannot be",
        "see `skybridge help COMMAND`",
    ),
    (
        "SKY-CLI-002",
        "the file system said no",
        "check the path, its permissions and the space on its disk",
    ),
    ("SKY-CLI-003", "the manifest could not be read", "check the path"),
    (
        "SKY-PLUGIN-001",
        "a plugin's shared library was refused before or while it was loaded",
        "the message says what was built against what; `skybridge plugin inspect FILE` tells more",
    ),
    (
        "SKY-PLUGIN-002",
        "a plugin answered with an error",
        "its own code, request id and help stand with it",
    ),
    (
        "SKY-PLUGIN-003",
        "no folder has a plugin of that name",
        "`skybridge plugin list` shows those at hand; --plugin-dir adds a folder",
    ),
    (
        "SKY-PLUGIN-004",
        "the plugin does not declare the ability that the command needs",
        "`skybridge plugin inspect FILE --run` shows what it declares",
    ),
    (
        "SKY-RUN-001",
        "another process works in the state directory",
        "wait for it, or end it; the lock goes with the process",
    ),
    ("SKY-RUN-002", "there is no such run", "`skybridge status` lists them"),
    ("SKY-RUN-003", "a step failed", "its own message says why; then apply again"),
    (
        "SKY-RUN-004",
        "there is no connection on record",
        "`skybridge apply` makes one; a rehearsal's is only seen with --simulate or --simulator",
    ),
    (
        "SKY-RUN-006",
        "the journal or the plan of a run cannot be used",
        "the message names the file and what is wrong with it; nothing that was recorded is lost",
    ),
    (
        "SKY-RUN-007",
        "a step could not be looked at",
        "its own message says why; a plan that is not whole is not applied",
    ),
    (
        "SKY-RUN-008",
        "a crash left the journal's last record half written",
        "nothing: the step it was about is looked at again",
    ),
    (
        "SKY-RUN-005",
        "a destination that this version cannot hand over to",
        "use kind = \"local\" or \"manual\"",
    ),
];

/// Every code with what it means and what to do.
fn explanations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let manifest = skybridge_manifest::EXPLANATIONS.iter();
    let plan = skybridge_plan::codes::ALL.iter();
    OWN.iter()
        .copied()
        .chain(manifest.map(|known| (known.code, known.cause, known.fix)))
        .chain(plan.map(|known| (known.code, known.title, known.text)))
}

pub(crate) fn run(app: &App, code: &str) -> Outcome {
    let wanted = code.to_uppercase();
    let Some((code, cause, fix)) = explanations().find(|(known, ..)| *known == wanted) else {
        let near = skybridge_model::nearest::nearest(&wanted, explanations().map(|known| known.0));
        let help = near.map_or_else(
            || "codes look like SKY-MANIFEST-003".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        return Err(Failure::usage(format!("no diagnostic has the code {code}"), help));
    };
    app.ui.out(|out| writeln!(out, "{code}\n\ncause  {cause}\nfix    {fix}"))?;
    Ok(Exit::Done)
}

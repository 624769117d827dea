//! `skybridge explain`: what a diagnostic means.

use std::io::Write;

use skybridge_host::library::Candidate;
use skybridge_plugin_protocol::manifest::Explanation;

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
        "SKY-RUN-009",
        "something that was made could not be taken back, or is still seen after it was",
        "its own message says why; mend that or remove it by hand, then offboard again",
    ),
    (
        "SKY-AUDIT-001",
        "a line of the audit log was changed, removed, added, moved or cut off, or the log is gone",
        "the message names the line; keep the folder as it is to look into it, and move it away to \
         go on with a new log",
    ),
    (
        "SKY-AUDIT-002",
        "a process that was stopped left the last line of the audit log half written",
        "nothing: it was cut off, and an entry of the log says so",
    ),
    (
        "SKY-AUDIT-003",
        "the audit log cannot be read or written, and nothing is written to a cloud without it",
        "check the path, its permissions and the space on its disk; then `skybridge resume`",
    ),
    (
        "SKY-RUN-005",
        "a connection that its destination cannot be given",
        "the message says why: the key, what the plugin says of the platform, or a simulated cloud \
         without one; otherwise use kind = \"local\" or \"manual\"",
    ),
];

/// The host's own codes with what they mean and what to do.
fn own() -> impl Iterator<Item = Explanation> {
    let explained = |code: &str, cause: &str, fix: &str| Explanation {
        code: code.to_owned(),
        cause: cause.to_owned(),
        fix: fix.to_owned(),
        ..Explanation::default()
    };
    let manifest = skybridge_manifest::EXPLANATIONS.iter();
    let plan = skybridge_plan::codes::ALL.iter();
    let destination = skybridge_destination::EXPLANATIONS.iter();
    OWN.iter()
        .map(move |(code, cause, fix)| explained(code, cause, fix))
        .chain(manifest.map(move |known| explained(known.code, known.cause, known.fix)))
        .chain(destination.map(move |known| explained(known.code, known.cause, known.fix)))
        .chain(plan.map(move |known| explained(known.code, known.title, known.text)))
}

/// The codes of the plugins at hand, by plugin; one that cannot be loaded explains nothing.
fn of_plugins(app: &App) -> impl Iterator<Item = (String, Explanation)> {
    app.search
        .list()
        .into_iter()
        .filter_map(|(path, trust)| Candidate::read(&path, trust).and_then(Candidate::load).ok())
        .flat_map(|library| {
            let manifest = library.manifest.clone();
            let name = manifest.name;
            manifest.explanations.into_iter().map(move |known| (name.clone(), known))
        })
}

/// One code.
pub(crate) fn run(app: &App, code: &str) -> Outcome {
    let wanted = code.to_uppercase();
    let mut known: Vec<Explanation> = own().collect();
    if !known.iter().any(|known| known.code == wanted) {
        known.extend(of_plugins(app).map(|(_, known)| known));
    }
    let Some(found) = known.iter().find(|known| known.code == wanted) else {
        let codes = known.iter().map(|known| known.code.as_str());
        let near = skybridge_model::nearest::nearest(&wanted, codes);
        let help = near.map_or_else(
            || "codes look like SKY-MANIFEST-003; a plugin's are known while it is at hand".into(),
            |near| format!("did you mean {near}?"),
        );
        return Err(Failure::usage(format!("no diagnostic has the code {code}"), help));
    };
    let mut lines = vec![("cause", &found.cause), ("fix", &found.fix)];
    lines.extend(found.reference.as_ref().map(|reference| ("see", reference)));
    let room = app.ui.width.saturating_sub(8).max(24);
    app.ui.out(|out| {
        let title = if found.title.is_empty() { "" } else { "  " };
        writeln!(out, "{}{title}{}\n", found.code, found.title)?;
        for (label, text) in lines {
            let mut label = label;
            for line in textwrap::wrap(text, room) {
                writeln!(out, "{label:5}  {line}")?;
                label = "";
            }
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// All codes as a page; with a plugin's name, its own.
pub(crate) fn all(app: &App, plugin: Option<&str>) -> Outcome {
    let mut pages: Vec<(String, Vec<Explanation>)> = Vec::new();
    for (name, known) in of_plugins(app).filter(|(name, _)| plugin.is_none_or(|p| p == name)) {
        match pages.last_mut().filter(|(last, _)| *last == name) {
            Some((_, page)) => page.push(known),
            None => pages.push((name, vec![known])),
        }
    }
    match plugin {
        None => pages.insert(0, ("skybridge".to_owned(), own().collect())),
        Some(name) if pages.is_empty() => {
            let summary = format!("no plugin `{name}` that explains its codes is at hand");
            return Err(Failure::usage(summary, "`skybridge plugin list` shows those at hand"));
        }
        Some(_) => {}
    }
    app.ui.out(|out| pages.iter().try_for_each(|(name, page)| write_page(name, page, out)))?;
    Ok(Exit::Done)
}

fn write_page(name: &str, page: &[Explanation], out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "# Diagnostics of {name}\n")?;
    writeln!(out, "Made by `skybridge explain --all`; {} codes.\n", page.len())?;
    let mut sorted: Vec<&Explanation> = page.iter().collect();
    sorted.sort_by(|a, b| a.code.cmp(&b.code));
    for Explanation { code, title, cause, fix, reference } in sorted {
        let dash = if title.is_empty() { "" } else { " - " };
        writeln!(out, "## {code}{dash}{title}\n\n**Cause.** {cause}\n\n**Fix.** {fix}\n")?;
        if let Some(reference) = reference {
            writeln!(out, "**See.** {reference}\n")?;
        }
    }
    Ok(())
}

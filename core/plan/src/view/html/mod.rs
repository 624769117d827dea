//! The plan as one page for a browser: nothing is fetched, nothing in the plan is taken for markup,
//! and a hundred thousand steps are as easily looked through as ten.
//!
//! What can be read without a script stands in the page: what it is, what it costs, the picture, the
//! chain that takes longest, permissions, what is left out. The steps lie in it as data; the script
//! draws the rows that are in sight.

mod cost;
mod data;
mod graph;
mod layout;
mod text;

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::page::{counted, number};
use super::text::remarks;
use crate::plan::Plan;
use cost::{CALL_MS, Cost};
use text::{duration, escaped};

const STYLE: &str = include_str!("page.css");

/// In the order they rely on each other.
const SCRIPTS: [&str; 4] = [
    include_str!("data.js"),
    include_str!("tree.js"),
    include_str!("detail.js"),
    include_str!("page.js"),
];

/// Links of the chain that takes longest that are listed; the picture shows the rest.
const PATH_SHOWN_MAX: usize = 60;

/// Things left out that are listed.
const LEFT_OUT_SHOWN_MAX: usize = 500;

/// Writes the page.
///
/// # Errors
/// When writing fails.
pub fn write(plan: &Plan, out: &mut dyn io::Write) -> io::Result<()> {
    let cost = Cost::of(plan);
    let script = SCRIPTS.concat();
    head(plan, &script, out)?;
    writeln!(out, "<body>\n<header>")?;
    summary(plan, out)?;
    writeln!(out, "</header>\n<main>")?;
    costs(plan, &cost, out)?;
    if !plan.is_empty() {
        writeln!(out, "<section class=\"picture\" aria-label=\"Picture\">")?;
        writeln!(out, "<h2>What needs what <small>{PICTURE}</small></h2>")?;
        writeln!(out, "<div class=\"canvas\">{}</div></section>", graph::svg(plan, &cost.path))?;
    }
    out.write_all(STEPS.as_bytes())?;
    path(plan, &cost, out)?;
    permissions(plan, out)?;
    left_out(plan, out)?;
    notes(plan, out)?;
    writeln!(out, "</main>")?;
    write!(out, "<script type=\"application/json\" id=\"plan\">")?;
    data::write(plan, &cost.path, out)?;
    writeln!(out, "</script>\n<script>{script}</script>\n</body>\n</html>")?;
    out.flush()
}

const PICTURE: &str = "one box for each kind of step; choose one to see its steps; thick: the chain \
                       that takes longest";

/// The part of the page that the script fills.
const STEPS: &str = include_str!("steps.html");

fn head(plan: &Plan, script: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {}; \
         script-src {}; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>",
        hash(STYLE),
        hash(script),
        escaped(&title(plan)),
    )
}

fn title(plan: &Plan) -> String {
    let what = if plan.destroys() { "Plan to take away" } else { "Plan to connect" };
    let names: Vec<&str> = plan.connectors().iter().take(4).map(|c| c.name.as_str()).collect();
    let more = plan.connectors().len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{what} {}{more}", names.join(", "))
}

fn summary(plan: &Plan, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "<h1>{}</h1>", escaped(&title(plan)))?;
    let how = match (plan.online(), plan.destroys()) {
        (true, false) => "as the clouds were found",
        (true, true) => "as the journals of earlier runs tell",
        (false, _) => "made offline, without looking at the clouds",
    };
    write!(out, "<p class=\"lead\">{}, {how}", counted(plan.len(), "step"))?;
    if let Some(origin) = plan.origin() {
        let (path, made) = (escaped(&origin.manifest.path), escaped(&origin.made));
        write!(out, ", from <code>{path}</code> at <time>{made}</time>")?;
    }
    writeln!(out, ".</p>")?;
    for remark in remarks(plan) {
        writeln!(out, "<p class=\"remark\">{}</p>", escaped(&remark))?;
    }
    writeln!(out, "<ul class=\"connectors\">")?;
    for connector in plan.connectors() {
        write!(
            out,
            "<li><b>{}</b> plugin {}, {} {}",
            escaped(&connector.name),
            escaped(&connector.plugin),
            if plan.destroys() { "withdrawn from" } else { "handed over to" },
            escaped(&connector.destination_title),
        )?;
        if !connector.depends_on.is_empty() {
            let order = if plan.destroys() { "before" } else { "after" };
            write!(out, ", {order} {}", escaped(&connector.depends_on.join(", ")))?;
        }
        writeln!(out, "</li>")?;
    }
    writeln!(out, "</ul>")
}

fn costs(plan: &Plan, cost: &Cost, out: &mut dyn io::Write) -> io::Result<()> {
    let changes = plan.rows.iter().filter(|row| row.action.changes()).count();
    let busiest = cost.buckets.iter().max_by_key(|buckets| buckets.busiest);
    let busiest = busiest.map_or_else(String::new, |buckets| {
        format!("most from one quota: {} from {}", number(buckets.busiest), buckets.name)
    });
    let cards = [
        (
            number(changes),
            "steps change something",
            format!("of {}; the others look, or found it as wanted", number(plan.len())),
        ),
        (number(cost.calls), "calls", busiest),
        (
            number(cost.path.len()),
            "steps one after the other",
            "the chain that takes longest, however many run at once".to_owned(),
        ),
        (
            duration(cost.least_ms),
            "at the least",
            match cost.patience_ms {
                0 => format!("at {CALL_MS} ms a call"),
                patience => format!(
                    "at {CALL_MS} ms a call; gives up after {} of waiting",
                    duration(patience)
                ),
            },
        ),
    ];
    writeln!(out, "<section class=\"cards\" aria-label=\"Cost\">")?;
    for (value, what, detail) in cards {
        let (value, detail) = (escaped(&value), escaped(&detail));
        writeln!(out, "<div class=\"card\"><b>{value}</b> {what}<small>{detail}</small></div>")?;
    }
    writeln!(out, "</section>")
}

/// The beginning of a part that is folded up.
fn open_part(title: &str, note: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let (title, note) = (escaped(title), escaped(note));
    writeln!(
        out,
        "<details class=\"part\"><summary><h2>{title}</h2> <small>{note}</small></summary>"
    )
}

fn path(plan: &Plan, cost: &Cost, out: &mut dyn io::Write) -> io::Result<()> {
    if cost.buckets.is_empty() && cost.path.is_empty() {
        return Ok(());
    }
    let note =
        format!("{} in a row, {} calls", counted(cost.path.len(), "step"), number(cost.calls));
    open_part("Time and calls", &note, out)?;
    writeln!(
        out,
        "<div class=\"columns\"><div><h3>The chain that takes longest</h3><ol class=\"path\">"
    )?;
    for at in cost.path.iter().take(PATH_SHOWN_MAX) {
        let step = plan.at(*at);
        let mut takes = Vec::new();
        if cost::least_ms(&step) > 0 {
            takes.push(format!("at least {}", duration(cost::least_ms(&step))));
        }
        takes.extend(step.readiness().map(|it| format!("waits until {}", it.waits_for)));
        writeln!(
            out,
            "<li><a href=\"#{}\">{}</a><small>{}</small></li>",
            // A percent sign would begin an escape.
            escaped(&step.address_text().replace('%', "%25")),
            escaped(&step.title()),
            escaped(&takes.join(", ")),
        )?;
    }
    writeln!(out, "</ol>")?;
    if cost.path.len() > PATH_SHOWN_MAX {
        let more = number(cost.path.len() - PATH_SHOWN_MAX);
        writeln!(out, "<p>… and {more} more: filter the steps by “longest chain”.</p>")?;
    }
    writeln!(out, "</div><div><h3>Calls by the quota they are drawn from</h3>")?;
    writeln!(
        out,
        "<div class=\"wide\"><table><thead><tr><th>quota<th>of them<th>calls<th>in the busiest</tr></thead><tbody>"
    )?;
    for buckets in &cost.buckets {
        let [count, calls, busiest] = [buckets.count, buckets.calls, buckets.busiest].map(number);
        let name = escaped(&buckets.name);
        writeln!(out, "<tr><td><code>{name}</code><td>{count}<td>{calls}<td>{busiest}</tr>")?;
    }
    writeln!(out, "</tbody></table></div></div></div></details>")
}

fn permissions(plan: &Plan, out: &mut dyn io::Write) -> io::Result<()> {
    if plan.permissions.is_empty() {
        return Ok(());
    }
    open_part("What the connection may do", &counted(plan.permissions.len(), "permission"), out)?;
    writeln!(
        out,
        "<div class=\"wide\"><table><thead><tr><th>permission<th>on<th>why<th>what it exposes</tr></thead><tbody>"
    )?;
    for (connector, it) in plan.permissions() {
        let [name, sort, scope, why, exposes] = [
            &*it.permission,
            &it.sort,
            &it.scope,
            &it.why,
            it.exposes.as_deref().unwrap_or("names and settings"),
        ]
        .map(escaped);
        let whose = match plan.connectors().len() {
            2.. => format!("{}: ", escaped(&connector.name)),
            _ => String::new(),
        };
        writeln!(
            out,
            "<tr><td>{whose}<b>{name}</b><br><small>{sort}</small><td>{scope}<td>{why}<td>{exposes}</tr>"
        )?;
    }
    writeln!(out, "</tbody></table></div></details>")
}

fn left_out(plan: &Plan, out: &mut dyn io::Write) -> io::Result<()> {
    if plan.left_out.is_empty() {
        return Ok(());
    }
    open_part("Left out", &number(plan.left_out.len()), out)?;
    writeln!(out, "<ul>")?;
    for (connector, it) in plan.left_out().take(LEFT_OUT_SHOWN_MAX) {
        let name = it.name.as_ref().map(|name| format!("{} ", escaped(name))).unwrap_or_default();
        let [connector, scope, reason] =
            [&connector.name, &it.scope, &it.reason].map(|text| escaped(text));
        write!(out, "<li>{name}<code>{connector}: {scope}</code> {reason}")?;
        if let Some(help) = &it.help {
            write!(out, "<small>{}</small>", escaped(help))?;
        }
        writeln!(out, "</li>")?;
    }
    writeln!(out, "</ul>")?;
    if plan.left_out.len() > LEFT_OUT_SHOWN_MAX {
        let more = number(plan.left_out.len() - LEFT_OUT_SHOWN_MAX);
        writeln!(out, "<p>… and {more} more.</p>")?;
    }
    writeln!(out, "</details>")
}

fn notes(plan: &Plan, out: &mut dyn io::Write) -> io::Result<()> {
    if plan.notes().is_empty() {
        return Ok(());
    }
    open_part("Notes", &number(plan.notes().len()), out)?;
    writeln!(out, "<ul>")?;
    for note in plan.notes() {
        writeln!(out, "<li>{}</li>", escaped(&note.text))?;
    }
    writeln!(out, "</ul></details>")
}

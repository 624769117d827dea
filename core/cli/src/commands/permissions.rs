//! `skybridge permissions`: why each permission is asked for, and what stops working without it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use skybridge_host::{NoVault, NoWitness};
use skybridge_plugin_protocol::manifest::capability;
use skybridge_plugin_protocol::onboard::{DescribeRequest, Permission};

use crate::app::App;
use crate::args::ReportFormat;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::render::diagnostics::show;
use crate::ui::{Style, Ui};

/// The permissions of one connector.
#[derive(Debug, serde::Serialize)]
struct Asked {
    connector: String,
    permissions: Vec<Permission>,
}

/// Offline: what a connector asks for follows from its settings alone.
pub(crate) async fn run(app: &App, manifest: &Path, format: ReportFormat) -> Outcome {
    let checked = connect::check_file(manifest, &app.search)?;
    show(&app.ui, &checked.warnings, Some(&checked.text));
    connect::require(&checked, capability::ONBOARD)?;
    let surroundings = app.surroundings(Arc::new(NoVault), Arc::new(NoWitness));
    let instances = connect::open(&checked, &surroundings, &BTreeMap::new())?;
    let mut all = Vec::new();
    for (connector, instance) in &instances {
        let description = instance
            .describe(&DescribeRequest::default())
            .await
            .map_err(|error| Failure::plugin(&format!("describing `{connector}`"), &error))?;
        let (connector, permissions) = (connector.clone(), description.permissions);
        all.push(Asked { connector, permissions });
    }
    match format {
        ReportFormat::Json => app.ui.json(&serde_json::json!({
            "format": "skybridge-permissions",
            "version": 1,
            "connectors": all,
        }))?,
        ReportFormat::Text => {
            app.ui.out(|out| all.iter().try_for_each(|asked| tell(app.ui, asked, out)))?;
        }
    }
    Ok(Exit::Done)
}

fn tell(ui: Ui, asked: &Asked, out: &mut dyn Write) -> std::io::Result<()> {
    let Asked { connector, permissions } = asked;
    writeln!(out, "{}", ui.paint(Style::Strong, connector))?;
    if permissions.is_empty() {
        return writeln!(out, "  its plugin does not say what it asks for");
    }
    let (yes, no): (Vec<&Permission>, Vec<&Permission>) =
        permissions.iter().partition(|permission| permission.asked);
    for permission in yes {
        tell_one(ui, permission, out)?;
    }
    if !no.is_empty() {
        writeln!(out, "\n  {}", ui.paint(Style::Strong, "not asked for with these settings"))?;
        for permission in no {
            let Permission { permission, sort, without, .. } = permission;
            writeln!(out, "    {permission} ({sort}): {without}")?;
        }
    }
    writeln!(out)
}

fn tell_one(ui: Ui, permission: &Permission, out: &mut dyn Write) -> std::io::Result<()> {
    let Permission { permission, sort, scope, why, capabilities, without, exposes, .. } =
        permission;
    writeln!(out, "\n  {} - {sort}, on {scope}", ui.paint(Style::Strong, permission))?;
    let mut lines = vec![("why", why.clone())];
    if !capabilities.is_empty() {
        lines.push(("for", capabilities.join(", ")));
    }
    lines.push(("without it", without.clone()));
    lines.extend(exposes.clone().map(|exposes| ("exposes", exposes)));
    let room = ui.width.saturating_sub(16).max(24);
    for (label, text) in lines {
        let mut label = label;
        for line in textwrap::wrap(&text, room) {
            writeln!(out, "    {label:10}  {line}")?;
            label = "";
        }
    }
    Ok(())
}

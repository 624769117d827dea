//! `skybridge schema`: the JSON Schemas of what goes in and comes out.

use crate::app::App;
use crate::args::SchemaName;
use crate::exit::Exit;
use crate::failure::Outcome;

pub(crate) fn run(app: &App, format: SchemaName) -> Outcome {
    let schema = match format {
        SchemaName::Manifest => skybridge_manifest::json_schema(),
        SchemaName::Plan => skybridge_plan::json_schema(),
        SchemaName::Events => schemars::schema_for!(skybridge_engine::RunEvent).to_value(),
    };
    app.ui.json(&schema)?;
    Ok(Exit::Done)
}

//! Pages a person opens: where a device code is typed, and where an administrator consents.
//!
//! Nobody clicks here: the pages say which call of the control address stands for the click.

use uuid::Uuid;

use super::discovery::unknown_tenant;
use super::token::unknown_client;
use super::{Answer, is_any_tenant, names_tenant};
use crate::graph::consent;
use crate::http::{Call, Reply};
use crate::world::World;

/// `GET /devicelogin`.
pub(super) fn device_login(world: &World) -> Reply {
    let text = format!(
        "<p>Sign in to {} on another device: POST /_simulator/device-codes/USER-CODE on the \
         control address, with {{\"user\": \"…\"}} or {{\"decline\": true}}.</p>",
        escape(&world.scenario.tenant.display_name)
    );
    page("Enter code", &text)
}

/// `GET /{tenant}/adminconsent?client_id=…`.
pub(super) fn consent(world: &World, call: &Call, tenant: &str) -> Answer<Reply> {
    if !names_tenant(world, tenant) && !is_any_tenant(tenant) {
        return Err(unknown_tenant(world, call, tenant));
    }
    let shown = call.parameter("client_id").unwrap_or_default();
    let client = Uuid::parse_str(shown).map_err(|_| unknown_client(world, call, shown))?;
    let living = world.store.applications.values().filter(|app| app.deleted.is_none());
    let app = living.into_iter().find(|app| app.app_id == client);
    let app = app.ok_or_else(|| unknown_client(world, call, shown))?;
    let wanted = consent::wanted_names(app);
    let items: String = wanted.iter().map(|name| format!("<li>{}</li>", escape(name))).collect();
    let text = format!(
        "<p>{} asks for these permissions in all of {}:</p><ul>{items}</ul><p>A Global \
         Administrator or a Privileged Role Administrator may accept: POST /_simulator/consents \
         on the control address, with {{\"client-id\": \"{client}\", \"user\": \"…\"}}.</p>",
        escape(app.text("displayName").unwrap_or_default()),
        escape(&world.scenario.tenant.display_name)
    );
    Ok(page("Permissions requested", &text))
}

fn page(title: &str, content: &str) -> Reply {
    Reply::html(
        200,
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
             </head><body><h1>{title}</h1>{content}</body></html>"
        ),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

//! What every code of this connector means: the pages behind `skybridge explain`.

use skybridge_plugin_sdk::protocol::manifest::Explanation;

pub(crate) fn explanations() -> Vec<Explanation> {
    Vec::new()
}

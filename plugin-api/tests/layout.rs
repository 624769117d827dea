//! The layout of everything that crosses, in words: a change of it shows in a diff before it shows
//! in a plugin that no longer loads. `docs/evolving.md` says which changes are allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use abi_stable::StableAbi;
use abi_stable::type_layout::{TLField, TypeLayout};
use expect_test::expect_file;
use skybridge_plugin_api::{API_VERSION, PluginModuleRef};

/// Every type that can be reached from `layout`. Names are no identity: those of containers leave
/// out what they contain.
fn reach(layout: &'static TypeLayout, found: &mut BTreeMap<usize, &'static TypeLayout>) {
    if found.insert(std::ptr::from_ref(layout).addr(), layout).is_none() {
        layout.shared_vars().type_layouts().iter().for_each(|next| reach(next(), found));
    }
}

fn line(field: &TLField) -> String {
    let mut text = format!("  {}: {}", field.name(), field.full_type());
    for function in field.function_range() {
        for part in function.to_string().lines().take(1) {
            let _unfailing = write!(text, "\n    {part}");
        }
    }
    text
}

fn describe(layout: &TypeLayout) -> String {
    let mut text = format!(
        "{} {}::{}, {} bytes aligned to {}",
        match layout.is_prefix_kind() {
            true => "growing",
            false => "fixed",
        },
        layout.mod_path(),
        layout.full_type(),
        layout.size(),
        layout.alignment(),
    );
    for field in layout.get_fields().into_iter().flat_map(|fields| fields.to_vec()) {
        let _unfailing = write!(text, "\n{}", line(&field));
    }
    text
}

fn words() -> String {
    let mut found = BTreeMap::new();
    reach(<PluginModuleRef as StableAbi>::LAYOUT, &mut found);
    let ours = found.values().filter(|layout| layout.package().starts_with("skybridge"));
    let texts: BTreeSet<String> = ours.map(|layout| describe(layout)).collect();
    let texts: Vec<String> = texts.into_iter().collect();
    format!("plugin-api {API_VERSION}\n\n{}\n", texts.join("\n\n"))
}

#[test]
fn nothing_that_crosses_has_changed() {
    expect_file!["../docs/layout.txt"].assert_eq(&words());
}

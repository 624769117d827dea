//! The AWS plugin: the connector behind the plugin interface. Nothing links this crate; the host
//! loads it.
#![forbid(unsafe_code)]

skybridge_plugin_sdk::export_plugin!(skybridge_aws::Aws);

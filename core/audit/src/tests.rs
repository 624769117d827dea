//! Logs that are whole, continued, torn, and tampered with.

mod concurrent;
mod continued;
mod form;
mod tampered;

use std::path::Path;

use skybridge_model::Timestamp;
use skybridge_plugin_protocol::audit;

use crate::{AuditLog, Head, What, Write, log_file};

fn at(second: u64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + i64::try_from(second).unwrap()).unwrap()
}

fn write(number: u64) -> What {
    let told = audit::Write {
        operation: "creating role assignment".to_owned(),
        method: "PUT".to_owned(),
        target: format!("https://management.example/subscriptions/{number}?api-version=2022-04-01"),
        status: 201,
        request_id: Some(format!("request-{number}")),
    };
    let run = Some("01234567-89ab-7def-8123-456789abcdef".to_owned());
    What::Write(Write::new(run, "contoso", "contoso.role-assignment.reader", &told))
}

/// A log with so many writes, closed.
fn log(folder: &Path, writes: u64) -> Head {
    let log = AuditLog::open(folder, at(0)).unwrap().log;
    (1..=writes).for_each(|number| log.append(at(number), write(number)));
    log.close().unwrap()
}

fn text(folder: &Path) -> String {
    fs_err::read_to_string(log_file(folder)).unwrap()
}

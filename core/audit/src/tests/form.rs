//! What the files look like.

use expect_test::expect;
use skybridge_model::Timestamp;
use skybridge_plugin_protocol::audit;

use super::{at, log, text, write};
use crate::entry::WriteOutcome;
use crate::limits::{LINE_BYTES_MAX, PENDING_BYTES_MAX, TEXT_CHARS_MAX};
use crate::{AuditLog, Hash, Head, VerifyError, What, Write, entries, head_file, log_file, verify};

/// The form is frozen: these bytes, and hashes that anybody can take.
#[test]
fn is_a_line_of_json_each_bound_to_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let head = log(dir.path(), 1);
    expect![[r#"
        {"format":"skybridge-audit","version":1,"seq":0,"prev":"0000000000000000000000000000000000000000000000000000000000000000","at":"2023-11-14T22:13:20Z","hash":"e4119e80183f194ef46d54849079f8dfb73069d570c00bb12e771e710673a6da"}
        {"seq":1,"prev":"e4119e80183f194ef46d54849079f8dfb73069d570c00bb12e771e710673a6da","at":"2023-11-14T22:13:21Z","event":"write","run":"01234567-89ab-7def-8123-456789abcdef","connector":"contoso","step":"contoso.role-assignment.reader","operation":"creating role assignment","method":"PUT","target":"https://management.example/subscriptions/1","outcome":"done","status":201,"request-id":"request-1","hash":"7ce532d70bb2f7f083a5f4ec08377986a339c5ec82674489f13080cfe9b9f6d3"}
    "#]]
    .assert_eq(&text(dir.path()));
    let text = text(dir.path());
    for line in text.lines() {
        let (body, tail) = line.rsplit_once(",\"hash\":\"").unwrap();
        assert_eq!(tail, format!("{}\"}}", Hash::of(body.as_bytes())));
    }
    let kept = fs_err::read_to_string(head_file(dir.path())).unwrap();
    let bytes = text.len();
    let said = format!(
        r#"{{"format":"skybridge-audit-head","version":1,"head":"{head}","bytes":{bytes},"#
    );
    assert!(kept.starts_with(&said), "{kept}");
    assert_eq!(head.to_string().parse(), Ok(head));
}

/// Nobody else may read who wrote what.
#[test]
fn is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("state/audit");
    log(&folder, 1);
    let modes = [(folder.clone(), 0o700), (log_file(&folder), 0o600), (head_file(&folder), 0o600)];
    for (path, mode) in modes {
        assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
    }
}

/// What came of a write, by the status of its answer.
#[test]
fn says_what_came_of_a_write() {
    let words: Vec<_> =
        [0, 201, 302, 403, 429, 500, 503].map(|status| WriteOutcome::of(status).word()).into();
    let wanted = ["unanswered", "done", "done", "refused", "refused", "unwell", "unwell"];
    assert_eq!(words, wanted);
}

/// A query, which may hold a signature, does not come in; nor does more text than fits a line.
#[test]
fn keeps_no_query_and_no_more_than_a_line_holds() {
    let long = "\u{1}".repeat(TEXT_CHARS_MAX * 3);
    let told = audit::Write {
        operation: long.clone(),
        method: long.clone(),
        target: format!("https://blob.example/{long}?sig=s3cr3t#s3cr3t"),
        status: 0,
        request_id: Some(long.clone()),
    };
    let dir = tempfile::tempdir().unwrap();
    let opened = AuditLog::open(dir.path(), at(0)).unwrap();
    opened.log.append(at(1), What::Write(Write::new(Some(long.clone()), &long, &long, &told)));
    opened.log.append(at(2), write(2));
    opened.log.close().unwrap();
    let text = text(dir.path());
    assert!(!text.contains("s3cr3t"));
    let longest = text.lines().map(str::len).max().unwrap();
    assert!(longest < LINE_BYTES_MAX, "{longest}");
    let verdict = verify(dir.path(), None).unwrap();
    assert_eq!((verdict.entries, verdict.broken), (2, None));
}

/// Entries come back as they were told, and a gap and a cut are entries too.
#[test]
fn gives_back_what_was_told() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), at(0)).unwrap().log;
    let gap = What::Gap {
        run: "run".to_owned(),
        connector: "contoso".to_owned(),
        step: "contoso.application".to_owned(),
    };
    let told = [write(1), gap, What::Cut { bytes: 7 }];
    for (what, second) in told.iter().zip(1..) {
        log.append(at(second), what.clone());
    }
    drop(log);
    let found: Vec<_> = entries(&log_file(dir.path())).unwrap().map(Result::unwrap).collect();
    let whats: Vec<_> = found.iter().map(|entry| entry.what.clone()).collect();
    assert_eq!(whats, told);
    assert_eq!(found.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(found[1].at, at(2));
}

/// What is told between two commits is not kept in memory without end.
#[test]
fn does_not_gather_without_end() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), at(0)).unwrap().log;
    let mut told = 0;
    while fs_err::metadata(log_file(dir.path())).unwrap().len() < PENDING_BYTES_MAX as u64 {
        told += 1;
        log.append(at(told), write(told));
        assert!(told < 10_000, "nothing was written of so many");
    }
    log.commit().unwrap();
    let verdict = verify(dir.path(), None).unwrap();
    assert_eq!((verdict.entries, verdict.unnoted, verdict.broken), (told, 0, None));
}

/// A newer log is refused with both versions in the message.
#[test]
fn refuses_a_future_version_politely() {
    #[derive(serde::Serialize)]
    struct Newer {
        format: &'static str,
        version: u32,
        seq: u64,
        prev: Hash,
        at: Timestamp,
        shape: &'static str,
    }
    let dir = tempfile::tempdir().unwrap();
    let (format, shape) = ("skybridge-audit", "other");
    let header = Newer { format, version: 7, seq: 0, prev: Hash::NONE, at: at(0), shape };
    let mut text = Vec::new();
    crate::line::seal(&mut text, &header).unwrap();
    text.extend(b"whatever version 7 may look like\n");
    fs_err::write(log_file(dir.path()), text).unwrap();
    let told = format!(
        "{} has audit format version 7; this Skybridge reads up to version 1, so use the one that wrote it",
        log_file(dir.path()).display()
    );
    let error = verify(dir.path(), None).unwrap_err();
    assert!(matches!(error, VerifyError::FutureVersion { found: 7, .. }));
    assert_eq!(error.to_string(), told);
    assert_eq!(AuditLog::open(dir.path(), at(0)).unwrap_err().to_string(), told);
}

/// Only the text that a run tells is taken for a head.
#[test]
fn a_head_is_a_number_and_a_hash() {
    let hash = Hash::of(b"x");
    assert_eq!(format!("12:{hash}").parse(), Ok(Head { seq: 12, hash }));
    let upper = format!("12:{}", hash.to_string().to_uppercase());
    for text in ["", "12", "12:", ":12", "12:abc", "-1:0", &format!("+1:{hash}"), &upper] {
        text.parse::<Head>().unwrap_err();
    }
}

//! The page of all refusals, made from the texts beside these files and from the list of tests
//! elsewhere; it cannot name a test that is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

mod elsewhere;
mod subjects;

use elsewhere::ELSEWHERE;
use subjects::SUBJECTS;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/refusals");
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");

/// What is quoted of a sentence; the texts have all of it.
const QUOTED_CHARS_MAX: usize = 150;

const INTRODUCTION: &str = "# What is refused, and what is shown

Made by the test `connector/src/tests/refusals/page.rs` from the texts that the other tests there compare with: each row is a refusal that a step met which was really run, and the sentence a person was shown.
The services answered over real connections; only in the tests of `hostile` something answered in their place inside the program, because nothing that behaves answers so.
A row whose title says \"by the simulator\", and every row of a test below `refusals/simulated` or `refusals/verified`, was refused by the simulated Azure itself because of what was in it; the others were answered with what Azure is known to say.
The texts have the whole sentences, what to do about each, and what else is known of it: a refusal of a service always comes with its status, its code, and the ids it is known by there.

How a row ends: *final* fails the step at once; *waited for* is tried again until the step's time is over, and then fails with the same sentence and what to do; *tried again* passes when the service is well again, and gives up after ten minutes, or what `--retry-for` says; *held back* waits as long as the service asks for, and everything of the same allowance with it.
Codes are explained in [diagnostics.md](diagnostics.md).
";

/// One refusal that was met.
#[derive(Default)]
struct Row {
    title: String,
    step: String,
    said: String,
    code: String,
    ends: String,
}

/// Every golden text below `folder`, by its path from there.
fn goldens(folder: &Path, below: &str, found: &mut BTreeSet<String>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            goldens(&path, &format!("{below}{name}/"), found);
        } else if name.ends_with(".txt") {
            found.insert(format!("{below}{name}"));
        }
    }
}

/// Which test compares with which text: the function around `expect_file!["…"]`.
fn writers(folder: &Path, below: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            writers(&path, &format!("{below}{name}/"), found);
            continue;
        }
        let Some(module) = name.strip_suffix(".rs") else { continue };
        let mut test = "";
        let text = fs_err::read_to_string(&path).unwrap();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("async fn ").or(line.strip_prefix("fn ")) {
                test = rest.split('(').next().unwrap();
            }
            for part in line.split("expect_file![\"").skip(1) {
                let golden = part.split('"').next().unwrap();
                let named = format!("{}{module}::{test}", below.replace('/', "::"));
                assert_eq!(found.insert(format!("{below}{golden}"), named), None, "{golden}");
            }
        }
    }
}

/// The rows of one text.
fn rows(golden: &str) -> Vec<Row> {
    let text = fs_err::read_to_string(format!("{FOLDER}/{golden}")).unwrap();
    let mut all = Vec::new();
    for part in text.split("== ").skip(1) {
        let mut lines = part.lines();
        let mut row = Row { title: lines.next().unwrap().to_owned(), ..Row::default() };
        let (mut retry, mut wait) = (String::new(), String::new());
        for line in lines {
            let (key, value) = line.split_once(": ").unwrap_or((line, ""));
            match key {
                "step" => row.step = value.to_owned(),
                "says" => row.said = value.to_owned(),
                "error" => {
                    let (code, kind) = value.split_once(" (").unwrap();
                    row.code = format!("`{code}`");
                    retry = kind.rsplit(' ').next().unwrap().trim_end_matches(')').to_owned();
                }
                "done" => row.said = value.to_owned(),
                "waited for" | "wait" => wait = value.to_owned(),
                _ => {}
            }
        }
        row.ends = ends(&row, &retry, &wait);
        all.push(row);
    }
    assert!(!all.is_empty(), "{golden}");
    all
}

fn ends(row: &Row, retry: &str, wait: &str) -> String {
    match retry {
        "Permanent" => "final".into(),
        "Eventual" => format!("waited for, {wait}"),
        "Transient" if wait.is_empty() => "tried again".into(),
        "Transient" => format!("tried again, after {wait}"),
        "RateLimited" if wait.is_empty() => "held back".into(),
        "RateLimited" => format!("held back, {wait}"),
        _ if row.said.starts_with("not ready") => format!("waited for, {wait}"),
        _ => "passes".into(),
    }
}

/// What was said, without what was being done: at most so much of it, fit for a table.
fn quoted(row: &Row) -> String {
    let said = row.said.split_once(": ").map_or(row.said.as_str(), |(doing, rest)| {
        if rest.contains(" answered ") && !doing.contains(" answered ") { rest } else { &row.said }
    });
    let mut quoted: String = said.chars().take(QUOTED_CHARS_MAX).collect();
    if quoted.len() < said.len() {
        quoted.push('…');
    }
    quoted.replace('|', "\\|").replace('<', "&lt;")
}

/// The tables of one subject.
fn write_subject(page: &mut String, title: &str, texts: &[&str], by: &BTreeMap<String, String>) {
    writeln!(page, "\n## {title}\n").unwrap();
    if !texts.is_empty() {
        page.push_str(
            "| met | what is said | at | ends | shown | test |\n|---|---|---|---|---|---|\n",
        );
    }
    for text in texts {
        let test = by.get(*text).unwrap_or_else(|| panic!("no test compares with {text}"));
        for row in rows(text) {
            let said = quoted(&row);
            let Row { title, step, code, ends, .. } = row;
            let title = title.replace('|', "\\|");
            writeln!(page, "| {title} | {said} | {step} | {ends} | {code} | `{test}` |").unwrap();
        }
    }
    let others: Vec<_> = ELSEWHERE.iter().filter(|(of, _)| *of == title).collect();
    if others.is_empty() {
        return;
    }
    page.push_str("\nShown by other tests:\n\n| what | test |\n|---|---|\n");
    for (what, test) in others.iter().flat_map(|(_, rows)| rows.iter()) {
        assert_test(test);
        writeln!(page, "| {what} | `{test}` |").unwrap();
    }
}

/// A test named `path/to/file.rs::name` is there.
fn assert_test(test: &str) {
    let (file, name) = test.split_once("::").unwrap();
    let path = PathBuf::from(WORKSPACE).join(file);
    let text = fs_err::read_to_string(&path).unwrap();
    let there = text.contains(&format!("fn {name}("));
    assert!(there, "{file} has no test {name}");
}

/// Goal: every refusal that is known is on one page, with the test that meets it. `UPDATE_EXPECT=1`
/// writes the page anew from what the other tests wrote.
#[test]
fn the_page_names_tests_that_are_there() {
    let (mut all, mut by) = (BTreeSet::new(), BTreeMap::new());
    goldens(Path::new(FOLDER), "", &mut all);
    writers(Path::new(FOLDER), "", &mut by);
    let mut page = INTRODUCTION.to_owned();
    let mut told = BTreeSet::new();
    for (title, texts) in SUBJECTS {
        write_subject(&mut page, title, texts, &by);
        for text in *texts {
            assert!(told.insert((*text).to_owned()), "{text} is there twice");
        }
    }
    assert_eq!(told, all, "each text belongs to one subject");
    for (title, _) in ELSEWHERE {
        assert!(SUBJECTS.iter().any(|(subject, _)| subject == title), "{title}");
    }
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/refusals.md")].assert_eq(&page);
}

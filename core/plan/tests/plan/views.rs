//! Every view of a realistic plan, whole.

use expect_test::{expect, expect_file};
use skybridge_plan::view::text::{Detail, TextOptions};
use skybridge_plan::{PlanOptions, view};

use skybridge_plugin_protocol::onboard::Step;

use crate::check::{destroy, json, only, planned, shown, text};
use crate::fixture::{connector, contoso, depends};

#[test]
fn text_of_a_small_plan() {
    let plan = planned(vec![contoso()], &PlanOptions::default());
    expect_file!["golden/contoso.txt"].assert_eq(&text(&plan, &TextOptions::default()));
}

#[test]
fn text_in_full() {
    let plan = planned(vec![contoso()], &PlanOptions::default());
    let options = TextOptions { detail: Detail::Full, ..TextOptions::default() };
    expect_file!["golden/contoso-full.txt"].assert_eq(&text(&plan, &options));
}

#[test]
fn text_of_a_plan_that_destroys() {
    let plan = planned(vec![contoso()], &destroy());
    expect_file!["golden/contoso-destroy.txt"].assert_eq(&text(&plan, &TextOptions::default()));
}

#[test]
fn text_of_a_large_plan_shows_what_is_alike_once() {
    let subscriptions: Vec<String> = (0..10_000).map(|i| format!("subscription-{i:05}")).collect();
    let subscriptions: Vec<&str> = subscriptions.iter().map(String::as_str).collect();
    let plan = planned(vec![connector("contoso", &subscriptions)], &PlanOptions::default());
    expect_file!["golden/large.txt"].assert_eq(&text(&plan, &TextOptions::default()));
}

#[test]
fn text_of_connectors_that_wait_for_each_other() {
    let mut second = connector("beta", &[]);
    second.depends_on = vec![depends("gamma", 9)];
    let plan = planned(
        vec![second, connector("gamma", &[])],
        &only(&["beta.preflight", "gamma.hand-over"]),
    );
    expect_file!["golden/two-connectors.txt"].assert_eq(&text(&plan, &TextOptions::default()));
}

#[test]
fn colours_are_around_the_same_text() {
    let plan = planned(vec![contoso()], &PlanOptions::default());
    let plain = text(&plan, &TextOptions::default());
    let coloured = text(&plan, &TextOptions { color: true, ..TextOptions::default() });
    let mut stripped = String::new();
    for (i, part) in coloured.split("\u{1b}[").enumerate() {
        stripped.push_str(if i == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(stripped, plain);
    assert_ne!(coloured, plain);
}

#[test]
fn no_text_moves_the_cursor_or_turns_round() {
    let mut input = contoso();
    input.description.templates[0].title = "nice\u{1b}[2J\r\u{202e}title".to_owned();
    input.description.notes = vec!["a\u{7}b".to_owned()];
    let plan = planned(vec![input], &PlanOptions::default());
    let full = TextOptions { detail: Detail::Full, ..TextOptions::default() };
    for options in [TextOptions::default(), full] {
        let text = text(&plan, &options);
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text}");
    }
}

#[test]
fn json_of_a_small_plan() {
    let plan = planned(vec![contoso()], &PlanOptions::default());
    expect_file!["golden/contoso.json"].assert_eq(&json(&plan));
}

#[test]
fn dot_of_a_small_plan() {
    let plan = planned(vec![contoso()], &PlanOptions::default());
    expect_file!["golden/contoso.dot"].assert_eq(&shown(|out| view::dot::write(&plan, out)));
}

#[test]
fn mermaid_of_a_small_plan() {
    let plan = planned(vec![contoso()], &PlanOptions::default());
    let mermaid = shown(|out| view::mermaid::write(&plan, out));
    expect_file!["golden/contoso.mmd"].assert_eq(&mermaid);
}

#[test]
fn pictures_escape_what_has_a_meaning() {
    let mut input = connector("contoso", &[]);
    input.description.templates.truncate(1);
    input.description.steps.truncate(1);
    input.description.handover.clear();
    input.description.templates[0].title = "a \"b\" \\ <<i>c<</i> #d; [e] `f`\n{{g}".to_owned();
    let plan = planned(vec![input], &only(&["contoso.preflight"]));
    let line_of = |text: String| {
        text.lines().map(str::trim).find(|line| line.starts_with("n0")).unwrap().to_owned()
    };
    expect![[r##"n0 [label=<<b>a &quot;b&quot; \ &lt;i&gt;c&lt;/i&gt; #d; [e] `f`<br/>{g}</b><br/><font point-size="8" color="#52606d">read · preflight.operator</font>>, fillcolor="#e3edf9", tooltip="contoso.preflight.operator"];"##]]
    .assert_eq(&line_of(shown(|out| view::dot::write(&plan, out))));
    expect![[r##"n0["a #34;b#34; #92; #60;i#62;c#60;/i#62; #35;d#59; #91;e#93; #96;f#96; #123;g#125;<br/>read · preflight.operator"]:::read"##]]
    .assert_eq(&line_of(shown(|out| view::mermaid::write(&plan, out))));
}

/// Depth costs no stack, and finding out which needs are implied no quadratic time.
#[test]
fn a_very_deep_plan() {
    let mut input = connector("contoso", &[]);
    input.description.handover.clear();
    input.description.templates.truncate(1);
    let step = |at: u32| Step {
        scope: Some(at.to_string()),
        needs: (at.saturating_sub(3)..at).collect(),
        ..Step::default()
    };
    input.description.steps = (0..50_000).map(step).collect();
    let plan = planned(vec![input], &PlanOptions::default());
    assert_eq!((plan.depth(), plan.longest_chain().len()), (50_001, 50_001));
    let text = text(&plan, &TextOptions { max_steps: None, ..TextOptions::default() });
    assert!(text.contains("contoso.preflight.operator@9 · needs preflight.operator@8\n"));
}

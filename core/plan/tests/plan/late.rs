//! Steps that run whatever happens, steps after the hand-over, what is left out, and words for the
//! platform.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use serde_json::json;
use skybridge_model::Address;
use skybridge_plan::view::text::{Detail, TextOptions};
use skybridge_plan::{Action, ConnectorInput, Plan, PlanOptions, Planned, view};
use skybridge_plugin_protocol::onboard::{
    Description, HandoverField, LeftOut, Permission, Step, StepTemplate, Undo,
};

use crate::check::{addresses, destroy, json, only, planned, refused, shown, text, upto};
use crate::fixture::{connector, depends};

fn template(kind: &str, effect: &str) -> StepTemplate {
    StepTemplate {
        kind: kind.to_owned(),
        title: format!("do {kind}"),
        group: "Steps".to_owned(),
        effect: effect.to_owned(),
        outputs: vec!["id".to_owned()],
        undo: (effect != "read").then(|| Undo { title: format!("undo {kind}"), ..Undo::default() }),
        throttle: "none".to_owned(),
        ..StepTemplate::default()
    }
}

const ELEVATION: usize = 0;
const GRANT: usize = 1;
const PROOF: usize = 2;
const REMOVAL: usize = 3;
const RETIRED: usize = 4;
const REPORT: usize = 5;

/// Rights are raised, used and taken away again, and after the hand-over the old credential goes.
/// The last two are described first, so that the order is the planner's.
fn rotated() -> ConnectorInput {
    let mut templates = vec![
        template("elevation", "ensure"),
        template("grant", "ensure"),
        template("proof", "read"),
        StepTemplate { always: true, undo: None, ..template("elevation-removal", "ensure") },
        StepTemplate { after_handover: true, ..template("retired", "ensure") },
        template("report", "read"),
    ];
    templates[REMOVAL].desired = json!({ "of": "<elevation.id>" });
    let step = |template: usize, needs: &[u32]| Step {
        template: u32::try_from(template).unwrap(),
        needs: needs.to_vec(),
        ..Step::default()
    };
    let description = Description {
        templates,
        steps: vec![
            step(RETIRED, &[]),
            step(REPORT, &[0, 4]),
            step(ELEVATION, &[]),
            step(GRANT, &[2]),
            step(PROOF, &[3]),
            step(REMOVAL, &[2, 3, 4]),
        ],
        handover: vec![HandoverField {
            name: "grant".to_owned(),
            label: "Grant".to_owned(),
            value: "<grant.id>".to_owned(),
            secret: false,
            scopes: false,
        }],
        ..Description::default()
    };
    ConnectorInput { description, ..connector("c", &[]) }
}

fn needs(plan: &Plan, text: &str) -> Vec<String> {
    let step = plan.step(plan.find(&Address::parse(text).unwrap()).unwrap()).unwrap();
    step.needs().iter().map(|need| plan.step(*need).unwrap().local().to_owned()).collect()
}

#[test]
fn steps_after_the_hand_over_stand_after_it() {
    let plan = planned(vec![rotated()], &PlanOptions::default());
    expect![[r#"
        c.elevation
        c.grant
        c.proof
        c.elevation-removal
        c.hand-over
        c.retired
        c.report
    "#]]
    .assert_eq(&addresses(&plan));
    assert_eq!(needs(&plan, "c.retired"), ["hand-over"]);
    assert_eq!(needs(&plan, "c.report"), ["proof", "retired"], "it comes after by its need alone");
}

/// The removal needs the proof, and runs when the proof fails: the hand-over must not rely on it.
#[test]
fn the_hand_over_waits_for_what_only_late_or_unconditional_steps_need() {
    let plan = planned(vec![rotated()], &PlanOptions::default());
    assert_eq!(needs(&plan, "c.hand-over"), ["grant", "proof", "elevation-removal"]);
    let text = text(&plan, &TextOptions::default());
    assert!(text.contains("c.hand-over · needs proof, elevation-removal\n"), "{text}");
}

/// Everything a step needs, directly or not.
fn needs_through(plan: &Plan, step: u32) -> Vec<u32> {
    let mut needs = plan.step(step).unwrap().needs().to_vec();
    let mut at = 0;
    while let Some(need) = needs.get(at) {
        needs.extend(plan.step(*need).unwrap().needs());
        at += 1;
    }
    needs
}

/// Whatever is flagged: nothing the hand-over needs comes after it, every early step that can fail
/// keeps it from running when it fails, and what is flagged waits for it.
#[test]
fn every_choice_of_flags() {
    for choice in 0..1_u32 << 8 {
        let mut input = rotated();
        input.description.handover.clear();
        for (at, step) in input.description.templates.iter_mut().take(4).enumerate() {
            step.always = at > 0 && choice >> at & 1 == 1;
            step.after_handover = choice >> (4 + at) & 1 == 1;
        }
        let plan = planned(vec![input], &PlanOptions::default());
        let hand_over = plan.find(&Address::parse("c.hand-over").unwrap()).unwrap();
        // What cannot have failed when the hand-over runs.
        let mut sure = vec![hand_over];
        while let Some(at) = sure.last().copied()
            && let Some(next) = (0..at).rev().find(|next| {
                let needs_it = |other: &&u32| {
                    let other = plan.step(**other).unwrap();
                    let relied = !other.always() || other.kind() == "hand-over";
                    relied && other.needs().contains(next)
                };
                sure.iter().any(|other| needs_it(&other))
            })
        {
            sure.push(next);
        }
        for step in plan.steps() {
            let late = step.position() > hand_over;
            assert!(late || sure.contains(&step.position()), "{choice:b}: {}", step.address());
            assert!(!late || needs_through(&plan, step.position()).contains(&hand_over));
            assert!(step.needs().iter().all(|need| *need < step.position()));
        }
        assert_eq!(json(&Plan::from_json(json(&plan).as_bytes()).unwrap()), json(&plan));
    }
}

#[test]
fn other_connectors_wait_for_the_hand_over_not_for_what_follows() {
    let mut second = connector("d", &[]);
    second.depends_on = vec![depends("c", 9)];
    let plan = planned(vec![rotated(), second], &PlanOptions::default());
    assert_eq!(needs(&plan, "d.preflight.operator"), ["hand-over"]);
}

#[test]
fn what_came_after_the_hand_over_is_taken_away_before_it() {
    let plan = planned(vec![rotated()], &destroy());
    expect![[r#"
        c.retired
        c.hand-over
        c.grant
        c.elevation
    "#]]
    .assert_eq(&addresses(&plan));
    assert_eq!(needs(&plan, "c.hand-over"), ["retired"]);
    assert!(plan.steps().all(|step| !step.always()));
}

#[test]
fn upto_takes_along_what_puts_back() {
    let list = |options: &PlanOptions| addresses(&planned(vec![rotated()], options));
    assert_eq!(list(&upto("c.grant")), "c.elevation\nc.grant\nc.elevation-removal\n");
    assert_eq!(list(&only(&["c.grant"])), "c.grant\n", "asked for exactly these");
    assert!(list(&upto("c.retired")).ends_with("c.hand-over\nc.retired\n"));
}

#[test]
fn a_step_that_always_runs_says_so() {
    let plan = planned(vec![rotated()], &PlanOptions::default());
    let full = TextOptions { detail: Detail::Full, ..TextOptions::default() };
    assert_eq!(text(&plan, &full).matches("runs whatever happens").count(), 1);
    assert_eq!(json(&plan).matches("\"always\":true").count(), 1);
    let read = Plan::from_json(json(&plan).as_bytes()).unwrap();
    let always = |plan: &Plan| plan.steps().map(|step| step.always()).collect::<Vec<_>>();
    assert_eq!(always(&read), always(&plan));
    assert_eq!(read.digest(), plan.digest());
    assert_eq!(shown(|out| view::dot::write(&plan, out)).matches("style=dashed").count(), 1);
    assert_eq!(shown(|out| view::mermaid::write(&plan, out)).matches(" -.-> ").count(), 1);
}

#[test]
fn a_part_says_so() {
    let mut input = rotated();
    input.description.templates[PROOF].part = true;
    input.description.handover[0].scopes = true;
    let plan = planned(vec![input], &PlanOptions::default());
    let full = TextOptions { detail: Detail::Full, ..TextOptions::default() };
    assert_eq!(text(&plan, &full).matches("what needs it does without it").count(), 1);
    assert_eq!(json(&plan).matches("\"part\":true").count(), 1);
    assert_eq!(json(&plan).matches("\"scopes\":true").count(), 1);
    let read = Plan::from_json(json(&plan).as_bytes()).unwrap();
    let parts = |plan: &Plan| plan.steps().map(|step| step.part()).collect::<Vec<_>>();
    assert_eq!(parts(&read), parts(&plan));
    assert_eq!(read.digest(), plan.digest());
    let hand_over = plan.steps().find(|step| step.local() == "hand-over").unwrap();
    let needed: Vec<&str> = hand_over.needed_parts().map(|part| part.local()).collect();
    assert_eq!(needed, ["proof"]);
    let whole = planned(vec![rotated()], &PlanOptions::default());
    assert_ne!(whole.digest(), plan.digest());
}

/// Nothing has to be put back now, but the run is about to change that.
#[test]
fn nothing_to_put_back_yet_is_not_nothing_to_do() {
    let seen = |actions: &[(&str, Action)]| -> BTreeMap<Address, Planned> {
        let planned = |(local, action): &(&str, Action)| {
            (Address::parse(&format!("c.{local}")).unwrap(), Planned::new(*action))
        };
        actions.iter().map(planned).collect()
    };
    let removal = |grant: Action| {
        let plan = planned(vec![rotated()], &PlanOptions::default()).with_observations(seen(&[
            ("elevation", Action::NoOp),
            ("grant", grant),
            ("elevation-removal", Action::NoOp),
        ]));
        let read = Plan::from_json(json(&plan).as_bytes()).unwrap();
        assert_eq!(json(&read), json(&plan));
        plan.step(3).unwrap().action()
    };
    assert_eq!(removal(Action::Create), Action::Ensure);
    assert_eq!(removal(Action::NoOp), Action::NoOp);
}

fn left(scope: &str, name: Option<&str>, code: Option<&str>, help: Option<&str>) -> LeftOut {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    LeftOut {
        scope: scope.to_owned(),
        name: owned(name),
        reason: "it is disabled".to_owned(),
        code: owned(code),
        help: owned(help),
    }
}

#[test]
fn what_is_left_out_is_told() {
    let mut input = rotated();
    input.description.left_out = vec![
        left("s-1", Some("Tailspin"), Some("AZ-7"), Some("enable it, or take it off the list")),
        left("s-\u{1b}2", None, None, None),
    ];
    let plan = planned(vec![input.clone()], &PlanOptions::default());
    let shown = text(&plan, &TextOptions::default());
    let (_, end) = shown.split_once("\n\n").unwrap().1.split_once("\n\n").unwrap();
    expect![[r#"
        Left out
          - Tailspin (s-1): it is disabled [AZ-7]
            enable it, or take it off the list
          - s-�2: it is disabled

        ? read   = ensure   > hand-over
        Plan: 7 steps: 2 read, 4 ensure, 1 hand-over; 2 left out. The longest chain has 7 steps.
    "#]]
    .assert_eq(end);
    for plan in [plan.clone(), planned(vec![input.clone()], &destroy())] {
        let read = Plan::from_json(json(&plan).as_bytes()).unwrap();
        assert_eq!((json(&read), read.digest()), (json(&plan), plan.digest()));
        let told: Vec<_> = read.left_out().map(|(c, left)| (&*c.name, &*left.scope)).collect();
        assert_eq!(told, [("c", "s-1"), ("c", "s-\u{1b}2")]);
    }
    let foreign =
        json(&plan).replace("{\"connector\":\"c\",\"scope\"", "{\"connector\":\"x\",\"scope\"");
    expect!["the plan contradicts itself at `s-1`: it is left out of `x`, which is not there"]
        .assert_eq(&Plan::from_json(foreign.as_bytes()).unwrap_err().to_string());
    input.description.left_out =
        (0..1_234).map(|i| left(&format!("s-{i:04}"), None, None, None)).collect();
    let plan = planned(vec![input], &PlanOptions::default());
    let brief = text(&plan, &TextOptions::default());
    assert!(brief.contains("  - s-0019: it is disabled\n  … and 1,214 more\n"), "{brief}");
    let full = TextOptions { detail: Detail::Full, ..TextOptions::default() };
    assert!(text(&plan, &full).contains("  - s-1233: it is disabled\n"));
}

#[test]
fn words_for_the_platform_are_in_the_hand_over() {
    let desired = |platforms: &[(&str, serde_json::Value)]| {
        let mut input = rotated();
        input.destination = "ox".to_owned();
        let owned = platforms.iter().map(|(kind, words)| ((*kind).to_owned(), words.clone()));
        input.description.platforms = owned.collect();
        let plan = planned(vec![input], &PlanOptions::default());
        let read = Plan::from_json(json(&plan).as_bytes()).unwrap();
        assert_eq!(read.digest(), plan.digest());
        read.step(4).unwrap().desired()
    };
    let words = json!({ "names": ["{a} <grant.id> <"], "fields": { "<x.y>": true } });
    let all = [("ox", words.clone()), ("webhook", json!({}))];
    let id = json!("7");
    let desired_of_it = desired(&all);
    let resolved = skybridge_plan::resolve(&desired_of_it, |_, _| Some(&id)).unwrap();
    assert_eq!(resolved["platform"], words, "texts are literals");
    assert_eq!(resolved["fields"][0]["value"], id);
    assert_eq!(desired(&all[1..]).get("platform"), None);
}

fn check(change: impl FnOnce(&mut Description), expected: Expect) {
    let mut input = rotated();
    change(&mut input.description);
    let text = refused(vec![input], &PlanOptions::default());
    let lines = text.lines().filter(|line| !line.starts_with("  why: "));
    let told: String = lines
        .map(|line| {
            let line = line.replace("contoso.toml:3:1: ", "");
            let line = line.replace("plugin `azure` breaks its contract: ", "");
            line.replace("; report it to the author of the plugin", "") + "\n"
        })
        .collect();
    expected.assert_eq(&told);
}

#[test]
fn what_is_handed_over_is_known_before() {
    check(
        |d| d.handover[0].value = "<retired.id>".to_owned(),
        expect![[r#"
        SKY-PLAN-019: hand-over field `grant` is an output of c.retired, which runs after the hand-over
          help: let what is handed over not need a step with after-handover
    "#]],
    );
    check(
        |d| d.handover[0].value = "x<report.id>".to_owned(),
        expect![[r#"
        SKY-PLAN-019: hand-over field `grant` is an output of c.report, which runs after the hand-over
          help: let what is handed over not need a step with after-handover
    "#]],
    );
}

#[test]
fn what_is_wrong_with_steps_that_always_run() {
    check(
        |d| {
            d.templates[REMOVAL].desired = json!(["<elevation.id>", "/x/<elevation.id>"]);
            d.templates[GRANT].always = true;
            d.templates[GRANT].effect = "mint".to_owned();
            d.templates[ELEVATION].always = true;
        },
        expect![[r#"
            SKY-PLAN-023: c.elevation always runs and needs nothing
              help: let it need the steps whose changes it puts back
            SKY-PLAN-023: template `elevation-removal` always runs, and a text of its desired state is cut by a placeholder: "/x/<elevation.id>"
              help: the output may be missing; read it as an input, or let it be the whole text
            SKY-PLAN-023: template `grant` always runs and has the effect mint
              help: putting something back mints nothing
        "#]],
    );
}

#[test]
fn what_is_wrong_with_what_is_left_out() {
    check(
        |d| {
            d.left_out = vec![
                left("s-1", None, None, None),
                left(" ", None, None, None),
                left("s-1", Some("again"), None, None),
                left("s-2", None, Some(""), None),
            ];
        },
        expect![[r#"
            SKY-PLAN-020: `s-1` is left out twice for one reason
              help: say it once
            SKY-PLAN-020: entry 1 of what is left out (` `) has blanks
              help: give a scope and a reason; leave out what has no text
            SKY-PLAN-020: entry 3 of what is left out (`s-2`) has blanks
              help: give a scope and a reason; leave out what has no text
        "#]],
    );
}

#[test]
fn what_is_wrong_with_permissions_and_platforms() {
    check(
        |d| {
            let permission = Permission {
                permission: "Reader".to_owned(),
                sort: "role".to_owned(),
                scope: "each subscription".to_owned(),
                why: "to see what there is".to_owned(),
                capabilities: vec!["asset-visibility".to_owned()],
                without: "nothing is seen".to_owned(),
                exposes: None,
                asked: true,
            };
            let empty = Permission { why: " ".to_owned(), ..permission.clone() };
            let odd = Permission { capabilities: vec!["Assets".to_owned()], ..permission.clone() };
            d.permissions = vec![permission, empty, odd];
            d.platforms.insert("ox".to_owned(), json!(null));
            d.platforms.insert("Web Hook".to_owned(), json!({}));
        },
        expect![[r#"
            SKY-PLAN-021: permission 1 (`Reader`) has an empty why
              help: fill it in
            SKY-PLAN-021: the capability `Assets` of permission `Reader` is not a word
              help: use lower-case letters, digits and dashes
            SKY-PLAN-022: what it says for the platform `Web Hook` is malformed
              help: name the platform with a word and give an object
            SKY-PLAN-022: what it says for the platform `ox` is malformed
              help: name the platform with a word and give an object
        "#]],
    );
}

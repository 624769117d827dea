//! Whatever a plugin describes, planning and showing it end, without a panic and with one answer.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;
use skybridge_plan::view::{
    self,
    text::{Detail, TextOptions},
};
use skybridge_plan::{ConnectorInput, Dependency, Plan, PlanOptions, Selector};
use skybridge_plugin_protocol::onboard::{
    Call, Description, HandoverField, LeftOut, Readiness, Step, StepTemplate, Undo,
};

use crate::check::{json, shown, text};

/// Texts made of the pieces that mean something, good ones more often than bad ones.
fn wild() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just("word"), 2 => Just("{scope}"), 1 => Just("{v}"), 1 => Just("<a.out>"),
        1 => Just("<a.b.out>"), 1 => Just("<<"), 1 => Just("{{"), 1 => Just("}"), 1 => Just("<"),
        1 => Just("{"), 1 => Just("é\u{1b}\"\\"), 1 => Just(" "),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "out", "c-d"]).prop_map(str::to_owned),
        1 => wild(),
    ]
}

fn reference() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a.out", "a.b.out", "b.out", "x", ""]).prop_map(str::to_owned)
}

fn desired() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        wild().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            btree_map(wild(), inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn call() -> impl Strategy<Value = Call> {
    (wild(), option::of(wild())).prop_map(|(url, permission)| Call {
        method: "GET".to_owned(),
        url,
        permission,
    })
}

fn template() -> impl Strategy<Value = StepTemplate> {
    let undo = (wild(), vec(call(), 0..2)).prop_map(|(title, calls)| Undo { title, calls });
    let readiness = (wild(), 0..3_u32, 0..3_u64, 0..3_u64).prop_map(|(waits_for, n, i, b)| {
        Readiness { waits_for, successes: n, interval_ms: i, budget_ms: b }
    });
    let effect = prop::sample::select(vec!["read", "ensure", "ensure", "mint", "odd"]);
    (
        (word(), option::of(word()), wild(), wild(), effect),
        (desired(), vec(reference(), 0..2), vec(word(), 0..3), vec(call(), 0..2)),
        (
            (option::of(undo), option::of(readiness), vec(wild(), 0..2)),
            (prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.2)),
        ),
    )
        .prop_map(
            |(
                (kind, name, title, group, effect),
                (desired, inputs, outputs, calls),
                (rest, late),
            )| {
                StepTemplate {
                    kind,
                    name,
                    title: format!("t{title}"),
                    group: format!("g{group}"),
                    reference: None,
                    effect: effect.to_owned(),
                    desired,
                    inputs,
                    outputs,
                    calls,
                    undo: rest.0,
                    readiness: rest.1,
                    throttle: "x".to_owned(),
                    notes: rest.2,
                    always: late.0,
                    after_handover: late.1,
                    part: late.2,
                }
            },
        )
}

fn description() -> impl Strategy<Value = Description> {
    let step = (0..4_u32, option::of(word()), vec(0..8_u32, 0..3), option::of(wild())).prop_map(
        |(template, scope, needs, var)| Step {
            template,
            scope,
            needs,
            vars: var.into_iter().map(|value| ("v".to_owned(), value)).collect(),
        },
    );
    let field = (word(), wild()).prop_map(|(name, value)| HandoverField {
        label: name.clone(),
        name,
        value,
        secret: false,
        scopes: false,
    });
    let left_out = (wild(), option::of(wild()), wild(), option::of(wild())).prop_map(
        |(scope, name, reason, help)| LeftOut { scope, name, reason, code: help.clone(), help },
    );
    let platforms = btree_map(prop_oneof![Just("d".to_owned()), wild()], desired(), 0..2);
    let besides = (vec(left_out, 0..3), platforms);
    (vec(template(), 1..4), vec(step, 0..8), vec(wild(), 0..2), vec(field, 0..2), besides).prop_map(
        |(templates, steps, notes, handover, (left_out, platforms))| Description {
            templates,
            steps,
            notes,
            handover,
            left_out,
            permissions: Vec::new(),
            platforms,
        },
    )
}

fn inputs() -> impl Strategy<Value = Vec<ConnectorInput>> {
    let input = (word(), description(), wild(), vec(word(), 0..2)).prop_map(
        |(name, description, destination_title, depends_on)| ConnectorInput {
            name,
            plugin: "p".to_owned(),
            description,
            destination: "d".to_owned(),
            destination_title,
            depends_on: depends_on
                .into_iter()
                .map(|connector| Dependency { connector, span: None })
                .collect(),
            span: None,
        },
    );
    vec(input, 0..3)
}

/// Needs that point backwards and nothing out of range, so that most are accepted.
fn tame(inputs: &mut [ConnectorInput]) {
    for (i, input) in inputs.iter_mut().enumerate() {
        input.name = format!("c{i}");
        input.depends_on.clear();
        let templates = u32::try_from(input.description.templates.len()).unwrap();
        input.description.handover.clear();
        for (t, template) in input.description.templates.iter_mut().enumerate() {
            template.kind = format!("k{t}");
            template.name = None;
            template.effect = "ensure".to_owned();
            template.inputs.clear();
            template.outputs.clear();
            template.readiness = None;
            let strip = |text: &str| text.replace(['<', '{'], "");
            for note in &mut template.notes {
                *note = strip(note);
            }
            template.title = template.title.replace("{v}", "").replace('<', "<<").replace("{{", "");
            template.group = strip(&template.group);
            template.calls.clear();
            if let Some(undo) = &mut template.undo {
                undo.title = strip(&undo.title);
                undo.calls.clear();
            }
            template.desired = serde_json::json!({ "at": "{scope} <<x.y> {{v}", "keep": 1 });
        }
        for (s, step) in input.description.steps.iter_mut().enumerate() {
            step.template %= templates;
            step.scope = Some(format!("s{s}<x>"));
            step.needs.retain(|need| (*need as usize) < s);
            if step.needs.is_empty() {
                input.description.templates[step.template as usize].always = false;
            }
        }
        for (l, left) in input.description.left_out.iter_mut().enumerate() {
            left.scope = format!("{l}{}", left.scope);
            left.reason = format!("r{}", left.reason);
            (left.name, left.code, left.help) = (None, None, None);
        }
        let words = input.description.platforms.pop_last();
        input.description.platforms.clear();
        if let Some((_, words)) = words {
            let words = serde_json::json!({ "words": words });
            input.description.platforms.insert("d".to_owned(), words);
        }
    }
}

fn show_all(plan: &Plan) {
    for detail in [Detail::Brief, Detail::Full] {
        text(plan, &TextOptions { detail, max_steps: Some(2), color: true, width: 3 });
    }
    shown(|out| view::dot::write(plan, out));
    shown(|out| view::mermaid::write(plan, out));
    let saved = json(plan);
    let read = Plan::from_json(saved.as_bytes()).unwrap();
    assert_eq!(json(&read), saved);
    assert_eq!(read.digest(), plan.digest());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_descriptions(inputs in inputs(), destroy in any::<bool>()) {
        let options = PlanOptions { destroy, ..PlanOptions::default() };
        let (plan, diagnostics) = skybridge_plan::plan(inputs, &options);
        prop_assert_eq!(plan.is_none(), diagnostics.has_errors());
        if let Some(plan) = plan {
            show_all(&plan);
        }
    }

    #[test]
    fn wild_but_sound_descriptions(mut inputs in inputs(), destroy in any::<bool>()) {
        tame(&mut inputs);
        let options = PlanOptions { destroy, ..PlanOptions::default() };
        let (plan, diagnostics) = skybridge_plan::plan(inputs, &options);
        let complaints: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
        // An odd brace may be left in a title; nothing else.
        prop_assert!(complaints.iter().all(|c| c.contains("SKY-PLAN-008")), "{:?}", complaints);
        if let Some(plan) = plan {
            show_all(&plan);
        }
    }

    #[test]
    fn selectors_never_panic(text in wild()) {
        if let Ok(selector) = Selector::parse(&text) {
            prop_assert_eq!(Selector::parse(&selector.to_string()).unwrap(), selector);
        }
    }

    #[test]
    fn bytes_that_are_no_plan(text in ".{0,40}") {
        prop_assert!(Plan::from_json(text.as_bytes()).is_err());
    }
}

//! Every complaint, with its words.

use expect_test::{Expect, expect};
use skybridge_plan::{ConnectorInput, PlanOptions, codes};
use skybridge_plugin_protocol::onboard::{Call, Description, HandoverField, Step, StepTemplate};

use crate::check::refused;
use crate::fixture::{connector, contoso, depends, span};

fn check(inputs: Vec<ConnectorInput>, expected: Expect) {
    expected.assert_eq(&refused(inputs, &PlanOptions::default()));
}

/// A connector of steps `node@0`, `node@1`, … with the given needs.
fn nodes(needs: &[&[u32]]) -> ConnectorInput {
    let template = StepTemplate {
        kind: "node".to_owned(),
        title: "node".to_owned(),
        group: "Nodes".to_owned(),
        effect: "ensure".to_owned(),
        throttle: "none".to_owned(),
        ..StepTemplate::default()
    };
    let step = |(at, needs): (usize, &&[u32])| Step {
        scope: Some(at.to_string()),
        needs: needs.to_vec(),
        ..Step::default()
    };
    let description = Description {
        templates: vec![template],
        steps: needs.iter().enumerate().map(step).collect(),
        ..Description::default()
    };
    ConnectorInput { description, ..connector("n", &[]) }
}

#[test]
fn a_step_that_needs_itself() {
    check(
        vec![nodes(&[&[], &[0, 1]])],
        expect![[r#"
            contoso.toml:3:1: SKY-PLAN-011: plugin `azure` breaks its contract: steps need each other in a circle: n.node@1 -> n.node@1
              why: found in what it described for connector `n` (contoso.toml:3)
              help: an arrow reads `needs`; remove one of them; report it to the author of the plugin
        "#]],
    );
}

#[test]
fn two_steps_that_need_each_other() {
    check(
        vec![nodes(&[&[1], &[0], &[0]])],
        expect![[r#"
            contoso.toml:3:1: SKY-PLAN-011: plugin `azure` breaks its contract: steps need each other in a circle: n.node@0 -> n.node@1 -> n.node@0
              why: found in what it described for connector `n` (contoso.toml:3)
              help: an arrow reads `needs`; remove one of them; report it to the author of the plugin
        "#]],
    );
}

#[test]
fn of_a_long_circle_with_a_shortcut_the_shortest_is_shown() {
    check(
        vec![nodes(&[&[1], &[2], &[3, 0], &[4], &[5], &[0]])],
        expect![[r#"
            contoso.toml:3:1: SKY-PLAN-011: plugin `azure` breaks its contract: steps need each other in a circle: n.node@0 -> n.node@1 -> n.node@2 -> n.node@0
              why: found in what it described for connector `n` (contoso.toml:3)
              help: an arrow reads `needs`; remove one of them; report it to the author of the plugin
        "#]],
    );
}

#[test]
fn separate_circles_are_shown_separately() {
    check(
        vec![nodes(&[&[1], &[0], &[3], &[4], &[2], &[0, 2]])],
        expect![[r#"
            contoso.toml:3:1: SKY-PLAN-011: plugin `azure` breaks its contract: steps need each other in a circle: n.node@0 -> n.node@1 -> n.node@0
              why: found in what it described for connector `n` (contoso.toml:3)
              help: an arrow reads `needs`; remove one of them; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-011: plugin `azure` breaks its contract: steps need each other in a circle: n.node@2 -> n.node@3 -> n.node@4 -> n.node@2
              why: found in what it described for connector `n` (contoso.toml:3)
              help: an arrow reads `needs`; remove one of them; report it to the author of the plugin
        "#]],
    );
}

#[test]
fn a_very_long_circle_is_cut() {
    let needs: Vec<[u32; 1]> = (0..1_000).map(|i| [(i + 1) % 1_000]).collect();
    let needs: Vec<&[u32]> = needs.iter().map(<[u32; 1]>::as_slice).collect();
    check(
        vec![nodes(&needs)],
        expect![[r#"
            contoso.toml:3:1: SKY-PLAN-011: plugin `azure` breaks its contract: steps need each other in a circle: n.node@0 -> n.node@1 -> n.node@2 -> n.node@3 -> n.node@4 -> n.node@5 -> n.node@6 -> n.node@7 -> (984 more) -> n.node@992 -> n.node@993 -> n.node@994 -> n.node@995 -> n.node@996 -> n.node@997 -> n.node@998 -> n.node@999 -> n.node@0
              why: found in what it described for connector `n` (contoso.toml:3)
              help: an arrow reads `needs`; remove one of them; report it to the author of the plugin
        "#]],
    );
}

#[test]
fn connectors_in_a_circle() {
    let with = |name: &str, line: u32, on: &[(&str, u32)]| ConnectorInput {
        depends_on: on.iter().map(|(name, line)| depends(name, *line)).collect(),
        span: Some(span(line)),
        ..connector(name, &[])
    };
    check(
        vec![
            with("a", 1, &[("b", 2)]),
            with("b", 10, &[("c", 11)]),
            with("c", 20, &[("d", 21), ("a", 22)]),
            with("d", 30, &[("a", 31)]),
            with("e", 40, &[("e", 41)]),
        ],
        expect![[r#"
            contoso.toml:1:1: SKY-PLAN-012: connectors depend on each other in a circle: a -> b -> c -> a
              why: an arrow reads `waits for`
                a -> b: contoso.toml:2
                b -> c: contoso.toml:11
                c -> a: contoso.toml:22
              help: remove one of these entries of depends-on
            contoso.toml:40:1: SKY-PLAN-012: connectors depend on each other in a circle: e -> e
              why: an arrow reads `waits for`
                e -> e: contoso.toml:41
              help: remove one of these entries of depends-on
        "#]],
    );
}

#[test]
fn what_is_wrong_between_connectors() {
    let mut first = connector("contoso", &[]);
    first.depends_on = vec![depends("fabrikan", 7), depends("nothing-like-it", 8)];
    check(
        vec![
            first,
            connector("fabrikam", &[]),
            connector("fabrikam", &[]),
            connector("No Name", &[]),
        ],
        expect![[r#"
            contoso.toml:3:1: SKY-PLAN-001: `No Name` cannot be the name of a connector
              help: use lower-case letters, digits and dashes
            contoso.toml:7:1: SKY-PLAN-013: connector `contoso` depends on `fabrikan`, which does not exist
              help: did you mean `fabrikam`?
            contoso.toml:8:1: SKY-PLAN-013: connector `contoso` depends on `nothing-like-it`, which does not exist
              help: the manifest has No Name, fabrikam
            contoso.toml:3:1: SKY-PLAN-014: connector `fabrikam` is described twice
              help: give each connector a name of its own
        "#]],
    );
}

#[test]
fn what_is_wrong_with_numbers() {
    let mut input = nodes(&[&[], &[7], &[]]);
    input.description.steps[2].template = 3;
    check(
        vec![input],
        expect![[r#"
            contoso.toml:3:1: SKY-PLAN-002: plugin `azure` breaks its contract: step 2 uses template 3, and there are 1
              why: found in what it described for connector `n` (contoso.toml:3)
              help: number templates from 0; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-003: plugin `azure` breaks its contract: n.node@1 needs step 7, and there are 3
              why: found in what it described for connector `n` (contoso.toml:3)
              help: number steps from 0; report it to the author of the plugin
        "#]],
    );
}

#[test]
fn what_is_wrong_with_templates() {
    let mut input = contoso();
    let templates = &mut input.description.templates;
    templates[0].kind = "Pre Flight".to_owned();
    templates[1].effect = "destroy".to_owned();
    templates[1].title = " ".to_owned();
    templates[2].outputs.push("Client Id".to_owned());
    templates[2].readiness.as_mut().unwrap().successes = 0;
    templates[3].inputs.push("client-id".to_owned());
    templates[4].kind = "hand-over".to_owned();
    templates[5].title = "consent to {permission} <now>".to_owned();
    check(
        vec![input],
        expect![[r#"
            contoso.toml:3:1: SKY-PLAN-001: plugin `azure` breaks its contract: `Client Id` in template 2 (`application`) is not a word
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: use lower-case letters, digits and dashes; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-001: plugin `azure` breaks its contract: `Pre Flight` in template 0 (`Pre Flight.operator`) is not a word
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: use lower-case letters, digits and dashes; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-001: plugin `azure` breaks its contract: the input `client-id` of template `service-principal` is not kind.output
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: write kind.output or kind.name.output; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-008: plugin `azure` breaks its contract: `<` in the title of template `consent.directory-read` begins no placeholder: "consent to {permission} <now>"
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: double it where it stands for itself; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-008: plugin `azure` breaks its contract: `{permission}` has no value in contoso.consent.directory-read
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: give the step a scope or a variable of that name; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-009: plugin `azure` breaks its contract: template 4 has the kind `hand-over`
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: the host adds that step itself; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-009: plugin `azure` breaks its contract: template `preflight.role-actions` has an empty title
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: fill it in; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-009: plugin `azure` breaks its contract: template `preflight.role-actions` has the effect `destroy`
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: the effect is read, ensure or mint; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-009: plugin `azure` breaks its contract: the readiness of template `application` can never be reached
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: at least one success, and a budget of at least one interval; report it to the author of the plugin
        "#]],
    );
}

#[test]
fn what_is_wrong_with_addresses() {
    let mut input = nodes(&[&[], &[], &[], &[], &[]]);
    let scopes = ["same", "same", "a b", "", &"x".repeat(5_000)];
    for (step, scope) in input.description.steps.iter_mut().zip(scopes) {
        step.scope = Some(scope.to_owned());
    }
    let text = refused(vec![input], &PlanOptions::default()).replace(&"x".repeat(5_000), "xxx");
    expect![[r#"
        contoso.toml:3:1: SKY-PLAN-001: plugin `azure` breaks its contract: the scope of step 2 (n.node@a b) is malformed
          why: found in what it described for connector `n` (contoso.toml:3)
          help: scopes are not empty, hold no blanks, and fit in an address; report it to the author of the plugin
        contoso.toml:3:1: SKY-PLAN-001: plugin `azure` breaks its contract: the scope of step 3 (n.node@) is malformed
          why: found in what it described for connector `n` (contoso.toml:3)
          help: scopes are not empty, hold no blanks, and fit in an address; report it to the author of the plugin
        contoso.toml:3:1: SKY-PLAN-001: plugin `azure` breaks its contract: the scope of step 4 (n.node@xxx) is malformed
          why: found in what it described for connector `n` (contoso.toml:3)
          help: scopes are not empty, hold no blanks, and fit in an address; report it to the author of the plugin
        contoso.toml:3:1: SKY-PLAN-004: plugin `azure` breaks its contract: steps 0 and 1 are both `n.node@same`
          why: found in what it described for connector `n` (contoso.toml:3)
          help: give them different names or scopes; report it to the author of the plugin
    "#]].assert_eq(&text);
}

#[test]
fn what_is_wrong_with_references() {
    let mut input = contoso();
    let templates = &mut input.description.templates;
    // Not a direct dependency; no such output; no such step.
    templates[5].inputs.push("client-secret.secret".to_owned());
    templates[6].inputs.push("service-principal.app-id".to_owned());
    templates[11].desired = "x <role-definition.id>".into();
    templates[12].calls.push(Call { url: "https://x/<vault.id>".to_owned(), ..Call::default() });
    // Ten thousand would be one complaint as well.
    templates[13].inputs.push("application.client-id".to_owned());
    // The directory's verification would not know which subscription's.
    input.description.steps[9].needs.extend([11, 20]);
    input.description.templates[9].inputs.push("role-assignment.reader.id".to_owned());
    input.description.handover.push(HandoverField {
        name: "tenant".to_owned(),
        label: "Tenant".to_owned(),
        value: "<tenant.id> {scope}".to_owned(),
        secret: false,
        scopes: false,
    });
    check(
        vec![input],
        expect![[r#"
            contoso.toml:3:1: SKY-PLAN-005: plugin `azure` breaks its contract: the input `application.client-id` of contoso.role-assignment.file-reader@33333333-0000-0000-0000-000000000001 is not an output of a direct dependency, and so in 1 more steps
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: let the step need the one step that has the output; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-005: plugin `azure` breaks its contract: the input `client-secret.secret` of contoso.consent.directory-read is not an output of a direct dependency
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: let the step need the one step that has the output; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-005: plugin `azure` breaks its contract: the input `service-principal.app-id` of contoso.consent.user-read: `service-principal` declares no such output
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: declare the output in its template; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-005: plugin `azure` breaks its contract: the placeholder `role-definition.id` of contoso.role-assignment.reader@33333333-0000-0000-0000-000000000001 is not an output of a direct dependency, and so in 1 more steps
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: let the step need the one step that has the output; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-006: plugin `azure` breaks its contract: the input `role-assignment.reader.id` of contoso.verification.directory is an output of several dependencies, none of its scope
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: let the step need the one step that has the output; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-007: plugin `azure` breaks its contract: `<vault.id>` in the calls of template `role-assignment.blob-reader` is no output of any step
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: declare the output, or correct the name; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-007: plugin `azure` breaks its contract: hand-over field `tenant`: no step puts out `<tenant.id>`
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: declare the output, or correct the name; report it to the author of the plugin
            contoso.toml:3:1: SKY-PLAN-017: plugin `azure` breaks its contract: `scope` in hand-over field `tenant` has no value
              why: found in what it described for connector `contoso` (contoso.toml:3)
              help: double a brace or angle that is text; report it to the author of the plugin
        "#]],
    );
}

#[test]
fn a_thousand_problems_are_not_all_shown() {
    let mut input = nodes(&vec![&[][..]; 1_000]);
    for step in &mut input.description.steps {
        step.template = 9;
    }
    let text = refused(vec![input], &PlanOptions::default());
    assert!(text.contains("SKY-PLAN-018: 800 more problems are not shown"), "{text}");
}

#[test]
fn a_plan_has_a_largest_size() {
    let mut input = nodes(&[]);
    input.description.steps = vec![Step::default(); 2_000_000];
    check(
        vec![input],
        expect![[r#"
        SKY-PLAN-010: the plan would have 2000001 steps, more than the 2000000 allowed
          why: most of them belong to connector `n`
          help: split the connector, or grant at a management group instead of each subscription
    "#]],
    );
}

#[test]
fn every_code_is_explained_once() {
    let mut known: Vec<&str> = codes::ALL.iter().map(|code| code.code).collect();
    known.dedup();
    let expected: Vec<String> = (1..=23).map(|n| format!("SKY-PLAN-{n:03}")).collect();
    assert_eq!(known, expected);
    assert!(codes::explain("SKY-PLAN-011").is_some() && codes::explain("SKY-X-1").is_none());
}

//! One step as a reader sees it: texts filled in on demand.

use std::collections::BTreeMap;

use serde_json::Value;
use skybridge_model::Address;
use skybridge_plugin_protocol::Map;
use skybridge_plugin_protocol::onboard::{Call, Change, Readiness, StepTemplate, Undo};

use crate::action::{Action, Performer};
use crate::language::{Values, display, fill_value};
use crate::plan::{Connector, Plan, Planned, StepRow, Template};

/// One step of a [`Plan`].
#[derive(Debug, Clone, Copy)]
pub struct PlannedStep<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) position: u32,
    pub(crate) row: StepRow,
    pub(crate) template: &'a Template,
}

impl<'a> PlannedStep<'a> {
    /// Its position in this plan.
    #[must_use]
    pub fn position(&self) -> u32 {
        self.position
    }

    /// Its address.
    ///
    /// # Panics
    /// Never: the planner has checked every part.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::build(&self.connector().name, self.kind(), self.name(), self.scope())
            .unwrap_or_else(|error| {
                unreachable!("the planner checks the parts of addresses: {error}")
            })
    }

    /// Appends the address to a text.
    pub fn push_address(&self, out: &mut String) {
        out.push_str(&self.connector().name);
        out.push('.');
        self.push_local(out);
    }

    /// The address as text.
    pub(crate) fn address_text(&self) -> String {
        let mut text = String::with_capacity(96);
        self.push_address(&mut text);
        text
    }

    /// Appends the address without the connector.
    pub(crate) fn push_local(&self, out: &mut String) {
        out.push_str(&self.template.local);
        if let Some(scope) = self.scope() {
            out.push('@');
            out.push_str(scope);
        }
    }

    /// The connector it belongs to.
    #[must_use]
    pub fn connector(&self) -> &'a Connector {
        &self.plan.connectors[self.template.connector as usize]
    }

    fn body(&self) -> &'a StepTemplate {
        &self.template.body
    }

    /// The kind word.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        &self.body().kind
    }

    /// The name word.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        self.body().name.as_deref()
    }

    /// `kind` or `kind.name`: what other steps of the connector call it.
    #[must_use]
    pub fn local(&self) -> &'a str {
        &self.template.local
    }

    /// The scope.
    #[must_use]
    pub fn scope(&self) -> Option<&'a str> {
        self.plan.scopes.text(self.row.scope)
    }

    /// Positions of the steps it needs, ascending and all smaller than its own.
    #[must_use]
    pub fn needs(&self) -> &'a [u32] {
        self.plan.graph.needs(self.position)
    }

    /// The steps it needs that are parts, which it does without if they do not work.
    pub fn needed_parts(&self) -> impl Iterator<Item = PlannedStep<'a>> {
        let plan = self.plan;
        self.needs().iter().map(|need| plan.at(*need)).filter(PlannedStep::part)
    }

    /// Steps it needs that this plan leaves out.
    #[must_use]
    pub fn expects(&self) -> &'a [Address] {
        self.plan.expects.get(&self.position).map_or(&[], Vec::as_slice)
    }

    /// What it will do.
    #[must_use]
    pub fn action(&self) -> Action {
        self.row.action
    }

    /// Who carries it out.
    #[must_use]
    pub fn performer(&self) -> Performer {
        self.template.performer
    }

    /// A word of the protocol's `effect`.
    #[must_use]
    pub fn effect(&self) -> &'a str {
        &self.body().effect
    }

    fn values(&self) -> Values<'a> {
        static NO_VARS: BTreeMap<String, String> = BTreeMap::new();
        Values {
            scope: self.scope(),
            vars: self.plan.vars.get(self.row.vars as usize).unwrap_or(&NO_VARS),
        }
    }

    /// Whether texts of both with the same words say the same.
    pub(crate) fn values_are_those_of(&self, other: &PlannedStep<'_>) -> bool {
        self.scope() == other.scope() && self.values().vars == other.values().vars
    }

    /// A text of its template, filled in for people.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 32);
        display(text, self.values(), &mut out);
        out
    }

    /// One line: what it does.
    #[must_use]
    pub fn title(&self) -> String {
        self.text(&self.body().title)
    }

    /// The heading it stands under.
    #[must_use]
    pub fn group(&self) -> String {
        self.text(&self.body().group)
    }

    /// The heading as the template has it.
    pub(crate) fn raw_group(&self) -> &'a str {
        &self.body().group
    }

    /// Where the instructions describe it: `1.7-1.12`.
    #[must_use]
    pub fn reference(&self) -> Option<&'a str> {
        self.body().reference.as_deref()
    }

    /// What will exist afterwards, for [`crate::resolve`]: variables filled in, placeholders not.
    #[must_use]
    pub fn desired(&self) -> Value {
        fill_value(&self.body().desired, self.values())
    }

    /// Outputs of direct dependencies it reads: `application.client-id`.
    #[must_use]
    pub fn inputs(&self) -> &'a [String] {
        &self.body().inputs
    }

    /// Outputs later steps may read.
    #[must_use]
    pub fn outputs(&self) -> &'a [String] {
        &self.body().outputs
    }

    /// The position of the dependency that `local` means in this step's texts: the only one of that
    /// name, or of several the one with the step's own scope.
    #[must_use]
    pub fn source(&self, local: &str) -> Option<u32> {
        let named = || {
            let steps = self.needs().iter().map(|need| self.plan.at(*need));
            steps.filter(|step| step.connector() == self.connector() && step.local() == local)
        };
        let mut all = named();
        match (all.next(), all.next()) {
            (Some(only), None) => Some(only.position),
            _ => named().find(|step| step.row.scope == self.row.scope).map(|step| step.position),
        }
    }

    fn filled_calls(&self, calls: &[Call]) -> Vec<Call> {
        let fill = |call: &Call| Call {
            method: call.method.clone(),
            url: self.text(&call.url),
            permission: call.permission.as_deref().map(|text| self.text(text)),
        };
        calls.iter().map(fill).collect()
    }

    /// The calls it makes, in order; in a plan that destroys, the calls of the undo.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.filled_calls(&self.body().calls)
    }

    /// How it is undone.
    #[must_use]
    pub fn undo(&self) -> Option<Undo> {
        let undo = self.body().undo.as_ref()?;
        Some(Undo { title: self.text(&undo.title), calls: self.filled_calls(&undo.calls) })
    }

    /// What must be true before dependents may start.
    #[must_use]
    pub fn readiness(&self) -> Option<Readiness> {
        let readiness = self.body().readiness.as_ref()?;
        Some(Readiness { waits_for: self.text(&readiness.waits_for), ..readiness.clone() })
    }

    /// Whether it runs once everything it needs has ended, well or not.
    #[must_use]
    pub fn always(&self) -> bool {
        self.body().always
    }

    /// Whether what needs it waits for it, and does without it if it does not work.
    #[must_use]
    pub fn part(&self) -> bool {
        self.body().part
    }

    /// The token bucket its calls draw from.
    #[must_use]
    pub fn throttle(&self) -> String {
        self.text(&self.body().throttle)
    }

    /// Remarks.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.body().notes.iter().map(|note| self.text(note)).collect()
    }

    /// What looking at the world said.
    #[must_use]
    pub fn planned(&self) -> Option<&'a Planned> {
        self.plan.planned.get(&self.position)
    }

    /// What differs between the world and the plan.
    #[must_use]
    pub fn changes(&self) -> &'a [Change] {
        self.planned().map_or(&[], |planned| &planned.changes)
    }

    /// Outputs that are known already.
    #[must_use]
    pub fn known_outputs(&self) -> Option<&'a Map> {
        self.planned().map(|planned| &planned.outputs)
    }
}

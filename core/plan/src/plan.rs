//! The plan: steps behind stable addresses, each after everything it needs.

use std::collections::BTreeMap;

use skybridge_model::Address;
use skybridge_plugin_protocol::onboard::{self, LeftOut, Permission, StepTemplate, effect};

use crate::action::{Action, Counts, Performer};
use crate::format::v1::Origin;
use crate::graph::{Graph, to_u32};
use crate::order::{heights, ranks};
use crate::scopes::Scopes;
use crate::step::PlannedStep;

/// What is going to be done: immutable, and nothing in it is left to decide.
///
/// Steps are kept in an order in which none comes before what it needs; a position is good for this
/// plan only and is never written down. Texts stay in the templates, a few dozen for any number of
/// steps, and are filled in when somebody reads them through [`Plan::step`].
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub(crate) connectors: Vec<Connector>,
    pub(crate) templates: Vec<Template>,
    /// Family numbers by connector and local name.
    pub(crate) families: BTreeMap<(u32, String), u32>,
    pub(crate) scopes: Scopes,
    /// Values for texts; number 0 is "none". Steps that share them share an entry.
    pub(crate) vars: Vec<BTreeMap<String, String>>,
    pub(crate) rows: Vec<StepRow>,
    pub(crate) graph: Graph,
    /// Positions by (family, scope), so that an address is found by halving.
    pub(crate) index: Vec<u32>,
    /// Dependencies that were left out of a narrowed plan.
    pub(crate) expects: BTreeMap<u32, Vec<Address>>,
    pub(crate) planned: BTreeMap<u32, Planned>,
    pub(crate) notes: Vec<Note>,
    /// By connector.
    pub(crate) left_out: Vec<(u32, LeftOut)>,
    /// By connector; only those that are asked for.
    pub(crate) permissions: Vec<(u32, Permission)>,
    pub(crate) origin: Option<Box<Origin>>,
    pub(crate) destroy: bool,
    pub(crate) online: bool,
    pub(crate) narrowed: bool,
    /// Steps whose outcome was to be looked up and was not.
    pub(crate) unobserved: usize,
}

/// One connector of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connector {
    /// Its name in the manifest.
    pub name: String,
    /// The plugin that serves it.
    pub plugin: String,
    /// The kind of destination.
    pub destination: String,
    /// The destination for people.
    pub destination_title: String,
    /// Connectors that are handed over before this one starts, by name.
    pub depends_on: Vec<String>,
}

/// A remark of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The connector it is about.
    pub connector: Option<String>,
    /// The remark.
    pub text: String,
}

/// A template and what the planner knows about it.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) body: StepTemplate,
    /// `kind` or `kind.name`.
    pub(crate) local: String,
    pub(crate) connector: u32,
    /// The same number for templates whose steps' addresses differ in nothing but the scope.
    pub(crate) family: u32,
    pub(crate) performer: Performer,
}

/// One step: 20 bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepRow {
    pub(crate) template: u32,
    pub(crate) scope: u32,
    pub(crate) vars: u32,
    pub(crate) action: Action,
}

/// What looking at the world said about one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What the step will do.
    pub action: Action,
    /// What differs between the world and the plan.
    pub changes: Vec<onboard::Change>,
    /// The step's outputs, when the thing is there.
    pub outputs: skybridge_plugin_protocol::Map,
    /// For people: what was found.
    pub detail: Option<String>,
    /// Why looking did not work.
    pub error: Option<String>,
}

impl Planned {
    /// An action and nothing to say about it.
    #[must_use]
    pub fn new(action: Action) -> Self {
        Self { action, changes: Vec::new(), outputs: BTreeMap::new(), detail: None, error: None }
    }
}

impl Plan {
    /// The connectors, each after those it depends on.
    #[must_use]
    pub fn connectors(&self) -> &[Connector] {
        &self.connectors
    }

    /// Remarks.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What the manifest means and the plan leaves out, with the connector it belongs to.
    pub fn left_out(&self) -> impl ExactSizeIterator<Item = (&Connector, &LeftOut)> {
        self.left_out.iter().map(|(at, left)| (&self.connectors[*at as usize], left))
    }

    /// The permissions the connection will hold, with the connector that asks for them. Empty, too,
    /// when nobody said.
    pub fn permissions(&self) -> impl ExactSizeIterator<Item = (&Connector, &Permission)> {
        self.permissions.iter().map(|(at, asked)| (&self.connectors[*at as usize], asked))
    }

    /// What the plan was made from, when it can be applied from a file.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// The same plan with what it was made from, which applying it from a file needs.
    #[must_use]
    pub fn with_origin(self, origin: Origin) -> Self {
        Self { origin: Some(Box::new(origin)), ..self }
    }

    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Who needs whom, by position; petgraph's algorithms run on it.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The step at a position, `0..len()`.
    #[must_use]
    pub fn step(&self, position: u32) -> Option<PlannedStep<'_>> {
        ((position as usize) < self.rows.len()).then(|| self.at(position))
    }

    /// All steps, each after everything it needs.
    pub fn steps(&self) -> impl Iterator<Item = PlannedStep<'_>> {
        (0..to_u32(self.rows.len())).map(|position| self.at(position))
    }

    /// The step at a position known to exist.
    pub(crate) fn at(&self, position: u32) -> PlannedStep<'_> {
        let row = self.rows[position as usize];
        PlannedStep { plan: self, position, row, template: &self.templates[row.template as usize] }
    }

    /// The position of the step with this address.
    #[must_use]
    pub fn find(&self, address: &Address) -> Option<u32> {
        let scope = self.scopes.find(address.scope())?;
        let connector = to_u32(self.connectors.iter().position(|c| c.name == address.connector())?);
        let family = self.families.get(&(connector, address.local().to_owned()))?;
        self.find_key(*family, scope)
    }

    /// The position of the step with this family and scope.
    pub(crate) fn find_key(&self, family: u32, scope: u32) -> Option<u32> {
        let place = self.index.binary_search_by_key(&(family, scope), |at| self.key(*at)).ok()?;
        self.index.get(place).copied()
    }

    /// Adds a template; its number is what steps speak of.
    pub(crate) fn add_template(
        &mut self,
        connector: u32,
        body: StepTemplate,
        by: Performer,
    ) -> u32 {
        let local = match &body.name {
            Some(name) => format!("{}.{name}", body.kind),
            None => body.kind.clone(),
        };
        let next = to_u32(self.families.len());
        let family = *self.families.entry((connector, local.clone())).or_insert(next);
        self.templates.push(Template { body, local, connector, family, performer: by });
        to_u32(self.templates.len() - 1)
    }

    /// What makes an address unique, as numbers.
    pub(crate) fn key(&self, position: u32) -> (u32, u32) {
        let row = &self.rows[position as usize];
        (self.templates[row.template as usize].family, row.scope)
    }

    /// Sorts the index anew; positions whose address an earlier one has already are given back.
    pub(crate) fn reindex(&mut self) -> Vec<u32> {
        let mut keys: Vec<((u32, u32), u32)> =
            (0..to_u32(self.rows.len())).map(|at| (self.key(at), at)).collect();
        keys.sort_unstable();
        let doubled = keys.windows(2).filter(|w| w[0].0 == w[1].0).map(|w| w[1].1).collect();
        self.index = keys.into_iter().map(|(_, at)| at).collect();
        doubled
    }

    /// How many steps do what.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.rows.iter().map(|row| row.action).collect()
    }

    /// Whether any step would change something.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.rows.iter().any(|row| row.action.changes())
    }

    /// Whether this is all the work there is, all of it looked at where looking was asked for:
    /// once it is applied, nothing is left to do.
    #[must_use]
    pub fn complete(&self) -> bool {
        !self.narrowed && self.unobserved == 0 && !self.errored()
    }

    /// Whether applying it is possible and would change something.
    #[must_use]
    pub fn applyable(&self) -> bool {
        self.has_changes() && !self.errored()
    }

    /// Whether looking at the world failed for some step.
    #[must_use]
    pub fn errored(&self) -> bool {
        self.planned.values().any(|planned| planned.error.is_some())
    }

    /// Whether the plan takes the connection away.
    #[must_use]
    pub fn destroys(&self) -> bool {
        self.destroy
    }

    /// Whether only a part of the work was asked for.
    #[must_use]
    pub fn narrowed(&self) -> bool {
        self.narrowed
    }

    /// Whether the world was looked at.
    #[must_use]
    pub fn online(&self) -> bool {
        self.online
    }

    /// How many steps the longest chain has: no run is shorter, however many steps run at once.
    #[must_use]
    pub fn depth(&self) -> usize {
        ranks(&self.graph).into_iter().max().unwrap_or(0) as usize
    }

    /// The positions of one longest chain, first step first; of several, the one declared first.
    #[must_use]
    pub fn longest_chain(&self) -> Vec<u32> {
        let heights = heights(&self.graph);
        let Some(longest) = heights.iter().copied().max() else { return Vec::new() };
        let mut chain: Vec<u32> = Vec::with_capacity(longest as usize);
        let mut wanted = longest;
        // Positions ascend along any chain, so one pass picks it up from front to back.
        for at in 0..to_u32(self.rows.len()) {
            let follows = chain.last().is_none_or(|last| self.graph.needs(at).contains(last));
            if wanted > 0 && heights[at as usize] == wanted && follows {
                chain.push(at);
                wanted -= 1;
            }
        }
        chain
    }

    /// For every step, how many steps the longest chain that starts with it has: whoever chooses
    /// among steps that are ready takes the highest first.
    #[must_use]
    pub fn heights(&self) -> Vec<u32> {
        heights(&self.graph)
    }

    /// The same plan with what looking at the world said.
    ///
    /// A step without an observation, because what it depends on does not exist yet, is created; a
    /// read stays a read and a hand-over a hand-over. A part that a change rests on is read again,
    /// however well it looked. Observations of steps the plan does not have
    /// belong to a wider plan and are ignored.
    #[must_use]
    pub fn with_observations(mut self, observations: BTreeMap<Address, Planned>) -> Self {
        self.online = true;
        self.planned = observations
            .into_iter()
            .filter_map(|(address, planned)| Some((self.find(&address)?, planned)))
            .collect();
        self.unobserved = 0;
        for at in 0..to_u32(self.rows.len()) {
            let action = match self.planned.get(&at) {
                Some(planned) => planned.action,
                None => self.unobserved_action(at),
            };
            self.rows[at as usize].action = action;
            self.expect_something_to_put_back(at);
        }
        (0..to_u32(self.rows.len())).for_each(|at| self.ask_again_before(at));
        self
    }

    /// A part that was found well need not be when the run, minutes later or resumed after days,
    /// writes because of it. So it is asked again in such a run: one that does not work any more then
    /// costs the others nothing.
    fn ask_again_before(&mut self, at: u32) {
        let row = self.rows[at as usize];
        let performer = self.templates[row.template as usize].performer;
        if performer == Performer::Host || !row.action.changes() {
            return;
        }
        for need in self.graph.needs(at).to_vec() {
            let row = self.rows[need as usize];
            let body = &self.templates[row.template as usize].body;
            if body.part && body.effect == effect::READ && row.action == Action::NoOp {
                self.turn_into(need, Action::Read);
            }
        }
    }

    fn turn_into(&mut self, at: u32, action: Action) {
        self.rows[at as usize].action = action;
        if let Some(planned) = self.planned.get_mut(&at) {
            planned.action = action;
        }
    }

    /// Finding nothing to put back before the run says nothing about its end, unless the run changes
    /// nothing that the step puts back.
    fn expect_something_to_put_back(&mut self, at: u32) {
        let row = self.rows[at as usize];
        let body = &self.templates[row.template as usize].body;
        let changes = |need: &u32| self.rows[*need as usize].action.changes();
        if body.always && row.action == Action::NoOp && self.graph.needs(at).iter().any(changes) {
            let action = if body.effect == effect::READ { Action::Read } else { Action::Ensure };
            self.turn_into(at, action);
        }
    }

    fn unobserved_action(&mut self, at: u32) -> Action {
        let offline = self.rows[at as usize].action;
        if !matches!(offline, Action::Ensure | Action::Mint) {
            return offline;
        }
        let made_first = |need: &u32| {
            matches!(self.rows[*need as usize].action, Action::Create | Action::Replace)
        };
        if self.graph.needs(at).iter().any(made_first) {
            return Action::Create;
        }
        self.unobserved += 1;
        offline
    }
}

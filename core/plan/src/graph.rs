//! Who needs whom, as compressed rows: 8 bytes a step and 4 an edge.
//!
//! Rows may be shared. When ten thousand steps wait for the same thirty hand-overs, those thirty are
//! written down once, not 300,000 times. Petgraph's algorithms run on [`Graph`] through its visitor
//! traits; an edge leads from a step to one it needs.

use petgraph::visit;

/// A stretch of [`Graph::targets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Row {
    start: u32,
    len: u32,
}

/// The needs of every step, by position.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    rows: Vec<Row>,
    targets: Vec<u32>,
}

impl Graph {
    pub(crate) fn with_capacity(steps: usize, edges: usize) -> Self {
        Self { rows: Vec::with_capacity(steps), targets: Vec::with_capacity(edges) }
    }

    /// Appends a step that needs `needs`; the row may be given to [`Graph::push_row`] again.
    pub(crate) fn push(&mut self, needs: impl IntoIterator<Item = u32>) -> Row {
        let row = self.store(needs);
        self.rows.push(row);
        row
    }

    /// Writes needs down without a step that has them.
    pub(crate) fn store(&mut self, needs: impl IntoIterator<Item = u32>) -> Row {
        let start = self.targets.len();
        self.targets.extend(needs);
        Row { start: to_u32(start), len: to_u32(self.targets.len() - start) }
    }

    /// Appends a step that needs what `row` holds.
    pub(crate) fn push_row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// What is written down in `row`.
    pub(crate) fn stored(&self, row: Row) -> &[u32] {
        let start = row.start as usize;
        self.targets.get(start..start + row.len as usize).unwrap_or_default()
    }

    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many needs there are, shared ones counted each time.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.rows.iter().map(|row| row.len as usize).sum()
    }

    /// What the step at position `step` needs, ascending.
    #[must_use]
    pub fn needs(&self, step: u32) -> &[u32] {
        self.rows.get(step as usize).map_or(&[], |row| self.stored(*row))
    }
}

/// Positions are 32 bits wide: a plan is capped at two million steps, and a plugin's answer at
/// 512 MiB, which has no room for 2^32 needs.
pub(crate) fn to_u32(n: usize) -> u32 {
    u32::try_from(n)
        .unwrap_or_else(|_| unreachable!("{n} positions exceed what an answer may hold"))
}

/// Which positions a petgraph visitor has seen.
#[derive(Debug, Clone, Default)]
pub struct Visited(Vec<bool>);

impl visit::VisitMap<u32> for Visited {
    fn visit(&mut self, step: u32) -> bool {
        !std::mem::replace(&mut self.0[step as usize], true)
    }
    fn is_visited(&self, step: &u32) -> bool {
        self.0[*step as usize]
    }
    fn unvisit(&mut self, step: u32) -> bool {
        std::mem::replace(&mut self.0[step as usize], false)
    }
}

impl visit::GraphBase for Graph {
    type NodeId = u32;
    type EdgeId = (u32, u32);
}

impl visit::Visitable for Graph {
    type Map = Visited;
    fn visit_map(&self) -> Visited {
        Visited(vec![false; self.len()])
    }
    fn reset_map(&self, map: &mut Visited) {
        map.0.clear();
        map.0.resize(self.len(), false);
    }
}

impl visit::NodeCount for Graph {
    fn node_count(&self) -> usize {
        self.len()
    }
}

impl visit::NodeIndexable for Graph {
    fn node_bound(&self) -> usize {
        self.len()
    }
    fn to_index(&self, step: u32) -> usize {
        step as usize
    }
    fn from_index(&self, index: usize) -> u32 {
        to_u32(index)
    }
}

impl visit::NodeCompactIndexable for Graph {}

impl<'a> visit::IntoNeighbors for &'a Graph {
    type Neighbors = std::iter::Copied<std::slice::Iter<'a, u32>>;
    fn neighbors(self, step: u32) -> Self::Neighbors {
        self.needs(step).iter().copied()
    }
}

impl visit::IntoNodeIdentifiers for &Graph {
    type NodeIdentifiers = std::ops::Range<u32>;
    fn node_identifiers(self) -> Self::NodeIdentifiers {
        0..to_u32(self.len())
    }
}

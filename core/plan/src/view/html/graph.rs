//! The plan as one picture that stays small: a box for each kind of step, however many there are.

use std::collections::{BTreeMap, BTreeSet};

use super::super::page::{counted, number};
use super::layout::{Sizes, layout};
use super::text::{escaped, generic};
use crate::action::{Action, Counts};
use crate::order::ranks;
use crate::plan::Plan;
use crate::step::PlannedStep;

/// Boxes that are still a picture. A plan with more kinds of steps is drawn by heading, then by
/// connector.
const BOXES_MAX: usize = 64;

/// Characters of a label that fit into a box.
const LABEL_CHARS: usize = 24;

/// The same in the smaller line below.
const BELOW_CHARS: usize = 33;

const SIZES: Sizes = Sizes { width: 216, height: 52, gap_x: 56, gap_y: 14, lane: 10 };

/// Steps that are drawn as one.
struct Family {
    /// In full, for whoever points at it.
    label: String,
    /// What tells it from its neighbours, and what it has in common with them.
    name: String,
    of: String,
    /// What finds its steps in the page's script.
    connector: u32,
    key: String,
    first_rank: u32,
    counts: Vec<Action>,
    critical: bool,
}

/// Which steps are drawn as one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Kind,
    Heading,
    Connector,
}

impl By {
    const fn word(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Heading => "heading",
            Self::Connector => "connector",
        }
    }
}

struct Picture {
    by: By,
    families: Vec<Family>,
    /// With whether the chain that takes longest goes along.
    edges: BTreeMap<(usize, usize), bool>,
}

/// The picture as SVG; `path` is the chain that takes longest.
pub(super) fn svg(plan: &Plan, path: &[u32]) -> String {
    let ranks = ranks(&plan.graph);
    let picture_by = |by| picture(plan, path, &ranks, by);
    let few = |picture: &Picture| picture.families.len() <= BOXES_MAX;
    let picture = [By::Kind, By::Heading].into_iter().map(picture_by).find(few);
    draw(&picture.unwrap_or_else(|| picture_by(By::Connector)))
}

fn picture(plan: &Plan, path: &[u32], ranks: &[u32], by: By) -> Picture {
    let mut numbers: BTreeMap<(u32, String), usize> = BTreeMap::new();
    let mut of_template: BTreeMap<u32, usize> = BTreeMap::new();
    let mut families: Vec<Family> = Vec::new();
    let several = plan.connectors().len() > 1;
    let mut of_step = Vec::with_capacity(plan.len());
    for step in plan.steps() {
        let number = *of_template.entry(step.row.template).or_insert_with(|| {
            let connector = step.template.connector;
            let key = match by {
                By::Kind => step.local().to_owned(),
                By::Heading => generic(step.raw_group()),
                By::Connector => String::new(),
            };
            let next = numbers.len();
            *numbers.entry((connector, key.clone())).or_insert_with(|| {
                let (label, name, of) = words(&step, by, &key, several);
                families.push(Family {
                    label,
                    name,
                    of,
                    connector,
                    key,
                    first_rank: u32::MAX,
                    counts: Vec::new(),
                    critical: false,
                });
                next
            })
        });
        let family = &mut families[number];
        family.counts.push(step.action());
        family.first_rank = family.first_rank.min(ranks[step.position() as usize]);
        of_step.push(number);
    }
    let mut edges: BTreeMap<(usize, usize), bool> = BTreeMap::new();
    for step in plan.steps() {
        let to = of_step[step.position() as usize];
        for need in step.needs() {
            let from = of_step[*need as usize];
            // Within one kind, and back to one that is drawn before it, no line is drawn.
            if families[from].first_rank < families[to].first_rank {
                edges.insert((from, to), false);
            }
        }
    }
    let mut picture = Picture { by, families, edges: reduced(&edges) };
    for at in path {
        picture.families[of_step[*at as usize]].critical = true;
    }
    for pair in path.windows(2) {
        let (from, to) = (of_step[pair[0] as usize], of_step[pair[1] as usize]);
        if picture.families[from].first_rank < picture.families[to].first_rank {
            picture.edges.insert((from, to), true);
        }
    }
    picture
}

/// What the box of a step's family says: in full, what is its own, and what others share with it.
fn words(step: &PlannedStep<'_>, by: By, key: &str, several: bool) -> (String, String, String) {
    let connector = &step.connector().name;
    let (name, of) = match (by, step.name()) {
        (By::Connector, _) => {
            return (connector.clone(), connector.clone(), step.connector().plugin.clone());
        }
        (By::Kind, Some(own)) => (own, step.kind()),
        _ => (key, ""),
    };
    if several {
        (format!("{connector}: {key}"), name.to_owned(), format!("{connector} {of}"))
    } else {
        (key.to_owned(), name.to_owned(), of.to_owned())
    }
}

/// Without the edges that others imply.
fn reduced(edges: &BTreeMap<(usize, usize), bool>) -> BTreeMap<(usize, usize), bool> {
    let mut after: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (from, to) in edges.keys() {
        after.entry(*from).or_default().insert(*to);
    }
    let reaches = |start: usize, end: usize| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> =
            after[&start].iter().copied().filter(|next| *next != end).collect();
        while let Some(at) = open.pop() {
            if at == end {
                return true;
            }
            if seen.insert(at) {
                open.extend(after.get(&at).into_iter().flatten());
            }
        }
        false
    };
    let kept = edges.iter().filter(|((from, to), _)| !reaches(*from, *to));
    kept.map(|(edge, critical)| (*edge, *critical)).collect()
}

fn draw(picture: &Picture) -> String {
    // Ranks without a first step of any family would be empty columns.
    let ranks: BTreeSet<u32> = picture.families.iter().map(|family| family.first_rank).collect();
    let column: BTreeMap<u32, usize> = ranks.into_iter().zip(0..).collect();
    let layers: Vec<usize> =
        picture.families.iter().map(|family| column[&family.first_rank]).collect();
    let edges: Vec<(usize, usize)> = picture.edges.keys().copied().collect();
    let layout = layout(&layers, &edges, SIZES);
    let (width, height) = (layout.width + 4, layout.height + 4);
    let mut out = format!(
        "<svg viewBox=\"-2 -2 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"group\" aria-label=\"Kinds of steps and what each needs\">\n"
    );
    // What matters is drawn last, over the rest.
    for critical in [false, true] {
        for (points, (_, marked)) in layout.edges.iter().zip(&picture.edges) {
            if *marked == critical {
                let class = if critical { "edge critical" } else { "edge" };
                out.push_str(&format!("<path class=\"{class}\" d=\"{}\"/>\n", curve(points)));
            }
        }
    }
    for (family, (x, y)) in picture.families.iter().zip(&layout.nodes) {
        out.push_str(&draw_box(family, picture.by, *x, *y));
    }
    out.push_str("</svg>");
    out
}

/// Level through lanes, swung between layers.
fn curve(points: &[(i32, i32)]) -> String {
    let mut path = String::new();
    for (i, (x, y)) in points.iter().enumerate() {
        match i {
            0 => path.push_str(&format!("M{x} {y}")),
            i if i % 2 == 0 => path.push_str(&format!("H{x}")),
            i => {
                let (from_x, from_y) = points[i - 1];
                let middle = i32::midpoint(from_x, *x);
                path.push_str(&format!("C{middle} {from_y} {middle} {y} {x} {y}"));
            }
        }
    }
    path
}

fn draw_box(family: &Family, by: By, x: i32, y: i32) -> String {
    let Sizes { width, height, .. } = SIZES;
    let counts: Counts = family.counts.iter().copied().collect();
    let total = family.counts.len();
    let does: Vec<String> = counts
        .iter()
        .map(|(action, n)| match total {
            1 => action.to_string(),
            _ => format!("{} {action}", number(n)),
        })
        .collect();
    let does = does.join(", ");
    let below = match family.of.trim() {
        "" => does,
        of => format!("{of} · {does}"),
    };
    let critical = if family.critical { " critical" } else { "" };
    let mut out = format!(
        "<g class=\"box{critical}\" role=\"button\" tabindex=\"0\" data-by=\"{}\" \
         data-connector=\"{}\" data-key=\"{}\" transform=\"translate({x} {y})\">\
         <title>{}: {}{}</title>\
         <rect class=\"card\" width=\"{width}\" height=\"{height}\" rx=\"7\"/>",
        by.word(),
        family.connector,
        escaped(&family.key),
        escaped(&family.label),
        counted(total, "step"),
        if family.critical { ", on the chain that takes longest" } else { "" },
    );
    out.push_str(&format!(
        "<text class=\"name\" x=\"12\" y=\"21\">{}</text><text class=\"does\" x=\"12\" y=\"37\">{}</text>",
        escaped(&shortened(&family.name, LABEL_CHARS)),
        escaped(&shortened(&below, BELOW_CHARS)),
    ));
    // How many do what, as lengths.
    let (mut from, room) = (12, i64::from(width) - 24);
    let mut sum = 0_i64;
    for (action, n) in counts.iter() {
        sum += i64::try_from(n).unwrap_or(0);
        let end = 12 + room * sum / i64::try_from(total).unwrap_or(1).max(1);
        out.push_str(&format!(
            "<rect class=\"bar {action}\" x=\"{from}\" y=\"44\" width=\"{}\" height=\"3\"/>",
            (end - from).max(1),
        ));
        from = end;
    }
    out.push_str("</g>\n");
    out
}

fn shortened(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    text.chars().take(chars - 1).chain(['…']).collect()
}

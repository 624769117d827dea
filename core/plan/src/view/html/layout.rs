//! Where the boxes of a layered graph stand: left to right by layer, with few crossings and short
//! ways, as Sugiyama, Tagawa and Toda describe it.

/// Times the order of the layers is gone over; after a few nothing gets better.
const SWEEPS: usize = 12;

/// Times the boxes are moved towards what they are linked to.
const MOVES: usize = 10;

/// Sizes, in the units of the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) gap_x: i32,
    pub(super) gap_y: i32,
    /// The height of a lane that an edge takes through a layer.
    pub(super) lane: i32,
}

/// A finished layout.
#[derive(Debug)]
pub(super) struct Layout {
    /// The upper left corner of each node.
    pub(super) nodes: Vec<(i32, i32)>,
    /// For each edge, the points it goes through: the middle of the right side of its start, through
    /// each lane from left to right, the middle of the left side of its end.
    pub(super) edges: Vec<Vec<(i32, i32)>>,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// A node or a lane.
struct Cell {
    layer: usize,
    is_node: bool,
    before: Vec<usize>,
    after: Vec<usize>,
    /// The middle.
    y: i32,
}

/// Lays out nodes with given layers; every edge leads to a later layer.
pub(super) fn layout(layers: &[usize], edges: &[(usize, usize)], sizes: Sizes) -> Layout {
    let mut cells: Vec<Cell> = layers.iter().map(|layer| Cell::new(*layer, true)).collect();
    let ways: Vec<Vec<usize>> = edges.iter().map(|edge| way(&mut cells, *edge)).collect();
    let count = layers.iter().max().map_or(0, |last| last + 1);
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, cell) in cells.iter().enumerate() {
        order[cell.layer].push(at);
    }
    untangle(&cells, &mut order);
    place(&mut cells, &order, sizes);
    let top = cells.iter().map(|cell| cell.y - cell.height(sizes) / 2).min().unwrap_or(0);
    let bottom = cells.iter().map(|cell| cell.y + cell.height(sizes) / 2).max().unwrap_or(0);
    let x = |layer: usize| (sizes.width + sizes.gap_x) * i32::try_from(layer).unwrap_or(i32::MAX);
    let nodes = cells.iter().take(layers.len());
    let nodes = nodes.map(|cell| (x(cell.layer), cell.y - top - sizes.height / 2)).collect();
    let points = |way: &Vec<usize>| {
        let mut points = Vec::with_capacity(way.len() * 2);
        for (i, at) in way.iter().enumerate() {
            let (left, y) = (x(cells[*at].layer), cells[*at].y - top);
            if i > 0 {
                points.push((left, y));
            }
            if i + 1 < way.len() {
                points.push((left + sizes.width, y));
            }
        }
        points
    };
    let edges = ways.iter().map(points).collect();
    Layout {
        nodes,
        edges,
        width: x(count) - if count > 0 { sizes.gap_x } else { 0 },
        height: bottom - top,
    }
}

impl Cell {
    fn new(layer: usize, is_node: bool) -> Self {
        Self { layer, is_node, before: Vec::new(), after: Vec::new(), y: 0 }
    }

    fn height(&self, sizes: Sizes) -> i32 {
        if self.is_node { sizes.height } else { sizes.lane }
    }
}

/// The cells an edge goes through, with new lanes between its ends.
fn way(cells: &mut Vec<Cell>, (from, to): (usize, usize)) -> Vec<usize> {
    let mut way = vec![from];
    for layer in cells[from].layer + 1..cells[to].layer {
        cells.push(Cell::new(layer, false));
        way.push(cells.len() - 1);
    }
    way.push(to);
    for pair in way.windows(2) {
        cells[pair[0]].after.push(pair[1]);
        cells[pair[1]].before.push(pair[0]);
    }
    way
}

/// Orders each layer by where its cells' neighbours stand, to and fro, and keeps the best order met.
fn untangle(cells: &[Cell], order: &mut Vec<Vec<usize>>) {
    let mut best = (crossings(cells, order), order.clone());
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        let layers: Vec<usize> = if forward {
            (1..order.len()).collect()
        } else {
            (0..order.len()).rev().skip(1).collect()
        };
        for layer in layers {
            let places = places(cells.len(), order);
            let key = |at: &usize| {
                let neighbours = if forward { &cells[*at].before } else { &cells[*at].after };
                let own = places[*at] * 1000;
                let sum: usize = neighbours.iter().map(|other| places[*other] * 1000).sum();
                sum.checked_div(neighbours.len()).unwrap_or(own)
            };
            order[layer].sort_by_key(key);
        }
        let crossings = crossings(cells, order);
        if crossings < best.0 {
            best = (crossings, order.clone());
        }
    }
    *order = best.1;
}

/// Where each cell stands in its layer.
fn places(cells: usize, order: &[Vec<usize>]) -> Vec<usize> {
    let mut places = vec![0; cells];
    for layer in order {
        for (place, at) in layer.iter().enumerate() {
            places[*at] = place;
        }
    }
    places
}

fn crossings(cells: &[Cell], order: &[Vec<usize>]) -> usize {
    let places = places(cells.len(), order);
    let mut crossings = 0;
    for layer in order {
        let ways: Vec<(usize, usize)> = layer
            .iter()
            .flat_map(|at| cells[*at].after.iter().map(|to| (places[*at], places[*to])))
            .collect();
        for (i, (from, to)) in ways.iter().enumerate() {
            let rest = ways.iter().skip(i + 1);
            crossings +=
                rest.filter(|(f, t)| (f < from) != (t < to) && f != from && t != to).count();
        }
    }
    crossings
}

/// Gives every cell its height: stacked first, then moved towards what it is linked to.
fn place(cells: &mut [Cell], order: &[Vec<usize>], sizes: Sizes) {
    for layer in order {
        let mut y = 0;
        for at in layer {
            cells[*at].y = y + cells[*at].height(sizes) / 2;
            y += cells[*at].height(sizes) + sizes.gap_y;
        }
        for at in layer {
            cells[*at].y -= y / 2;
        }
    }
    for turn in 0..MOVES {
        let forward = turn % 2 == 0;
        for i in 0..order.len() {
            let layer = &order[if forward { i } else { order.len() - 1 - i }];
            settle(cells, layer, forward, sizes);
        }
    }
}

/// Moves the cells of a layer to where their neighbours are, in order and without overlap.
fn settle(cells: &mut [Cell], layer: &[usize], forward: bool, sizes: Sizes) {
    let wanted: Vec<i32> = layer
        .iter()
        .map(|at| {
            let cell = &cells[*at];
            let neighbours = if forward { &cell.before } else { &cell.after };
            let sum: i32 = neighbours.iter().map(|other| cells[*other].y).sum();
            match i32::try_from(neighbours.len()) {
                Ok(n) if n > 0 => sum / n,
                _ => cell.y,
            }
        })
        .collect();
    let mut floor = i32::MIN / 2;
    let mut placed = Vec::with_capacity(layer.len());
    for (at, wanted) in layer.iter().zip(&wanted) {
        let half = cells[*at].height(sizes) / 2;
        let y = (*wanted).max(floor + half);
        placed.push(y);
        floor = y + half + sizes.gap_y;
    }
    // Pushing went downwards only: the layer as a whole goes back up by as much on average.
    let pushed: i32 = placed.iter().zip(&wanted).map(|(y, wanted)| y - wanted).sum();
    let back = i32::try_from(layer.len()).map_or(0, |n| pushed / n.max(1));
    for (at, y) in layer.iter().zip(placed) {
        cells[*at].y = y - back;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { width: 100, height: 40, gap_x: 50, gap_y: 10, lane: 8 };

    #[test]
    fn nothing_overlaps_and_long_edges_have_lanes() {
        // A diamond with a shortcut, and a node on its own.
        let edges = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3)];
        let layout = layout(&[0, 1, 1, 2, 0], &edges, SIZES);
        let mut by_column: Vec<(i32, i32)> = layout.nodes.clone();
        by_column.sort_unstable();
        for pair in by_column.windows(2) {
            let ((x, y), (other_x, other_y)) = (pair[0], pair[1]);
            assert!(x != other_x || other_y - y >= 50, "{by_column:?}");
        }
        assert_eq!((layout.edges[0].len(), layout.edges[4].len()), (2, 4));
        assert_eq!(layout.width, 400);
        assert!(layout.nodes.iter().all(|(_, y)| *y >= 0 && y + 40 <= layout.height));
    }

    #[test]
    fn crossings_that_need_not_be_are_not() {
        let edges = [(0, 3), (1, 2)];
        let layout = layout(&[0, 0, 1, 1], &edges, SIZES);
        let y = |node: usize| layout.nodes[node].1;
        assert_eq!(y(0) < y(1), y(3) < y(2));
    }

    #[test]
    fn nothing_is_laid_out_as_nothing() {
        let layout = layout(&[], &[], SIZES);
        assert_eq!((layout.width, layout.height), (0, 0));
    }
}

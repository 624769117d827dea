// The steps as a tree of connectors, headings and places, of which only the rows in sight exist.

/** Pixels; as in the style sheet. */
const ROW = 48;

/** Rows drawn beyond what is in sight. */
const BEYOND = 6;

/** Steps up to which everything is unfolded at first, or when something was looked for. */
const UNFOLDED_MAX = 300;

/** Headings with more places than this are folded at first. */
const PLACES_MAX = 40;

const list = document.getElementById("list");
const rowsElement = document.getElementById("rows");

const tree = {
  nodes: [],
  tops: [],
  /** The node each step stands under. */
  home: new Int32Array(size),
  rows: new Int32Array(0),
  active: 0,
  chosen: -1,
  matches: null,
};

function node(parent, label, kind) {
  const level = parent < 0 ? 1 : tree.nodes[parent].level + 1;
  const made = {
    label, kind, level, parent, children: [], steps: [], counts: new Uint32Array(plan.actions.length),
    total: 0, found: 0, open: false,
  };
  tree.nodes.push(made);
  const number = tree.nodes.length - 1;
  (parent < 0 ? tree.tops : tree.nodes[parent].children).push(number);
  return number;
}

/** One pass over the steps; steps of one place mostly stand together, so the last node is tried first. */
function buildTree() {
  const several = plan.connectors.length > 1;
  const known = new Map();
  const child = (parent, label, kind) => {
    const key = `${parent}\n${kind}\n${label}`;
    let number = known.get(key);
    if (number === undefined) {
      number = node(parent, label, kind);
      known.set(key, number);
    }
    return number;
  };
  let last = null;
  for (let at = 0; at < size; at++) {
    const template = templateOf(at);
    const same = last && last.group === template.group && last.connector === template.connector
      && last.scope === plan.scope[at] && last.vars === plan.var[at];
    if (!same) {
      const top = several ? child(-1, plan.connectors[template.connector], "connector") : -1;
      let home = child(top, template.heading, "heading");
      if (typeof template.group !== "string") home = child(home, fill(template.group, at), "place");
      last = { group: template.group, connector: template.connector, scope: plan.scope[at], vars: plan.var[at], home };
    }
    tree.home[at] = last.home;
    tree.nodes[last.home].steps.push(at);
    for (let up = last.home; up >= 0; up = tree.nodes[up].parent) {
      tree.nodes[up].total++;
      tree.nodes[up].counts[plan.action[at]]++;
    }
  }
  foldAsAtFirst();
}

function foldAsAtFirst() {
  for (const it of tree.nodes) {
    it.open = size <= UNFOLDED_MAX || it.kind === "connector"
      || (it.kind === "heading" && it.children.length <= PLACES_MAX && it.steps.length <= UNFOLDED_MAX);
  }
}

function foldAll(open) {
  tree.nodes.forEach((it) => { it.open = open; });
  refresh();
}

/** Shows the steps that `matches` says, or all. */
function filterTree(matches) {
  tree.matches = matches;
  let found = 0;
  for (const it of tree.nodes) it.found = 0;
  if (matches) {
    for (const it of tree.nodes) {
      if (it.steps.length === 0) continue;
      let here = 0;
      for (const at of it.steps) if (matches(at)) here++;
      found += here;
      for (let up = it; up; up = tree.nodes[up.parent]) up.found += here;
    }
    for (const it of tree.nodes) it.open = found <= UNFOLDED_MAX || it.kind === "connector";
  } else {
    foldAsAtFirst();
  }
  tree.active = 0;
  list.scrollTop = 0;
  refresh();
  return matches ? found : size;
}

/** Rows are numbers: a step's position, or minus the number of a node and one. */
function refresh() {
  const rows = [];
  const walk = (number) => {
    const it = tree.nodes[number];
    if (tree.matches && it.found === 0) return;
    rows.push(-number - 1);
    if (!it.open) return;
    it.children.forEach(walk);
    for (const at of it.steps) if (!tree.matches || tree.matches(at)) rows.push(at);
  };
  tree.tops.forEach(walk);
  tree.rows = Int32Array.from(rows);
  rowsElement.style.height = `${rows.length * ROW}px`;
  tree.active = Math.max(0, Math.min(tree.active, rows.length - 1));
  draw();
}

function meter(counts, total) {
  const bar = h("span", { class: "meter", "aria-hidden": "true" });
  counts.forEach((n, action) => {
    if (n === 0) return;
    const part = h("span", { class: plan.actions[action][0] });
    part.style.flexGrow = n / total;
    bar.append(part);
  });
  return bar;
}

function nodeRow(it) {
  const steps = count(it.total, "step");
  const places = it.kind === "heading" && it.children.length > 0;
  const all = places ? `${count(it.children.length, "place")}, ${steps}` : steps;
  return [
    h("span", { class: "twist", "aria-hidden": "true" }, it.open ? "▾" : "▸"),
    h("span", { class: "label" }, it.label),
    meter(it.counts, it.total),
    h("span", { class: "count" }, tree.matches ? `${it.found.toLocaleString("en")} of ${steps}` : all),
  ];
}

function stepRow(at) {
  const template = templateOf(at);
  const calls = callsOf(at);
  const marks = [
    onPath.has(at) ? ["long", "longest chain"] : null,
    template.waits ? ["", "waits"] : null,
    actionOf(at).changes && !template.undo ? ["", "no undo"] : null,
    calls ? ["", count(calls, "call")] : null,
  ];
  return [
    badge(at),
    h("span", { class: "what" }, h("span", { class: "title" }, fill(template.title, at)),
      h("code", {}, addressOf(at))),
    h("span", { class: "marks" }, ...marks.filter(Boolean).map(([kind, text]) => h("span", { class: kind }, text))),
  ];
}

function draw() {
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - BEYOND);
  const end = Math.min(tree.rows.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + BEYOND);
  const drawn = [];
  let level = 1;
  if (first < end && tree.rows[first] >= 0) level = tree.nodes[tree.home[tree.rows[first]]].level;
  for (let i = first; i < end; i++) {
    const row = tree.rows[i];
    const it = row < 0 ? tree.nodes[-row - 1] : null;
    if (it) level = it.level;
    const own = it ? level : level + 1;
    const element = h("div", {
      id: `row-${i}`, role: "treeitem", "aria-level": own, "aria-expanded": it ? String(it.open) : undefined, "aria-selected": String(row === tree.chosen && !it),
      class: `row ${it ? `node ${it.kind}` : "step"}${i === tree.active ? " active" : ""}${!it && row === tree.chosen ? " chosen" : ""} l${Math.min(own, 5)}`,
    }, ...(it ? nodeRow(it) : stepRow(row)));
    element.style.top = `${i * ROW}px`;
    drawn.push(element);
  }
  rowsElement.replaceChildren(...drawn);
  if (tree.rows.length) list.setAttribute("aria-activedescendant", `row-${tree.active}`);
  else list.removeAttribute("aria-activedescendant");
}

function scrollToActive() {
  const top = tree.active * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
}

function activate(i) {
  tree.active = Math.max(0, Math.min(i, tree.rows.length - 1));
  scrollToActive();
  draw();
}

function toggle(number) {
  tree.nodes[number].open = !tree.nodes[number].open;
  refresh();
}

/** Unfolds what a step stands under and brings it into sight. */
function reveal(at) {
  if (tree.matches && !tree.matches(at)) return;
  for (let up = tree.home[at]; up >= 0; up = tree.nodes[up].parent) tree.nodes[up].open = true;
  refresh();
  const place = tree.rows.indexOf(at);
  if (place >= 0) activate(place);
}

function onTreeKey(event) {
  const row = tree.rows[tree.active];
  const page = Math.max(1, Math.floor(list.clientHeight / ROW) - 1);
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  if (event.ctrlKey || event.metaKey || event.altKey || row === undefined) return;
  if (event.key in moves) {
    activate(tree.active + moves[event.key]);
  } else if (event.key === "ArrowRight" && row < 0) {
    if (tree.nodes[-row - 1].open) activate(tree.active + 1);
    else toggle(-row - 1);
  } else if (event.key === "ArrowLeft") {
    if (row < 0 && tree.nodes[-row - 1].open) toggle(-row - 1);
    else activate(parentRow(tree.active));
  } else if (event.key === "Enter" || event.key === " ") {
    if (row < 0) toggle(-row - 1);
    else choose(row, true);
  } else {
    return;
  }
  event.preventDefault();
}

/** The row of the node that a row stands under. */
function parentRow(i) {
  const row = tree.rows[i];
  if (row < 0) {
    const parent = tree.nodes[-row - 1].parent;
    return parent < 0 ? i : tree.rows.indexOf(-parent - 1);
  }
  let up = i;
  while (up > 0 && tree.rows[up] >= 0) up--;
  return up;
}

function onTreeClick(event) {
  const element = event.target.closest(".row");
  if (!element) return;
  tree.active = Number(element.id.slice("row-".length));
  const row = tree.rows[tree.active];
  if (row < 0) toggle(-row - 1);
  else choose(row, false);
}

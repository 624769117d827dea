// What the page does when somebody types, clicks or prints.

const search = document.getElementById("search");
const chips = document.getElementById("chips");

/** Steps that are printed; of more, the page says so. */
const PRINTED_MAX = 2000;

/** What is shown of the steps. */
const wanted = { query: "", actions: new Set(), path: false, box: null };

function boxMatcher() {
  if (!wanted.box) return null;
  const { by, connector, key } = wanted.box;
  const fits = plan.templates.map((template) => String(template.connector) === connector
    && (by === "connector" || (by === "kind" ? template.local : template.heading) === key));
  return (at) => fits[plan.template[at]];
}

function apply() {
  const tests = [];
  if (wanted.actions.size) tests.push((at) => wanted.actions.has(plan.action[at]));
  if (wanted.path) tests.push((at) => onPath.has(at));
  if (wanted.box) tests.push(boxMatcher());
  if (wanted.query.trim()) tests.push(matcher(wanted.query));
  const found = filterTree(tests.length ? (at) => tests.every((test) => test(at)) : null);
  document.getElementById("found").textContent = tests.length
    ? `${found.toLocaleString("en")} of ${count(size, "step")}` : count(size, "step");
  document.querySelectorAll(".box").forEach((box) => {
    box.setAttribute("aria-pressed", String(isBox(box)));
  });
  drawChips();
}

function isBox(element) {
  const { by, connector, key } = element.dataset;
  return wanted.box !== null && wanted.box.by === by && wanted.box.connector === connector && wanted.box.key === key;
}

function chip(pressed, onclick, ...children) {
  return h("button", { type: "button", class: "chip", "aria-pressed": String(pressed), onclick }, ...children);
}

function drawChips() {
  const counts = new Uint32Array(plan.actions.length);
  for (const action of plan.action) counts[action]++;
  const made = [];
  plan.actions.forEach(([word, symbol], action) => {
    if (counts[action] === 0) return;
    const press = () => {
      if (!wanted.actions.delete(action)) wanted.actions.add(action);
      apply();
    };
    made.push(chip(wanted.actions.has(action), press, h("i", { class: word, "aria-hidden": "true" }, symbol),
      `${word} ${counts[action].toLocaleString("en")}`));
  });
  made.push(chip(wanted.path, () => { wanted.path = !wanted.path; apply(); }, `longest chain ${plan.path.length.toLocaleString("en")}`));
  if (wanted.box) {
    const name = wanted.box.key || plan.connectors[wanted.box.connector];
    made.push(chip(true, () => { wanted.box = null; apply(); }, `${wanted.box.by}: ${name} ×`));
  }
  const focused = [...chips.children].indexOf(document.activeElement);
  chips.replaceChildren(...made);
  if (focused >= 0) (chips.children[focused] || chips.lastChild).focus();
}

function onBox(event) {
  const element = event.target.closest(".box");
  if (!element || (event.type === "keydown" && event.key !== "Enter" && event.key !== " ")) return;
  event.preventDefault();
  const { by, connector, key } = element.dataset;
  wanted.box = isBox(element) ? null : { by, connector, key };
  apply();
  if (wanted.box) document.querySelector(".steps").scrollIntoView({ block: "start" });
}

function openFromAddress() {
  let address = location.hash.slice(1);
  try { address = decodeURIComponent(address); } catch { /* It is taken as it stands. */ }
  if (!address) return;
  const at = find(address);
  if (at < 0) return;
  if (tree.matches && !tree.matches(at)) {
    Object.assign(wanted, { query: "", path: false, box: null });
    wanted.actions.clear();
    search.value = "";
    apply();
  }
  reveal(at);
  choose(at, false);
}

function onKey(event) {
  const typing = event.target === search;
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape" && document.body.classList.contains("open")) {
    close(true);
  } else if (typing && (event.key === "ArrowDown" || event.key === "Enter")) {
    event.preventDefault();
    list.focus();
  }
}

/** Paper cannot scroll: all steps, as lines, as far as that makes sense. */
function printAll() {
  const lines = [];
  let room = PRINTED_MAX;
  const walk = (number) => {
    const { label, steps, children } = tree.nodes[number];
    if (room <= 0) return;
    if (steps.length > 0) lines.push(h("h3", {}, label));
    for (const at of steps.slice(0, room)) {
      lines.push(h("p", {}, badge(at), " ", fill(templateOf(at).title, at), h("code", {}, addressOf(at))));
    }
    room -= steps.length;
    children.forEach(walk);
  };
  tree.tops.forEach(walk);
  const more = size - PRINTED_MAX;
  if (more > 0) lines.push(h("p", {}, `… and ${more.toLocaleString("en")} more steps`));
  document.querySelector(".steps").append(h("div", { id: "printed" }, ...lines));
  unfolded = [...document.querySelectorAll("details:not([open])")];
  unfolded.forEach((part) => { part.open = true; });
}

/** Parts that were unfolded for paper. */
let unfolded = [];

function afterPrint() {
  document.getElementById("printed")?.remove();
  unfolded.forEach((part) => { part.open = false; });
}

function start() {
  for (const id of ["bar", "panes", "keys"]) document.getElementById(id).hidden = false;
  buildTree();
  apply();
  search.addEventListener("input", () => { wanted.query = search.value; apply(); });
  list.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  list.addEventListener("keydown", onTreeKey);
  list.addEventListener("click", onTreeClick);
  document.getElementById("unfold").addEventListener("click", () => foldAll(true));
  document.getElementById("fold").addEventListener("click", () => foldAll(false));
  document.querySelectorAll(".canvas").forEach((canvas) => {
    canvas.addEventListener("click", onBox);
    canvas.addEventListener("keydown", onBox);
  });
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", openFromAddress);
  window.addEventListener("resize", draw);
  window.addEventListener("beforeprint", printAll);
  window.addEventListener("afterprint", afterPrint);
  openFromAddress();
  // Interactive: the rows are painted and everything listens.
  requestAnimationFrame(() => setTimeout(() => performance.mark("interactive"), 0));
}

start();

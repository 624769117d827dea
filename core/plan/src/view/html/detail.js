// One step in full, beside the list.

const detail = document.getElementById("detail");

/** Steps named in a list; more are counted. */
const NAMED_MAX = 40;

function part(title, ...children) {
  return h("section", {}, h("h4", {}, title), ...children);
}

function callList(calls, at) {
  return h("ul", { class: "calls" }, ...calls.map(([method, url, permission]) => h("li", {},
    h("b", {}, method), " ", h("code", {}, fill(url, at)),
    permission !== undefined && h("small", {}, "with ", h("code", {}, fill(permission, at))))));
}

function stepLink(at) {
  return h("li", {}, h("a", { href: `#${encodeURIComponent(addressOf(at))}` },
    fill(templateOf(at).title, at)), " ", h("code", {}, addressOf(at)));
}

function stepList(title, steps) {
  if (steps.length === 0) return null;
  const more = steps.length - NAMED_MAX;
  return part(`${title} (${steps.length.toLocaleString("en")})`,
    h("ul", { class: "links" }, ...steps.slice(0, NAMED_MAX).map(stepLink),
      more > 0 && h("li", {}, `… and ${more.toLocaleString("en")} more`)));
}

function pairs(entries) {
  return h("dl", {}, ...entries.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function undoPart(template, at) {
  if (template.undo) {
    return part("Can be undone", h("p", {}, fill(template.undo.title, at)), callList(template.undo.calls, at));
  }
  return actionOf(at).changes && part("Cannot be undone", h("p", {}, "No step takes it back."));
}

function waitsPart(template, at) {
  const waits = template.waits;
  return waits && part("Then waits", h("p", {}, `until ${fill(waits.for, at)}`),
    h("p", { class: "quiet" }, `seen ${count(waits.successes, "time")} in a row, every ${duration(waits.interval)}, for up to ${duration(waits.budget)}`));
}

function seenPart(at) {
  const seen = plan.seen[at];
  if (!seen) return null;
  const changes = (seen.changes || []).map(([path, from, to]) => h("tr", {},
    h("td", {}, h("code", {}, path)), h("td", { class: "from" }, from), h("td", { class: "to" }, to)));
  return part("Found",
    seen.detail && h("p", {}, seen.detail),
    seen.error && h("p", { class: "error" }, `could not be looked at: ${seen.error}`),
    seen.outputs && pairs(Object.entries(seen.outputs)),
    changes.length > 0 && h("table", {}, h("tbody", {}, ...changes)));
}

function drawDetail(at) {
  const template = templateOf(at);
  const scope = plan.scope[at];
  const expects = plan.expects[at] || [];
  detail.replaceChildren(...present([
    h("div", { class: "top" }, badge(at), onPath.has(at) && h("span", { class: "long" }, "longest chain"),
      h("button", { type: "button", class: "close", "aria-label": "Close the detail", onclick: () => close(true) }, "×")),
    h("h3", { tabindex: "-1" }, fill(template.title, at)),
    h("code", { class: "address" }, addressOf(at)),
    pairs([
      ["heading", fill(template.group, at)],
      ["place", scope >= 0 && plan.scopes[scope]],
      ["page", template.reference],
      ["done by", template.by === "host" ? "Skybridge itself" : `the plugin (${template.effect})`],
      ["quota", fill(template.throttle, at)],
      ["takes", actionOf(at).word !== "no-op" && template.least > 0 && `at least ${duration(template.least)}`],
      ["runs", template.always && "whatever happens to what it needs"],
    ]),
    ...(template.notes || []).map((note) => h("p", { class: "note" }, fill(note, at))),
    seenPart(at),
    template.calls && part(callsOf(at) ? "Calls" : "Calls, if there were anything to do", callList(template.calls, at)),
    waitsPart(template, at),
    undoPart(template, at),
    stepList("Needs", needsOf(at)),
    expects.length > 0 && part("Expects, without doing it", h("ul", {}, ...expects.map((text) => h("li", {}, h("code", {}, text))))),
    stepList("Needed by", neededBy(at)),
    template.inputs && part("Reads", h("p", {}, h("code", {}, template.inputs.join(", ")))),
    template.outputs && part("Puts out", h("p", {}, h("code", {}, template.outputs.join(", ")))),
    template.desired && part("What will exist", h("pre", {}, fill(template.desired, at))),
  ]));
}

/** Opens a step; from the keyboard the focus goes along. */
function choose(at, focus) {
  tree.chosen = at;
  drawDetail(at);
  document.body.classList.add("open");
  detail.scrollTop = 0;
  const hash = `#${encodeURIComponent(addressOf(at))}`;
  if (location.hash !== hash) history.replaceState(null, "", hash);
  draw();
  scrollToActive();
  if (focus) detail.querySelector("h3").focus();
}

function close(focus) {
  tree.chosen = -1;
  document.body.classList.remove("open");
  detail.replaceChildren();
  history.replaceState(null, "", "#");
  draw();
  if (focus) list.focus();
}

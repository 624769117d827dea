"use strict";
// The plan as data: texts filled in when they are read, and steps found by what they say.
// Nothing here is ever parsed as markup: texts become text nodes.

const plan = JSON.parse(document.getElementById("plan").textContent);
const size = plan.template.length;
const onPath = new Set(plan.path);

function templateOf(at) {
  return plan.templates[plan.template[at]];
}

/** A text for one step: literal pieces with the names of variables between them. */
function fill(text, at) {
  if (typeof text === "string") return text;
  let out = text[0];
  for (let i = 1; i < text.length; i += 2) out += valueOf(text[i], at) + text[i + 1];
  return out;
}

function valueOf(name, at) {
  const scope = plan.scope[at];
  if (name === "scope" && scope >= 0) return plan.scopes[scope];
  const vars = plan.vars[plan.var[at]];
  return Object.hasOwn(vars, name) ? vars[name] : `{${name}}`;
}

function pathOf(template) {
  return `${plan.connectors[template.connector]}.${template.local}`;
}

function addressOf(at) {
  const scope = plan.scope[at];
  return pathOf(templateOf(at)) + (scope < 0 ? "" : `@${plan.scopes[scope]}`);
}

/** The step of an address, or -1. */
function find(address) {
  const cut = address.indexOf("@");
  const path = cut < 0 ? address : address.slice(0, cut);
  const scope = cut < 0 ? -1 : plan.scopes.indexOf(address.slice(cut + 1));
  if (cut >= 0 && scope < 0) return -1;
  const wanted = plan.templates.map((template) => pathOf(template) === path);
  for (let at = 0; at < size; at++) {
    if (plan.scope[at] === scope && wanted[plan.template[at]]) return at;
  }
  return -1;
}

function needsOf(at) {
  return plan.needs[plan.need[at]];
}

/** The steps that need one. Looked for when somebody asks, for few are asked about. */
function neededBy(at) {
  const rows = plan.needs.map((row) => row.includes(at));
  const found = [];
  for (let other = at + 1; other < size; other++) {
    if (rows[plan.need[other]]) found.push(other);
  }
  return found;
}

function actionOf(at) {
  const [word, symbol, changes] = plan.actions[plan.action[at]];
  return { word, symbol, changes };
}

/** The calls a step makes: none when all was found as wanted. */
function callsOf(at) {
  return actionOf(at).word === "no-op" ? 0 : (templateOf(at).calls || []).length;
}

/** What a template says in all of its steps, in lower case. */
function wordsOf(template) {
  const texts = [pathOf(template), template.effect, template.by, template.reference || ""];
  const add = (text) => texts.push(...(typeof text === "string" ? [text] : text.filter((_, i) => i % 2 === 0)));
  const addCalls = (calls) => calls.forEach((call) => call.forEach(add));
  [template.title, template.group, template.throttle, ...(template.notes || [])].forEach(add);
  addCalls(template.calls || []);
  if (template.undo) { add(template.undo.title); addCalls(template.undo.calls); }
  if (template.waits) add(template.waits.for);
  return texts.join("\n").toLowerCase();
}

let templateWords = null;

/**
 * Which steps a query means: those that have every word of it somewhere. What templates, places and
 * variables say is looked at once each; a step is then a few numbers to look up.
 */
function matcher(query) {
  const terms = query.toLowerCase().split(/[\s@]+/).filter(Boolean);
  templateWords = templateWords || plan.templates.map(wordsOf);
  const has = (texts, term) => Uint8Array.from(texts, (text) => text.includes(term));
  const places = terms.length ? plan.scopes.map((scope) => scope.toLowerCase()) : [];
  const values = terms.length ? plan.vars.map((vars) => Object.values(vars).join("\n").toLowerCase()) : [];
  const tables = terms.map((term) => ({
    template: has(templateWords, term),
    scope: has(places, term),
    vars: has(values, term),
    action: has(plan.actions.map(([word]) => word), term),
  }));
  return (at) => tables.every((table) =>
    table.template[plan.template[at]] || table.vars[plan.var[at]] || table.action[plan.action[at]]
    || (plan.scope[at] >= 0 && table.scope[plan.scope[at]]));
}

function count(n, what) {
  return `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
}

function duration(ms) {
  if (ms < 1000) return `${ms} ms`;
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}

/** An element with attributes and children; children that are strings stay text. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...present(children));
  return element;
}

/** Children without those that are not there. */
function present(children) {
  return children.filter((child) => child !== null && child !== undefined && child !== false);
}

function badge(at) {
  const { word, symbol } = actionOf(at);
  return h("span", { class: `act ${word}` }, h("i", { "aria-hidden": "true" }, symbol), word);
}

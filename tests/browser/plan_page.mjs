// The page of a plan in a real browser: looked at, clicked, typed into, printed; and how soon it can be used.
//
//   node plan_page.mjs CHROMIUM SKYBRIDGE [SCREENSHOTS]

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { Chromium } from "./chromium.mjs";

const [chromium, skybridge, screenshots] = process.argv.slice(2);
const workspace = join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = mkdtempSync(join(tmpdir(), "skybridge-pages-"));
if (screenshots) mkdirSync(screenshots, { recursive: true });

const contoso = readFileSync(join(workspace, "examples/azure/contoso.toml"), "utf8");

/** The page of a tenant with so many subscriptions, or of a saved plan; and how long making it took. */
function pageOf(name, { subscriptions = 0, saved = undefined }) {
  const one = `["33333333-4444-5555-6666-777777777777"]`;
  assert.ok(contoso.includes(one));
  const many = Array.from({ length: subscriptions }, (_, i) => `"33333333-4444-5555-6666-${String(i).padStart(12, "0")}"`);
  const input = join(folder, saved ? `${name}.json` : `${name}.toml`);
  writeFileSync(input, saved ?? contoso.replace(one, subscriptions ? `[${many}]` : one));
  const out = join(folder, `${name}.html`);
  execFileSync(skybridge, ["plan", input, ...(saved ? [] : ["--offline"]), "--out", out], { stdio: ["ignore", "inherit", "inherit"] });
  return pathToFileURL(out).href;
}

async function open(browser, url, options) {
  const page = await browser.page(options);
  await page.open(url);
  await page.until(`performance.getEntriesByName("interactive").length > 0`);
  return page;
}

const interactive = (page) => page.value(`performance.getEntriesByName("interactive")[0].startTime`);
const text = (page, selector) => page.value(`document.querySelector(${JSON.stringify(selector)})?.textContent`);
const found = (page) => text(page, "#found");

async function shot(page, name) {
  if (screenshots) writeFileSync(join(screenshots, `${name}.png`), await page.screenshot());
}

/** It fetched nothing, and nobody complained. */
function assertQuiet(page) {
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(page.requests, []);
}

async function typeQuery(page, query) {
  await page.press("/", 191, "/");
  assert.equal(await page.value(`document.activeElement.id`), "search");
  await page.value(`document.activeElement.select()`);
  await page.type(query);
}

async function aSmallPlan(browser) {
  const page = await open(browser, pageOf("small", {}), { height: 1900 });
  assert.equal(await text(page, "h1"), "Plan to connect contoso");
  assert.equal(await found(page), "20 steps");
  assert.equal(await page.value(`document.querySelectorAll(".row.step").length`), 20);
  assert.equal(await page.value(`document.querySelectorAll("svg .box").length`), 20);
  await shot(page, "small-light");

  // With the mouse: a row opens its detail, a link in it leads on, the cross closes it.
  await page.click(`.row.step:nth-child(5)`);
  const detail = await text(page, "#detail");
  for (const part of ["register the application", "Calls", "PATCH", "Then waits", "Can be undone", "Needed by"]) {
    assert.ok(detail.includes(part), `${part} is not in: ${detail}`);
  }
  assert.equal(await page.value(`location.hash`), "#contoso.application");
  await page.click(`#detail .links a`);
  await page.until(`location.hash !== "#contoso.application" && document.querySelector("#detail h3") !== null`);
  await page.click(`#detail .close`);
  assert.equal(await page.value(`document.querySelector("#detail").childElementCount`), 0);

  // With the keyboard alone.
  await typeQuery(page, "client secret");
  await page.until(`document.querySelector("#found").textContent.startsWith("1 of 20")`);
  await page.press("ArrowDown", 40);
  assert.equal(await page.value(`document.activeElement.id`), "list");
  await page.press("ArrowDown", 40);
  await page.press("Enter", 13);
  assert.equal(await page.value(`document.activeElement.tagName`), "H3");
  await page.press("Escape", 27);
  assert.equal(await page.value(`document.activeElement.id`), "list");
  await page.press("ArrowUp", 38);
  const rows = await page.value(`document.querySelectorAll(".row").length`);
  await page.press("ArrowLeft", 37);
  assert.ok(await page.value(`document.querySelectorAll(".row").length`) < rows, "a heading folds");
  await typeQuery(page, " ");

  // The picture filters, and so do the actions.
  await page.click(`.box[data-key="client-secret"]`);
  assert.equal(await found(page), "1 of 20 steps");
  await page.click(`.box[data-key="client-secret"]`);
  await page.click(`.chip:nth-child(1)`);
  assert.equal(await found(page), "4 of 20 steps");
  await page.click(`.chip:nth-child(1)`);

  // On paper every step is a line.
  await page.value(`window.dispatchEvent(new Event("beforeprint"))`);
  assert.equal(await page.value(`document.querySelectorAll("#printed p").length`), 20);
  await page.value(`window.dispatchEvent(new Event("afterprint"))`);
  assert.equal(await page.value(`document.querySelector("#printed")`), null);
  const pdf = await page.pdf();
  assert.ok(pdf.length > 20_000, `${pdf.length} bytes of PDF`);
  if (screenshots) writeFileSync(join(screenshots, "small.pdf"), pdf);
  assertQuiet(page);
  console.log(`   20 steps: interactive ${(await interactive(page)).toFixed(0)} ms after the navigation began`);
  await page.close();
}

async function tenThousand(browser) {
  const url = pageOf("ten-thousand", { subscriptions: 1250 });
  const page = await open(browser, url);
  assert.equal(await found(page), "10,012 steps");
  console.log(`10,012 steps: interactive ${(await interactive(page)).toFixed(0)} ms after the navigation began (target < 1000)`);
  assert.ok(await page.value(`document.querySelectorAll("svg .box").length`) < 30, "one box a kind");
  assert.ok(await page.value(`document.querySelectorAll("*").length`) < 1500, "only rows in sight exist");
  await page.value(`document.querySelector(".steps").scrollIntoView()`);
  await typeQuery(page, "blob reader@33333333-4444-5555-6666-000000000012");
  await page.until(`document.querySelector("#found").textContent.startsWith("1 of 10,012")`);
  const searched = await page.value(`(() => { const start = performance.now(); wanted.query = "reader 1249"; apply(); return performance.now() - start; })()`);
  console.log(`10,012 steps: a search takes ${searched.toFixed(0)} ms`);
  await typeQuery(page, " ");
  await page.click("#unfold");
  await page.value(`(list.scrollTop = list.scrollHeight, new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame)))`);
  assert.ok((await text(page, "#rows")).includes("contoso.hand-over"), "the end is reached");
  assert.ok(await page.value(`document.querySelectorAll(".row").length`) < 60, "only rows in sight exist");
  await page.press("Escape", 27);
  await page.value(`location.hash = "#contoso.hand-over"`);
  await page.until(`document.querySelector("#detail h3") !== null`);
  assert.ok((await text(page, "#detail")).includes("Needs (1,25"), await text(page, "#detail"));
  await shot(page, "ten-thousand-light");
  assertQuiet(page);
  await page.close();
  for (const [name, options] of [["dark", { dark: true, height: 1500 }], ["narrow", { width: 480, height: 1200 }]]) {
    const other = await open(browser, `${url}#contoso.role-definition.custom`, options);
    assert.ok(await other.value(`document.documentElement.scrollWidth <= innerWidth`), `${name}: it fits`);
    const background = await other.value(`getComputedStyle(document.body).backgroundColor`);
    assert.equal(background, name === "dark" ? "rgb(15, 19, 24)" : "rgb(244, 246, 248)");
    await shot(other, `ten-thousand-${name}`);
    assertQuiet(other);
    await other.close();
  }
}

async function aHundredAndFiftyThousand(browser) {
  const page = await open(browser, pageOf("large", { subscriptions: 18_748 }));
  assert.equal(await found(page), "149,996 steps");
  console.log(`149,996 steps: interactive ${(await interactive(page)).toFixed(0)} ms after the navigation began`);
  const searched = await page.value(`(() => { const start = performance.now(); wanted.query = "reader 18747"; apply(); return performance.now() - start; })()`);
  console.log(`149,996 steps: a search takes ${searched.toFixed(0)} ms`);
  assertQuiet(page);
  await page.close();
}

/** What would be markup, script, a way out of its place or a lie anywhere in the page, is text. */
async function aHostilePlan(browser) {
  const evil = `</script><script>window.hacked=1</script><img src=x onerror="window.hacked=2">"'\`--><!--<svg onload=hacked=3>\u202e`;
  const saved = execFileSync(skybridge, ["plan", join(folder, "small.toml"), "--offline", "--format", "json"], { encoding: "utf8" });
  const plan = JSON.parse(saved);
  delete plan.digest;
  const scope = "</script><img/src=x/onerror=hacked=4>";
  const everywhere = (value) => {
    if (typeof value === "string") return value + evil;
    if (Array.isArray(value)) return value.map(everywhere);
    return value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key + evil, everywhere(field)])) : value;
  };
  const own = "@33333333-4444-5555-6666-777777777777";
  const renamed = (address) => address.replace(own, `@${scope}`);
  for (const step of plan.steps) {
    step.address = renamed(step.address);
    step.needs = step.needs.map(renamed);
    if (step.scope === own.slice(1)) step.scope = scope;
    for (const field of ["title", "group", "reference", "throttle"]) step[field] = `${step[field] ?? ""}${evil}`;
    for (const call of step.calls ?? []) Object.assign(call, { method: call.method + evil, url: call.url + evil, permission: evil });
    step.desired = everywhere(step.desired);
    step.notes = [evil];
    if (step.readiness) step.readiness["waits-for"] = evil;
    if (step.undo) step.undo.title = evil;
    step.observed = { outputs: { [evil]: evil, "__proto__": evil }, detail: evil, error: evil };
    step.changes = [{ path: evil, from: evil, to: { [evil]: evil } }];
  }
  for (const connector of plan.connectors) connector["destination-title"] = evil;
  for (const asked of plan.permissions) Object.assign(asked, { permission: evil, sort: evil, scope: evil, why: evil, exposes: evil });
  plan.notes = [{ text: evil }];
  plan["left-out"] = [{ connector: "contoso", scope: evil, name: evil, reason: evil, help: evil }];
  const page = await open(browser, pageOf("hostile", { saved: JSON.stringify(plan) }));
  for (let row = 0; row < 28; row++) {
    if (await page.value(`(() => { const rows = [...document.querySelectorAll(".row.step")]; rows[${row}]?.click(); return Boolean(rows[${row}]); })()`)) {
      assert.ok((await text(page, "#detail")).includes("<img src=x onerror="), "it is shown as text");
    }
  }
  await typeQuery(page, "<img");
  assert.equal(await found(page), "20 of 20 steps");
  assert.equal(await page.value(`document.querySelectorAll("script").length`), 2);
  assert.equal(await page.value(`document.querySelectorAll("img, svg svg, iframe, object, [onerror], [onload]").length`), 0);
  assert.equal(await page.value(`typeof window.hacked`), "undefined");
  assert.ok(!(await page.value(`document.body.innerText`)).includes("\u202e"), "nothing turns text round");
  await shot(page, "hostile");
  assertQuiet(page);
  await page.close();
  console.log("   a hostile plan is text from end to end");
}

const browser = new Chromium(chromium);
try {
  await aSmallPlan(browser);
  await tenThousand(browser);
  await aHundredAndFiftyThousand(browser);
  await aHostilePlan(browser);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

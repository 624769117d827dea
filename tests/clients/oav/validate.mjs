// Holds every resource-manager exchange of a recording against Microsoft's own OpenAPI files, with Microsoft's own
// validator (oav's LiveValidator).
//
//   node validate.mjs RECORDING           every exchange must be one the specifications allow
//   node validate.mjs --refused RECORDING the same of a run that ended before anything was written
//   node validate.mjs --tamper RECORDING  proves that the check can fail: spoilt exchanges must be rejected
//   node validate.mjs --examples          proves that it can pass: the specifications' own examples must be accepted
//
// RECORDING is what `skybridge simulator azure --record FILE` wrote. SKYBRIDGE_SPECS names the folder with the
// specifications (default: ../shared/specs beside the workspace); without it nothing is checked.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const workspace = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const specs = path.resolve(process.env.SKYBRIDGE_SPECS || path.join(workspace, "../shared/specs"));
const origin = "https://management.azure.com";

// Only what Skybridge's onboarding and the clients call. The cluster file is taken from the other folder because
// that one is complete: in `onboarding` a file that it refers to is missing.
const authorization = "onboarding/specification/authorization/resource-manager/Microsoft.Authorization/stable";
const specFiles = [
    `${authorization}/2022-04-01/authorization-RoleAssignmentsCalls.json`,
    `${authorization}/2022-04-01/authorization-RoleDefinitionsCalls.json`,
    `${authorization}/2022-04-01/authorization-ProviderOperationsCalls.json`,
    `${authorization}/2022-04-01/authorization-DenyAssignmentCalls.json`,
    `${authorization}/2015-07-01/authorization-ElevateAccessCalls.json`,
    "collection/specification/authorization/resource-manager/Microsoft.Authorization/stable/2020-10-01/RoleEligibilityScheduleInstance.json",
    "onboarding/specification/managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01/management.json",
    "onboarding/specification/resources/resource-manager/Microsoft.Resources/stable/2022-12-01/subscriptions.json",
    "onboarding/specification/resources/resource-manager/Microsoft.Resources/stable/2024-03-01/resources.json",
    "onboarding/specification/resourcegraph/resource-manager/Microsoft.ResourceGraph/stable/2022-10-01/resourcegraph.json",
    "collection/specification/containerservice/resource-manager/Microsoft.ContainerService/aks/stable/2024-02-01/managedClusters.json",
].map((file) => path.join(specs, file));

// Exchanges that no specification describes. They are counted, not validated.
const unspecified = [
    {
        method: "GET",
        path: /^\/metadata\/endpoints$/i,
        why: "cloud discovery: Microsoft publishes no specification of it",
    },
    {
        method: "GET",
        path: /^\/_simulator\//,
        why: "the simulator's own pages are no part of the cloud",
    },
    {
        method: "POST",
        path: /^\/subscriptions\/[^/]+\/providers\/[^/]+\/register$/i,
        why: "LiveValidator takes the registered provider for the one that answers and finds no operation",
    },
];

const nowhere = "00000000-0000-0000-0000-000000000000";

// Real forms of a request that the specifications give under another path or version. The exchange is validated as
// the form they do give.
const readAs = [
    {
        why: "the scope is the tenant root: {scope} is empty",
        when: (url) => /^\/providers\/Microsoft\.Authorization\/role(Assignments|Definitions)(\/|$)/i.test(url.pathname),
        then: (url) => (url.pathname = "/" + url.pathname),
    },
    {
        why: "permissions at a subscription are documented, but specified for resource groups and resources only",
        when: (url) => /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Authorization\/permissions$/i.test(url.pathname),
        then: (url) =>
            (url.pathname = url.pathname.replace(/\/providers\//i, "/resourcegroups/any/providers/")),
    },
    {
        why: "permissions at a management group are answered as at any scope, but specified for resource groups and resources only",
        when: (url) =>
            /^\/providers\/Microsoft\.Management\/managementGroups\/[^/]+\/providers\/Microsoft\.Authorization\/permissions$/i.test(
                url.pathname,
            ),
        then: (url) =>
            (url.pathname = `/subscriptions/${nowhere}/resourcegroups/any/providers/Microsoft.Authorization/permissions`),
    },
    {
        why: "elevateAccess is documented with 2016-07-01, specified with 2015-07-01",
        when: (url) =>
            /\/elevateAccess$/i.test(url.pathname) && url.searchParams.get("api-version") === "2016-07-01",
        then: (url) => url.searchParams.set("api-version", "2015-07-01"),
    },
    {
        why: "the Azure CLI reads role definitions with a preview version of the same shape",
        when: (url) =>
            /\/roleDefinitions(\/|$)/i.test(url.pathname) &&
            url.searchParams.get("api-version") === "2022-05-01-preview",
        then: (url) => url.searchParams.set("api-version", "2022-04-01"),
    },
    {
        why: "the Azure CLI reads management groups with an older version of the same shape",
        when: (url) =>
            /^\/providers\/Microsoft\.Management\/managementGroups(\/|$)/i.test(url.pathname) &&
            url.searchParams.get("api-version") === "2021-04-01",
        then: (url) => url.searchParams.set("api-version", "2023-04-01"),
    },
];

// Where the specification is known to be stricter than the service.
const tolerated = [
    {
        operation: /^(Subscriptions|Tenants)_List$/,
        code: "OBJECT_MISSING_REQUIRED_PROPERTY",
        at: "$.nextLink",
        why: "declared as required, but there is none on the last page",
    },
    {
        operation: /^(Subscriptions|Tenants)_List$/,
        code: "OBJECT_ADDITIONAL_PROPERTIES",
        at: "$.count",
        why: "the service sends it; the specification forgot it",
    },
];

// What every onboarding does: a recording in which one of these never succeeded proves too little.
const expected = [
    "Subscriptions_Get",
    "RoleDefinitions_CreateOrUpdate",
    "RoleAssignments_Create",
    "RoleAssignments_ListForSubscription",
    "ManagementGroups_Get",
];

async function load() {
    // SKYBRIDGE_OAV names the folder that package.json was installed in, when that is not this one.
    const elsewhere = process.env.SKYBRIDGE_OAV;
    const installed = elsewhere ? path.resolve(elsewhere, "package.json") : import.meta.url;
    const { LiveValidator } = createRequire(installed)("oav/dist/lib/liveValidation/liveValidator");
    const broken = [];
    const validator = new LiveValidator(
        {
            directory: specs,
            swaggerPaths: [...specFiles], // it empties the list that it is given
            isPathCaseSensitive: false,
            loadValidatorInBackground: false,
            loadValidatorInInitialize: false,
        },
        // LiveValidator goes on without a file that it could not load: here that is an error.
        (message) => {
            if (/^(Unable to initialize|Failed to transform|Failed to build)/.test(message)) broken.push(message);
        },
    );
    await validator.initialize();
    if (broken.length > 0) throw new Error(`a specification did not load:\n${broken.join("\n").slice(0, 4000)}`);
    return validator;
}

function json(body) {
    if (body === null || body === undefined || body === "") return undefined;
    if (typeof body !== "string") return body;
    try {
        return JSON.parse(body);
    } catch {
        return body;
    }
}

function headers(given) {
    return Object.fromEntries(
        Object.entries(given ?? {}).map(([name, value]) => [
            name.toLowerCase(),
            Array.isArray(value) ? value.join(", ") : String(value),
        ]),
    );
}

function pairOf(exchange) {
    const { request, response } = exchange;
    const url = new URL(request.url, origin);
    const notes = [];
    for (const rule of readAs) {
        if (rule.when(url)) {
            rule.then(url);
            notes.push(rule.why);
        }
    }
    const seen = new URL(request.url, origin);
    return {
        title: `#${exchange.sequence} ${request.method} ${seen.pathname}${seen.search} -> ${response.status}`,
        method: request.method.toUpperCase(),
        path: seen.pathname,
        notes,
        live: {
            liveRequest: {
                method: request.method,
                url: origin + url.pathname + url.search,
                headers: headers(request.headers),
                body: json(request.body),
            },
            liveResponse: {
                statusCode: String(response.status),
                headers: headers(response.headers),
                body: json(response.body),
            },
        },
    };
}

// { operation, problems } of one exchange
async function validate(validator, pair) {
    // LiveValidator changes what it is given.
    const result = await validator.validateLiveRequestResponse(structuredClone(pair.live));
    const operation = result.requestValidationResult?.operationInfo?.operationId ?? "unknown";
    const problems = [];
    if (result.runtimeException) problems.push(`not an exchange: ${result.runtimeException.message.slice(0, 400)}`);
    for (const [side, part] of [
        ["request", result.requestValidationResult],
        ["reply", result.responseValidationResult],
    ]) {
        if (part?.runtimeException) {
            problems.push(`${side}: ${part.runtimeException.code}: ${part.runtimeException.message.slice(0, 400)}`);
        }
        for (const error of part?.errors ?? []) {
            const at = error.jsonPathsInPayload ?? [];
            const known = tolerated.some(
                (one) =>
                    side === "reply" &&
                    one.operation.test(operation) &&
                    one.code === error.code &&
                    at.every((each) => each === one.at),
            );
            if (!known) problems.push(`${side}: ${error.code} ${at.join(", ")}: ${error.message}`);
        }
    }
    return { operation, problems: [...new Set(problems)] };
}

function read(file) {
    const exchanges = fs
        .readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => JSON.parse(line))
        .filter((exchange) => exchange.service === "resource-manager");
    if (exchanges.length === 0) throw new Error(`${file} holds no resource-manager exchange`);
    return exchanges;
}

function finish(passed, failures) {
    for (const failure of failures) console.log(`  - ${failure}`);
    console.log(`${passed} passed, ${failures.length} failed`);
    process.exitCode = failures.length === 0 ? 0 : 1;
}

async function check(validator, file, refused) {
    const counts = new Map();
    const notes = new Map();
    const skipped = new Map();
    const failures = [];
    let passed = 0;
    for (const pair of read(file).map(pairOf)) {
        const rule = unspecified.find((one) => one.method === pair.method && one.path.test(pair.path));
        if (rule) {
            skipped.set(rule.why, (skipped.get(rule.why) ?? 0) + 1);
            continue;
        }
        const { operation, problems } = await validate(validator, pair);
        const count = counts.get(operation) ?? { valid: 0, invalid: 0, statuses: new Map() };
        counts.set(operation, count);
        const status = pair.live.liveResponse.statusCode;
        count.statuses.set(status, (count.statuses.get(status) ?? 0) + 1);
        for (const note of pair.notes) notes.set(note, (notes.get(note) ?? 0) + 1);
        if (problems.length === 0) {
            count.valid += 1;
            passed += 1;
        } else {
            count.invalid += 1;
            failures.push(`${pair.title}\n      ${problems.join("\n      ")}`);
        }
    }
    for (const [operation, { valid, invalid, statuses }] of [...counts].sort()) {
        const each = [...statuses].sort().map(([status, count]) => `${count} x ${status}`);
        const not = invalid > 0 ? `, ${invalid} NOT` : "";
        console.log(`${operation}: ${valid} request/reply pairs valid${not} (${each.join(", ")})`);
    }
    const writes = read(file).filter((exchange) => exchange.request.method !== "GET");
    if (refused && writes.length > 0) failures.push(`${writes.length} exchanges are no reads`);
    for (const operation of refused ? ["Subscriptions_Get"] : expected) {
        const statuses = [...(counts.get(operation)?.statuses.keys() ?? [])];
        if (!statuses.some((status) => status.startsWith("2"))) {
            failures.push(`${operation}: the recording has no successful one`);
        }
    }
    for (const [why, count] of notes) console.log(`read as specified: ${count} (${why})`);
    for (const [why, count] of skipped) console.log(`not specified: ${count} (${why})`);
    finish(passed, failures);
}

// Each takes the first exchange that it fits, spoils it, and names what must be rejected.
const tamperings = [
    {
        name: "reply: a role assignment's principalId is a number",
        fits: (one) => /\/roleAssignments\/[^/]+$/i.test(one.path) && one.live.liveResponse.body?.properties?.principalId,
        spoil: (live) => (live.liveResponse.body.properties.principalId = 7),
        rejected: /^reply: INVALID_TYPE \$\.properties\.principalId/,
    },
    {
        name: "reply: a role assignment lacks its roleDefinitionId",
        fits: (one) =>
            /\/roleAssignments\/[^/]+$/i.test(one.path) && one.live.liveResponse.body?.properties?.roleDefinitionId,
        spoil: (live) => delete live.liveResponse.body.properties.roleDefinitionId,
        rejected: /^reply: OBJECT_MISSING_REQUIRED_PROPERTY \$\.properties\.roleDefinitionId/,
    },
    {
        name: "reply: a role assignment has a property that Azure does not have",
        fits: (one) => /\/roleAssignments\/[^/]+$/i.test(one.path) && one.live.liveResponse.body?.properties,
        spoil: (live) => (live.liveResponse.body.properties.invented = true),
        rejected: /^reply: OBJECT_ADDITIONAL_PROPERTIES \$\.properties\.invented/,
    },
    {
        name: "reply: a list of role assignments is not a list",
        fits: (one) => /\/roleAssignments$/i.test(one.path) && Array.isArray(one.live.liveResponse.body?.value),
        spoil: (live) => (live.liveResponse.body.value = "none"),
        rejected: /^reply: INVALID_TYPE \$\.value/,
    },
    {
        name: "reply: a subscription's state in the wrong letter case",
        fits: (one) => /^\/subscriptions\/[^/]+$/i.test(one.path) && one.live.liveResponse.body?.state,
        spoil: (live) => (live.liveResponse.body.state = "enabled"),
        rejected: /^reply: ENUM_CASE_MISMATCH \$\.state/,
    },
    {
        name: "reply: a role definition is created with 200 instead of 201",
        fits: (one) =>
            one.method === "PUT" &&
            /\/roleDefinitions\/[^/]+$/i.test(one.path) &&
            one.live.liveResponse.statusCode === "201",
        spoil: (live) => (live.liveResponse.statusCode = "200"),
        rejected: /^reply: INVALID_RESPONSE_CODE/,
    },
    {
        name: "reply: JSON without its content type",
        fits: (one) => /\/managementGroups\/[^/]+$/i.test(one.path) && one.live.liveResponse.statusCode === "200",
        spoil: (live) => delete live.liveResponse.headers["content-type"],
        rejected: /^reply: INVALID_CONTENT_TYPE/,
    },
    {
        name: "request: a role assignment without its principalId",
        fits: (one) => one.method === "PUT" && one.live.liveRequest.body?.properties?.principalId,
        spoil: (live) => delete live.liveRequest.body.properties.principalId,
        rejected: /^request: OBJECT_MISSING_REQUIRED_PROPERTY \$\.properties\.principalId/,
    },
    {
        name: "request: a role assignment that sets a read-only property",
        fits: (one) => one.method === "PUT" && one.live.liveRequest.body?.properties?.principalId,
        spoil: (live) => (live.liveRequest.body.properties.createdOn = "2026-01-01T00:00:00Z"),
        rejected: /^request: READONLY_PROPERTY_NOT_ALLOWED_IN_REQUEST/,
    },
    {
        name: "request: an operation that does not exist",
        fits: (one) => one.method === "GET" && /\/roleAssignments$/i.test(one.path),
        spoil: (live) =>
            (live.liveRequest.url = live.liveRequest.url.replace(/roleAssignments/i, "roleAssignmentz")),
        rejected: /^request: OPERATION_NOT_FOUND/,
    },
    {
        name: "request: an api-version that does not exist",
        fits: (one) => one.method === "GET" && /\/roleAssignments$/i.test(one.path),
        spoil: (live) =>
            (live.liveRequest.url = live.liveRequest.url.replace(/api-version=[^&]*/, "api-version=1999-01-01")),
        rejected: /^request: OPERATION_NOT_FOUND/,
    },
];

async function tamper(validator, file) {
    const pairs = read(file).map(pairOf);
    const failures = [];
    let passed = 0;
    for (const { name, fits, spoil, rejected } of tamperings) {
        const fitting = pairs.filter(fits);
        let untouched;
        for (const one of fitting) {
            if ((await validate(validator, one)).problems.length === 0) {
                untouched = one;
                break;
            }
        }
        if (!untouched) {
            failures.push(`${name}: ${fitting.length === 0 ? "no exchange to spoil" : "no valid exchange to spoil"} in the recording`);
            continue;
        }
        const spoilt = structuredClone(untouched);
        spoil(spoilt.live);
        const { problems } = await validate(validator, spoilt);
        if (problems.some((problem) => rejected.test(problem))) {
            passed += 1;
            console.log(`rejected  ${name}`);
        } else {
            failures.push(`${name}: accepted, or rejected for another reason: ${problems.join("; ") || "no problem found"}`);
        }
    }
    finish(passed, failures);
}

// The operations whose own examples must pass. (LiveValidator cannot tell apart the three "by id" forms, which are
// all `GET /{id}`; nothing uses them.)
const exemplary =
    /^(RoleAssignments_(Create|Get|Delete|ListFor(Subscription|ResourceGroup|Resource|Scope))|RoleDefinitions_(CreateOrUpdate|Get|List|Delete)|Subscriptions_(Get|List)|Tenants_List|ManagementGroups_(Get|List)|ProviderOperationsMetadata_(Get|List)|Permissions_ListForResourceGroup|DenyAssignments_List|ManagedClusters_(List|Get|ListClusterUserCredentials)|GlobalAdministrator_ElevateAccess)$/;

const forSubscription = "RoleAssignments_ListForSubscription as RoleAssignments_ListForScope";

function* examples() {
    for (const file of specFiles) {
        const spec = JSON.parse(fs.readFileSync(file, "utf8"));
        for (const [template, methods] of Object.entries(spec.paths)) {
            for (const [method, operation] of Object.entries(methods)) {
                if (!exemplary.test(operation.operationId ?? "")) continue;
                for (const { $ref } of Object.values(operation["x-ms-examples"] ?? {})) {
                    const exampleFile = path.join(path.dirname(file), $ref);
                    if (!fs.existsSync(exampleFile)) continue;
                    const { parameters, responses } = JSON.parse(fs.readFileSync(exampleFile, "utf8"));
                    const url = new URL(template.replace(/\{(\w+)\}/g, (_, name) => parameters[name] ?? name), origin);
                    url.searchParams.set("api-version", spec.info.version);
                    const body = (operation.parameters ?? [])
                        .map((one) => (one.$ref?.startsWith("#/parameters/") ? spec.parameters[one.$ref.slice(13)] : one))
                        .find((one) => one.in === "body");
                    for (const [status, response] of Object.entries(responses)) {
                        yield {
                            operation: operation.operationId,
                            live: {
                                liveRequest: {
                                    method,
                                    url: url.href,
                                    headers: body ? { "content-type": "application/json" } : {},
                                    body: body ? parameters[body.name] : undefined,
                                },
                                liveResponse: {
                                    statusCode: status,
                                    headers: response.body ? { "content-type": "application/json" } : {},
                                    body: response.body,
                                },
                            },
                        };
                    }
                }
            }
        }
    }
}

async function checkExamples(validator) {
    const counts = new Map();
    const failures = [];
    let passed = 0;
    for (const example of examples()) {
        const { operation, problems } = await validate(validator, example);
        // Microsoft's example of a list for any scope has a subscription as its scope.
        const same = operation === example.operation || `${operation} as ${example.operation}` === forSubscription;
        if (!same) problems.push(`taken for ${operation}`);
        if (problems.length === 0) {
            passed += 1;
            counts.set(example.operation, (counts.get(example.operation) ?? 0) + 1);
        } else {
            failures.push(`${example.operation}: ${problems.join("; ")}`);
        }
    }
    for (const [operation, count] of [...counts].sort()) console.log(`${operation}: ${count} examples valid`);
    finish(passed, failures);
}

const [mode, recording] = process.argv[2]?.startsWith("--")
    ? [process.argv[2], process.argv[3]]
    : ["--check", process.argv[2]];
if (!["--check", "--refused", "--tamper", "--examples"].includes(mode) || (mode !== "--examples" && !recording)) {
    console.error("usage: validate.mjs [--refused|--tamper] RECORDING | validate.mjs --examples");
    process.exit(2);
}
const absent = specFiles.filter((file) => !fs.existsSync(file));
if (!fs.existsSync(specs)) {
    console.log(`skipped: Microsoft's specifications are not here (${specs}); SKYBRIDGE_SPECS names their folder`);
} else if (absent.length > 0) {
    finish(0, absent.map((file) => `${path.relative(specs, file)} is missing in ${specs}`));
} else {
    const validator = await load();
    if (mode === "--examples") await checkExamples(validator);
    else if (mode === "--tamper") await tamper(validator, recording);
    else await check(validator, recording, mode === "--refused");
}

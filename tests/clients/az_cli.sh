#!/usr/bin/env bash
# Signs in with the Azure CLI, unchanged, using the credential Skybridge minted in the simulated cloud,
# and reads through it what the onboarding left behind.
#
#   az_cli.sh READY-FILE        READY-FILE holds the JSON line that `skybridge simulator azure` prints
#
# AZ (default: az) and PYTHON (default: python3) choose the programs.
set -euo pipefail

ready=${1:?usage: az_cli.sh READY-FILE}
az=${AZ:-az}
python=${PYTHON:-python3}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# A configuration of its own: nothing of the person who runs this is read or changed.
AZURE_CONFIG_DIR=$(mktemp -d "${TMPDIR:-/tmp}/skybridge-az.XXXXXX")
export AZURE_CONFIG_DIR
trap 'rm -rf "$AZURE_CONFIG_DIR"' EXIT

field() { "$python" "$here/connection.py" "$ready" "$1"; }

login=$(field login)
resource_manager=$(field resource-manager)
tenant=$(field tenant)
subscription=$(field subscription)
client_id=$(field client-id)
service_principal=$(field service-principal)

# az (requests and MSAL) trusts exactly this file; the simulator's CA is enough, nothing else is called.
REQUESTS_CA_BUNDLE=$(field ca-file)
export REQUESTS_CA_BUNDLE
export NO_PROXY=localhost,127.0.0.1 no_proxy=localhost,127.0.0.1
export AZURE_CORE_COLLECT_TELEMETRY=no AZURE_CORE_NO_COLOR=true AZURE_CORE_ONLY_SHOW_ERRORS=true
export AZURE_CORE_LOGIN_EXPERIENCE_V2=off AZURE_CORE_OUTPUT=json

passed=0
failed=0
failures=()

# check NAME PYTHON-EXPRESSION COMMAND…: the command must work and the expression over its JSON (`it`) must be true.
check() {
    local name=$1 expression=$2 output errors
    shift 2
    errors=$AZURE_CONFIG_DIR/stderr
    if ! output=$("$@" 2>"$errors"); then
        failed=$((failed + 1))
        failures+=("$name: $(tail -n 3 "$errors" | tr -s '[:space:]' ' ')")
        echo "FAIL $name"
        return
    fi
    if printf '%s' "$output" | EXPRESSION=$expression "$python" -c '
import json, os, sys
text = sys.stdin.read()
it = json.loads(text) if text.strip() else None
sys.exit(0 if eval(os.environ["EXPRESSION"], {"it": it, "env": os.environ}) else 1)'; then
        passed=$((passed + 1))
        echo "ok   $name"
    else
        failed=$((failed + 1))
        failures+=("$name: not ($expression) in $(printf '%s' "${output:0:4000}" | tr -s '[:space:]' ' ')")
        echo "FAIL $name"
    fi
}

export TENANT=$tenant SUBSCRIPTION=$subscription CLIENT_ID=$client_id SERVICE_PRINCIPAL=$service_principal
export ROOT=/providers/Microsoft.Management/managementGroups/$tenant

# Without instance discovery az does not ask login.microsoftonline.com whether it knows this authority.
check "az config set" True \
    "$az" config set core.instance_discovery=false core.collect_telemetry=no core.encrypt_token_cache=false
# Only the resource manager's address is given: az finds login and Graph through /metadata/endpoints.
check "az cloud register" True \
    "$az" cloud register --name Skybridge --endpoint-resource-manager "$resource_manager"
check "az cloud set" True "$az" cloud set --name Skybridge
LOGIN=$login check "az cloud show: found login and Graph by discovery" \
    'it["endpoints"]["activeDirectory"].rstrip("/") == env["LOGIN"].rstrip("/") and it["endpoints"]["microsoftGraphResourceId"].startswith("https://localhost:")' \
    "$az" cloud show

# The secret goes through standard input (`@-`), never on a command line or into a file.
sign_in() {
    field secret | "$az" login --service-principal --username "$client_id" --password=@- --tenant "$tenant"
}
wrong_secret() {
    ! printf 'wrong' | "$az" login --service-principal --username "$client_id" --password=@- --tenant "$tenant" \
        >"$AZURE_CONFIG_DIR/wrong" 2>&1 && grep -q AADSTS7000215 "$AZURE_CONFIG_DIR/wrong"
}
check "az login with a wrong secret is AADSTS7000215" True wrong_secret
check "az login" '[s["id"] for s in it] == [env["SUBSCRIPTION"]]' sign_in
check "az account show" \
    'it["id"] == env["SUBSCRIPTION"] and it["tenantId"] == env["TENANT"] and it["state"] == "Enabled" and it["user"] == {"name": env["CLIENT_ID"], "type": "servicePrincipal"}' \
    "$az" account show
check "az account list --refresh" '[s["id"] for s in it] == [env["SUBSCRIPTION"]]' "$az" account list --refresh
check "az account get-access-token" 'it["tenant"] == env["TENANT"] and it["tokenType"] == "Bearer"' \
    "$az" account get-access-token
# --all is the subscription's own list; az fills in role and principal names through Graph.
check "az role assignment list --all" \
    '{a["roleDefinitionName"] for a in it if a["principalId"] == env["SERVICE_PRINCIPAL"] and a["scope"] == "/subscriptions/" + env["SUBSCRIPTION"]} >= {"Reader", "Storage Blob Data Reader", "Storage File Data Privileged Reader", "Azure Kubernetes Service RBAC Reader", "Azure Kubernetes Service Cluster User Role"}' \
    "$az" role assignment list --all
check "az role assignment list --assignee: seven, one of them at the root group" \
    'len(it) == 7 and [a["roleDefinitionId"].split("/")[-1] for a in it if a["scope"] == env["ROOT"]] == ["ac63b705-f282-497d-ac71-919bf39d939d"] and {a["principalName"] for a in it} == {env["CLIENT_ID"]}' \
    "$az" role assignment list --all --assignee "$client_id"
check "az role assignment list --scope root group" \
    'env["SERVICE_PRINCIPAL"] in [a["principalId"] for a in it]' \
    "$az" role assignment list --scope "$ROOT"
check "az role definition list --custom-role-only" \
    '[sorted(a.lower() for a in r["permissions"][0]["actions"]) for r in it if r["roleName"].startswith("Skybridge Connector")] == [["microsoft.network/bastionhosts/getshareablelinks/action", "microsoft.web/sites/config/list/action"]]' \
    "$az" role definition list --custom-role-only
check "az role definition list --name Reader" \
    '[r["name"] for r in it] == ["acdd72a7-3385-48ef-bd42-f606fba81ae7"]' \
    "$az" role definition list --name Reader
# Without --no-register az first registers a resource provider, which a reader may not do.
check "az account management-group show" \
    'it["id"] == env["ROOT"] and it["name"] == env["TENANT"] and it["tenantId"] == env["TENANT"]' \
    "$az" account management-group show --name "$tenant" --no-register
check "az ad app show" 'it["displayName"] == "skybridge-connector"' "$az" ad app show --id "$client_id"
check "az ad sp show" 'it["id"] == env["SERVICE_PRINCIPAL"]' "$az" ad sp show --id "$client_id"
refused() {
    ! "$az" role assignment create --role Reader --scope "/subscriptions/$subscription" \
        --assignee-object-id "$service_principal" --assignee-principal-type ServicePrincipal \
        --name 5b9c1f0e-0000-4000-8000-000000000001 >"$AZURE_CONFIG_DIR/refused" 2>&1 &&
        grep -q AuthorizationFailed "$AZURE_CONFIG_DIR/refused"
}
check "az role assignment create is refused: AuthorizationFailed" True refused
check "az logout" True "$az" logout
signed_out() { ! "$az" account show >/dev/null 2>&1; }
check "az account show after logout fails" True signed_out

for failure in ${failures[@]+"${failures[@]}"}; do echo "  - $failure"; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

#!/bin/sh
# sagemaker - a SageMaker by moto that checks signatures: what is approved against what endpoints
# run, a version rejected, traffic moved, an earlier configuration deployed, each with its way back
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
need curl curl
need python3 python3
venv moto-sagemaker 'moto>=5.2,<6' flask flask-cors

AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
AWS_REGION=eu-west-1
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SAGEMAKER 2>/dev/null || true
port=$(free_port)
url=http://127.0.0.1:$port
# shellcheck disable=SC2154 # set by venv
serve moto "$venv/bin/python" "$TOCSIN_TOP/tests/live/signed_moto.py" "$port" "$work/requests"
until_true 60 answers "$url/moto-api/" || fail "moto does not start"

# aws EXPRESSION: of Python, with sm, Amazon's own client; into $out.
aws() {
	out=$("$venv/bin/python" - "$url" "$1" <<'PY'
import sys
import boto3

sm = boto3.client("sagemaker", endpoint_url=sys.argv[1], region_name="eu-west-1")
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/fraud-detector/"
ROLE = "arn:aws:iam::123456789012:role/r"


def package(group, approval, n):
    sm.create_model_package(
        ModelPackageGroupName=group, ModelApprovalStatus=approval,
        ModelPackageDescription="take %s" % n, CustomerMetadataProperties={"auc": "0.9%s" % n},
        InferenceSpecification={"Containers": [{
            "Image": "1.dkr/x:%s" % n, "ModelDataUrl": "s3://m/%s" % n}]})


def model(name, **container):
    sm.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)


def config(name, **variants):
    sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
        "VariantName": v, "ModelName": m, "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large", "InitialVariantWeight": w} for v, (m, w) in variants.items()])


def weights(endpoint):
    return {v["VariantName"]: v["CurrentWeight"]
            for v in sm.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]}


done = eval(sys.argv[2])
print(done)
PY
	) || fail "$1: $out"
}
aws '[sm.create_model_package_group(ModelPackageGroupName=g) for g in ("fraud-detector", "ranker")]'
aws '[package("fraud-detector", "Approved", n) for n in (1, 2, 3)], package("ranker", "PendingManualApproval", 1)'
aws '[model("m%d" % n, ModelPackageName=ARN + str(n)) for n in (1, 2, 3)], model("bare", Image="1.dkr/x:1", ModelDataUrl="s3://m/1")'
aws 'config("c1", blue=("m1", 1)), config("c2", blue=("m2", 1)), config("c12", blue=("m1", 3), green=("m2", 1)), config("cb", only=("bare", 1))'
aws '[sm.create_endpoint(EndpointName=e, EndpointConfigName=c) for e, c in (("fraud", "c1"), ("split", "c12"), ("home-made", "cb"))]'

config <<YAML
sources:
  - {name: sm, type: sagemaker, url: "$url", every: 1s, timeout: 20s}
services:
  - name: fraud
    model: {source: sm, name: fraud-detector, alias: newest-approved}
    serving: {source: sm, name: fraud}
  - name: split
    model: {source: sm, name: fraud-detector, alias: newest-approved}
    serving: {source: sm, name: split}
  - name: home-made
    model: {source: sm, name: fraud-detector, alias: newest-approved}
    serving: {source: sm, name: home-made}
  - name: ranker
    model: {source: sm, name: ranker, alias: newest-approved}
    serving: {source: sm, name: fraud}
YAML

# --- credentials ---
run 0 "$TOCSIN" check --connect
says set-endpoint-config
run 3 env AWS_SECRET_ACCESS_KEY=wrong "$TOCSIN" check --connect
says "does not match the signature"
expect "every request was signed" "" "$(grep -v good "$work/requests" | grep -v bad || true)"
expect "as Amazon's signer does" "" "$(grep ' bad$' "$work/requests" | sed 1,2d)"
expect "with all that matters" "" "$(grep good "$work/requests" | grep -v 'content-type;host;.*x-amz-date;.*x-amz-target' || true)"

# --- what is read ---
models fraud=drift split=drift home-made=serving-unknown ranker=pointer-missing
holds "versions" "sorted(v['version'] for m in d['models'] if m['service'] == 'fraud' for v in m['versions']) == ['1', '2', '3']"
holds "what they are" "[(v['stage'], v['lineage'], v['tags']['auc']) for m in d['models'] if m['service'] == 'fraud'
	for v in m['versions'] if v['version'] == '2'] == [('Approved', 's3://m/2', '0.92')]"
holds "shares" "[(v['variant'], v['version'], v['traffic']) for m in d['models'] if m['service'] == 'split'
	for v in m['serving']] == [('blue', '1', 0.75), ('green', '2', 0.25)]"

# --- a version is rejected: the newest approved is the one before ---
act 0 sm set-approval model=fraud-detector version=3 approval=Rejected reason=regressed
aws 'sm.describe_model_package(ModelPackageName=ARN + "3")["ModelApprovalStatus"]'
expect "rejected" Rejected "$out"
models fraud=drift split=canary
holds "what is newest" "[m['version'] for m in d['models'] if m['service'] == 'fraud'] == ['2']"
run 0 "$TOCSIN" changes --json
says newest-approved

# --- an earlier configuration is deployed, while the endpoint is busy nothing else is ---
aws 'sm.update_endpoint(EndpointName="fraud", EndpointConfigName="c1")'
act 4 sm set-endpoint-config endpoint=fraud config=c2
says "one change at a time"
aws '[sm.describe_endpoint(EndpointName="fraud")["EndpointStatus"] for i in (1, 2)]'
act 0 sm set-endpoint-config endpoint=fraud config=c2
aws 'sm.describe_endpoint(EndpointName="fraud")["EndpointConfigName"]'
expect "deployed" c2 "$out"
expect "what was asked for" '{"EndpointConfigName": "c2", "EndpointName": "fraud", "RetainAllVariantProperties": true}' \
	"$(sed -n 's/^UpdateEndpoint //p' "$work/requests" | tail -n 1)"
models fraud=in-sync split=canary home-made=serving-unknown
run 0 "$TOCSIN" changes --json
says '"fraud/blue"'
act 2 sm set-endpoint-config endpoint=fraud config=c9
says "no choice"
act 4 sm set-endpoint-config endpoint=fraud config=c2
says "already"

# --- traffic ---
act 0 sm set-traffic endpoint=split variant=green weight=100
aws 'weights("split") == {"blue": 0, "green": 100}'
expect "all to green" True "$out"
models split=in-sync
act 0 sm set-weights endpoint=split weights=blue=3,green=1
aws 'weights("split") == {"blue": 3, "green": 1}'
expect "as it was" True "$out"
act 4 sm set-traffic endpoint=split variant=red weight=1
says "no variant of this name"
act 4 sm set-traffic endpoint=fraud variant=blue weight=1
says "one variant"

# --- approved again ---
act 0 sm set-approval model=fraud-detector version=3 approval=Approved
models fraud=drift split=drift
run 0 "$TOCSIN" audit verify --json
says '"ok": true'
expect "signed to the end" "" "$(grep ' bad$' "$work/requests" | sed 1,2d)"

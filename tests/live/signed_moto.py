# A SageMaker that checks signatures: moto, with what it lacks.
#
# moto does not look at signatures, and knows no UpdateEndpoint.  Here botocore's signer checks
# each request, and an endpoint that is updated is busy until it was looked at twice.
import json
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.sagemaker import responses
from moto.server import main

KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1"
port, log = sys.argv[1], open(sys.argv[2], "a", buffering=1)
Response = responses.SageMakerResponse
describe_endpoint = Response.describe_endpoint


def refuse(name, words):
    raise JsonRESTError(name, words)


def signature_check(self, resource):
    said = self.headers.get("Authorization", "")
    if not said.startswith("AWS4-HMAC-SHA256 Credential="):
        refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
    fields = dict(p.strip().split("=", 1) for p in said.split(" ", 1)[1].split(","))
    names = fields["SignedHeaders"].split(";")
    request = AWSRequest("POST", self.uri, data=self.body,
                         headers={n: self.headers[n] for n in names if n != "host"})
    request.context["timestamp"] = self.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(KEY, SECRET), "sagemaker", REGION)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    good = signer.signature(text, request) == fields["Signature"]
    log.write("%s %s %s\n" % (self.headers["X-Amz-Target"], fields["SignedHeaders"],
                              "good" if good else "bad"))
    if not good or not fields["Credential"].startswith(KEY + "/"):
        refuse("InvalidSignatureException",
               "The request signature we calculated does not match the signature you provided.")


def update_endpoint(self):
    name, config = self._get_param("EndpointName"), self._get_param("EndpointConfigName")
    backend = self.sagemaker_backend
    endpoint = backend.endpoints.get(name)
    if endpoint is None or config not in backend.endpoint_configs:
        refuse("ValidationException", "Could not find endpoint or its configuration.")
    if endpoint.endpoint_status != "InService":
        refuse("ValidationException", "Cannot update in-progress endpoint \"%s\"." % name)
    endpoint.endpoint_status = "Updating"
    endpoint.comes = (2, config)
    log.write("UpdateEndpoint %s\n" % json.dumps(json.loads(self.body), sort_keys=True))
    return ActionResult({"EndpointArn": endpoint.arn})


def describe(self):
    endpoint = self.sagemaker_backend.endpoints.get(self._get_param("EndpointName"))
    left, config = getattr(endpoint, "comes", (0, None))
    if left:
        endpoint.comes = (left - 1, config)
        if left == 1:
            wanted = self.sagemaker_backend.endpoint_configs[config].production_variants
            endpoint.endpoint_config_name = config
            endpoint.production_variants = endpoint._process_production_variants(wanted)
            endpoint.endpoint_status = "InService"
    return describe_endpoint(self)


Response._authenticate_and_authorize_normal_action = signature_check
Response.update_endpoint = update_endpoint
Response.describe_endpoint = describe
main(["-H", "127.0.0.1", "-p", port])

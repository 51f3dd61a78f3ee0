#!/usr/bin/env python3
"""Carries a dossier with a fee from submission to rating, over the HTTP API of a running server:

    target/debug/dossier serve          # in another terminal
    python3 examples/paid-dossier.py    # one line for each request; stops at the first refusal

The procedure is CO.D, a certificate of origin: payment, acceptance, a supplement during the review,
decision, result, download, rating. It needs Python 3.9 and nothing else. U is the server's address,
D the program `dossier`; tokens are signed with the development key of DOSSIER_DATA.
"""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid

SERVER = os.environ.get("U", "http://127.0.0.1:8080")
PROGRAM = os.environ.get("D", "target/debug/dossier")
AGENCY = "G02.001"


def token(role, subject, agency=None):
    command = [PROGRAM, "token", "--role", role, "--subject", subject]
    if agency:
        command += ["--agency", agency]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Client:
    """The requests of one person. All clients share the newest Consistency-Token, so that each
    sees what the others wrote; a portal keeps one for each session."""

    seen = None

    def __init__(self, *who):
        self.token = token(*who)

    def send(self, method, path, body=None, media_type=None, if_match=None):
        headers = {"Authorization": "Bearer " + self.token, "Accept-Language": "en"}
        if Client.seen:
            headers["Consistency-Token"] = Client.seen
        if media_type:
            headers["Content-Type"] = media_type
        if if_match:
            headers["If-Match"] = if_match
        if method == "POST":
            # One key for one intention: a retry of this request has to send the same key.
            headers["Idempotency-Key"] = str(uuid.uuid4())
        request = urllib.request.Request(SERVER + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                print(response.status, method, path)
                Client.seen = response.headers.get("Consistency-Token", Client.seen)
                return response.read(), response.headers.get("ETag")
        except urllib.error.HTTPError as refused:
            sys.exit(f"{refused.code} {method} {path}: {refused.read().decode()}")

    def get(self, path):
        content, etag = self.send("GET", path)
        return json.loads(content), etag

    def post(self, path, body, if_match=None):
        text = json.dumps(body).encode()
        content, _ = self.send("POST", path, text, "application/json", if_match)
        return json.loads(content)

    def step(self, resource, step, body):
        """A step on something that exists: on the version that the caller has just read."""
        _, etag = self.get(resource)
        return self.post(f"{resource}/{step}", body, etag)

    def upload(self, text):
        content, _ = self.send("POST", "/v1/documents", b"%PDF-1.7 " + text, "application/pdf")
        return json.loads(content)["document"]

    def document(self, component):
        name = self.upload(component.encode())
        return {"component": component, "file_name": component + ".pdf", "document": name}


applicant = Client("applicant", "exporter-1")
clerk = Client("clerk", "clerk-1", AGENCY)
reviewer = Client("reviewer", "reviewer-1", AGENCY)
approver = Client("approver", "approver-1", AGENCY)
# The subject of a provider's token is the provider's name.
provider = Client("payment_provider", "sandbox")

# 1. Submission. What the form and the documents are: GET /v1/procedures/CO.D.
dossier = applicant.post("/v1/dossiers", {
    "procedure": "CO.D",
    "agency": AGENCY,
    "channel": "online",
    "form": {
        "exporter": {"name": "Sao Mai", "tax_code": "0101234565", "address": "54 Hai Bà Trưng"},
        "consignee": "ACME Bangkok",
        "destination": "TH",
        "invoice": "INV-1",
        "goods": [
            {"description": "lamp", "hs": "940510", "origin_criterion": "CTC", "quantity": "10"}
        ],
    },
    "documents": [
        applicant.document(component)
        for component in ("application", "export_declaration", "invoice")
    ],
    "delivery": {"channel": "download"},
})
identifier, code = dossier["id"], dossier["code"]
filed, payment = f"/v1/dossiers/{identifier}", f"/v1/payments/{identifier}"
review, delivery = f"/v1/reviews/{identifier}", f"/v1/deliveries/{identifier}"

# 2. Payment. The provider reports what it took; the reference is what it was given.
attempt = applicant.step(payment, "attempts", {"provider": "sandbox"})["attempts"][-1]
provider.post("/v1/payment-notices", {
    "provider": "sandbox",
    "event": "capture-" + attempt["payment"],
    "reference": attempt["reference"],
    "kind": "captured",
    "amount_vnd": attempt["amount_vnd"],
})
assert applicant.get(payment)[0]["outstanding_vnd"] == 0

# 3. Acceptance; the review asks for a document, and the applicant supplies it.
clerk.step(filed, "acceptance", {})
reviewer.step(review, "claim", {})
reviewer.step(review, "supplement-needs", {
    "components": ["bill_of_lading"],
    "reason": "Thiếu vận tải đơn.",
})
wanted = applicant.get(filed)[0]["supplement"]
applicant.step(filed, "supplements", {
    "documents": [applicant.document(component) for component in wanted["components"]],
})

# 4. The activities of the procedure, one after the other; the proposal; the decision.
while activity := reviewer.get(review)[0].get("activity"):
    reviewer.step(review, "activities", {"activity": activity})
proposed = reviewer.step(review, "decision-proposals", {
    "outcome": "approved",
    "reason": "complete",
})
approver.step(review, "decision", {"proposal": proposed["proposal"]["proposal"]})

# 5. The result gets the next number of the register; a download is recorded before it is read.
approver.step(delivery, "result", {"document": approver.upload(b"the signed certificate")})
print(applicant.step(delivery, "downloads", {})["number"])
applicant.send("GET", delivery + "/document")

# 6. The rating, once, without If-Match. The public look-up ignores the token.
applicant.post(f"/v1/ratings/{identifier}", {"score": 5})
print(applicant.get(f"/v1/register/lookup/{code}")[0])

"""Carries a dossier from upload to rating with the clients that openapi-python-client generates."""

import io
import os
import subprocess
import uuid
from typing import TypeVar

import httpx
from dossier_clients.feedback import AuthenticatedClient as FeedbackClient
from dossier_clients.feedback.api.feedback import rate_dossier
from dossier_clients.feedback.models import RateDossierRequest, RatingReply
from dossier_clients.intake import AuthenticatedClient as IntakeClient
from dossier_clients.intake.api.intake import (
    accept_dossier,
    get_dossier,
    submit_dossier,
    upload_document,
)
from dossier_clients.intake.models import (
    AcceptDossierRequest,
    Channel,
    DeliveryChannel,
    DeliveryRequest,
    DocumentRequest,
    DocumentUploadedReply,
    DossierReply,
    SubmitDossierRequest,
    SubmitDossierRequestForm,
)
from dossier_clients.intake.types import File
from dossier_clients.payment import AuthenticatedClient as PaymentClient
from dossier_clients.payment.api.payment import get_payment, start_payment, take_notice
from dossier_clients.payment.models import (
    NoticeReply,
    PaymentReply,
    ProviderFact,
    StartPaymentRequest,
    TakeNoticeRequest,
)
from dossier_clients.register import AuthenticatedClient as RegisterClient
from dossier_clients.register.api.register import get_lookup
from dossier_clients.register.models import LookupReply
from dossier_clients.result_delivery import AuthenticatedClient as DeliveryClient
from dossier_clients.result_delivery.api.result_delivery import (
    download_result,
    get_delivery,
    get_result_document,
    issue_result,
)
from dossier_clients.result_delivery.models import (
    DeliveryReply,
    DeliveryStage,
    DownloadResultRequest,
    IssueResultRequest,
)
from dossier_clients.result_delivery.types import File as ResultFile
from dossier_clients.review import AuthenticatedClient as ReviewClient
from dossier_clients.review.api.review import (
    approve_decision,
    claim_review,
    complete_activity,
    get_review,
    propose_decision,
)
from dossier_clients.review.models import (
    ApproveDecisionRequest,
    ClaimReviewRequest,
    CompleteActivityRequest,
    Outcome,
    ProposalReply,
    ProposeDecisionRequest,
    ReviewReply,
)

SERVER = os.environ.get("U", "http://127.0.0.1:8080")
PROGRAM = os.environ.get("D", "target/debug/dossier")
AGENCY = "G02.001"
T = TypeVar("T")

seen: dict[str, str] = {}


def remember(response: httpx.Response) -> None:
    print(response.status_code, response.request.method, response.url)
    if token := response.headers.get("Consistency-Token"):
        seen["Consistency-Token"] = token


# The packages know nothing of one another, so a person has a client of each.
C = TypeVar(
    "C", IntakeClient, PaymentClient, ReviewClient, DeliveryClient, FeedbackClient, RegisterClient
)


class Person:
    def __init__(self, role: str, subject: str, agency: str | None = None) -> None:
        command = [PROGRAM, "token", "--role", role, "--subject", subject]
        command += ["--agency", agency] if agency else []
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        self.token = done.stdout.strip()
        self.intake = self.client(IntakeClient)
        self.payment = self.client(PaymentClient)
        self.review = self.client(ReviewClient)
        self.delivery = self.client(DeliveryClient)
        self.feedback = self.client(FeedbackClient)
        self.register = self.client(RegisterClient)

    def client(self, kind: type[C]) -> C:
        hooks = {
            "request": [lambda request: request.headers.update(seen)],
            "response": [remember],
        }
        return kind(
            base_url=SERVER,
            token=self.token,
            headers={"Accept-Language": "en"},
            httpx_args={"event_hooks": hooks},
            raise_on_unexpected_status=True,
        )


def key() -> str:
    return str(uuid.uuid4())


def replied(reply: object, wanted: type[T]) -> T:
    """The reply; a refusal, which is a `Problem`, ends the drive."""
    assert isinstance(reply, wanted), reply
    return reply


def uploaded(by: Person, text: bytes) -> str:
    body = File(payload=io.BytesIO(b"%PDF-1.7 " + text))
    reply = upload_document.sync(client=by.intake, body=body, idempotency_key=key())
    return replied(reply, DocumentUploadedReply).document


applicant = Person("applicant", "exporter-4")
clerk = Person("clerk", "clerk-1", AGENCY)
reviewer = Person("reviewer", "reviewer-1", AGENCY)
approver = Person("approver", "approver-1", AGENCY)
provider = Person("payment_provider", "sandbox")

# 1. Upload and submission.
form = SubmitDossierRequestForm.from_dict({
    "exporter": {"name": "Sao Mai", "tax_code": "0101234565", "address": "54 Hai Bà Trưng"},
    "consignee": "ACME Bangkok",
    "destination": "TH",
    "invoice": "INV-1",
    "goods": [{"description": "lamp", "hs": "940510", "origin_criterion": "CTC", "quantity": "10"}],
})
submission = SubmitDossierRequest(
    procedure="CO.D",
    agency=AGENCY,
    channel=Channel.ONLINE,
    form=form,
    documents=[
        DocumentRequest(
            component=component,
            file_name=component + ".pdf",
            document=uploaded(applicant, component.encode()),
        )
        for component in ("application", "export_declaration", "invoice")
    ],
    delivery=DeliveryRequest(channel=DeliveryChannel.DOWNLOAD),
)
submitted = replied(
    submit_dossier.sync(client=applicant.intake, body=submission, idempotency_key=key()), DossierReply
)
dossier = submitted.id

# 2. Payment.
owed = get_payment.sync_detailed(dossier, client=applicant.payment)
attempted = replied(
    start_payment.sync(
        dossier,
        client=applicant.payment,
        body=StartPaymentRequest(provider="sandbox"),
        idempotency_key=key(),
        if_match=owed.headers["ETag"],
    ),
    PaymentReply,
)
attempt = attempted.attempts[-1]
notice = TakeNoticeRequest(
    provider="sandbox",
    event=f"capture-{attempt.payment}",
    reference=attempt.reference,
    kind=ProviderFact.CAPTURED,
    amount_vnd=attempt.amount_vnd,
)
replied(take_notice.sync(client=provider.payment, body=notice, idempotency_key=key()), NoticeReply)
paid = replied(get_payment.sync(dossier, client=applicant.payment), PaymentReply)
assert paid.outstanding_vnd == 0, paid

# 3. Acceptance and review.
filed = get_dossier.sync_detailed(dossier, client=clerk.intake)
replied(
    accept_dossier.sync(
        dossier,
        client=clerk.intake,
        body=AcceptDossierRequest(),
        idempotency_key=key(),
        if_match=filed.headers["ETag"],
    ),
    DossierReply,
)
opened = get_review.sync_detailed(dossier, client=reviewer.review)
replied(
    claim_review.sync(
        dossier,
        client=reviewer.review,
        body=ClaimReviewRequest(),
        idempotency_key=key(),
        if_match=opened.headers["ETag"],
    ),
    ReviewReply,
)
while True:
    now = get_review.sync_detailed(dossier, client=reviewer.review)
    activity = replied(now.parsed, ReviewReply).activity
    if not isinstance(activity, str):
        break
    replied(
        complete_activity.sync(
            dossier,
            client=reviewer.review,
            body=CompleteActivityRequest(activity=activity),
            idempotency_key=key(),
            if_match=now.headers["ETag"],
        ),
        ReviewReply,
    )

# 4. Proposal and decision.
proposed = replied(
    propose_decision.sync(
        dossier,
        client=reviewer.review,
        body=ProposeDecisionRequest(outcome=Outcome.APPROVED, reason="complete"),
        idempotency_key=key(),
        if_match=now.headers["ETag"],
    ),
    ReviewReply,
)
proposal = replied(proposed.proposal, ProposalReply)
awaited = get_review.sync_detailed(dossier, client=approver.review)
replied(
    approve_decision.sync(
        dossier,
        client=approver.review,
        body=ApproveDecisionRequest(proposal=proposal.proposal),
        idempotency_key=key(),
        if_match=awaited.headers["ETag"],
    ),
    ReviewReply,
)

# 5. Result and delivery.
prepared = get_delivery.sync_detailed(dossier, client=approver.delivery)
replied(
    issue_result.sync(
        dossier,
        client=approver.delivery,
        body=IssueResultRequest(document=uploaded(approver, b"the signed certificate")),
        idempotency_key=key(),
        if_match=prepared.headers["ETag"],
    ),
    DeliveryReply,
)
issued = get_delivery.sync_detailed(dossier, client=applicant.delivery)
delivered = replied(
    download_result.sync(
        dossier,
        client=applicant.delivery,
        body=DownloadResultRequest(),
        idempotency_key=key(),
        if_match=issued.headers["ETag"],
    ),
    DeliveryReply,
)
assert delivered.stage == DeliveryStage.DELIVERED, delivered
result = replied(get_result_document.sync(dossier, client=applicant.delivery), ResultFile)
assert b"the signed certificate" in result.payload.read()

# 6. Rating, and the public look-up.
rating = RateDossierRequest(score=5)
reply = rate_dossier.sync(dossier, client=applicant.feedback, body=rating, idempotency_key=key())
replied(reply, RatingReply)
found = replied(get_lookup.sync(submitted.code, client=applicant.register), LookupReply)
assert found.code == submitted.code, found

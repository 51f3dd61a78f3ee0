//! Representation of payments, and execution of their steps.

use dossier::access::{self, Caller, Resource};
use dossier::contract::{
    AgencyCode, DossierId, OwedBack, PaymentId, PaymentOrderId, ReceiptBecomes, Subject, Vnd,
};
use dossier::law::{FeeKind, Law};
use dossier::payment::{
    Attempt, Payment, Proposal, Proposed, READ_OFFICERS, READ_TEXTS, READ_WORK, Receipted, Standing,
};
use dossier::{Command, State};
use engine::Loaded;
use jiff::Timestamp;
use partners::Start;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{DiscrepancyDue, Due, Language, Problem, Reply, Request, WindowEnd, execute_as, shown};

use super::entries::ProposedEntryReply;
use super::reasons::{RefundReply, RejectionReply, ResolutionReply, SentRefundReply};
use super::reversals::{DebtReply, DisputeReply, DoubtReply, ReversalReply};
use crate::App;
use crate::orders::Order;
use crate::partners::reference;

/// The fees and payments of a dossier, in whole đồng.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentReply {
    /// Id of the dossier.
    dossier: DossierId,
    /// Subject of the payer: the applicant, in whose name receipts are issued.
    payer: Subject,
    /// Lines of the fee, with phí and lệ phí separately. A receipt has the same lines.
    lines: Vec<ChargedLineReply>,
    /// Sum of the lines.
    total_vnd: Vnd,
    /// Total received.
    received_vnd: Vnd,
    /// Total refunded.
    refunded_vnd: Vnd,
    /// Unpaid part of the fee.
    outstanding_vnd: Vnd,
    /// Amount that has to be refunded, without what is on its way.
    owed_back_vnd: Vnd,
    /// Amount that is on its way back through providers.
    on_its_way_vnd: Vnd,
    /// Cause and due instant of the repayment; null if nothing is owed back.
    repayment: Option<RepaymentReply>,
    /// Due instant of the resolution of the discrepancies (`attempts/doubts`).
    #[serde(flatten)]
    #[schema(inline)]
    discrepancy: DiscrepancyDue,
    /// Refund that waits for a second person.
    proposed_refund: Option<ProposedRefundReply>,
    /// Resolution that waits for a second person.
    proposed_resolution: Option<ProposedResolutionReply>,
    /// Other entry that waits for a second person.
    proposed_entry: Option<ProposedEntryReply>,
    /// Time at which the fee was fully paid; null while it is not.
    settled_at: Option<Timestamp>,
    /// End of the window to pay.
    #[serde(flatten)]
    #[schema(inline)]
    window: WindowEnd,
    /// Attempts to pay through a provider.
    attempts: Vec<AttemptReply>,
    /// Issued receipts.
    receipts: Vec<ReceiptReply>,
    /// Refunds, oldest first; the newest 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<RefundReply>,
    /// Refunds through providers, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sent_refunds: Vec<SentRefundReply>,
    /// What the payer owes after money was taken back, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    debts: Vec<DebtReply>,
    /// Resolved discrepancies, oldest first; the newest 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resolutions: Vec<ResolutionReply>,
    /// Rejected proposals, oldest first; the newest 100. Only for officers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected_proposals: Vec<RejectionReply>,
}

/// Money that has to be refunded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RepaymentReply {
    /// Cause of the repayment.
    why: OwedBack,
    /// Due instant.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether it was not refunded in time.
    missed: bool,
}

/// A refund that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposedRefundReply {
    /// Id of the proposal.
    refund: Uuid,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Id of the attempt through whose provider it goes back; null if a cashier returns it.
    payment: Option<PaymentId>,
    /// Officer who proposed it; for officers.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed_by: Option<Subject>,
    /// Written reason; for officers, without operators. Absent after its erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Nộp hai lần")]
    reason: Option<String>,
    /// Due instant of the second person's decision; null for proposals recorded before this period
    /// existed.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether it was neither approved nor rejected in time.
    missed: bool,
}

/// The resolution of a discrepancy that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposedResolutionReply {
    /// Id of the proposal.
    resolution: Uuid,
    /// Id of the attempt.
    payment: PaymentId,
    /// Total that the attempt has brought according to the proposal, in VND.
    captured_vnd: Vnd,
    /// Officer who proposed it; for officers.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed_by: Option<Subject>,
    /// Written finding; for officers, without operators. Absent after its erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ngân hàng xác nhận 60.000 đ")]
    reason: Option<String>,
    /// Due instant of the second person's decision.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether it was neither approved nor rejected in time.
    missed: bool,
}

/// A line of the fee.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChargedLineReply {
    /// Code of the rule in the tariff.
    #[schema(example = "co-64-2025")]
    rule: String,
    /// Phí or lệ phí.
    kind: FeeKind,
    /// Vietnamese name.
    #[schema(example = "Phí cấp C/O")]
    name_vi: String,
    /// English name.
    #[schema(example = "Fee for a certificate of origin")]
    name_en: String,
    /// Amount before reductions, in VND.
    full_vnd: Vnd,
    /// Code of the applied reduction; null if there is none.
    #[schema(example = "digital-citizen")]
    reduction: Option<String>,
    /// Charged amount in VND.
    charged_vnd: Vnd,
    /// Written reason of a further fee; absent after its erasure, and for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Phải thẩm định thực tế tại kho")]
    reason: Option<String>,
}

/// State of an attempt to pay.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AttemptState {
    /// Begun; the provider has not reported an outcome.
    Started,
    /// The provider has not reported an outcome for too long, and was queried.
    Unknown,
    /// Part of the amount was captured.
    PartlyCaptured,
    /// The whole amount was captured, or the only capture of a provider that captures once.
    Captured,
    /// The provider reported a failure.
    Failed,
    /// Given up at its expiry.
    Expired,
}

/// An attempt to pay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptReply {
    /// Id of the attempt.
    payment: PaymentId,
    /// Code of the provider.
    #[schema(example = "sandbox")]
    provider: String,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Reference that the provider sends back.
    #[schema(example = "DSR-0671ca1f-4813-537f-a30f-6feb4aec6841")]
    reference: String,
    /// The short reference, for partners and memos of transfers: with a check digit.
    #[schema(example = "DSR4Z7K0M2C9WXQ5")]
    short_reference: String,
    /// Payment order that it is a part of; that shows how the payer continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<PaymentOrderId>,
    /// Where the payer's browser continues. Null for the sandbox, for a transfer, for a part of a
    /// payment order, and until a partner that has to be called has answered.
    #[schema(example = "https://pay.example/4711")]
    next_url: Option<String>,
    /// Text of a QR code for the payer's bank app, while it can be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "00020101021238570010A00000072701270006970436")]
    qr: Option<String>,
    /// State of the attempt.
    state: AttemptState,
    /// Captured amount in VND; what was taken back later is not deducted.
    captured_vnd: Vnd,
    /// Amount in VND that was taken back.
    reversed_vnd: Vnd,
    /// What was taken back, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reversals: Vec<ReversalReply>,
    /// Disputes, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    disputes: Vec<DisputeReply>,
    /// Doubtful reports that a cashier has to resolve.
    doubts: Vec<DoubtReply>,
}

/// A receipt that has its number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiptReply {
    /// Id of the receipt, for `get_receipt`.
    #[schema(example = "XNK-26E-2026-17")]
    receipt: String,
    /// Id of the payment.
    payment: PaymentId,
    /// Symbol of the receipt.
    #[schema(example = "XNK-26E")]
    symbol: String,
    /// Year of the receipt.
    #[schema(example = 2026)]
    year: i16,
    /// Number within symbol and year.
    #[schema(example = 17)]
    number: u64,
    /// Amount at the issue, in VND.
    amount_vnd: Vnd,
    /// Amount for which it is still valid, in VND: less what was refunded or turned out not to have
    /// been received.
    stands_for_vnd: Vnd,
    /// Whether it was cancelled or reduced later; null if neither.
    became: Option<ReceiptBecomes>,
}

impl PaymentReply {
    /// `None` before the fee is assessed.
    pub(crate) fn new(payment: &Payment, law: &Law) -> Option<Self> {
        let assessed = payment.assessed()?;
        let (agency, proposal) = (&assessed.brief.agency, payment.proposal.as_ref());
        let lines = assessed.lines.iter();
        Some(Self {
            dossier: assessed.brief.dossier,
            payer: assessed.brief.applicant.clone(),
            lines: lines
                .map(|line| ChargedLineReply {
                    rule: line.rule.clone(),
                    kind: line.kind,
                    name_vi: line.name_vi.clone(),
                    name_en: line.name_en.clone(),
                    full_vnd: line.full,
                    reduction: line.reduction.clone(),
                    charged_vnd: line.charged,
                    reason: payment.reasons.of_line(&line.rule).cloned(),
                })
                .collect(),
            total_vnd: assessed.total,
            received_vnd: payment.received,
            refunded_vnd: payment.refunded,
            outstanding_vnd: payment.outstanding(),
            owed_back_vnd: payment.owed_back(),
            on_its_way_vnd: payment.on_its_way(),
            repayment: payment.owed_repayment().map(|(owed, why)| RepaymentReply {
                why,
                due: Due::of(law, agency, owed.running.due_at),
                missed: owed.missed,
            }),
            discrepancy: DiscrepancyDue::of(
                law,
                agency,
                payment.discrepancy.map(|owed| owed.running.due_at),
            ),
            proposed_refund: proposal.and_then(|of| ProposedRefundReply::new(law, agency, of)),
            proposed_resolution: proposal
                .and_then(|of| ProposedResolutionReply::new(law, agency, of)),
            proposed_entry: ProposedEntryReply::new(law, agency, payment),
            settled_at: payment.settled_at(),
            window: WindowEnd::of(law, agency, payment.window().map(|window| window.due_at)),
            attempts: payment.attempts.values().map(AttemptReply::from).collect(),
            receipts: payment.receipts.iter().filter_map(ReceiptReply::new).collect(),
            refunds: payment.reasons.refunds.iter().map(Into::into).collect(),
            sent_refunds: payment.sent_refunds.iter().map(Into::into).collect(),
            debts: payment.debts.iter().map(|debt| DebtReply::new(law, agency, debt)).collect(),
            resolutions: payment.reasons.resolutions.iter().map(Into::into).collect(),
            rejected_proposals: payment.reasons.rejections.iter().map(Into::into).collect(),
        })
    }
}

impl PaymentReply {
    /// The part that the caller may read.
    fn for_caller(mut self, caller: &Caller, resource: &Resource) -> Self {
        let may = |mays| access::decide(caller, mays, Some(resource)).is_ok();
        let (work, officers) = (may(READ_WORK), may(READ_OFFICERS));
        if let Some(proposed) = &mut self.proposed_refund {
            proposed.reason = proposed.reason.take().filter(|_| work);
            proposed.proposed_by = proposed.proposed_by.take().filter(|_| officers);
        }
        if let Some(proposed) = &mut self.proposed_resolution {
            proposed.reason = proposed.reason.take().filter(|_| work);
            proposed.proposed_by = proposed.proposed_by.take().filter(|_| officers);
        }
        if let Some(proposed) = &mut self.proposed_entry {
            proposed.for_caller((work, officers));
        }
        if !officers {
            self.rejected_proposals.clear();
        }
        if !work {
            self.rejected_proposals.iter_mut().for_each(RejectionReply::without_text);
        }
        let texts = may(READ_TEXTS);
        self.sent_refunds.iter_mut().for_each(|sent| sent.for_caller((texts, work, officers)));
        if !texts {
            self.lines.iter_mut().for_each(|line| line.reason = None);
            self.refunds.iter_mut().for_each(RefundReply::without_text);
            self.resolutions.iter_mut().for_each(ResolutionReply::without_text);
        }
        self
    }
}

/// The payments of a dossier, as far as the caller may read them.
pub(super) fn shown_to(
    app: &App,
    loaded: &Loaded<Payment>,
    request: &Request,
) -> Result<Reply, Problem> {
    let mut reply = PaymentReply::new(&loaded.state, &app.payments.engine().law());
    if let Some(reply) = &mut reply {
        reply.attempts.iter_mut().for_each(|shown| shown.continues(app, &loaded.state, request));
    }
    let (caller, resource) = (request.caller()?, loaded.state.resource().unwrap_or_default());
    shown(loaded, reply.map(|reply| reply.for_caller(caller, &resource)))
}

impl ReceiptReply {
    /// `None` while it has no number.
    fn new(receipt: &Receipted) -> Option<Self> {
        let (symbol, year, number) = receipt.number.clone()?;
        Some(Self {
            receipt: format!("{symbol}-{year}-{number}"),
            payment: receipt.payment,
            symbol,
            year,
            number,
            amount_vnd: receipt.amount,
            stands_for_vnd: receipt.left(),
            became: receipt.became(),
        })
    }
}

impl ProposedRefundReply {
    fn new(law: &Law, agency: &AgencyCode, proposal: &Proposal) -> Option<Self> {
        let Proposed::Refund(amount) = &proposal.what else { return None };
        Some(Self {
            refund: proposal.id,
            amount_vnd: *amount,
            payment: proposal.through,
            proposed_by: Some(proposal.by.clone()),
            reason: proposal.reason.known().cloned(),
            due: Due::of(law, agency, proposal.owed.map(|owed| owed.running.due_at)),
            missed: proposal.owed.is_some_and(|owed| owed.missed),
        })
    }
}

impl ProposedResolutionReply {
    fn new(law: &Law, agency: &AgencyCode, proposal: &Proposal) -> Option<Self> {
        let Proposed::Resolution(payment, captured) = &proposal.what else { return None };
        Some(Self {
            resolution: proposal.id,
            payment: *payment,
            captured_vnd: *captured,
            proposed_by: Some(proposal.by.clone()),
            reason: proposal.reason.known().cloned(),
            due: Due::of(law, agency, proposal.owed.map(|owed| owed.running.due_at)),
            missed: proposal.owed.is_some_and(|owed| owed.missed),
        })
    }
}

impl From<&Attempt> for AttemptReply {
    fn from(attempt: &Attempt) -> Self {
        let state = if attempt.is_complete() {
            AttemptState::Captured
        } else if attempt.captured.0 > 0 {
            AttemptState::PartlyCaptured
        } else if attempt.has_failed() {
            AttemptState::Failed
        } else {
            match attempt.query {
                None => AttemptState::Expired,
                Some(query) if query.made > 0 => AttemptState::Unknown,
                Some(_) => AttemptState::Started,
            }
        };
        Self {
            payment: attempt.started.payment,
            provider: attempt.started.provider.clone(),
            amount_vnd: attempt.started.amount,
            reference: attempt.started.reference.clone(),
            short_reference: reference(&attempt.started),
            order: attempt.started.order.as_ref().map(|share| share.order),
            next_url: None,
            qr: None,
            state,
            captured_vnd: attempt.captured,
            reversed_vnd: attempt.reversed(),
            reversals: attempt.reversals.iter().map(Into::into).collect(),
            disputes: attempt.disputes.iter().map(Into::into).collect(),
            doubts: attempt.doubts.iter().map(DoubtReply::from).collect(),
        }
    }
}

impl AttemptReply {
    /// Shows how the payer goes on with an open attempt.
    fn continues(&mut self, app: &App, payment: &Payment, request: &Request) {
        let attempt = payment.attempts.get(&self.payment);
        let attempt = attempt.filter(|one| one.is_open() && self.order.is_none());
        let known = app.desk.partners.get(&self.provider);
        let (Some(attempt), Some(known)) = (attempt, known) else { return };
        let client = (request.client.to_string(), request.language() == Language::English);
        let order = Order::of(&app.desk.partners, payment, attempt, (Some(&client.0), client.1));
        match order.map(|order| order.start(known)) {
            Some(Ok(Start::Redirect(url))) => self.next_url = Some(url),
            Some(Ok(Start::Qr { text, .. })) => self.qr = Some(text),
            Some(Ok(Start::Call(_))) => self.next_url.clone_from(&attempt.next_url),
            Some(Err(_)) | None => {}
        }
    }
}

/// Progress of the dossier at intake.
pub(super) async fn standing(app: &App, dossier: DossierId) -> Result<Standing, Problem> {
    Ok(crate::standing::standing(&app.payments, dossier).await?)
}

/// Executes the command in the body of a request, and returns the payment afterwards.
pub(crate) async fn take<C: Command<State = Payment> + DeserializeOwned>(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Reply, Problem> {
    take_as(app, dossier, request, |command: C| command).await
}

/// As [`take`], for a command that is built from the body.
pub(crate) async fn take_as<B: DeserializeOwned, C: Command<State = Payment>>(
    app: &App,
    dossier: DossierId,
    request: &Request,
    command: impl FnOnce(B) -> C,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute_as(&app.payments, id, request, command).await?;
    shown_to(app, &loaded, request)
}

//! Payments as they are shown, and how their steps are taken.

use dossier::contract::{
    AgencyCode, DossierId, Doubt, OwedBack, PaymentId, ReceiptBecomes, Source, Subject, Vnd,
};
use dossier::intake::{Intake, Stage};
use dossier::law::{FeeKind, Law};
use dossier::payment::{Attempt, DoubtfulWord, Payment, Proposal, Proposed, Receipted, Standing};
use dossier::{Command, State};
use events::StreamName;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::fold;
use service_kit::http::{
    DiscrepancyDue, Due, Problem, Reply, Request, WindowEnd, execute_as, shown,
};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// What a dossier owes and has paid, in whole đồng.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentReply {
    /// The dossier.
    dossier: DossierId,
    /// The lines of what is owed, phí and lệ phí apart.
    lines: Vec<ChargedLineReply>,
    /// Their sum.
    total_vnd: Vnd,
    /// What came in.
    received_vnd: Vnd,
    /// What went back.
    refunded_vnd: Vnd,
    /// What is owed and not there.
    outstanding_vnd: Vnd,
    /// What is here and has to go back.
    owed_back_vnd: Vnd,
    /// Why and by when; nothing if nothing has to go back.
    repayment: Option<RepaymentReply>,
    /// By when a cashier has to look into what a provider said and does not agree (`attempts/doubts`).
    #[serde(flatten)]
    #[schema(inline)]
    discrepancy: DiscrepancyDue,
    /// The refund that waits for a second person.
    proposed_refund: Option<ProposedRefundReply>,
    /// The resolution of a discrepancy that waits for a second person.
    proposed_resolution: Option<ProposedResolutionReply>,
    /// When what was owed was there; nothing if it is not there any more.
    settled_at: Option<Timestamp>,
    /// The end of the window to pay.
    #[serde(flatten)]
    #[schema(inline)]
    window: WindowEnd,
    /// The attempts to pay.
    attempts: Vec<AttemptReply>,
    /// The receipts.
    receipts: Vec<ReceiptReply>,
}

/// Money that has to go back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RepaymentReply {
    /// Why.
    why: OwedBack,
    /// By when.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether it did not go back in time.
    missed: bool,
}

/// A refund that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposedRefundReply {
    /// Its id.
    refund: Uuid,
    /// How much.
    amount_vnd: Vnd,
    /// Who proposed it.
    proposed_by: Subject,
    /// By when somebody else has to agree or not; nothing for one that was recorded before this was.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether nobody has in time.
    missed: bool,
}

/// The resolution of a discrepancy that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposedResolutionReply {
    /// Its id.
    resolution: Uuid,
    /// The attempt.
    payment: PaymentId,
    /// How much it is said to have brought, in all.
    captured_vnd: Vnd,
    /// Who proposed it.
    proposed_by: Subject,
    /// By when somebody else has to agree or not.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether nobody has in time.
    missed: bool,
}

/// Something that a provider said and that does not agree with what is known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DoubtReply {
    /// The provider's name of it.
    #[schema(example = "ipn-4711")]
    event: String,
    /// The provider's number of the transaction.
    #[schema(example = "T1")]
    transaction: Option<String>,
    /// By which way it was told.
    source: Source,
    /// What does not agree.
    doubt: Doubt,
    /// How much it says.
    said_vnd: Vnd,
    /// Since when that is known.
    since: Timestamp,
}

/// A line of what is owed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChargedLineReply {
    /// The rule of the tariff.
    #[schema(example = "co-64-2025")]
    rule: String,
    /// Of which kind it is.
    kind: FeeKind,
    /// What for, in Vietnamese.
    #[schema(example = "Phí cấp C/O")]
    name_vi: String,
    /// What for, in English.
    #[schema(example = "Fee for a certificate of origin")]
    name_en: String,
    /// The full amount.
    full_vnd: Vnd,
    /// The reduction that was applied.
    #[schema(example = "digital-citizen")]
    reduction: Option<String>,
    /// What is charged.
    charged_vnd: Vnd,
}

/// What became of an attempt to pay.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AttemptState {
    /// It was begun.
    Started,
    /// The provider has said nothing for too long.
    Unknown,
    /// It has brought a part.
    PartlyCaptured,
    /// It has brought what it was begun for.
    Captured,
    /// The provider says that it failed.
    Failed,
    /// It came to nothing in its time.
    Expired,
}

/// An attempt to pay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptReply {
    /// Its id.
    payment: PaymentId,
    /// Through which provider.
    #[schema(example = "sandbox")]
    provider: String,
    /// How much.
    amount_vnd: Vnd,
    /// The reference that the provider sends back.
    #[schema(example = "DSR-0671ca1f-4813-537f-a30f-6feb4aec6841")]
    reference: String,
    /// What became of it.
    state: AttemptState,
    /// What it has brought.
    captured_vnd: Vnd,
    /// What does not agree, until a cashier has looked into it.
    doubts: Vec<DoubtReply>,
}

/// A receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiptReply {
    /// The payment.
    payment: PaymentId,
    /// Its symbol.
    #[schema(example = "XNK-26E")]
    symbol: String,
    /// Its year.
    #[schema(example = 2026)]
    year: i16,
    /// Its number.
    #[schema(example = 17)]
    number: u64,
    /// For how much it was issued.
    amount_vnd: Vnd,
    /// For how much it stands: what it was issued for, less what of that went back or had not come after all.
    stands_for_vnd: Vnd,
    /// What became of it, if some of its money went back; null if it stands as it was issued.
    became: Option<ReceiptBecomes>,
}

impl PaymentReply {
    /// Nothing is owed: nothing to show.
    pub(crate) fn new(payment: &Payment, law: &Law) -> Option<Self> {
        let assessed = payment.assessed.as_ref()?;
        let (agency, proposal) = (&assessed.brief.agency, payment.proposal.as_ref());
        Some(Self {
            dossier: assessed.brief.dossier,
            lines: assessed
                .lines
                .iter()
                .map(|line| ChargedLineReply {
                    rule: line.rule.clone(),
                    kind: line.kind,
                    name_vi: line.name_vi.clone(),
                    name_en: line.name_en.clone(),
                    full_vnd: line.full,
                    reduction: line.reduction.clone(),
                    charged_vnd: line.charged,
                })
                .collect(),
            total_vnd: assessed.total,
            received_vnd: payment.received,
            refunded_vnd: payment.refunded,
            outstanding_vnd: payment.outstanding(),
            owed_back_vnd: payment.owed_back(),
            repayment: payment.repayment.map(|(owed, why)| RepaymentReply {
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
            settled_at: payment.settled_at,
            window: WindowEnd::of(law, agency, payment.window.map(|window| window.due_at)),
            attempts: payment.attempts.values().map(AttemptReply::from).collect(),
            receipts: payment.receipts.iter().filter_map(ReceiptReply::new).collect(),
        })
    }
}

impl ReceiptReply {
    /// Nothing while it has no number.
    fn new(receipt: &Receipted) -> Option<Self> {
        let (symbol, year, number) = receipt.number.clone()?;
        Some(Self {
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
        let Proposed::Refund(amount) = proposal.what else { return None };
        Some(Self {
            refund: proposal.id,
            amount_vnd: amount,
            proposed_by: proposal.by.clone(),
            due: Due::of(law, agency, proposal.owed.map(|owed| owed.running.due_at)),
            missed: proposal.owed.is_some_and(|owed| owed.missed),
        })
    }
}

impl ProposedResolutionReply {
    fn new(law: &Law, agency: &AgencyCode, proposal: &Proposal) -> Option<Self> {
        let Proposed::Resolution(payment, captured) = proposal.what else { return None };
        Some(Self {
            resolution: proposal.id,
            payment,
            captured_vnd: captured,
            proposed_by: proposal.by.clone(),
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
        } else if attempt.failed {
            AttemptState::Failed
        } else if attempt.expired {
            AttemptState::Expired
        } else if attempt.queries > 0 {
            AttemptState::Unknown
        } else {
            AttemptState::Started
        };
        Self {
            payment: attempt.started.payment,
            provider: attempt.started.provider.clone(),
            amount_vnd: attempt.started.amount,
            reference: attempt.started.reference.clone(),
            state,
            captured_vnd: attempt.captured,
            doubts: attempt.doubts.iter().map(DoubtReply::from).collect(),
        }
    }
}

impl From<&DoubtfulWord> for DoubtReply {
    fn from(doubtful: &DoubtfulWord) -> Self {
        let DoubtfulWord { word, source, doubt, since } = doubtful.clone();
        let (event, transaction, said_vnd) = (word.event, word.transaction, word.amount);
        Self { event, transaction, source, doubt, said_vnd, since }
    }
}

/// Where a dossier stands with intake, whose stream settles what two services decide in the same moment: if it is accepted
/// while its fee goes back, intake hears of that and the fee is owed again.
pub(super) async fn standing(app: &App, dossier: DossierId) -> Result<Standing, Problem> {
    let stream = StreamName::new(&format!("{}-{dossier}", Intake::CATEGORY))
        .map_err(|_| Problem::not_found())?;
    let recorded = app.payments.kit().store.read_whole(&stream).await?;
    let intake: Intake =
        fold(&recorded).map_err(|error| Problem::unavailable(&error.to_string()))?;
    Ok(match intake.stage {
        Stage::Empty | Stage::Submitted => Standing::Unanswered,
        Stage::Processing => Standing::InProcess,
        Stage::Decided | Stage::Refused | Stage::Withdrawn | Stage::Closed(_) => Standing::AtItsEnd,
    })
}

/// Executes the command that is the body of a request, and shows what came of it.
pub(crate) async fn take<C: Command<State = Payment> + DeserializeOwned>(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Reply, Problem> {
    take_as(app, dossier, request, |command: C| command).await
}

/// Executes a command of which the body of a request is a part, and shows what came of it.
pub(crate) async fn take_as<B: DeserializeOwned, C: Command<State = Payment>>(
    app: &App,
    dossier: DossierId,
    request: &Request,
    command: impl FnOnce(B) -> C,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute_as(&app.payments, id, request, command).await?;
    shown(&loaded, PaymentReply::new(&loaded.state, &app.payments.kit().law()))
}

//! Payments as they are shown, and how their steps are taken.

use dossier::contract::{AgencyCode, DossierId, Doubt, OwedBack, ReceiptBecomes, Source};
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
    dossier: Uuid,
    /// The lines of what is owed, phí and lệ phí apart.
    lines: Vec<ChargedLineReply>,
    /// Their sum.
    total_vnd: i64,
    /// What came in.
    received_vnd: i64,
    /// What went back.
    refunded_vnd: i64,
    /// What is owed and not there.
    outstanding_vnd: i64,
    /// What is here and has to go back.
    owed_back_vnd: i64,
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
    #[schema(value_type = Option<String>, format = DateTime)]
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
    /// `over_payment`, `after_window` or `dossier_ended`.
    #[schema(value_type = String)]
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
    amount_vnd: i64,
    /// Who proposed it.
    proposed_by: String,
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
    payment: Uuid,
    /// How much it is said to have brought, in all.
    captured_vnd: i64,
    /// Who proposed it.
    proposed_by: String,
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
    event: String,
    /// The provider's number of the transaction.
    transaction: Option<String>,
    /// By which way it was told.
    #[schema(value_type = String)]
    source: Source,
    /// `not_the_attempts_amount`, `other_amount`, `other_transaction` or `no_number`.
    #[schema(value_type = String)]
    doubt: Doubt,
    /// How much it says.
    said_vnd: i64,
    /// Since when that is known.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// A line of what is owed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChargedLineReply {
    /// The rule of the tariff.
    rule: String,
    /// `phi` or `le_phi`.
    #[schema(value_type = String)]
    kind: FeeKind,
    /// What for, in Vietnamese.
    name_vi: String,
    /// What for, in English.
    name_en: String,
    /// The full amount.
    full_vnd: i64,
    /// The reduction that was applied.
    reduction: Option<String>,
    /// What is charged.
    charged_vnd: i64,
}

/// An attempt to pay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptReply {
    /// Its id.
    payment: Uuid,
    /// Through which provider.
    provider: String,
    /// How much.
    amount_vnd: i64,
    /// The reference that the provider sends back.
    reference: String,
    /// `started`, `unknown`, `partly_captured`, `captured`, `failed` or `expired`.
    state: &'static str,
    /// What it has brought.
    captured_vnd: i64,
    /// What does not agree, until a cashier has looked into it.
    doubts: Vec<DoubtReply>,
}

/// A receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiptReply {
    /// The payment.
    payment: Uuid,
    /// Its symbol.
    symbol: String,
    /// Its year.
    year: i16,
    /// Its number.
    number: u64,
    /// For how much it was issued.
    amount_vnd: i64,
    /// For how much it stands: what it was issued for, less what of that went back or had not come after all.
    stands_for_vnd: i64,
    /// `cancelled` or `reduced`, if some of its money went back; nothing if it stands as it was issued.
    #[schema(value_type = Option<String>)]
    became: Option<ReceiptBecomes>,
}

impl PaymentReply {
    /// Nothing is owed: nothing to show.
    pub(crate) fn new(payment: &Payment, law: &Law) -> Option<Self> {
        let assessed = payment.assessed.as_ref()?;
        let (agency, proposal) = (&assessed.brief.agency, payment.proposal.as_ref());
        Some(Self {
            dossier: assessed.brief.dossier.0,
            lines: assessed
                .lines
                .iter()
                .map(|line| ChargedLineReply {
                    rule: line.rule.clone(),
                    kind: line.kind,
                    name_vi: line.name_vi.clone(),
                    name_en: line.name_en.clone(),
                    full_vnd: line.full.0,
                    reduction: line.reduction.clone(),
                    charged_vnd: line.charged.0,
                })
                .collect(),
            total_vnd: assessed.total.0,
            received_vnd: payment.received.0,
            refunded_vnd: payment.refunded.0,
            outstanding_vnd: payment.outstanding().0,
            owed_back_vnd: payment.owed_back().0,
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
            payment: receipt.payment.0,
            symbol,
            year,
            number,
            amount_vnd: receipt.amount.0,
            stands_for_vnd: receipt.left().0,
            became: receipt.became(),
        })
    }
}

impl ProposedRefundReply {
    fn new(law: &Law, agency: &AgencyCode, proposal: &Proposal) -> Option<Self> {
        let Proposed::Refund(amount) = proposal.what else { return None };
        Some(Self {
            refund: proposal.id,
            amount_vnd: amount.0,
            proposed_by: proposal.by.to_string(),
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
            payment: payment.0,
            captured_vnd: captured.0,
            proposed_by: proposal.by.to_string(),
            due: Due::of(law, agency, proposal.owed.map(|owed| owed.running.due_at)),
            missed: proposal.owed.is_some_and(|owed| owed.missed),
        })
    }
}

impl From<&Attempt> for AttemptReply {
    fn from(attempt: &Attempt) -> Self {
        let state = if attempt.is_complete() {
            "captured"
        } else if attempt.captured.0 > 0 {
            "partly_captured"
        } else if attempt.failed {
            "failed"
        } else if attempt.expired {
            "expired"
        } else if attempt.queries > 0 {
            "unknown"
        } else {
            "started"
        };
        Self {
            payment: attempt.started.payment.0,
            provider: attempt.started.provider.clone(),
            amount_vnd: attempt.started.amount.0,
            reference: attempt.started.reference.clone(),
            state,
            captured_vnd: attempt.captured.0,
            doubts: attempt.doubts.iter().map(DoubtReply::from).collect(),
        }
    }
}

impl From<&DoubtfulWord> for DoubtReply {
    fn from(doubtful: &DoubtfulWord) -> Self {
        let DoubtfulWord { word, source, doubt, since } = doubtful.clone();
        let (event, transaction, said_vnd) = (word.event, word.transaction, word.amount.0);
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

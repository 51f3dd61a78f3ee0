//! Representation of payment orders.

use dossier::contract::{
    AgencyCode, DossierCode, DossierId, Doubt, OrderEnd, OrderMember, PaymentId, PaymentOrderId,
    Source, Subject, Vnd,
};
use dossier::payment::{DoubtfulWord, Payment};
use dossier::payment_orders::{BegunRefund, OrderStage, PaymentOrder};
use engine::{Loaded, Streams};
use jiff::Timestamp;
use partners::Start;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Language, Problem, Reply, Request, shown};

use crate::App;
use crate::orders::Order;
use crate::partners::short;

/// Where a payment order is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OrderState {
    /// Its dossiers get their attempts; it cannot be paid yet.
    Joining,
    /// It can be paid.
    Open,
    /// The exact sum was paid.
    Paid,
    /// What a dossier owes changed before the order could be paid.
    NotOpened,
    /// The payer or a cashier cancelled it.
    Cancelled,
    /// The provider reported a failure, or did not begin the payment.
    Failed,
    /// It was not paid in time.
    Expired,
}

/// A dossier of a payment order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderMemberReply {
    /// Id of the dossier.
    dossier: DossierId,
    /// Code of the dossier.
    code: DossierCode,
    /// Id of the attempt in the payments of the dossier.
    payment: PaymentId,
    /// Its part of the sum, in VND.
    amount_vnd: Vnd,
}

/// A report of money that is counted for nobody. A cashier matches the notice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderDoubtReply {
    /// The provider's id of the report.
    #[schema(example = "ipn-4711")]
    event: String,
    /// The provider's transaction number.
    #[schema(example = "T1")]
    transaction: Option<String>,
    /// The way in which it was reported.
    source: Source,
    /// Kind of discrepancy.
    doubt: Doubt,
    /// Reported amount in VND.
    said_vnd: Vnd,
    /// Time at which it was recorded.
    since: Timestamp,
}

/// A refund of money of one dossier, for which the provider is asked. One that waits for others has
/// none; its outcome is in the payments of the dossier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderRefundReply {
    /// Id of the refund (`sent_refunds` of the dossier).
    refund: Uuid,
    /// Id of the dossier.
    dossier: DossierId,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Since when the provider is asked for it.
    begun_at: Timestamp,
}

/// One payment for the fees of several dossiers, in whole đồng.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentOrderReply {
    /// Id of the payment order.
    order: PaymentOrderId,
    /// Subject of the payer: the applicant of all its dossiers, in whose name receipts are issued.
    payer: Subject,
    /// Code of the agency of its dossiers.
    agency: AgencyCode,
    /// Code of the provider.
    #[schema(example = "sandbox")]
    provider: String,
    /// Sum to pay. Any other amount is counted for none of the dossiers until a cashier has looked
    /// into it.
    total_vnd: Vnd,
    /// Reference that a provider with a token sends back.
    #[schema(example = "DSO-0671ca1f4813537fa30f6feb4aec6841")]
    reference: String,
    /// The short reference, for partners and memos of bank transfers: with a check digit.
    #[schema(example = "DSR4Z7K0M2C9WXQ5")]
    short_reference: String,
    /// Where the payer's browser continues, while it can be paid. Null for the sandbox, for a
    /// transfer, and until a partner that has to be called has answered.
    #[schema(example = "https://pay.example/4711")]
    next_url: Option<String>,
    /// Text of a QR code for the payer's bank app, while it can be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "00020101021238570010A00000072701270006970436")]
    qr: Option<String>,
    /// State of the order.
    state: OrderState,
    /// When it expires. Money that comes later still counts.
    expires_at: Timestamp,
    /// When the money moved, by the provider's clock, or else when it was recorded; null while it
    /// is not paid.
    paid_at: Option<Timestamp>,
    /// The dossier that owed something else before the order could be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_dossier: Option<DossierId>,
    /// Its dossiers, with their parts of the sum.
    members: Vec<OrderMemberReply>,
    /// Reports of money that is counted for nobody.
    doubts: Vec<OrderDoubtReply>,
    /// Refunds for which the provider is or was asked, in the order of their beginning.
    refunds: Vec<OrderRefundReply>,
}

impl PaymentOrderReply {
    /// `None` before the order has begun.
    fn new(order: &PaymentOrder, at: Timestamp) -> Option<Self> {
        let (started, stage) = (order.started()?, order.stage(at)?);
        let paid = order.paid();
        Some(Self {
            order: started.order,
            payer: started.payer.clone(),
            agency: started.agency.clone(),
            provider: started.provider.clone(),
            total_vnd: started.total,
            reference: started.reference.clone(),
            short_reference: short(started.order.0),
            next_url: None,
            qr: None,
            state: match stage {
                OrderStage::Joining => OrderState::Joining,
                OrderStage::Open => OrderState::Open,
                OrderStage::Paid => OrderState::Paid,
                OrderStage::Ended(OrderEnd::NotOpened) => OrderState::NotOpened,
                OrderStage::Ended(OrderEnd::Cancelled) => OrderState::Cancelled,
                OrderStage::Ended(OrderEnd::Failed) => OrderState::Failed,
                OrderStage::Expired => OrderState::Expired,
            },
            expires_at: started.expires_at,
            paid_at: paid.map(|paid| paid.paid_at.unwrap_or(paid.recorded_at)),
            changed_dossier: order.ended().and_then(|ended| ended.dossier),
            members: started.members.iter().map(OrderMemberReply::from).collect(),
            doubts: order.attempt().iter().flat_map(|one| &one.doubts).map(Into::into).collect(),
            refunds: order.refunds().iter().map(OrderRefundReply::from).collect(),
        })
    }
}

impl From<&OrderMember> for OrderMemberReply {
    fn from(member: &OrderMember) -> Self {
        let OrderMember { dossier, code, payment, amount } = member.clone();
        Self { dossier, code, payment, amount_vnd: amount }
    }
}

impl From<&BegunRefund> for OrderRefundReply {
    fn from(begun: &BegunRefund) -> Self {
        let BegunRefund { refund, dossier, amount, at, .. } = *begun;
        Self { refund, dossier, amount_vnd: amount, begun_at: at }
    }
}

impl From<&DoubtfulWord> for OrderDoubtReply {
    fn from(doubtful: &DoubtfulWord) -> Self {
        let DoubtfulWord { word, source, doubt, since } = doubtful.clone();
        let (event, transaction, said_vnd) = (word.event, word.transaction, word.amount);
        Self { event, transaction, source, doubt, said_vnd, since }
    }
}

/// An order, with how the payer goes on while it can be paid.
pub(super) async fn shown_to(
    app: &App,
    loaded: &Loaded<PaymentOrder>,
    request: &Request,
) -> Result<Reply, Problem> {
    shown(loaded, body(app, loaded, request).await?)
}

/// The body of a reply; `None` before the order has begun.
pub(super) async fn body(
    app: &App,
    loaded: &Loaded<PaymentOrder>,
    request: &Request,
) -> Result<Option<PaymentOrderReply>, Problem> {
    let now = app.payments.engine().clock.now();
    let mut reply = PaymentOrderReply::new(&loaded.state, now);
    let members = loaded.state.started().map_or(&[][..], |started| &started.members);
    if let (Some(reply), Some(leading)) = (&mut reply, members.first())
        && loaded.state.stage(now) == Some(OrderStage::Open)
    {
        let payment = app.payments.load(&Streams::<Payment>::of(leading.dossier.0)).await?;
        reply.continues(app, &payment.state, leading, request);
    }
    Ok(reply)
}

impl PaymentOrderReply {
    /// Shows how the payer goes on, by the leading attempt.
    fn continues(&mut self, app: &App, payment: &Payment, of: &OrderMember, request: &Request) {
        let known = app.desk.partners.get(&self.provider);
        let (Some(attempt), Some(known)) = (payment.attempts.get(&of.payment), known) else {
            return;
        };
        let client = request.client.to_string();
        let english = request.language() == Language::English;
        let order = Order::of(&app.desk.partners, payment, attempt, (Some(&client), english));
        match order.map(|order| order.start(known)) {
            Some(Ok(Start::Redirect(url))) => self.next_url = Some(url),
            Some(Ok(Start::Qr { text, .. })) => self.qr = Some(text),
            Some(Ok(Start::Call(_))) => self.next_url.clone_from(&attempt.next_url),
            Some(Err(_)) | None => {}
        }
    }
}

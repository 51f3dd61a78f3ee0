//! Representation of a result, and execution of its steps.

use dossier::access::{self, Caller, Resource};
use dossier::contract::{
    AgencyCode, DeliveryChannel, DocumentDigest, DocumentName, DossierCode, DossierId, DutyMet,
    Outcome, ParcelEnd, Personal, Subject,
};
use dossier::delivery::{
    DossierResult, Owed, Parcel, READ_ADDRESS, READ_DOCUMENT, READ_OFFICERS, Stage,
};
use dossier::law::Law;
use dossier::{Command, State};
use engine::Loaded;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use web::{AddressReply, Due, Problem, RenewalDue, Reply, Request, Validity, execute_as, shown};

use crate::App;

/// The result of a dossier and its delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryReply {
    /// Id of the dossier.
    dossier: DossierId,
    /// Code printed on the slips of the dossier.
    code: DossierCode,
    /// Outcome of the decision.
    outcome: Outcome,
    /// The result's code in the national catalogue.
    #[schema(example = "KQ.G02.000101")]
    result: String,
    /// Stage of the delivery.
    stage: DeliveryStage,
    /// Number of the result; absent until it is issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1/2026/G02.001-KQ.G02.000101")]
    number: Option<String>,
    /// End of the validity.
    #[serde(flatten)]
    #[schema(inline)]
    validity: Validity,
    /// Whether the result has expired.
    expired: bool,
    /// Number of renewals.
    renewals: u32,
    /// Due instant of the decision on a renewal, if one was requested.
    #[serde(flatten)]
    #[schema(inline)]
    renewal: RenewalDue,
    /// Duties after the result, open or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    duties: Vec<DutyReply>,
    /// Officer who issued the result; for officers.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_by: Option<Subject>,
    /// The issued document; absent until it is uploaded, and for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<ResultDocumentReply>,
    /// Delivery channel.
    channel: Option<DeliveryChannel>,
    /// Postal address, for delivery by post. Only for the applicant, clerks and auditors; also
    /// absent after its erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<AddressReply>,
    /// Hand-over to the recipient; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    handed_out: Option<HandedOutReply>,
    /// Written reason of the revocation; absent for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Hồ sơ có tài liệu giả mạo")]
    revoked_because: Option<String>,
    /// The applicant's reason for the latest renewal request; absent for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Vẫn tiếp tục nhập khẩu")]
    renewal_requested_because: Option<String>,
    /// Written reason for which the latest renewal was refused; absent for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Chưa nộp báo cáo")]
    renewal_refused_because: Option<String>,
    /// Reference of the latest parcel, which the carrier sends back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "DSR-1-2")]
    parcel_reference: Option<String>,
    /// Status of the latest parcel, as last reported by its carrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Đang phát")]
    tracked: Option<String>,
    /// Number of returned parcels.
    returns: u32,
    /// All parcels, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parcels: Vec<ParcelReply>,
}

/// The document of an issued result or of a duty that was met.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResultDocumentReply {
    /// Name of the stored document.
    document: DocumentName,
    /// SHA-256 of its content when it was named; absent for older documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<DocumentDigest>,
}

/// The hand-over of a result to its recipient.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HandedOutReply {
    /// Time of the hand-over.
    at: Timestamp,
    /// Channel by which it reached the recipient.
    channel: DeliveryChannel,
    /// Recipient, if not the applicant; absent for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Bảo vệ công ty")]
    received_by: Option<String>,
}

/// How far the result of a dossier has come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeliveryStage {
    Prepared,
    Issued,
    WithCarrier,
    Delivered,
    Revoked,
    Cancelled,
}

/// Whether a parcel has arrived.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ParcelState {
    OnItsWay,
    Delivered,
    Returned,
}

/// A parcel with a result, handed to a carrier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParcelReply {
    /// Code of the carrier.
    #[schema(example = "vnpost")]
    carrier: String,
    /// The carrier's number of the parcel.
    #[schema(example = "EA123456789VN")]
    waybill: String,
    /// Reference that the carrier sends back.
    #[schema(example = "DSR-1-2")]
    reference: String,
    /// State by the carrier's first report of an end.
    state: ParcelState,
    /// Whether the carrier later reported another end, which has to be clarified.
    contradicted: bool,
    /// Status as last reported by its carrier; absent for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Đang phát")]
    status: Option<String>,
}

impl ParcelReply {
    fn new(parcel: &Parcel) -> Self {
        Self {
            carrier: parcel.carrier.clone(),
            waybill: parcel.waybill.clone(),
            reference: parcel.handed.reference.clone(),
            state: match parcel.end {
                None => ParcelState::OnItsWay,
                Some(ParcelEnd::Delivered) => ParcelState::Delivered,
                Some(ParcelEnd::Returned) => ParcelState::Returned,
            },
            contradicted: parcel.contradicted,
            status: known(parcel.status.as_ref()),
        }
    }
}

/// A duty after a result.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DutyReply {
    /// Code of the duty in the procedure.
    #[schema(example = "report")]
    duty: String,
    /// Due instant.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether it was not met in time.
    missed: bool,
    /// Time at which it was met; null until then.
    met_at: Option<Timestamp>,
    /// Remark of the applicant; absent for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Báo cáo năm 2026")]
    note: Option<String>,
    /// Evidence; absent for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<ResultDocumentReply>,
}

impl DutyReply {
    fn new(
        duty: &str,
        (owed, met): (Owed, Option<&DutyMet>),
        law: &Law,
        agency: &AgencyCode,
    ) -> Self {
        let Owed { running, missed, met_at } = owed;
        let due = Due::of(law, agency, running.due_at);
        let note = met.and_then(|met| known(met.note.as_ref()));
        let document = met.and_then(|met| {
            ResultDocumentReply::new(met.document.as_ref(), met.document_sha256.as_ref())
        });
        Self { duty: duty.to_owned(), due, missed, met_at, note, document }
    }
}

fn known(text: Option<&Personal<String>>) -> Option<String> {
    text.and_then(Personal::known).cloned()
}

impl ResultDocumentReply {
    fn new(document: Option<&DocumentName>, sha256: Option<&DocumentDigest>) -> Option<Self> {
        Some(Self { document: document?.clone(), sha256: sha256.cloned() })
    }
}

impl DeliveryReply {
    /// The part that the caller may read.
    fn for_caller(mut self, caller: &Caller, resource: &Resource) -> Self {
        let may = |mays| access::decide(caller, mays, Some(resource)).is_ok();
        if !may(READ_ADDRESS) {
            self.address = None;
        }
        if !may(READ_OFFICERS) {
            self.issued_by = None;
        }
        if may(READ_DOCUMENT) { self } else { self.without_texts() }
    }

    /// Without texts and documents, for operators.
    fn without_texts(mut self) -> Self {
        self.parcels.iter_mut().for_each(|parcel| parcel.status = None);
        for duty in &mut self.duties {
            (duty.note, duty.document) = (None, None);
        }
        if let Some(handed_out) = &mut self.handed_out {
            handed_out.received_by = None;
        }
        Self {
            document: None,
            tracked: None,
            revoked_because: None,
            renewal_requested_because: None,
            renewal_refused_because: None,
            ..self
        }
    }

    /// `None` if no result was prepared.
    pub(crate) fn new(result: &DossierResult, law: &Law) -> Option<Self> {
        let prepared = result.prepared()?;
        let agency = &prepared.brief.agency;
        let stage = match result.stage() {
            Stage::Empty => return None,
            Stage::Prepared => DeliveryStage::Prepared,
            Stage::Issued => DeliveryStage::Issued,
            Stage::WithCarrier => DeliveryStage::WithCarrier,
            Stage::Delivered => DeliveryStage::Delivered,
            Stage::Revoked => DeliveryStage::Revoked,
            Stage::Cancelled => DeliveryStage::Cancelled,
        };
        let after = &result.after;
        Some(Self {
            dossier: prepared.brief.dossier,
            code: prepared.brief.code.clone(),
            outcome: prepared.outcome,
            result: prepared.result.clone(),
            stage,
            number: result.issued().map(|issued| issued.number.clone()),
            validity: Validity::of(law, agency, after.validity.map(|v| v.running.due_at)),
            expired: after.validity.is_some_and(|validity| validity.missed),
            renewals: after.renewals,
            renewal: RenewalDue::of(law, agency, after.renewal.map(|r| r.running.due_at)),
            duties: after
                .duties
                .iter()
                .map(|(duty, owed)| {
                    let met = result.reasons.duties.get(duty).map(|met| &**met);
                    DutyReply::new(duty, (*owed, met), law, agency)
                })
                .collect(),
            issued_by: result.issued().map(|issued| issued.officer.clone()),
            document: result.issued().and_then(|issued| {
                ResultDocumentReply::new(issued.document.as_ref(), issued.document_sha256.as_ref())
            }),
            channel: result.delivery.as_ref().map(|delivery| delivery.channel),
            address: result
                .delivery
                .as_ref()
                .and_then(|delivery| delivery.address.as_ref()?.known())
                .map(AddressReply::from),
            handed_out: result.reasons.handed_out.as_ref().map(|handed| HandedOutReply {
                at: handed.at,
                channel: handed.channel,
                received_by: known(handed.received_by.as_ref()),
            }),
            revoked_because: known(result.reasons.revoked.as_ref()),
            renewal_requested_because: known(result.reasons.renewal_requested.as_ref()),
            renewal_refused_because: known(result.reasons.renewal_refused.as_ref()),
            parcel_reference: result.parcel().map(|parcel| parcel.handed.reference.clone()),
            tracked: result.parcel().and_then(|parcel| parcel.status.as_ref()?.known().cloned()),
            returns: result.returns,
            parcels: result.in_order().map(ParcelReply::new).collect(),
        })
    }
}

/// Executes the command in the body of a request, and returns the result afterwards.
pub(crate) async fn take<C: Command<State = DossierResult> + DeserializeOwned>(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Reply, Problem> {
    take_as(app, dossier, request, |command: C| command).await
}

/// As [`take`], for a command that is built from the body.
pub(crate) async fn take_as<B: DeserializeOwned, C: Command<State = DossierResult>>(
    app: &App,
    dossier: DossierId,
    request: &Request,
    command: impl FnOnce(B) -> C,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute_as(&app.results, id, request, command).await?;
    shown_to(app, &loaded, request)
}

/// The result, as far as the caller may read it.
pub(super) fn shown_to(
    app: &App,
    loaded: &Loaded<DossierResult>,
    request: &Request,
) -> Result<Reply, Problem> {
    let reply = DeliveryReply::new(&loaded.state, &app.results.engine().law());
    let (caller, resource) = (request.caller()?, loaded.state.resource().unwrap_or_default());
    shown(loaded, reply.map(|reply| reply.for_caller(caller, &resource)))
}

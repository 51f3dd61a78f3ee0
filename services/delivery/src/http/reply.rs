//! Representation of a result, and execution of its steps.

use dossier::Command;
use dossier::contract::{AgencyCode, DeliveryChannel, DossierCode, DossierId, Outcome, ParcelEnd};
use dossier::delivery::{DossierResult, Owed, Parcel, Stage};
use dossier::law::Law;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use web::{Due, Problem, RenewalDue, Reply, Request, Validity, execute_as, shown};

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
    /// Delivery channel.
    channel: Option<DeliveryChannel>,
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
}

impl DutyReply {
    fn new(duty: &str, owed: Owed, law: &Law, agency: &AgencyCode) -> Self {
        let Owed { running, missed, met_at } = owed;
        let due = Due::of(law, agency, running.due_at);
        Self { duty: duty.to_owned(), due, missed, met_at }
    }
}

impl DeliveryReply {
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
                .map(|(duty, owed)| DutyReply::new(duty, *owed, law, agency))
                .collect(),
            channel: result.delivery.as_ref().map(|delivery| delivery.channel),
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
    shown(&loaded, DeliveryReply::new(&loaded.state, &app.results.engine().law()))
}

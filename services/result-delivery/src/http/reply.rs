//! A result as it is shown, and how its steps are taken.

use dossier::Command;
use dossier::contract::{AgencyCode, DeliveryChannel, DossierCode, DossierId, Outcome, ParcelEnd};
use dossier::delivery::{DossierResult, Owed, Parcel, Stage};
use dossier::law::Law;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::http::{Due, Problem, RenewalDue, Reply, Request, Validity, execute_as, shown};
use utoipa::ToSchema;

use crate::App;

/// A result on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryReply {
    /// The dossier.
    dossier: DossierId,
    /// The code on its slips.
    code: DossierCode,
    /// What was decided.
    outcome: Outcome,
    /// The result's code in the national catalogue.
    #[schema(example = "KQ.G02.000101")]
    result: String,
    /// Where it is.
    stage: DeliveryStage,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1/2026/G02.001-KQ.G02.000101")]
    number: Option<String>,
    /// Until when it is valid.
    #[serde(flatten)]
    #[schema(inline)]
    validity: Validity,
    /// Whether that time is over.
    expired: bool,
    /// How often it was made valid for longer.
    renewals: u32,
    /// By when it is to be decided whether it is valid for longer, if that was asked for.
    #[serde(flatten)]
    #[schema(inline)]
    renewal: RenewalDue,
    /// What is owed after it, or was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    duties: Vec<DutyReply>,
    /// How it is wanted.
    channel: Option<DeliveryChannel>,
    /// The reference that the carrier sends back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "DSR-1-2")]
    parcel_reference: Option<String>,
    /// What the carrier said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Đang phát")]
    tracked: Option<String>,
    /// How many parcels came back.
    returns: u32,
    /// Every parcel, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parcels: Vec<ParcelReply>,
}

/// Where a result is.
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

/// Where a parcel is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ParcelState {
    OnItsWay,
    Delivered,
    Returned,
}

/// A parcel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParcelReply {
    /// Its carrier.
    #[schema(example = "vnpost")]
    carrier: String,
    /// The carrier's own number.
    #[schema(example = "EA123456789VN")]
    waybill: String,
    /// The reference that the carrier sends back.
    #[schema(example = "DSR-1-2")]
    reference: String,
    /// As the carrier said first.
    state: ParcelState,
    /// Whether the carrier said later that it came to something else: somebody should ask.
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

/// Something that is owed after a result, or was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DutyReply {
    /// Its code, as the procedure names it.
    #[schema(example = "report")]
    duty: String,
    /// By when.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether its time passed without it.
    missed: bool,
    /// When it was done.
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
    /// Nothing was decided: nothing to show.
    pub(crate) fn new(result: &DossierResult, law: &Law) -> Option<Self> {
        let prepared = result.prepared.as_ref()?;
        let agency = &prepared.brief.agency;
        let stage = match result.stage {
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
            number: result.issued.as_ref().map(|issued| issued.number.clone()),
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
            parcel_reference: result.parcel.as_ref().map(|parcel| parcel.reference.clone()),
            tracked: result.tracked.as_ref().and_then(|status| status.known().cloned()),
            returns: result.returns,
            parcels: result.in_order().map(ParcelReply::new).collect(),
        })
    }
}

/// Executes the command that is the body of a request, and shows what came of it.
pub(crate) async fn take<C: Command<State = DossierResult> + DeserializeOwned>(
    app: &App,
    dossier: DossierId,
    request: &Request,
) -> Result<Reply, Problem> {
    take_as(app, dossier, request, |command: C| command).await
}

/// The same where the body is not the whole command.
pub(crate) async fn take_as<B: DeserializeOwned, C: Command<State = DossierResult>>(
    app: &App,
    dossier: DossierId,
    request: &Request,
    command: impl FnOnce(B) -> C,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute_as(&app.results, id, request, command).await?;
    shown(&loaded, DeliveryReply::new(&loaded.state, &app.results.kit().law()))
}

//! A result as it is shown, and how its steps are taken.

use dossier::contract::{
    AgencyCode, DeliveryChannel, DeliveryEvent, DossierId, Outcome, ParcelEnd,
};
use dossier::delivery::{DossierResult, Owed, Parcel, Stage};
use dossier::law::Law;
use dossier::{Facts, Refuse, Step};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::http::{Due, Problem, RenewalDue, Reply, Request, Validity, shown};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// A result on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryReply {
    /// The dossier.
    dossier: Uuid,
    /// The code on its slips.
    code: String,
    /// `approved` or `refused`.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// The result's code in the national catalogue.
    result: String,
    /// Where it is: `prepared`, `issued`, `with_carrier`, `delivered`, `revoked` or `cancelled`.
    stage: &'static str,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    /// `download`, `collection` or `post`.
    #[schema(value_type = Option<String>)]
    channel: Option<DeliveryChannel>,
    /// The reference that the carrier sends back.
    #[serde(skip_serializing_if = "Option::is_none")]
    parcel_reference: Option<String>,
    /// What the carrier said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracked: Option<String>,
    /// How many parcels came back.
    returns: u32,
    /// Every parcel, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parcels: Vec<ParcelReply>,
}

/// A parcel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParcelReply {
    /// Its carrier.
    carrier: String,
    /// The carrier's own number.
    waybill: String,
    /// The reference that the carrier sends back.
    reference: String,
    /// `on_its_way`, `delivered` or `returned`, as the carrier said first.
    state: &'static str,
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
                None => "on_its_way",
                Some(ParcelEnd::Delivered) => "delivered",
                Some(ParcelEnd::Returned) => "returned",
            },
            contradicted: parcel.contradicted,
        }
    }
}

/// Something that is owed after a result, or was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DutyReply {
    /// Its code, as the procedure names it.
    duty: String,
    /// By when.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether its time passed without it.
    missed: bool,
    /// When it was done.
    #[schema(value_type = Option<String>, format = DateTime)]
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
            Stage::Prepared => "prepared",
            Stage::Issued => "issued",
            Stage::WithCarrier => "with_carrier",
            Stage::Delivered => "delivered",
            Stage::Revoked => "revoked",
            Stage::Cancelled => "cancelled",
        };
        let after = &result.after;
        Some(Self {
            dossier: prepared.brief.dossier.0,
            code: prepared.brief.code.to_string(),
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

/// Takes a step and shows what came of it.
pub(crate) async fn take<B: DeserializeOwned + Sync, R: Refuse>(
    app: &App,
    which: Step,
    dossier: DossierId,
    request: &Request,
    decide: impl Fn(&B, &DossierResult, &Facts<'_>) -> Result<Vec<DeliveryEvent>, R>,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = service_kit::http::take(&app.results, which, id, request, decide).await?;
    shown(&loaded, DeliveryReply::new(&loaded.state, &app.results.kit().law()))
}

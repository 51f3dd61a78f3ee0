//! Papers for parcels: the label, and the list of the parcels that were handed to a carrier on a
//! day (bảng kê; Decision 45/2016/QĐ-TTg, art. 9).

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Comparison, ERASED, Form, Office, Paper};
use crate::access::{May, agency, any, own};
use crate::contract::{
    AgencyCode, Audience, DeliveryChannel, DeliveryEvent, DossierId, ParcelEnd, Personal, Role,
};
use crate::delivery::{DossierResult, Parcel};
use crate::law::{Issuer, Law};
use crate::step::{Facts, State};

/// Hand-overs that one list looks at, at most.
pub const LISTED_MAX: u32 = 200;

/// Permissions to print the label of a result; a carrier, only of a parcel that it has.
pub const READ_PARCELS: &[May] =
    &[own(Role::Applicant), agency(Role::Clerk), agency(Role::Auditor), any(Role::Carrier)];

/// Permissions to print the labels of several results.
pub const PRINT_LABELS: &[May] = &[agency(Role::Clerk), agency(Role::Auditor)];

/// Permissions to list parcels; a carrier, only its own.
pub const READ_PARCEL_LISTS: &[May] =
    &[agency(Role::Clerk), agency(Role::Auditor), any(Role::Carrier)];

/// What the label of a parcel says. Erased values are `[đã xóa]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Label {
    /// Id of the dossier.
    pub dossier: DossierId,
    /// Code of the dossier.
    #[schema(example = "G02.001-261126-0200000042")]
    pub code: String,
    /// Name of the sending agency.
    #[schema(example = "Cục Xuất nhập khẩu")]
    pub agency_name: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub recipient: Recipient,
    /// Name of the carrier; null until the parcel is handed over.
    #[schema(example = "vnpost")]
    pub carrier: Option<String>,
    /// The carrier's number of the parcel; null until it is handed over.
    #[schema(example = "EA123456789VN")]
    pub waybill: Option<String>,
    /// Reference of the parcel, which the carrier reports back; null until it is handed over.
    #[schema(example = "DSR-1")]
    pub reference: Option<String>,
}

/// The recipient of a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ParcelRecipient)]
pub struct Recipient {
    /// Name that the applicant gave for the recipient.
    #[schema(example = "Nguyễn Văn A")]
    pub recipient_name: String,
    /// Street, ward and province.
    #[schema(example = "12 Tràng Tiền, Hà Nội")]
    pub recipient_address: String,
    /// Telephone number.
    #[schema(example = "0912345678")]
    pub recipient_phone: String,
}

/// The parcels that an agency handed to a carrier on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ParcelList {
    /// Code of the sending agency.
    #[schema(example = "G02.001")]
    pub agency: String,
    /// Name of the sending agency.
    #[schema(example = "Cục Xuất nhập khẩu")]
    pub agency_name: String,
    /// Name of the carrier.
    #[schema(example = "vnpost")]
    pub carrier: String,
    /// The day, in the agency's time zone.
    pub day: Date,
    /// Number of parcels.
    pub count: usize,
    /// The parcels, in the order of their hand-over.
    pub parcels: Vec<ParcelRow>,
}

/// A parcel in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ParcelRow {
    /// Id of the dossier.
    pub dossier: DossierId,
    /// Code of the dossier.
    #[schema(example = "G02.001-261126-0200000042")]
    pub code: String,
    /// The carrier's number of the parcel.
    #[schema(example = "EA123456789VN")]
    pub waybill: String,
    /// Reference of the parcel, which the carrier reports back.
    #[schema(example = "DSR-1")]
    pub reference: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub recipient: Recipient,
}

/// The recipient to whom the result is posted; `None` if it is not. `erased` becomes true if the
/// address was erased.
fn recipient(result: &DossierResult, erased: &mut bool) -> Option<Recipient> {
    let delivery = result.delivery.as_ref().filter(|one| one.channel == DeliveryChannel::Post)?;
    Some(match delivery.address.as_ref()? {
        Personal::Known(address) => Recipient {
            recipient_name: address.name.clone(),
            recipient_address: address.lines.join(", "),
            recipient_phone: address.phone.clone(),
        },
        Personal::Erased => {
            *erased = true;
            let erased = || ERASED.to_owned();
            Recipient {
                recipient_name: erased(),
                recipient_address: erased(),
                recipient_phone: erased(),
            }
        }
    })
}

/// The name of the recipient to whom the result is posted, as far as this role may read it. `None`
/// if it is not posted, or if the name was erased.
#[must_use]
pub fn recipient_name(result: &DossierResult, role: Role) -> Option<String> {
    let posted = result.delivery.as_ref().filter(|one| one.channel == DeliveryChannel::Post)?;
    let address = posted.address.as_ref().and_then(Personal::known)?;
    Audience::Address.has(role).then(|| address.name.clone())
}

/// The label of a result that is or will be posted: with carrier, waybill and reference once it was
/// handed over. `None` if it is not posted. `now` determines the agency: a successor sends what its
/// predecessor decided.
#[must_use]
pub fn label(result: &DossierResult, now: Timestamp, law: &Law) -> Option<(Label, Paper)> {
    let brief = &result.prepared()?.brief;
    // A returned parcel is sent again, with a new waybill.
    let parcel = result.parcel().filter(|parcel| parcel.end != Some(ParcelEnd::Returned));
    let recorded = parcel.and_then(|parcel| parcel.handed.paper.as_ref());
    let office = Office::of(law, &brief.agency, now, recorded)?;
    let mut erased = false;
    let recipient = recipient(result, &mut erased)?;
    let label = Label {
        dossier: brief.dossier,
        code: brief.code.to_string(),
        agency_name: office.name.clone(),
        recipient,
        carrier: parcel.map(|parcel| parcel.handed.carrier.clone()),
        waybill: parcel.map(|parcel| parcel.handed.waybill.clone()),
        reference: parcel.map(|parcel| parcel.handed.reference.clone()),
    };
    let issuer = Issuer { law, agency: &brief.agency, at: now };
    let paper = Paper::new(Form::Label, (&label, erased), &issuer, recorded)?;
    Some((label, paper))
}

/// Records the label of a parcel that the events of a decision hand to a carrier.
pub(crate) fn issue_labels(
    result: &DossierResult,
    mut events: Vec<DeliveryEvent>,
    facts: &Facts<'_>,
) -> Vec<DeliveryEvent> {
    if !events.iter().any(|event| matches!(event, DeliveryEvent::ResultHandedToCarrier(_))) {
        return events;
    }
    let (mut after, meta) = (result.clone(), super::decided(facts));
    for event in &mut events {
        after.evolve(event, &meta);
        if let DeliveryEvent::ResultHandedToCarrier(handed) = event {
            let made = label(&after, facts.at, facts.law);
            handed.paper = made.map(|(label, paper)| paper.record(&label.agency_name));
        }
    }
    events
}

/// The comparison of the label of the parcel that was handed over last with its record; `after` is
/// the state after the hand-over at `at`. `None` if there is no such record.
#[must_use]
pub fn verify_label(after: &DossierResult, at: Timestamp, law: &Law) -> Option<Comparison> {
    after.parcel()?.handed.paper.as_ref()?;
    let made = label(after, at, law);
    Some(made.map_or(Comparison::Differs, |(_, paper)| paper.comparison()))
}

/// The row of a parcel of this result. `None` if the result is no longer posted.
#[must_use]
pub fn parcel_row(result: &DossierResult, parcel: &Parcel) -> Option<ParcelRow> {
    let brief = &result.prepared()?.brief;
    Some(ParcelRow {
        dossier: brief.dossier,
        code: brief.code.to_string(),
        waybill: parcel.handed.waybill.clone(),
        reference: parcel.handed.reference.clone(),
        recipient: recipient(result, &mut false)?,
    })
}

/// The list of an agency's parcels of a day, printed `now`. `None` if the registry has no such
/// agency.
#[must_use]
pub fn parcel_list(
    (agency, carrier, day): (&AgencyCode, &str, Date),
    parcels: Vec<ParcelRow>,
    (law, now): (&Law, Timestamp),
) -> Option<(ParcelList, Paper)> {
    let agency_name = law.agency(agency)?.name.vi.clone();
    let list = ParcelList {
        agency: agency.to_string(),
        agency_name,
        carrier: carrier.to_owned(),
        day,
        count: parcels.len(),
        parcels,
    };
    let issuer = Issuer { law, agency, at: now };
    let paper = Paper::new(Form::ParcelList, (&list, false), &issuer, None)?;
    Some((list, paper))
}

#[cfg(test)]
mod tests;

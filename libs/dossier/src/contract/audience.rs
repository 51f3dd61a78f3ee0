//! Who may read a recorded fact. It is declared beside the field of the event, see
//! [`payload!`](super::payload), and [`readable`] is the only function that applies it.

use serde_json::{Map, Value};

use super::{
    Attachment, BookTotals, Brief, ChargedLine, Delivery, Document, DutyOwed, FeeClaim,
    FeeClaimDecision, Helper, MessageDocument, OrderMember, OrderShare, PaperPrinted, PersonalRead,
    ReceiptCorrected, Receiver, Role, StatementLine, SubscriberRights, Wanted, WholeOrder,
};
use crate::services::Category;

/// The roles that may read a field. Which dossiers a role may read at all is decided by
/// [`access`](crate::access).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody, without a token: what is published.
    Public,
    /// Every role that has access to the dossier.
    Everyone,
    /// Every role except the applicant: the subjects of officers.
    Staff,
    /// Those who need the content of the dossier: the form, its documents, and reasons that are
    /// addressed to the applicant.
    Content,
    /// Officers who work on the decision, auditors and operators.
    Review,
    /// Officers who work on the decision, and auditors: texts that officers write for one another.
    Officers,
    /// Messages between applicant and agency: both sides, and auditors.
    Messages,
    /// As `Officers`, and the consulted agency.
    Consulted,
    /// The payer, those who collect and check fees, and operators.
    Money,
    /// As `Money`, without operators: reasons that are addressed to the payer.
    MoneyTexts,
    /// Those who collect and check fees: texts that they write for one another.
    Cashiers,
    /// The applicant, officers who issue and deliver the result, and operators.
    Result,
    /// The address to which the result is sent: the recipient, those who send it, and the carrier
    /// of the parcel.
    Address,
    /// The applicant's remark on a rating.
    Rating,
    /// The complainant, the agency that handles the complaint, those to whom it is escalated, and
    /// operators.
    Complaint,
    /// The complainant, the agency that handles the complaint, and auditors: its texts.
    ComplaintTexts,
    /// Those who handle and examine complaints: texts that they write for one another.
    ComplaintNotes,
    /// As `ComplaintNotes`, and those to whom complaints are escalated: assignments.
    ComplaintOfficers,
    /// The contact of the complainant: the complainant, and those who answer the complaint.
    Contact,
    /// The parties to a mandate, the agency that recorded it, and auditors.
    Mandate,
    /// The firm that registered the credential.
    Credential,
    /// Who subscribed to changes, officers of the agency, and operators.
    Subscriber,
    /// The persons whose data was read, and auditors.
    Reads,
    /// Auditors: the officer who read personal data.
    Readers,
    /// Those who keep and examine the rules.
    Rules,
    /// Those who keep and examine a register of numbers.
    Registers,
    /// Those who keep, examine and close the books of accounts.
    Books,
    /// As `Books`, without operators: the texts of transfers, and reasons of officers.
    BookTexts,
    /// Those who match the notices of payment providers with payments.
    Notices,
    /// Those who keep the system running.
    Operators,
    /// No caller, for this reason.
    Nobody(&'static str),
}

impl Audience {
    /// The roles, in the order of [`Role::CALLERS`].
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        use Role::{
            Applicant, Approver, Auditor, Carrier, Cashier, Clerk, ComplaintHandler, Consultee,
            Operator, Reviewer,
        };
        match self {
            Self::Public => &Role::CALLERS,
            Self::Everyone => &[
                Applicant,
                Clerk,
                Reviewer,
                Approver,
                Cashier,
                Consultee,
                ComplaintHandler,
                Auditor,
                Operator,
            ],
            Self::Staff => &[
                Clerk,
                Reviewer,
                Approver,
                Cashier,
                Consultee,
                ComplaintHandler,
                Auditor,
                Operator,
            ],
            Self::Content => {
                &[Applicant, Clerk, Reviewer, Approver, Consultee, ComplaintHandler, Auditor]
            }
            Self::Review => &[Clerk, Reviewer, Approver, Auditor, Operator],
            Self::Officers => &[Clerk, Reviewer, Approver, Auditor],
            Self::Messages => &[Applicant, Clerk, Reviewer, Approver, Auditor],
            Self::Consulted => &[Clerk, Reviewer, Approver, Consultee, Auditor],
            Self::Money => &[Applicant, Clerk, Approver, Cashier, Auditor, Operator],
            Self::MoneyTexts => &[Applicant, Clerk, Approver, Cashier, Auditor],
            Self::Cashiers => &[Clerk, Approver, Cashier, Auditor],
            Self::Result => &[Applicant, Clerk, Reviewer, Approver, Auditor, Operator],
            Self::Address => &[Applicant, Clerk, Carrier, Auditor],
            Self::Rating => &[Applicant, Approver, ComplaintHandler, Auditor],
            Self::Complaint => &[Applicant, Approver, ComplaintHandler, Auditor, Operator],
            Self::ComplaintTexts => &[Applicant, ComplaintHandler, Auditor],
            Self::ComplaintNotes => &[ComplaintHandler, Auditor],
            Self::ComplaintOfficers => &[Approver, ComplaintHandler, Auditor],
            Self::Contact => &[Applicant, ComplaintHandler],
            Self::Mandate => &[Applicant, Clerk, Auditor],
            Self::Credential => &[Applicant],
            Self::Subscriber => {
                &[Applicant, Clerk, Reviewer, Approver, Cashier, Consultee, Auditor, Operator]
            }
            Self::Reads => &[Applicant, Auditor],
            Self::Readers => &[Auditor],
            Self::Rules => &[Auditor, Operator],
            Self::Registers => &[Clerk, Approver, Auditor, Operator],
            Self::Books => &[Approver, Cashier, Auditor, Operator],
            Self::BookTexts => &[Approver, Cashier, Auditor],
            Self::Notices => &[Cashier, Operator],
            Self::Operators => &[Operator],
            Self::Nobody(_) => &[],
        }
    }

    /// Whether the role is one of them.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        self.roles().contains(&role)
    }
}

/// The fields of an event, or of a part of one, and who may read them.
#[derive(Debug, Clone, Copy)]
pub struct Payload {
    pub name: &'static str,
    /// The audience of fields that have none of their own.
    pub audience: Option<Audience>,
    pub fields: &'static [PayloadField],
}

/// A field of an event's payload, with the callers who may read it.
#[derive(Debug, Clone, Copy)]
pub struct PayloadField {
    pub name: &'static str,
    /// Its type, as written.
    pub value: &'static str,
    /// Its own audience, if it has one.
    pub audience: Option<Audience>,
}

impl PayloadField {
    /// The payload of which it consists, if its type is one, or an option or a list of one.
    #[must_use]
    pub fn part(&self) -> Option<Payload> {
        let words = || self.value.split(|c: char| !c.is_alphanumeric() && c != '_');
        // What is inside `Personal` is read as a whole.
        if words().any(|word| word == "Personal") {
            return None;
        }
        PARTS.into_iter().find(|part| words().any(|word| word == part.name))
    }

    /// Whether its type is [`Personal`](super::Personal).
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.value.split(|c: char| !c.is_alphanumeric()).any(|word| word == "Personal")
    }
}

impl Payload {
    /// The audience of a field; `None` if none is declared.
    #[must_use]
    pub fn audience_of(&self, field: &PayloadField) -> Option<Audience> {
        field.audience.or(self.audience)
    }
}

/// The payloads that are parts of others.
pub const PARTS: [Payload; 21] = [
    Attachment::PAYLOAD,
    BookTotals::PAYLOAD,
    Brief::PAYLOAD,
    ChargedLine::PAYLOAD,
    Delivery::PAYLOAD,
    Document::PAYLOAD,
    DutyOwed::PAYLOAD,
    FeeClaim::PAYLOAD,
    FeeClaimDecision::PAYLOAD,
    Helper::PAYLOAD,
    MessageDocument::PAYLOAD,
    OrderMember::PAYLOAD,
    OrderShare::PAYLOAD,
    PaperPrinted::PAYLOAD,
    PersonalRead::PAYLOAD,
    ReceiptCorrected::PAYLOAD,
    Receiver::PAYLOAD,
    StatementLine::PAYLOAD,
    SubscriberRights::PAYLOAD,
    Wanted::PAYLOAD,
    WholeOrder::PAYLOAD,
];

/// The payload of a kind of event; `None` if the kind is not an event of the law.
#[must_use]
pub fn payload_of(kind: &str) -> Option<Payload> {
    let sets = Category::ALL.into_iter().filter_map(Category::events);
    let mut all = sets.flat_map(|set| set.kinds.iter().zip(set.payloads));
    all.find(|(known, _)| **known == kind).map(|(_, payload)| *payload)
}

/// What a role may read of an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// The payload, without `$personal`: personal values are in their place, erased ones are null.
    pub data: Value,
    /// JSON Pointers of the erased values.
    pub erased: Vec<String>,
}

/// What `role` may read of the payload of an event of this kind. Empty if the kind is unknown.
#[must_use]
pub fn readable(kind: &str, data: &Value, role: Role) -> Shown {
    let mut erased = Vec::new();
    let data = match (payload_of(kind), data) {
        (Some(payload), Value::Object(fields)) => {
            part(&payload, fields, role, &mut String::new(), &mut erased)
        }
        _ => Value::Object(Map::new()),
    };
    Shown { data, erased }
}

fn part(
    payload: &Payload,
    fields: &Map<String, Value>,
    role: Role,
    at: &mut String,
    erased: &mut Vec<String>,
) -> Value {
    let mut shown = Map::new();
    for field in payload.fields {
        let Some(value) = fields.get(field.name) else { continue };
        if !payload.audience_of(field).is_some_and(|audience| audience.has(role)) {
            continue;
        }
        let length = at.len();
        at.push('/');
        at.push_str(field.name);
        shown.insert(field.name.to_owned(), whole(field.part().as_ref(), value, role, at, erased));
        at.truncate(length);
    }
    Value::Object(shown)
}

/// A value that the role may read, with its parts cut, and without `$personal`.
fn whole(
    of: Option<&Payload>,
    value: &Value,
    role: Role,
    at: &mut String,
    erased: &mut Vec<String>,
) -> Value {
    match value {
        Value::Object(fields) if fields.len() == 1 && fields.contains_key("$personal") => {
            let value = fields.get("$personal").cloned().unwrap_or_default();
            if value.is_null() {
                erased.push(at.clone());
            }
            value
        }
        Value::Object(fields) => match of {
            Some(payload) => part(payload, fields, role, at, erased),
            None => value.clone(),
        },
        Value::Array(values) => {
            let one = |(place, value): (usize, &Value)| {
                let length = at.len();
                at.push('/');
                at.push_str(&place.to_string());
                let shown = whole(of, value, role, at, erased);
                at.truncate(length);
                shown
            };
            values.iter().enumerate().map(one).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests;

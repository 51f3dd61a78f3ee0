//! Records that an officer or a partner has read personal data, before the answer leaves. Every
//! read with a token is recorded unless its operation is declared `impersonal`; the person's own
//! reads are not. Steps are not recorded here: their events name who took them.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use dossier::access::Caller;
use dossier::contract::{ComplaintId, DossierId, MandateId, PersonalRead, Role};
use engine::reads::ReadsError;
use events::AppendError;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use uuid::Uuid;

use super::{Access, Context, Problem, Reply, Request};

/// How an operation records reads.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    operation: &'static str,
    /// The roles that may call it, without the applicant.
    roles: Vec<Role>,
    /// The place of `{dossier}`, of `{complaint}` and of `{mandate}` among the parameters of the
    /// address.
    dossier: Option<usize>,
    complaint: Option<usize>,
    mandate: Option<usize>,
}

impl Recording {
    /// How the personal reads of an operation are recorded, whose address has these parameters.
    /// `None` if it is open to everybody.
    pub(crate) fn of(operation: &'static str, access: Access, parameters: &[&str]) -> Option<Self> {
        let Access::Roles(mays) = access else { return None };
        let roles = mays.iter().map(|may| may.role).filter(|role| *role != Role::Applicant);
        let place = |name: &str| parameters.iter().position(|parameter| *parameter == name);
        Some(Self {
            operation,
            roles: roles.collect(),
            dossier: place("dossier"),
            complaint: place("complaint"),
            mandate: place("mandate"),
        })
    }

    /// The read by the caller of a request; `None` if the caller reads as the person concerned.
    pub(crate) fn begin(&self, request: &Request, values: &[&str]) -> Option<Reading> {
        let caller = request.shared_caller()?;
        let role = self.roles.iter().find(|role| caller.roles.contains(role))?;
        let mut named = Named::default();
        let id = |place: Option<usize>| values.get(place?)?.parse::<Uuid>().ok();
        named.dossiers.extend(id(self.dossier));
        named.complaints.extend(id(self.complaint));
        named.mandates.extend(id(self.mandate));
        Some(Reading {
            context: request.shared_context(),
            operation: self.operation,
            role: *role,
            decided: request.shared_reader(),
            caller,
            named,
        })
    }
}

/// A read that is about to be answered.
pub(crate) struct Reading {
    context: Arc<Context>,
    operation: &'static str,
    /// A role of the caller that permits the operation, if no other is decided.
    role: Role,
    /// The role in which the data is read, once the resource is known.
    decided: Arc<OnceLock<Role>>,
    caller: Arc<Caller>,
    named: Named,
}

/// The dossiers, complaints and mandates whose data is read.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    dossiers: BTreeSet<Uuid>,
    complaints: BTreeSet<Uuid>,
    mandates: BTreeSet<Uuid>,
}

impl Reading {
    /// Records the read. If that fails, the reply must not be sent.
    pub(crate) async fn record(self, reply: Reply) -> Result<Reply, Problem> {
        let Self { context, operation, role, decided, caller, mut named } = self;
        let role = decided.get().copied().unwrap_or(role);
        // An officer who is the person concerned reads their own data.
        if role == Role::Applicant {
            return Ok(reply);
        }
        named.dossiers.extend(reply.named().iter().map(|dossier| dossier.0));
        // A timeline has complaints, and a complaint its dossier and the one that it repeats.
        let shown = reply.json_body().map(Named::of).unwrap_or_default();
        if named.dossiers.is_empty() {
            named.dossiers = shown.dossiers;
        }
        named.complaints.extend(shown.complaints);
        named.mandates.extend(shown.mandates);
        // A page without rows is nobody's data.
        if named == Named::default() {
            return Ok(reply);
        }
        let at = context.engine.time().map_err(ReadsError::from)?;
        let read = PersonalRead {
            at,
            papers: reply.papers_printed().to_vec(),
            reader: caller.subject.clone(),
            role,
            agency: caller.agency.clone(),
            operation: operation.to_owned(),
            dossiers: named.dossiers.into_iter().map(DossierId).collect(),
            complaints: named.complaints.into_iter().map(ComplaintId).collect(),
            mandates: named.mandates.into_iter().map(MandateId).collect(),
        };
        context.reads.record(&context.engine, read).await?;
        Ok(reply)
    }
}

impl From<ReadsError> for Problem {
    fn from(error: ReadsError) -> Self {
        match error {
            ReadsError::Append(AppendError::Unwritable(why)) => Self::unwritable(&why),
            ReadsError::Append(AppendError::Busy(wait)) => Self::busy(wait),
            ReadsError::Busy => Self::busy(engine::reads::RETRY_AFTER),
            error @ (ReadsError::Clock(_) | ReadsError::Append(_)) => {
                Self::unavailable(&error.to_string())
            }
        }
    }
}

impl Named {
    /// The dossiers, complaints and mandates that a JSON reply names, at any depth: the properties
    /// `dossier`, `complaint` and `mandate`, and the `id` of an object that is `dossier` or has a
    /// dossier's `code`.
    fn of(json: &[u8]) -> Self {
        let mut named = Self::default();
        let mut reader = serde_json::Deserializer::from_slice(json);
        // The reply was serialised by this process, so it is valid JSON.
        drop(Walk { named: &mut named, property: "" }.deserialize(&mut reader));
        named
    }
}

/// Walks through a JSON value below a property.
struct Walk<'n> {
    named: &'n mut Named,
    property: &'static str,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut id, mut is_dossier) = (Named::default(), self.property == "dossier");
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            is_dossier |= name == "code";
            let property = match &*name {
                "id" => {
                    map.next_value_seed(Walk { named: &mut id, property: "dossier" })?;
                    continue;
                }
                "dossier" => "dossier",
                "complaint" | "merged_into" => "complaint",
                "mandate" => "mandate",
                // What was recorded or typed names no further person's dossier.
                "data" | "form" | "changes" => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                _ => "",
            };
            map.next_value_seed(Walk { named: &mut *self.named, property })?;
        }
        if is_dossier {
            self.named.dossiers.append(&mut id.dossiers);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let Walk { named, property } = self;
        while values.next_element_seed(Walk { named: &mut *named, property })?.is_some() {}
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        let ids = match self.property {
            "dossier" => &mut self.named.dossiers,
            "complaint" => &mut self.named.complaints,
            "mandate" => &mut self.named.mandates,
            _ => return Ok(()),
        };
        ids.extend(text.parse::<Uuid>().ok());
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_names_the_dossiers_and_complaints_on_it_and_no_text_of_a_form() {
        let (one, two, three) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let page = json!([
            { "dossier": one, "code": "c", "due": null, "n": [1, -1, 1.5, true] },
            { "row": { "dossier": two, "complaint": three }, "form": { "dossier": three } },
            { "dossier": "no id", "data": { "dossier": three } },
            { "dossier": { "id": Uuid::from_u128(4), "x": { "id": three } } },
            { "id": Uuid::from_u128(5), "code": "c" },
            { "complaint": three, "merged_into": Uuid::from_u128(6) },
            { "mandate": Uuid::from_u128(7), "principal": "a1" },
        ]);
        let named = Named::of(page.to_string().as_bytes());
        let (four, five) = (Uuid::from_u128(4), Uuid::from_u128(5));
        assert_eq!(named.dossiers, [one, two, four, five].into());
        assert_eq!(named.complaints, [three, Uuid::from_u128(6)].into());
        assert_eq!(named.mandates, [Uuid::from_u128(7)].into());
        assert_eq!(Named::of(b"[]"), Named::default());
    }
}

//! The form of a dossier: its public fields, checks beyond its schema, and its versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::Intake;
use crate::contract::{Actor, Meta, Personal};
use crate::law::Procedure;
use crate::step::{LawError, Rule};

/// A version of the form, as submitted or corrected.
#[derive(Debug, Clone, PartialEq)]
pub struct FormVersion {
    /// The complete form.
    pub form: Personal<Value>,
    pub by: Actor,
    pub at: Timestamp,
}

impl FormVersion {
    pub(super) fn new(form: &Personal<Value>, meta: &Meta) -> Self {
        Self { form: form.clone(), by: meta.envelope.actor.clone(), at: meta.at() }
    }
}

impl Intake {
    /// The dossier as it was when the form had this many versions, as far as papers show it.
    #[must_use]
    pub fn with_form(&self, versions: usize) -> Self {
        let mut earlier = self.clone();
        let version = self.forms.get(versions.saturating_sub(1));
        if let (Some(version), Some(submission)) = (version, &mut earlier.submission) {
            Arc::make_mut(submission).form = version.form.clone();
        }
        earlier
    }
}

/// The fields of the form that rules, views and statistics read; they identify nobody.
pub(super) fn public_fields(procedure: &Procedure, form: &Value) -> BTreeMap<String, Value> {
    let fields = procedure.public.iter();
    fields.filter_map(|field| Some((field.clone(), form.pointer(field)?.clone()))).collect()
}

/// A dossier that was filed after the last day for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TooLate {
    pub(super) last_day: Date,
    /// The field that names the day before which it had to be filed, in the body of a request.
    pub(super) pointer: String,
}

/// Whether the dossier was filed after the last day for it: a span before the day that the form
/// names (`intake.ahead`). `None` if the form does not name that day.
pub(super) fn filed_too_late(
    rule: Rule<'_>,
    public: &BTreeMap<String, Value>,
    received_at: Timestamp,
) -> Result<Option<TooLate>, LawError> {
    let Some(ahead) = &rule.procedure.intake.ahead else { return Ok(None) };
    let named = public.get(&ahead.field).and_then(Value::as_str);
    let Some(day) = named.and_then(|text| text.parse::<Date>().ok()) else { return Ok(None) };
    let last_day = rule.calendar.nth_working_day_before(day, ahead.working_days)?;
    let is_late = rule.calendar.date_of(received_at) > last_day;
    Ok(is_late.then(|| TooLate { last_day, pointer: format!("/form{}", ahead.field) }))
}

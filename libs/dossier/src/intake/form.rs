//! The form of a dossier: what of it identifies nobody, what it must keep to besides its schema,
//! and its versions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::contract::{Actor, Meta, Personal};
use crate::law::Procedure;
use crate::step::{LawError, Rule};

/// A form as somebody submitted or corrected it.
#[derive(Debug, Clone, PartialEq)]
pub struct FormVersion {
    /// The form, whole.
    pub form: Personal<Value>,
    /// Who wrote it so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl FormVersion {
    pub(super) fn new(form: &Personal<Value>, meta: &Meta) -> Self {
        Self { form: form.clone(), by: meta.envelope.actor.clone(), at: meta.at() }
    }
}

/// The fields that rules, views and statistics read.
pub(super) fn public_fields(procedure: &Procedure, form: &Value) -> BTreeMap<String, Value> {
    let fields = procedure.public.iter();
    fields.filter_map(|field| Some((field.clone(), form.pointer(field)?.clone()))).collect()
}

/// The last day on which it could have been filed, if it was filed after that: some time before the
/// day that it names (`intake.ahead`). Where the form leaves that day out, nothing is too late.
pub(super) fn filed_too_late(
    rule: Rule<'_>,
    public: &BTreeMap<String, Value>,
    received_at: Timestamp,
) -> Result<Option<Date>, LawError> {
    let Some(ahead) = &rule.procedure.intake.ahead else { return Ok(None) };
    let named = public.get(&ahead.field).and_then(Value::as_str);
    let Some(day) = named.and_then(|text| text.parse::<Date>().ok()) else { return Ok(None) };
    let last_day = rule.calendar.nth_working_day_before(day, ahead.working_days)?;
    Ok((rule.calendar.date_of(received_at) > last_day).then_some(last_day))
}

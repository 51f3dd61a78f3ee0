//! What an applicant has filed, as it was corrected and transferred since: the part of a dossier
//! that search and lists need of its stream, from three kinds of events instead of all.

use serde_json::Value;

use super::Intake;
use crate::contract::{Brief, IntakeEvent, Personal};

/// The brief and the form of a dossier.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// The brief, with the present agency.
    pub brief: Brief,
    /// The newest form.
    pub form: Personal<Value>,
}

impl Filed {
    /// The kind of the event with which a dossier begins.
    pub const SUBMITTED: &str = "intake.DossierSubmitted.v1";
    /// The kinds of events after which brief or form may be another one.
    pub const CORRECTIONS: [&str; 2] = ["intake.SupplementSubmitted.v1", Self::TRANSFERRED];
    /// The kind of the event after which another agency has the dossier.
    pub const TRANSFERRED: &str = "intake.DossierTransferred.v1";

    /// Whether an event of this kind has brief or form, so that others need not be decoded.
    #[must_use]
    pub fn is_changed_by(kind: &str) -> bool {
        kind == Self::SUBMITTED || Self::CORRECTIONS.contains(&kind)
    }

    /// What is filed after an event; `None` before the submission.
    #[must_use]
    pub fn after(filed: Option<Self>, event: IntakeEvent) -> Option<Self> {
        if let IntakeEvent::DossierSubmitted(submitted) = event {
            return Some(Self { brief: submitted.brief, form: submitted.form });
        }
        let mut filed = filed?;
        if let IntakeEvent::DossierTransferred(transferred) = event {
            filed.brief = transferred.brief;
        } else if let IntakeEvent::SupplementSubmitted(supplement) = event
            && let Some(form) = supplement.form
        {
            filed.brief = supplement.brief.unwrap_or(filed.brief);
            filed.form = form;
        }
        Some(filed)
    }
}

impl Intake {
    /// Whether brief and form are those of the submission, so that its event alone has them.
    #[must_use]
    pub fn is_as_submitted(&self) -> bool {
        !self.form_is_corrected && self.transfers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::EventSet;
    use crate::payment::assess_fee::tests::brief;
    use crate::testing::law;

    fn event(kind: &str, data: &Value) -> IntakeEvent {
        IntakeEvent::decode(kind, &data.to_string()).unwrap()
    }

    #[test]
    fn the_newest_form_and_the_present_agency_are_those_of_the_last_event_with_them() {
        let first = brief(&law(), "CO.D", "G02.001", "2026-11-20T09:00");
        let submitted = json!({
            "brief": first, "form": { "$personal": { "name": "Lan" } }, "documents": [],
            "fee_first": false,
        });
        let submitted = event(Filed::SUBMITTED, &submitted);
        let supplement = |form: Option<Value>| {
            let mut data = json!({
                "request": 1, "documents": [], "started_at": "2026-11-26T02:00:00Z",
                "resumes_clock": false,
            });
            if let Some(form) = form {
                data["form"] = json!({ "$personal": form });
            }
            event("intake.SupplementSubmitted.v1", &data)
        };
        assert_eq!(Filed::after(None, supplement(None)), None);
        let filed = Filed::after(None, submitted).unwrap();
        assert_eq!(filed.brief, first);
        let same = Filed::after(Some(filed.clone()), supplement(None)).unwrap();
        assert_eq!(same, filed);
        let corrected = Filed::after(Some(same), supplement(Some(json!({ "name": "Mai" }))));
        assert_eq!(corrected.unwrap().form.known(), Some(&json!({ "name": "Mai" })));
    }

    #[test]
    fn the_kinds_that_change_it_are_kinds_of_events() {
        for kind in [Filed::SUBMITTED].into_iter().chain(Filed::CORRECTIONS) {
            assert!(Filed::is_changed_by(kind));
            assert!(IntakeEvent::KINDS.contains(&kind), "{kind}");
        }
        assert!(!Filed::is_changed_by("intake.DossierAccepted.v1"));
    }
}

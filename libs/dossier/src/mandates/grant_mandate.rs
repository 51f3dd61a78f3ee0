//! Grants a mandate: online by the principal, or at the counter by a clerk on evidence (Civil Code
//! 91/2015/QH13, arts 138, 141, 562 and 563). It has no effect until the representative accepts it.
//! Several mandates of one principal may overlap.

use jiff::{Timestamp, ToSpan as _};

use super::Mandate;
use super::limits::{
    ACCEPTED_WITHIN, OF_PRINCIPAL_MAX, OF_REPRESENTATIVE_MAX, TERM_YEARS, TERM_YEARS_MAX,
};
use crate::access::{agency, any};
use crate::contract::{
    DocumentDigest, DocumentName, MandateEvent, MandateEvidence, MandateGranted, MandateId,
    Personal, ProcedureCode, Role, Subject,
};
use crate::step::{Collected, Command, Decision, Facts, Known, Reasons, Step, refusals};

/// The terms of a mandate, and what was found out before the decision.
#[derive(Debug, Clone)]
pub struct GrantMandate {
    /// Derived from the client and its idempotency key.
    pub mandate: MandateId,
    /// The represented party; the caller, or the party whom a clerk names.
    pub principal: Subject,
    pub representative: Subject,
    /// The procedures that it covers; all if empty.
    pub procedures: Vec<ProcedureCode>,
    /// The first instant at which it is no longer in force; a year from now if absent.
    pub ends_at: Option<Timestamp>,
    pub evidence: MandateEvidence,
    /// The number of the deed.
    pub number: Option<Personal<String>>,
    /// The notary, or the authority that certified it.
    pub certified_by: Option<Personal<String>>,
    pub text: Option<Personal<String>>,
    /// A copy of the evidence, with its digest.
    pub document: Option<(DocumentName, DocumentDigest)>,
    /// Open mandates of the principal and of the representative.
    pub open: (u32, u32),
    /// What was found wrong before the decision.
    pub found: Reasons,
}

refusals! {
    /// Why a mandate cannot be granted.
    pub enum Refusal {
        NotPassedOn => 403, "mandate-not-passed-on",
            "chỉ chính đương sự được lập, nhận hoặc chấm dứt ủy quyền, không phải người đại diện hay chương trình",
            "mandates are granted, accepted and revoked by the parties themselves, not by a representative or a program";
        OwnRepresentative => 422, "representative-is-principal" at "/representative",
            "người đại diện không được là chính người ủy quyền",
            "the representative must not be the principal";
        UnknownProcedure(Known) => 422, "unknown-procedure" at "/procedures",
            "không có thủ tục này", "there is no such procedure";
        Ended => 422, "mandate-ends-too-early" at "/ends_at",
            "thời điểm kết thúc phải ở tương lai", "the end must be in the future";
        TooLong => 422, "mandate-too-long" at "/ends_at",
            "thời hạn ủy quyền nhiều nhất 5 năm", "a mandate lasts at most 5 years";
        EvidenceMissing => 422, "mandate-evidence-missing" at "/evidence",
            "cán bộ phải ghi hợp đồng, giấy ủy quyền hoặc văn bản công chứng kèm số hoặc bản chụp",
            "an officer records a contract, a power of attorney or a notarised deed, with its number or a copy";
        NumberMissing => 422, "notarial-number-missing" at "/number",
            "văn bản công chứng, chứng thực phải có số", "a notarised deed must have its number";
        PrincipalFull => 409, "too-many-mandates-granted",
            "người ủy quyền đã có quá nhiều ủy quyền còn mở, hãy chấm dứt bớt",
            "the principal has too many open mandates; revoke some first";
        RepresentativeFull => 409, "too-many-mandates-held",
            "người đại diện đã có quá nhiều ủy quyền còn mở",
            "the representative has too many open mandates";
    }
}

impl Command for GrantMandate {
    type State = Mandate;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "grant_mandate",
        basis: "91/2015/QH13 Điều 562, 563",
        may: &[any(Role::Applicant), agency(Role::Clerk)],
        events: &["mandate.MandateGranted.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it was granted before.
    fn decide(
        &self,
        mandate: &Mandate,
        facts: &Facts<'_>,
    ) -> Result<Decision<MandateEvent>, Refusal> {
        if mandate.granted().is_some() {
            return Ok(Decision::Nothing);
        }
        let by_officer = facts.actor.role.is_officer();
        if !by_officer && !Mandate::is_by(&self.principal, facts.actor) {
            return Err(Refusal::NotPassedOn);
        }
        let mut wrong = Collected::after(self.found.clone());
        if self.representative.is(&self.principal) {
            wrong.add(Refusal::OwnRepresentative);
        }
        for (place, code) in self.procedures.iter().enumerate() {
            if !facts.law.knows(code) {
                let all = facts.law.procedures().map(|procedure| &procedure.code);
                let known = Known::new(code, all, "GET /v1/procedures");
                wrong.add_at(format!("/procedures/{place}"), Refusal::UnknownProcedure(known));
            }
        }
        let ends_at = wrong.collect(term(self.ends_at, facts.at))?;
        self.check_evidence(by_officer, &mut wrong);
        let (of_principal, of_representative) = self.open;
        if of_principal >= OF_PRINCIPAL_MAX {
            wrong.add(Refusal::PrincipalFull);
        }
        if of_representative >= OF_REPRESENTATIVE_MAX {
            wrong.add(Refusal::RepresentativeFull);
        }
        wrong.done(Refusal::Several)?;
        let ends_at = ends_at.unwrap_or(facts.at);
        let lapses = facts.at.checked_add(ACCEPTED_WITHIN).unwrap_or(Timestamp::MAX);
        Ok(Decision::event(MandateGranted {
            mandate: self.mandate,
            principal: self.principal.clone(),
            representative: self.representative.clone(),
            procedures: self.procedures.clone(),
            ends_at,
            accept_by: lapses.min(ends_at),
            evidence: self.evidence,
            number: self.number.clone(),
            certified_by: self.certified_by.clone(),
            text: self.text.clone(),
            document: self.document.as_ref().map(|(name, _)| name.clone()),
            document_sha256: self.document.as_ref().map(|(_, digest)| digest.clone()),
        }))
    }
}

impl GrantMandate {
    /// A principal's own declaration is evidence; a clerk needs a deed.
    fn check_evidence(&self, by_officer: bool, wrong: &mut Collected<Refusal>) {
        let is_shown = self.number.is_some() || self.document.is_some();
        if by_officer && (self.evidence == MandateEvidence::Declaration || !is_shown) {
            wrong.add(Refusal::EvidenceMissing);
        }
        if self.evidence == MandateEvidence::Notarised && self.number.is_none() {
            wrong.add(Refusal::NumberMissing);
        }
    }
}

/// The end of a term that begins at `now`: the given one, or a year later.
fn term(given: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Refusal> {
    let most = years_after(now, TERM_YEARS_MAX);
    match given {
        None => Ok(years_after(now, TERM_YEARS)),
        Some(end) if end <= now => Err(Refusal::Ended),
        Some(end) if end > most => Err(Refusal::TooLong),
        Some(end) => Ok(end),
    }
}

/// The same instant of the calendar some years later.
pub(super) fn years_after(at: Timestamp, years: i16) -> Timestamp {
    let later = at.to_zoned(jiff::tz::TimeZone::UTC).checked_add(years.years());
    later.map_or(Timestamp::MAX, |later| later.timestamp())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::law::Law;
    use crate::step::Refuse;
    use crate::testing::{Scene, at, law};

    pub(crate) const NOW: &str = "2026-11-20T09:00";

    pub(crate) fn grant() -> GrantMandate {
        GrantMandate {
            mandate: MandateId(uuid::Uuid::from_u128(7)),
            principal: "client".into(),
            representative: "agent".into(),
            procedures: vec!["CO.D".into()],
            ends_at: None,
            evidence: MandateEvidence::Declaration,
            number: None,
            certified_by: None,
            text: None,
            document: None,
            open: (0, 0),
            found: Reasons::default(),
        }
    }

    pub(crate) fn scene(law: &Law) -> Scene<'_, Mandate> {
        let mut scene = Scene::new(law, "CO.D", "G02.001");
        scene.subject = "client";
        scene
    }

    /// A mandate that `client` has granted to `agent`, as the client.
    pub(crate) fn granted(law: &Law) -> Scene<'_, Mandate> {
        let mut scene = scene(law);
        scene.execute(NOW, Role::Applicant, grant()).unwrap();
        scene
    }

    #[test]
    fn a_mandate_lasts_a_year_unless_its_end_is_given_and_can_be_accepted_for_thirty_days() {
        let law = law();
        let scene = granted(&law);
        let terms = &scene.state.granted().unwrap().terms;
        assert_eq!(terms.ends_at, at("2027-11-20T09:00"));
        assert_eq!(terms.accept_by, at("2026-12-20T09:00"));
        let mut short = self::scene(&law);
        let until = GrantMandate { ends_at: Some(at("2026-11-21T00:00")), ..grant() };
        short.execute(NOW, Role::Applicant, until).unwrap();
        assert_eq!(short.state.granted().unwrap().terms.accept_by, at("2026-11-21T00:00"));
    }

    #[test]
    fn nobody_grants_in_the_name_of_another_and_no_representative_passes_it_on() {
        let law = law();
        let mut scene = scene(&law);
        scene.subject = "somebody";
        let refused = scene.execute(NOW, Role::Applicant, grant());
        assert_eq!(refused, Err(Refusal::NotPassedOn));
    }

    #[test]
    fn a_clerk_needs_a_deed_with_its_number_or_a_copy() {
        let law = law();
        let mut scene = scene(&law);
        scene.subject = "clerk-1";
        let refused = scene.execute(NOW, Role::Clerk, grant());
        assert_eq!(refused, Err(Refusal::EvidenceMissing));
        let evidence = MandateEvidence::Contract;
        let bare = GrantMandate { evidence, ..grant() };
        assert_eq!(scene.execute(NOW, Role::Clerk, bare.clone()), Err(Refusal::EvidenceMissing));
        let deed = GrantMandate { number: Some("12/HĐUQ".to_owned().into()), ..bare };
        scene.execute(NOW, Role::Clerk, deed).unwrap();
        let agency = scene.state.granted().unwrap().agency.as_ref().unwrap();
        assert_eq!(agency.as_str(), "G02.001");
    }

    #[test]
    fn everything_that_is_wrong_with_a_mandate_is_told_at_once() {
        let law = law();
        let mut scene = scene(&law);
        let wrong = GrantMandate {
            representative: "client".into(),
            procedures: vec!["CO.D".into(), "NOTHING".into()],
            ends_at: Some(at("2032-01-01T00:00")),
            evidence: MandateEvidence::Notarised,
            open: (OF_PRINCIPAL_MAX, OF_REPRESENTATIVE_MAX),
            ..grant()
        };
        let refused = scene.execute(NOW, Role::Applicant, wrong).unwrap_err();
        let found = refused.findings();
        let found: Vec<_> = found.iter().map(|one| (&*one.pointer, one.code.unwrap())).collect();
        let expected = [
            ("/representative", "representative-is-principal"),
            ("/procedures/1", "unknown-procedure"),
            ("/ends_at", "mandate-too-long"),
            ("/number", "notarial-number-missing"),
            ("", "too-many-mandates-granted"),
            ("", "too-many-mandates-held"),
        ];
        assert_eq!(found, expected);
        let past = GrantMandate { ends_at: Some(at(NOW)), ..grant() };
        assert_eq!(scene.execute(NOW, Role::Applicant, past), Err(Refusal::Ended));
    }
}

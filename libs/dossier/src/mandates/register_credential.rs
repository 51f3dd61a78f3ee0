//! A firm registers the account of a program that acts for it: the subject of the tokens that the
//! identity provider issues to the program (OAuth 2.0 client credentials, RFC 6749, section 4.4).
//! The program names the credential in its requests, so that no firm can claim another's program.

use jiff::Timestamp;

use super::limits::{CREDENTIALS_MAX, TERM_YEARS, TERM_YEARS_MAX};
use super::{Credential, Mandate, grant_mandate::years_after};
use crate::access::any;
use crate::contract::{
    CredentialEvent, CredentialId, CredentialRegistered, Personal, Role, Subject,
};
use crate::step::{Collected, Command, Decision, Facts, Reasons, Step, refusals};

/// Registers the credential of a program.
#[derive(Debug, Clone)]
pub struct RegisterCredential {
    /// Derived from the client and its idempotency key.
    pub credential: CredentialId,
    /// The firm for which the program acts: that of the caller.
    pub firm: Subject,
    /// The subject of the program's tokens.
    pub machine: Subject,
    /// What the firm calls the program.
    pub name: Personal<String>,
    /// The first instant at which it is no longer valid; a year from now if absent.
    pub ends_at: Option<Timestamp>,
    /// Valid credentials of the firm.
    pub open: u32,
}

refusals! {
    /// Why a credential cannot be registered.
    pub enum Refusal {
        NotPerson => 403, "credential-not-by-a-person",
            "chỉ người của doanh nghiệp được đăng ký, thu hồi chương trình",
            "credentials are registered and revoked by the firm's people";
        OwnSubject => 422, "machine-is-caller" at "/machine",
            "tài khoản của chương trình phải khác tài khoản của bạn và của doanh nghiệp",
            "the program's account must be another one than yours and the firm's";
        Ended => 422, "credential-ends-too-early" at "/ends_at",
            "thời điểm kết thúc phải ở tương lai", "the end must be in the future";
        TooLong => 422, "credential-too-long" at "/ends_at",
            "có hiệu lực nhiều nhất 5 năm", "a credential is valid for at most 5 years";
        TooMany => 409, "too-many-credentials",
            "doanh nghiệp đã đăng ký quá nhiều chương trình, hãy thu hồi bớt",
            "the firm has too many credentials; revoke some first";
    }
}

impl Command for RegisterCredential {
    type State = Credential;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "register_credential",
        basis: "91/2015/QH13 Điều 138",
        may: &[any(Role::Applicant)],
        events: &["mandate.CredentialRegistered.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it was registered before.
    fn decide(
        &self,
        credential: &Credential,
        facts: &Facts<'_>,
    ) -> Result<Decision<CredentialEvent>, Refusal> {
        if credential.registered.is_some() {
            return Ok(Decision::Nothing);
        }
        // A token without `on_behalf_of` is a person's own: whom they let act is a mandate.
        if facts.actor.on_behalf_of.is_none() || !Mandate::is_by(&self.firm, facts.actor) {
            return Err(Refusal::NotPerson);
        }
        let mut wrong = Collected::after(Reasons::default());
        if self.machine.is(&self.firm) || self.machine.is(&facts.actor.subject) {
            wrong.add(Refusal::OwnSubject);
        }
        let ends_at = self.ends_at.unwrap_or_else(|| years_after(facts.at, TERM_YEARS));
        if ends_at <= facts.at {
            wrong.add(Refusal::Ended);
        } else if ends_at > years_after(facts.at, TERM_YEARS_MAX) {
            wrong.add(Refusal::TooLong);
        }
        if self.open >= CREDENTIALS_MAX {
            wrong.add(Refusal::TooMany);
        }
        wrong.done(Refusal::Several)?;
        Ok(Decision::event(CredentialRegistered {
            credential: self.credential,
            firm: self.firm.clone(),
            machine: self.machine.clone(),
            name: self.name.clone(),
            ends_at,
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::access::{Caller, decide};
    use crate::law::Law;
    use crate::step::{Facts, Refuse};
    use crate::testing::{at, law};

    pub(crate) const NOW: &str = "2026-11-20T09:00";

    pub(crate) fn register() -> RegisterCredential {
        RegisterCredential {
            credential: CredentialId(uuid::Uuid::from_u128(9)),
            firm: "0101234565".into(),
            machine: "machine-1".into(),
            name: "filing".to_owned().into(),
            ends_at: None,
            open: 0,
        }
    }

    /// A person of the firm.
    pub(crate) fn person() -> Caller {
        Caller {
            subject: "p1".into(),
            roles: vec![Role::Applicant],
            agency: None,
            predecessors: Vec::new(),
            on_behalf_of: Some("0101234565".into()),
            mandate: None,
            credential: None,
        }
    }

    fn decided(
        law: &Law,
        caller: &Caller,
        command: &RegisterCredential,
    ) -> Result<Decision<CredentialEvent>, Refusal> {
        let actor = decide(caller, RegisterCredential::STEP.may, None).unwrap();
        let facts = Facts {
            at: at(NOW),
            command: uuid::Uuid::nil(),
            actor: &actor,
            law,
            rule: None,
            elsewhere: &[],
        };
        command.decide(&Credential::default(), &facts)
    }

    #[test]
    fn a_person_of_the_firm_registers_a_program_and_the_program_registers_no_other() {
        let law = law();
        assert!(matches!(decided(&law, &person(), &register()), Ok(Decision::Events(_))));
        let program = Caller { credential: Some(register().credential), ..person() };
        assert_eq!(decided(&law, &program, &register()), Err(Refusal::NotPerson));
        let stranger = Caller { on_behalf_of: None, ..person() };
        assert_eq!(decided(&law, &stranger, &register()), Err(Refusal::NotPerson));
        let of_themselves = RegisterCredential { firm: "p1".into(), ..register() };
        assert_eq!(decided(&law, &stranger, &of_themselves), Err(Refusal::NotPerson));
    }

    #[test]
    fn everything_that_is_wrong_with_a_credential_is_told_at_once() {
        let wrong = RegisterCredential {
            machine: "p1".into(),
            ends_at: Some(at(NOW)),
            open: CREDENTIALS_MAX,
            ..register()
        };
        let refused = decided(&law(), &person(), &wrong).unwrap_err();
        let found = refused.findings();
        let codes: Vec<_> = found.iter().map(|one| one.code.unwrap()).collect();
        let expected = ["machine-is-caller", "credential-ends-too-early", "too-many-credentials"];
        assert_eq!(codes, expected);
    }
}

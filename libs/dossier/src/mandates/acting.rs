//! Whom a caller acts for who invokes a credential or a mandate. Both are decided on the newest
//! recorded state, so one that was revoked is no ground any more.

use jiff::Timestamp;

use super::{Credential, Mandate, MandateStatus};
use crate::access::Caller;
use crate::contract::Role;

/// Why a mandate or a credential cannot be invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInvoked {
    /// There is none with this id for the caller.
    Unknown,
    /// The mandate is the caller's, but not in force: this is its stage.
    Mandate(MandateStatus),
    /// The credential is the caller's, but was revoked or has ended.
    Credential,
}

/// The program `caller` as acting for the firm that registered its `credential`.
///
/// # Errors
///
/// The credential is another program's, or not valid at `now`.
pub fn for_firm(
    caller: Caller,
    credential: &Credential,
    now: Timestamp,
) -> Result<Caller, NotInvoked> {
    let registered = credential.registered.as_ref().ok_or(NotInvoked::Unknown)?;
    // A token that already speaks for somebody is that of a person of a firm.
    if registered.machine != caller.subject || caller.on_behalf_of.is_some() {
        return Err(NotInvoked::Unknown);
    }
    credential.valid(now).ok_or(NotInvoked::Credential)?;
    let caller = as_applicant(caller);
    let on_behalf_of = Some(registered.firm.clone());
    Ok(Caller { on_behalf_of, credential: Some(registered.credential), ..caller })
}

/// The representative `caller` as acting for the principal of the `mandate`.
///
/// # Errors
///
/// The caller does not act for the representative, or the mandate is not in force at `now`.
pub fn for_principal(
    caller: Caller,
    mandate: &Mandate,
    now: Timestamp,
) -> Result<Caller, NotInvoked> {
    let granted = mandate.granted().ok_or(NotInvoked::Unknown)?;
    if !granted.terms.representative.is(caller.party()) {
        return Err(NotInvoked::Unknown);
    }
    let (under, terms) =
        mandate.in_force(now).ok_or_else(|| NotInvoked::Mandate(mandate.status(now)))?;
    let caller = as_applicant(caller);
    Ok(Caller { on_behalf_of: Some(terms.principal.clone()), mandate: Some(under), ..caller })
}

/// Whoever represents somebody acts as an applicant, and in no office.
fn as_applicant(mut caller: Caller) -> Caller {
    caller.roles.retain(|role| *role == Role::Applicant);
    Caller { agency: None, predecessors: Vec::new(), ..caller }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Resource, decide, own};
    use crate::contract::CredentialRegistered;
    use crate::mandates::accept_mandate::AcceptMandate;
    use crate::mandates::grant_mandate::GrantMandate;
    use crate::mandates::grant_mandate::tests::{NOW, grant, scene};
    use crate::mandates::register_credential::tests::{person, register};
    use crate::mandates::revoke_mandate::RevokeMandate;
    use crate::testing::{at, law};

    fn in_force(representative: &'static str) -> Mandate {
        let law = law();
        let mut scene = scene(&law);
        let grant = GrantMandate { representative: representative.into(), ..grant() };
        scene.execute(NOW, Role::Applicant, grant).unwrap();
        scene.subject = representative;
        scene.execute(NOW, Role::Applicant, AcceptMandate {}).unwrap();
        scene.state
    }

    fn credential() -> Credential {
        let of = register();
        let registered = CredentialRegistered {
            credential: of.credential,
            firm: of.firm,
            machine: of.machine,
            name: of.name,
            ends_at: at("2027-01-01T00:00"),
        };
        Credential { registered: Some(registered), ..Credential::default() }
    }

    fn machine() -> Caller {
        Caller { subject: "machine-1".into(), on_behalf_of: None, ..person() }
    }

    #[test]
    fn everybody_who_acts_for_the_representative_acts_for_the_principal() {
        let caller = for_principal(person(), &in_force("0101234565"), at(NOW)).unwrap();
        assert_eq!(caller.party().as_str(), "client");
        let one = Caller { subject: "agent".into(), on_behalf_of: None, ..person() };
        assert!(for_principal(one, &in_force("agent"), at(NOW)).is_ok());
        let other = for_principal(person(), &in_force("agent"), at(NOW));
        assert_eq!(other, Err(NotInvoked::Unknown));
    }

    #[test]
    fn a_program_acts_for_its_firm_and_through_it_for_the_clients() {
        let firm = for_firm(machine(), &credential(), at(NOW)).unwrap();
        assert_eq!(firm.party().as_str(), "0101234565");
        let caller = for_principal(firm, &in_force("0101234565"), at(NOW)).unwrap();
        let whose = Resource {
            owners: vec!["client".into()],
            procedure: Some("CO.D".into()),
            ..Resource::default()
        };
        let actor = decide(&caller, &[own(Role::Applicant)], Some(&whose)).unwrap();
        assert_eq!(actor.subject.as_str(), "machine-1");
        assert!(actor.mandate.is_some() && actor.credential == Some(register().credential));
    }

    #[test]
    fn a_credential_is_for_its_own_program_only_while_it_is_valid() {
        let other = Caller { subject: "machine-2".into(), ..machine() };
        assert_eq!(for_firm(other, &credential(), at(NOW)), Err(NotInvoked::Unknown));
        let late = for_firm(machine(), &credential(), at("2027-01-01T00:00"));
        assert_eq!(late, Err(NotInvoked::Credential));
        let nothing = for_firm(machine(), &Credential::default(), at(NOW));
        assert_eq!(nothing, Err(NotInvoked::Unknown));
        assert_eq!(for_firm(person(), &credential(), at(NOW)), Err(NotInvoked::Unknown));
    }

    #[test]
    fn a_mandate_that_has_ended_is_no_ground_and_says_so_to_the_representative_only() {
        let law = law();
        let mut scene = scene(&law);
        scene.execute(NOW, Role::Applicant, grant()).unwrap();
        let agent = Caller { subject: "agent".into(), on_behalf_of: None, ..person() };
        let offered = for_principal(agent.clone(), &scene.state, at(NOW));
        assert_eq!(offered, Err(NotInvoked::Mandate(MandateStatus::Offered)));
        scene.execute(NOW, Role::Applicant, RevokeMandate::default()).unwrap();
        let revoked = for_principal(agent, &scene.state, at(NOW));
        assert_eq!(revoked, Err(NotInvoked::Mandate(MandateStatus::Revoked)));
        let stranger = for_principal(person(), &scene.state, at(NOW));
        assert_eq!(stranger, Err(NotInvoked::Unknown));
    }

    #[test]
    fn an_officer_who_represents_somebody_acts_in_no_office() {
        let officer = Caller {
            subject: "agent".into(),
            roles: vec![Role::Applicant, Role::Approver],
            agency: Some("G02".into()),
            on_behalf_of: None,
            ..person()
        };
        let acting = for_principal(officer, &in_force("agent"), at(NOW)).unwrap();
        assert_eq!((acting.roles, acting.agency), (vec![Role::Applicant], None));
    }
}

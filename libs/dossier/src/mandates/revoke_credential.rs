//! A firm revokes the credential of a program, which no longer acts for it from then on.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Credential, Mandate};
use crate::access::own;
use crate::contract::{CredentialEvent, CredentialRevoked, Role};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};
use crate::text::Text;

/// Revokes the credential of a program.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RevokeCredentialRequest)]
pub struct RevokeCredential {
    /// Why, for the firm's records.
    pub reason: Option<Text<1000>>,
}

refusals! {
    /// Why a credential cannot be revoked.
    pub enum Refusal {
        NotPerson => 403, "credential-not-by-a-person",
            "chỉ người của doanh nghiệp được đăng ký, thu hồi chương trình",
            "credentials are registered and revoked by the firm's people";
    }
}

impl Command for RevokeCredential {
    type State = Credential;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "revoke_credential",
        basis: "91/2015/QH13 Điều 569",
        may: &[own(Role::Applicant)],
        events: &["mandate.CredentialRevoked.v1"],
        refusals: Refusal::ALL,
    };

    /// Nothing, if it was revoked before.
    fn decide(
        &self,
        credential: &Credential,
        facts: &Facts<'_>,
    ) -> Result<Decision<CredentialEvent>, Refusal> {
        let registered = credential.registered.as_ref().ok_or(LawError::NotLoaded)?;
        if !Mandate::is_by(&registered.firm, facts.actor) {
            return Err(Refusal::NotPerson);
        }
        let reason = self.reason.as_ref().map(Text::personal);
        let revoked = CredentialRevoked { credential: registered.credential, reason };
        let is_valid = credential.revoked_at.is_none();
        Ok(Decision::from(is_valid.then(|| revoked.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{CredentialId, CredentialRegistered};
    use crate::testing::{Scene, at, law};

    #[test]
    fn a_revoked_credential_is_valid_no_more() {
        let law = law();
        let mut scene = Scene::<Credential>::new(&law, "CO.D", "G02.001");
        let registered = CredentialRegistered {
            credential: CredentialId(uuid::Uuid::from_u128(9)),
            firm: "tester".into(),
            machine: "machine-1".into(),
            name: "filing".to_owned().into(),
            ends_at: at("2027-01-01T00:00"),
        };
        let now = "2026-11-20T09:00";
        let firm = crate::testing::actor(Role::Applicant);
        scene.record(at(now), &firm, registered.into());
        assert!(scene.state.valid(at(now)).is_some());
        assert!(scene.state.valid(at("2027-01-01T00:00")).is_none());
        scene.subject = "somebody";
        let refused = scene.execute(now, Role::Applicant, RevokeCredential::default());
        assert_eq!(refused, Err(Refusal::NotPerson));
        scene.subject = "tester";
        assert_eq!(
            scene.execute(now, Role::Applicant, RevokeCredential::default()).unwrap().len(),
            1
        );
        assert!(scene.state.valid(at(now)).is_none());
        assert!(
            scene.execute(now, Role::Applicant, RevokeCredential::default()).unwrap().is_empty()
        );
    }
}

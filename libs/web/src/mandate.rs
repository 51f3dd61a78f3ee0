//! Representation by recorded mandates: the headers by which a caller invokes a credential or a
//! mandate, compared with the newest state of their streams at every request. What was revoked
//! before a request begins is no ground for it.

use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::access::Caller;
use dossier::contract::{CredentialId, MandateId};
use dossier::mandates::acting::{NotInvoked, for_firm, for_principal};
use dossier::mandates::{Credential, Mandate, MandateStatus};
use engine::{Engine, Streams};
use http::{HeaderMap, HeaderName};

use super::Problem;
use super::problem::{CREDENTIAL_NOT_VALID, MANDATE_NOT_IN_FORCE};

pub(crate) const MANDATE: HeaderName = HeaderName::from_static("mandate");
pub(crate) const CREDENTIAL: HeaderName = HeaderName::from_static("credential");

/// A step that concerns a procedure for which the invoked mandate was not granted.
pub const NOT_COVERED: RefusalEntry = RefusalEntry {
    status: 422,
    code: "mandate-does-not-cover",
    vi: "ủy quyền mà bạn nêu không bao gồm thủ tục này",
    en: "the mandate that you invoke does not cover this procedure",
};

/// What a request invokes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Invoked {
    credential: Option<CredentialId>,
    mandate: Option<MandateId>,
}

impl Invoked {
    /// # Errors
    ///
    /// A header is there twice, or is no id.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self {
            credential: one(headers, &CREDENTIAL, "Credential")?.map(CredentialId),
            mandate: one(headers, &MANDATE, "Mandate")?.map(MandateId),
        })
    }

    /// A mandate besides what the request invokes.
    pub(crate) const fn by(mandate: MandateId) -> Self {
        Self { credential: None, mandate: Some(mandate) }
    }

    pub(crate) const fn is_nothing(self) -> bool {
        self.credential.is_none() && self.mandate.is_none()
    }
}

fn one(
    headers: &HeaderMap,
    name: &HeaderName,
    shown: &'static str,
) -> Result<Option<uuid::Uuid>, Problem> {
    let mut sent = headers.get_all(name).iter();
    let Some(value) = sent.next() else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.parse::<MandateId>().ok());
    match (id, sent.next()) {
        (Some(id), None) => Ok(Some(id.0)),
        _ => Err(Problem::invalid_header(shown)),
    }
}

/// The recorded mandates and credentials.
#[derive(Debug)]
pub(crate) struct Representation {
    engine: Arc<Engine>,
    mandates: Streams<Mandate>,
    credentials: Streams<Credential>,
}

impl Representation {
    pub(crate) fn new(engine: &Arc<Engine>) -> Self {
        Self {
            engine: Arc::clone(engine),
            mandates: Streams::new(Arc::clone(engine)),
            credentials: Streams::new(Arc::clone(engine)),
        }
    }

    /// The caller as acting for the party whom the request invokes: a program for its firm, and
    /// then the firm for its client.
    pub(crate) async fn acting(
        &self,
        mut caller: Caller,
        invoked: Invoked,
    ) -> Result<Caller, Problem> {
        if let Some(CredentialId(id)) = invoked.credential {
            let loaded = self.credentials.load(&Streams::<Credential>::of(id)).await?;
            let now = self.engine.clock.now();
            caller = for_firm(caller, &loaded.state, now).map_err(problem)?;
        }
        if let Some(MandateId(id)) = invoked.mandate {
            let loaded = self.mandates.load(&Streams::<Mandate>::of(id)).await?;
            let now = self.engine.clock.now();
            caller = for_principal(caller, &loaded.state, now).map_err(problem)?;
        }
        Ok(caller)
    }

    /// Fails if what the caller invoked is no ground any more, for a request that takes long.
    pub(crate) async fn still(&self, caller: &Caller) -> Result<(), Problem> {
        let now = self.engine.clock.now();
        if let Some(CredentialId(id)) = caller.credential {
            let loaded = self.credentials.load(&Streams::<Credential>::of(id)).await?;
            if loaded.state.valid(now).is_none() {
                return Err(problem(NotInvoked::Credential));
            }
        }
        if let Some(under) = &caller.mandate {
            let loaded = self.mandates.load(&Streams::<Mandate>::of(under.mandate.0)).await?;
            if loaded.state.in_force(now).is_none() {
                return Err(problem(NotInvoked::Mandate(loaded.state.status(now))));
            }
        }
        Ok(())
    }
}

fn problem(why: NotInvoked) -> Problem {
    let (vi, en) = match why {
        NotInvoked::Credential => return Problem::new(CREDENTIAL_NOT_VALID),
        // An accepted one ended at the moment in which it was invoked.
        NotInvoked::Unknown | NotInvoked::Mandate(MandateStatus::Accepted) => {
            return Problem::new(MANDATE_NOT_IN_FORCE);
        }
        NotInvoked::Mandate(MandateStatus::Offered) => ("chưa được nhận", "not accepted yet"),
        NotInvoked::Mandate(MandateStatus::Declined) => ("đã bị từ chối", "declined"),
        NotInvoked::Mandate(MandateStatus::Revoked) => ("đã bị chấm dứt", "revoked"),
        NotInvoked::Mandate(MandateStatus::Expired) => ("đã hết hạn", "expired"),
    };
    Problem::new(MANDATE_NOT_IN_FORCE).saying(vi, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Result<Invoked, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(MANDATE, value.parse().unwrap());
        }
        Invoked::of(&headers)
    }

    #[test]
    fn a_request_invokes_at_most_one_mandate_and_no_malformed_one_is_ignored() {
        let id = "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e";
        assert!(of(&[]).unwrap().is_nothing());
        assert!(!of(&[id]).unwrap().is_nothing());
        for malformed in
            [&[id, id] as &[&str], &["x"], &[""], &["018fd2c46a3e5b7a9c412f0c3a1b5d6e"]]
        {
            assert!(of(malformed).is_err(), "{malformed:?}");
        }
    }
}

//! Who answers the offer of a mandate. It is a contract, so it needs the agreement of the
//! representative (Civil Code 91/2015/QH13, art. 562).

use super::{Granted, Mandate};
use crate::contract::Actor;
use crate::step::{LawError, refusals};

refusals! {
    /// Why a mandate can be neither accepted nor declined.
    pub enum Refusal {
        NotRepresentative => 403, "not-the-representative",
            "chỉ chính người đại diện được nhận hoặc từ chối ủy quyền",
            "only the representative, in person, accepts or declines a mandate";
        NotOffered => 409, "mandate-not-offered",
            "ủy quyền này không còn chờ nhận", "the mandate no longer awaits an answer";
    }
}

impl Refusal {
    /// What was granted, if the actor is the representative.
    pub(super) fn unless_representative<'m>(
        mandate: &'m Mandate,
        actor: &Actor,
    ) -> Result<&'m Granted, Self> {
        let granted = mandate.granted().ok_or(LawError::NotLoaded)?;
        if Mandate::is_by(&granted.terms.representative, actor) {
            Ok(granted)
        } else {
            Err(Self::NotRepresentative)
        }
    }
}

//! Refusals shared by all services for proposals: what one officer may not do alone is proposed by
//! one officer and approved or rejected by a second.

use crate::contract::Personal;
use crate::step::refusals;
use crate::text::Text;

refusals! {
    /// Why a proposal cannot be rejected.
    pub enum NotProposed {
        NothingProposed => 409, "nothing-proposed",
            "không có đề xuất này", "there is no such proposal";
    }
}

/// The reason for the rejection of a proposal, as it is recorded.
///
/// # Errors
///
/// The proposal does not wait: it was decided, or there was none.
pub(crate) fn rejected(waits: bool, reason: &Text<2000>) -> Result<Personal<String>, NotProposed> {
    if waits { Ok(reason.personal()) } else { Err(NotProposed::NothingProposed) }
}

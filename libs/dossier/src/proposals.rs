//! Refusals shared by all services for proposals: what one officer may not do alone is proposed by
//! one officer and approved or rejected by a second.

use crate::step::refusals;

refusals! {
    /// Why a proposal cannot be rejected.
    pub enum NotProposed {
        NothingProposed => 409, "nothing-proposed",
            "không có đề xuất này", "there is no such proposal";
    }
}

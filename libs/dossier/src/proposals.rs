//! What one officer may not do alone is proposed, and a second one agrees or does not: the same in every service.

use crate::step::refusals;

refusals! {
    /// Why a proposal is not rejected.
    pub enum NotProposed {
        NothingProposed => 409, "nothing-proposed",
            "không có đề xuất này", "there is no such proposal";
    }
}

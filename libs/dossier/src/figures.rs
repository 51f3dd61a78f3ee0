//! Figures about the work of agencies: shares with their denominators, the services that are
//! online, the rating of officers and units, and what may be published of small groups.

mod anonymity;
mod applicant_kind;
mod online;
mod published;
mod rating;
mod share;

pub use anonymity::{Cell, Merged, merged, part};
pub use applicant_kind::ApplicantKind;
pub use online::OnlineServices;
pub use published::{MonthCounts, PublishedRow, published};
pub use rating::{
    Evidence, Grade, Graded, INDICATORS, Indicator, IndicatorScore, Missing, Rating, Steps,
};
pub use share::Share;

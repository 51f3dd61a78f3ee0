//! Whether an officer can be given work on a dossier or a complaint.

use calendar::Text;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::clock::words;
use crate::contract::{AgencyCode, OfficerRecorded, Personal, Role, Subject};
use crate::law::Law;
use crate::step::{Known, Said};

/// Why an officer cannot be given work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unable {
    /// No directory of an agency that does this work has the officer.
    Unknown(Known),
    /// An officer of this agency, which does not do this work.
    Elsewhere(AgencyCode),
    LacksRole,
    Absent(Away),
}

/// As [`refusals!`](crate::step::refusals), with the reasons why the officer in the field at `$at`
/// cannot be given work; `or party` adds that the officer is a party to the matter.
macro_rules! refusals_of_assignment {
    ($(#[$doc:meta])* pub enum $name:ident for $at:literal or party { $($own:tt)* }) => {
        $crate::law::refusals_of_assignment! {
            $(#[$doc])*
            pub enum $name for $at {
                $($own)*
                Party => 422, "officer-is-a-party" at $at,
                    "cán bộ này là người nộp hoặc đại diện nộp hồ sơ",
                    "this officer is the applicant or filed the dossier for the applicant";
            }
        }
    };
    ($(#[$doc:meta])* pub enum $name:ident for $at:literal { $($own:tt)* }) => {
        $crate::step::refusals! {
            $(#[$doc])*
            pub enum $name {
                $($own)*
                UnknownOfficer($crate::step::Known) => 422, "unknown-officer" at $at,
                    "không có cán bộ này trong danh bạ", "the directory has no such officer";
                Elsewhere($crate::contract::AgencyCode) => 422, "officer-elsewhere" at $at,
                    "cán bộ thuộc cơ quan khác", "this is an officer of another agency";
                LacksRole => 422, "officer-lacks-role" at $at,
                    "cán bộ không làm công việc này", "this officer does not do this work";
                Absent($crate::law::Away) => 422, "officer-absent" at $at,
                    "cán bộ vắng mặt", "this officer is absent";
            }
        }

        impl From<$crate::law::Unable> for $name {
            fn from(unable: $crate::law::Unable) -> Self {
                match unable {
                    $crate::law::Unable::Unknown(known) => Self::UnknownOfficer(known),
                    $crate::law::Unable::Elsewhere(agency) => Self::Elsewhere(agency),
                    $crate::law::Unable::LacksRole => Self::LacksRole,
                    $crate::law::Unable::Absent(away) => Self::Absent(away),
                }
            }
        }
    };
}
pub(crate) use refusals_of_assignment;

/// An absence, with its deputy as the proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// The last day.
    pub to: Date,
    pub deputy: Option<(Subject, Personal<String>)>,
}

impl Said for Away {
    fn said(&self) -> Text {
        let Text { vi, en } = words::day(self.to);
        let (vi, en) = (format!("đến hết ngày {vi}"), format!("until the end of {en}"));
        let Some((deputy, name)) = &self.deputy else { return Text::new(vi, en) };
        let deputy = match name.known() {
            Some(name) => format!("{deputy} ({name})"),
            None => deputy.to_string(),
        };
        Text::new(format!("{vi}; người thay: {deputy}"), format!("{en}; the deputy is {deputy}"))
    }
}

/// Everything that prevents an officer from being given work of an agency in a role. Nothing, if
/// neither the agency nor one above it has recorded officers.
#[must_use]
pub fn unable(
    law: &Law,
    agency: &AgencyCode,
    (officer, role): (&Subject, Role),
    at: Timestamp,
) -> Vec<Unable> {
    let mut found = Vec::new();
    let directories = law.directories_for(agency, at);
    if directories.iter().all(|(directory, _)| directory.officers().is_empty()) {
        return found;
    }
    let Some(recorded) = law.officer(agency, officer, at) else {
        found.push(unknown(law, agency, (officer, role), at));
        return found;
    };
    if !recorded.roles.contains(&role) {
        found.push(Unable::LacksRole);
    }
    if let Some(absence) = law.absence(agency, officer, at) {
        let deputy = absence.deputy.as_ref().and_then(|deputy| {
            let OfficerRecorded { name, .. } = law.officer(agency, deputy, at)?;
            Some((deputy.clone(), name.clone()))
        });
        found.push(Unable::Absent(Away { to: absence.to, deputy }));
    }
    found
}

/// The officer is unknown, or of an agency that does not do this work.
fn unknown(
    law: &Law,
    agency: &AgencyCode,
    (officer, role): (&Subject, Role),
    at: Timestamp,
) -> Unable {
    let elsewhere = law.directories().find(|(of, directory)| {
        let day = law.calendar_of(of).map(|calendar| calendar.date_of(at));
        day.is_some_and(|day| directory.officer(officer, day).is_some())
    });
    if let Some((of, _)) = elsewhere {
        return Unable::Elsewhere(of.clone());
    }
    let directories = law.directories_for(agency, at);
    let all = directories.iter().flat_map(|(directory, day)| directory.officers_on(*day));
    let able = all.filter(|known| known.roles.contains(&role)).map(|known| &known.officer);
    Unable::Unknown(Known::new(officer, able, "GET /v1/directory/{agency}/officers"))
}

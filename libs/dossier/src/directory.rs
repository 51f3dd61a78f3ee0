//! The directory of an agency: its units, its officers and their absences. An operator records
//! units and officers; absences are also recorded by the officers themselves and by approvers.
//! Decree 61/2018/NĐ-CP, art. 8 (the heads of agencies arrange the officers) and 19.1 (the
//! deciding unit assigns an officer).

use crate::access::{Caller, May, Resource, agency, any};
use crate::contract::{AgencyCode, DirectoryEvent, Meta, ProcedureRef, Role};
use crate::law::Directory;
use crate::services::Category;
use crate::step::{Command, State, Step};

pub mod end_absence;
pub mod limits;
pub mod record_absence;
pub mod record_officer;
pub mod record_unit;

mod addition;

use end_absence::EndAbsence;
use record_absence::RecordAbsence;
use record_officer::RecordOfficer;
use record_unit::RecordUnit;

/// All steps, in the order in which they are taken.
pub const STEPS: &[Step] =
    &[RecordUnit::STEP, RecordOfficer::STEP, RecordAbsence::STEP, EndAbsence::STEP];

/// Permissions to read a directory.
pub const READ: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Cashier),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// Permissions to record absences. Officers record their own, approvers and operators those of
/// others too.
const ABSENCES: &[May] = &[
    agency(Role::Approver),
    agency(Role::Reviewer),
    agency(Role::Clerk),
    agency(Role::Cashier),
    agency(Role::ComplaintHandler),
    any(Role::Operator),
];

/// Who owns the directory of `of` towards a reader: its agency, and the agencies below it, whose
/// officers work with those of the agency above.
#[must_use]
pub fn resource_for(of: &AgencyCode, caller: &Caller) -> Resource {
    let below = caller.agency.iter().filter(|own| of.covers(own));
    let agencies = below.chain([of]).cloned().collect();
    Resource { agencies, ..Resource::default() }
}

impl State for Directory {
    type Event = DirectoryEvent;
    const CATEGORY: &'static str = Category::Directory.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &DirectoryEvent, meta: &Meta) {
        self.record(event, meta.at());
    }

    fn resource(&self) -> Option<Resource> {
        let agencies = vec![self.agency()?.clone()];
        Some(Resource { agencies, ..Resource::default() })
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}

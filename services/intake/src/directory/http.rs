//! The operations on directories, one file each.

mod end_absence;
mod get_absences;
mod get_officers;
mod get_units;
mod record_absence;
mod record_officer;
mod record_unit;
mod taken;

use web::Operation;

use super::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        record_unit::operation(),
        get_units::operation(),
        record_officer::operation(),
        get_officers::operation(),
        record_absence::operation(),
        get_absences::operation(),
        end_absence::operation(),
    ]
}

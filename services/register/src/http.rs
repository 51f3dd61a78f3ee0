//! The operations of the API, one file each.

mod get_elapsed;
mod get_lookup;
mod get_obligations;
mod get_officer_queue;
mod get_overdue_queue;
mod get_statistics;
mod get_timeline;
mod queue;

use web::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        get_lookup::operation(),
        get_timeline::operation(),
        get_obligations::operation(),
        get_elapsed::operation(),
        get_officer_queue::operation(),
        get_overdue_queue::operation(),
        get_statistics::operation(),
    ]
}

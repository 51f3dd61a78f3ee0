//! The routes, one file each.

mod get_elapsed;
mod get_lookup;
mod get_obligations;
mod get_officer_queue;
mod get_overdue_queue;
mod get_statistics;
mod get_timeline;
mod queue;

service_kit::routes!(App:
    get_lookup,
    get_timeline,
    get_obligations,
    get_elapsed,
    get_officer_queue,
    get_overdue_queue,
    get_statistics,
);

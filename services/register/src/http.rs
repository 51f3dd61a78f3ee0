//! The operations of the API, one file each.

mod clients;
mod export_statistics;
mod found;
mod get_book;
mod get_changes;
mod get_complaint_reads;
mod get_control_slip;
mod get_counted_dossiers;
mod get_dossier_by_code;
mod get_dossiers;
mod get_elapsed;
mod get_found_complaints;
mod get_lookup;
mod get_mandate_reads;
mod get_obligations;
mod get_parcels;
mod get_public_figures;
mod get_ratings;
mod get_reader_reads;
mod get_reads;
mod get_statistics;
mod get_targets;
mod get_timeline;
mod get_work;
mod listed;
mod reads_of;
mod workload;

pub(crate) use export_statistics::EXPORTS_AT_ONCE;
pub(crate) use get_public_figures::PublicFiguresReply;
use web::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        get_dossiers::operation(),
        get_dossier_by_code::operation(),
        get_work::operation(),
        get_lookup::operation(),
        get_timeline::operation(),
        get_changes::operation(),
        get_control_slip::operation(),
        get_book::operation(),
        get_reads::operation(),
        get_complaint_reads::operation(),
        get_mandate_reads::operation(),
        get_reader_reads::operation(),
        get_obligations::operation(),
        get_elapsed::operation(),
        get_parcels::operation(),
        get_found_complaints::operation(),
        get_statistics::operation(),
        get_counted_dossiers::operation(),
        get_targets::operation(),
        export_statistics::operation(),
        get_public_figures::operation(),
        get_ratings::operation(),
    ]
}

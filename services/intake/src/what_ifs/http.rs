//! The operations on what-ifs, one file each.

mod cancel_what_if;
mod get_what_if;
mod get_what_if_dossiers;
mod reply;
mod try_what_if;

pub(crate) use reply::AskedReply;
use web::Operation;

use super::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        try_what_if::operation(),
        get_what_if::operation(),
        get_what_if_dossiers::operation(),
        cancel_what_if::operation(),
    ]
}

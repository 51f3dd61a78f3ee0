//! The operations of the API, one file each.

mod change_subscriber;
mod disable_subscriber;
mod enable_subscriber;
mod end_subscriber;
mod get_deliveries;
mod get_subscriber;
mod get_subscribers;
mod replay_changes;
mod reply;
mod rotate_subscriber_secret;
mod subscribe;

use web::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        subscribe::operation(),
        get_subscribers::operation(),
        get_subscriber::operation(),
        change_subscriber::operation(),
        disable_subscriber::operation(),
        enable_subscriber::operation(),
        rotate_subscriber_secret::operation(),
        replay_changes::operation(),
        end_subscriber::operation(),
        get_deliveries::operation(),
    ]
}

//! The operations on mandates and credentials, one file each.

mod accept_mandate;
mod decline_mandate;
mod get_credential;
mod get_credentials;
mod get_mandate;
mod get_mandate_document;
mod get_mandates;
mod get_me;
mod grant_mandate;
mod register_credential;
mod reply;
mod revoke_credential;
mod revoke_mandate;

use web::Operation;

use super::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        grant_mandate::operation(),
        get_mandates::operation(),
        get_mandate::operation(),
        get_mandate_document::operation(),
        accept_mandate::operation(),
        decline_mandate::operation(),
        revoke_mandate::operation(),
        register_credential::operation(),
        get_credentials::operation(),
        get_credential::operation(),
        get_me::operation(),
        revoke_credential::operation(),
    ]
}

//! The operations on labels, notes and messages, one file each.

mod add_label;
mod add_note;
mod get_labels;
mod get_message_document;
mod get_messages;
mod get_notes;
mod on_dossier;
mod read_messages;
mod remove_label;
mod reply;
mod send_message;
mod withdraw_note;

use web::Operation;

use super::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        add_label::operation(),
        get_labels::operation(),
        remove_label::operation(),
        add_note::operation(),
        get_notes::operation(),
        withdraw_note::operation(),
        send_message::operation(),
        get_messages::operation(),
        read_messages::operation(),
        get_message_document::operation(),
    ]
}

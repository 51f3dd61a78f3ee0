//! Numbers of results, each in the register of its agency, book and year.

use serde::{Deserialize, Serialize};

use super::{AgencyCode, DossierId, events, payload};

payload! {
    /// A number was taken from a register for the result of a dossier. What became of it, the dossier's result says: it was
    /// issued under it, waits to be, or will never be.
    NumberTaken {
        /// Whose register.
        agency: AgencyCode,
        /// Which of its books: the result's code in the national catalogue.
        book: String,
        /// Of which year.
        year: i16,
        /// The number as it is written on the result.
        number: String,
        /// Its place in the order of the register; absent where an officer gave a number of another order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sequence: Option<u64>,
        /// For which dossier.
        dossier: DossierId,
    }
}

events! {
    /// The events of a register of numbers.
    pub enum NumberEvent {
        NumberTaken = "delivery.NumberTaken.v1",
    }
}

//! The numbers of results, assigned per agency, book and year.

use serde::{Deserialize, Serialize};

use super::{AgencyCode, DossierId, events, payload};

payload! {
    /// A number was assigned to the result of a dossier. The dossier's events of result delivery
    /// show whether the result was issued under it.
    NumberTaken for Registers {
        /// The agency whose register it is.
        agency: AgencyCode,
        /// The book of the register: the result's code in the national catalogue.
        book: String,
        year: i16,
        /// The number as it is written on the result.
        number: String,
        /// Its place in the order of the register; absent if an officer gave a number of another
        /// order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sequence: Option<u64>,
        dossier: DossierId,
    }
}

events! {
    /// The events of a register of numbers.
    pub enum NumberEvent {
        NumberTaken = "delivery.NumberTaken.v1",
    }
}

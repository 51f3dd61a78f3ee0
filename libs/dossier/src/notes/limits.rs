//! Limits of labels, notes and messages.

/// Labels that a dossier has at the same time.
pub const LABELS_MAX: usize = 20;
/// Labels that were ever added to a dossier.
pub const LABELS_EVER_MAX: usize = 200;
/// Notes of a dossier, withdrawn ones included.
pub const NOTES_MAX: usize = 200;
/// Messages of a dossier from the applicant, and as many from the agency: neither side can use up
/// those of the other.
pub const MESSAGES_OF_A_SIDE_MAX: usize = 200;
/// Messages of a dossier from one sender on a day of the agency's calendar.
pub const MESSAGES_A_DAY_MAX: usize = 20;
/// Documents of a message.
pub const MESSAGE_DOCUMENTS_MAX: usize = 10;
/// Days after the end of a dossier on which messages can be sent: as long as a decision can be
/// complained about (Law 02/2011/QH13, art. 9).
pub const MESSAGES_AFTER_END_DAYS: i64 = 90;

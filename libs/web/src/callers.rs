//! Who may call an operation, and towards which quota a call counts.

use dossier::access::May;

/// Who may call an operation. Checked before the body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Callers with a token that has one of these roles.
    Roles(&'static [May]),
    /// Everybody.
    Open,
}

/// Which quota an operation counts towards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Step, read or upload, depending on method and body; open operations are not counted.
    Usual,
    /// A step that submits something new, for example a dossier.
    Filing,
    /// A look-up of something that a number or a code is known of, counted by client address.
    LookUp,
    /// A read of what is published: without a valid token counted like a look-up, with one as a
    /// read of its subject. An office behind one address is many callers.
    Published,
    /// A message of a partner, signed instead of with a token, counted by client address.
    Message,
    /// A read that may wait for news. While it waits it is not in flight; the number of such reads
    /// has limits of its own.
    Following,
}

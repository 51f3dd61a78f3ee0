//! Words of partners in files, messages and notices.

use std::fmt;

/// Something that a partner can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Begin a payment.
    Pay,
    /// Report to us.
    Notify,
    /// Send the payer's browser back to us. Evidence for the payer's page only: it records nothing.
    Return,
    /// Answer what became of a payment.
    Query,
    /// Return money.
    Refund,
    /// Return a part of a payment.
    RefundPart,
    /// Give the receipt of the partner.
    Bill,
    /// Give statements.
    Statement,
}

impl Capability {
    /// All capabilities with their names in files of partners.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("pay", Self::Pay),
        ("notify", Self::Notify),
        ("return", Self::Return),
        ("query", Self::Query),
        ("refund", Self::Refund),
        ("refund_part", Self::RefundPart),
        ("bill", Self::Bill),
        ("statement", Self::Statement),
    ];

    /// The name in files of partners.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whole đồng.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vnd(pub i64);

/// What became of a payment or of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The money was captured.
    Captured,
    /// The payment or the refund failed; no money moved.
    Failed,
    /// Not known yet.
    Pending,
    /// The money went back to the payer.
    Refunded,
    /// The partner reversed a payment.
    Reversed,
    /// The payer disputes a payment.
    Disputed,
    /// A dispute ended, and the money stays.
    DisputeKept,
    /// A dispute ended, and the payer gets the money, which is reported as reversed.
    DisputeLost,
}

impl Outcome {
    /// All outcomes with their names in files of partners.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("captured", Self::Captured),
        ("failed", Self::Failed),
        ("pending", Self::Pending),
        ("refunded", Self::Refunded),
        ("reversed", Self::Reversed),
        ("disputed", Self::Disputed),
        ("dispute_kept", Self::DisputeKept),
        ("dispute_lost", Self::DisputeLost),
    ];
}

/// What became of an incoming message; each scheme has words of its own for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It is recorded now.
    Taken,
    /// It was recorded before.
    Known,
    /// It names no payment of ours; it is recorded and listed.
    Unmatched,
    /// Its amount is not that of the payment; it is recorded and listed.
    AmountDiffers,
    /// Its content cannot be understood; it is kept and listed.
    Impossible,
    /// Its signature is wrong; nothing is recorded.
    WrongSignature,
    /// It could not be recorded; the partner should repeat it.
    TryAgain,
}

impl Answer {
    /// All answers with their names in files of partners.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("taken", Self::Taken),
        ("known", Self::Known),
        ("unmatched", Self::Unmatched),
        ("amount_differs", Self::AmountDiffers),
        ("impossible", Self::Impossible),
        ("wrong_signature", Self::WrongSignature),
        ("try_again", Self::TryAgain),
    ];
}

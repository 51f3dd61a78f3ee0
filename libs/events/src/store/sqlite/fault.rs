//! Errors of SQLite, by what to do about them.

use rusqlite::ErrorCode;

use crate::{Cause, Position, ReadError};

/// An event's row is not what an append wrote.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub(super) struct Damaged {
    pub(super) position: Position,
    pub(super) source: rusqlite::Error,
}

/// The error of a read that SQLite failed.
pub(super) fn failed(error: rusqlite::Error) -> ReadError {
    let position = match &error {
        rusqlite::Error::FromSqlConversionFailure(_, _, source) => {
            source.downcast_ref::<Damaged>().map(|damaged| damaged.position)
        }
        _ => None,
    };
    let (fault, cause) = (fault(&error), Cause::new(error));
    match fault {
        Fault::Corrupt => ReadError::Corrupt { position, cause },
        Fault::Refused => ReadError::Refused(cause),
        Fault::Locked | Fault::Full | Fault::ReadOnly | Fault::Disk | Fault::Passing => {
            ReadError::Unreachable(cause)
        }
    }
}

/// What an error of SQLite is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another connection holds a lock.
    Locked,
    Full,
    ReadOnly,
    /// The disk fails, or the file cannot be opened.
    Disk,
    /// The file, or a row in it, is not what was written.
    Corrupt,
    /// A retry may succeed.
    Passing,
    /// A retry fails in the same way: a missing table, a statement that is not accepted.
    Refused,
}

pub(super) fn fault(error: &rusqlite::Error) -> Fault {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Locked,
        Some(ErrorCode::DiskFull) => Fault::Full,
        Some(ErrorCode::ReadOnly) => Fault::ReadOnly,
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Fault::Disk,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Fault::Corrupt,
        Some(
            ErrorCode::OutOfMemory
            | ErrorCode::OperationAborted
            | ErrorCode::OperationInterrupted
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::SchemaChanged,
        ) => Fault::Passing,
        Some(_) => Fault::Refused,
        None => match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
            // The stream of an event has no name.
            | rusqlite::Error::QueryReturnedNoRows => Fault::Corrupt,
            _ => Fault::Refused,
        },
    }
}

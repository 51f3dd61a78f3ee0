//! Cursors of the change feed: a position in the log of one store, opaque and authenticated.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::Position;
use platform::secret::Secret;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// First byte of a cursor.
const VERSION: u8 = 1;
/// Bytes of the store's id, the position, the checksum and the authentication code.
const BYTES: usize = 1 + 16 + 8 + 4 + 16;

/// Makes and reads the cursors of one store.
#[derive(Debug)]
pub struct Cursors {
    store: Uuid,
    secret: Secret,
}

/// Why a cursor cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It is not a cursor: it was cut or mistyped.
    Malformed,
    /// It is a cursor of another store, or was made with another key.
    Foreign,
}

impl Cursors {
    /// Cursors of the store with this id, authenticated with the key of the installation.
    #[must_use]
    pub const fn new(store: Uuid, secret: Secret) -> Self {
        Self { store, secret }
    }

    /// The cursor of a position.
    #[must_use]
    pub fn write(&self, position: Position) -> String {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(self.store.as_bytes());
        bytes.extend_from_slice(&position.0.to_be_bytes());
        let (check, code) = (checksum(&bytes), self.code(&bytes));
        bytes.extend_from_slice(&check);
        bytes.extend_from_slice(code.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The checksum, which needs no key, tells a mistyped cursor from one of another store.
    ///
    /// # Errors
    ///
    /// See [`Unusable`].
    pub fn read(&self, cursor: &str) -> Result<Position, Unusable> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Unusable::Malformed)?;
        if bytes.len() != BYTES || bytes.first() != Some(&VERSION) {
            return Err(Unusable::Malformed);
        }
        let (content, proof) = bytes.split_at(1 + 16 + 8);
        let (check, code) = proof.split_at(4);
        if check != checksum(content) {
            return Err(Unusable::Malformed);
        }
        let (place, position) = content.split_at(1 + 16);
        if place.get(1..) != Some(&self.store.as_bytes()[..])
            || code != self.code(content).as_bytes()
        {
            return Err(Unusable::Foreign);
        }
        let position: [u8; 8] = position.try_into().map_err(|_| Unusable::Malformed)?;
        Ok(Position(u64::from_be_bytes(position)))
    }

    fn code(&self, content: &[u8]) -> Uuid {
        self.secret.id(&[b"changes", content])
    }
}

fn checksum(content: &[u8]) -> [u8; 4] {
    let digest: [u8; 32] = Sha256::digest(content).into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors(store: u128, key: u8) -> Cursors {
        Cursors::new(Uuid::from_u128(store), Secret::new(vec![key; 32]))
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_says_nothing_of_its_position() {
        for position in [0, 1, 77, u64::MAX] {
            let cursor = cursors(1, 7).write(Position(position));
            assert_eq!(cursors(1, 7).read(&cursor), Ok(Position(position)));
            assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        }
    }

    #[test]
    fn a_cursor_of_another_store_or_key_is_foreign() {
        let cursor = cursors(1, 7).write(Position(5));
        assert_eq!(cursors(2, 7).read(&cursor), Err(Unusable::Foreign));
        assert_eq!(cursors(1, 8).read(&cursor), Err(Unusable::Foreign));
    }

    #[test]
    fn a_cursor_with_any_character_changed_cut_or_added_is_not_used() {
        let (own, cursor) = (cursors(1, 7), cursors(1, 7).write(Position(5)));
        for place in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(own.read(&changed).is_err(), "{place}");
            assert_eq!(own.read(&cursor[..place]), Err(Unusable::Malformed), "{place}");
        }
        for text in [&*format!("{cursor}A"), "", "start", "7", "ký tự"] {
            assert_eq!(own.read(text), Err(Unusable::Malformed), "{text}");
        }
    }
}

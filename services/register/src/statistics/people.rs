//! Numbers of different accounts, applicants and firms: no sums over groups, because one may be in
//! several of them.

use std::collections::HashMap;

use super::sums::number;

/// Who filed or applied, each once, by a hash of the name: of a million, two have the same one with
/// a probability of 3 in 10^8.
#[derive(Debug, Default)]
pub(super) struct People(HashMap<u64, u8>);

pub(super) const ACCOUNT: u8 = 1;
pub(super) const APPLICANT: u8 = 2;
pub(super) const FIRM: u8 = 4;

impl People {
    pub(super) fn put(&mut self, name: u64, is: u8) {
        *self.0.entry(name).or_default() |= is;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (name, is) in &other.0 {
            self.put(*name, *is);
        }
    }

    pub(super) fn count(&self, is: u8) -> u64 {
        number(self.0.values().filter(|known| **known & is != 0).count())
    }
}

//! Which partners are called rarely because they failed, as far as the process that sends
//! requests knows.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use events::bus::Leadership;

/// The breakers by the names of partners.
#[derive(Debug)]
pub(crate) struct Breakers {
    lead: Leadership,
    open: Mutex<BTreeMap<String, bool>>,
}

impl Breakers {
    pub(crate) fn new(lead: Leadership) -> Self {
        Self { lead, open: Mutex::default() }
    }

    pub(crate) fn set(&self, partner: &str, is_open: bool) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(partner.to_owned(), is_open);
    }

    /// Whether the breaker of a partner is open; `None` if this process sends no requests to it.
    pub(crate) fn is_open(&self, partner: &str) -> Option<bool> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(partner).copied().filter(|_| self.lead.now())
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    #[test]
    fn a_process_that_no_longer_sends_requests_knows_of_no_breaker() {
        let (leading, leads) = watch::channel(true);
        let breakers = Breakers::new(Leadership::decided(leads));
        assert_eq!(breakers.is_open("wallet"), None);
        breakers.set("wallet", true);
        assert_eq!(breakers.is_open("wallet"), Some(true));
        leading.send_replace(false);
        assert_eq!(breakers.is_open("wallet"), None);
    }
}

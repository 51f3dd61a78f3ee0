//! Limits of concurrent uploads, per person and per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use dossier::contract::Subject;
use platform::network::network_of;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::UploadError;
use crate::limits::{UPLOAD_WAIT_MAX, UPLOADS_MAX, UPLOADS_OF_ONE_MAX};

/// Upload slots of a process.
#[derive(Debug)]
pub(super) struct Places {
    all: Semaphore,
    /// Slots of uploaders that have or wait for one.
    own: Mutex<HashMap<Uploader, Arc<Semaphore>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Uploader {
    Person(Subject),
    Address(IpAddr),
}

/// A slot, released on drop.
pub(super) type Place<'a> = (OwnedSemaphorePermit, OwnedSemaphorePermit, SemaphorePermit<'a>);

impl Default for Places {
    fn default() -> Self {
        Self { all: Semaphore::new(UPLOADS_MAX), own: Mutex::default() }
    }
}

impl Places {
    /// Takes a slot. Most uploads are short, so this waits for a moment if none is free.
    pub(super) async fn enter(
        &self,
        person: &Subject,
        client: IpAddr,
    ) -> Result<Place<'_>, UploadError> {
        let until = Instant::now() + UPLOAD_WAIT_MAX;
        // An uploader that waits for one of its own slots holds none of the shared ones.
        let person = self.own(Uploader::Person(person.clone())).acquire_owned();
        let person = timeout_at(until, person).await.ok().and_then(Result::ok);
        let person = person.ok_or(UploadError::TooMany)?;
        let address = self.own(Uploader::Address(network_of(client))).acquire_owned();
        let address = timeout_at(until, address).await.ok().and_then(Result::ok);
        let address = address.ok_or(UploadError::TooMany)?;
        let place = timeout_at(until, self.all.acquire()).await.ok().and_then(Result::ok);
        Ok((person, address, place.ok_or(UploadError::Busy)?))
    }

    fn own(&self, uploader: Uploader) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        // An entry that only this map refers to is unused.
        own.retain(|_, places| Arc::strong_count(places) > 1);
        let places = own.entry(uploader);
        Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(UPLOADS_OF_ONE_MAX))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_person_and_one_address_have_a_few_and_the_others_theirs() {
        let places = Places::default();
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        let few = u8::try_from(UPLOADS_OF_ONE_MAX).unwrap();
        let mut held = Vec::new();
        for n in 0..few {
            held.push(places.enter(&"a1".into(), address(n)).await.unwrap());
        }
        let more = places.enter(&"a1".into(), address(100)).await;
        assert!(matches!(more, Err(UploadError::TooMany)), "a person from many addresses");
        for n in 0..few {
            let person = format!("b{n}");
            held.push(places.enter(&(&*person).into(), address(101)).await.unwrap());
        }
        let more = places.enter(&"b".into(), address(101)).await;
        assert!(matches!(more, Err(UploadError::TooMany)), "an address with many persons");
        assert!(places.enter(&"a2".into(), address(102)).await.is_ok());
        drop(held);
        assert!(places.enter(&"a1".into(), address(101)).await.is_ok());
        assert!(places.own.lock().unwrap().len() <= 2, "nothing stays of who has none");
    }
}

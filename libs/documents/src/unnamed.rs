//! Counts uploads of this process that no step refers to yet, per person, for the quota.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use dossier::contract::{DocumentName, Subject};
use jiff::Timestamp;
use lru::LruCache;

use crate::limits::{ORPHAN_AFTER, UNNAMED_MAX};

/// The counter. Each process has its own; a restart resets it.
#[derive(Debug)]
pub(super) struct Unnamed(Mutex<Counted>);

#[derive(Debug)]
struct Counted {
    uploaders: LruCache<DocumentName, Subject>,
    people: HashMap<Subject, BTreeMap<DocumentName, Timestamp>>,
}

impl Default for Unnamed {
    fn default() -> Self {
        Self(Mutex::new(Counted { uploaders: LruCache::new(UNNAMED_MAX), people: HashMap::new() }))
    }
}

impl Unnamed {
    /// Counts an upload.
    pub(super) fn uploaded(&self, uploader: &Subject, name: &DocumentName, at: Timestamp) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counted { uploaders, people } = &mut *counted;
        if let Some((other, subject)) = uploaders.push(name.clone(), uploader.clone())
            && other != *name
        {
            forget(people, &subject, &other);
        }
        people.entry(uploader.clone()).or_default().insert(name.clone(), at);
    }

    /// A recorded step refers to it.
    pub(super) fn named(&self, name: &DocumentName) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counted { uploaders, people } = &mut *counted;
        if let Some(uploader) = uploaders.pop(name) {
            forget(people, &uploader, name);
        }
    }

    /// Number of a person's uploads without a step, at most a day old.
    pub(super) fn count(&self, uploader: &Subject, now: Timestamp) -> usize {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counted { uploaders, people } = &mut *counted;
        let Some(names) = people.get_mut(uploader) else { return 0 };
        names.retain(|name, at| {
            let waits = now.duration_since(*at) < ORPHAN_AFTER;
            if !waits {
                uploaders.pop(name);
            }
            waits
        });
        let waiting = names.len();
        if waiting == 0 {
            people.remove(uploader);
        }
        waiting
    }
}

fn forget(
    people: &mut HashMap<Subject, BTreeMap<DocumentName, Timestamp>>,
    uploader: &Subject,
    name: &DocumentName,
) {
    if let Some(names) = people.get_mut(uploader) {
        names.remove(name);
        if names.is_empty() {
            people.remove(uploader);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_count_until_they_are_named_or_a_day_is_over() {
        let unnamed = Unnamed::default();
        let at = |hours: i64| Timestamp::from_second(hours * 3_600).unwrap();
        let (one, other) = (Subject::from("a1"), Subject::from("a2"));
        for (name, hour) in [("x", 0), ("y", 1), ("y", 1), ("z", 20)] {
            unnamed.uploaded(&one, &name.into(), at(hour));
        }
        unnamed.uploaded(&other, &"w".into(), at(0));
        assert_eq!(unnamed.count(&one, at(20)), 3, "the same upload again is the same");
        unnamed.named(&"z".into());
        unnamed.named(&"nobody's".into());
        assert_eq!(unnamed.count(&one, at(20)), 2);
        assert_eq!(unnamed.count(&one, at(24)), 1);
        assert_eq!(unnamed.count(&one, at(25)), 0);
        assert_eq!(unnamed.count(&other, at(1)), 1);
    }
}

//! Foreign and missing events: the client reads the whole log in one call.

use std::collections::{BTreeMap, HashMap};

use eventstore::{Error, ReadAllOptions, StreamPosition, SubscriptionFilter};
use tokio::time::timeout;

use super::failure::Failure;
use super::log::Log;
use super::record::{Whose, shown, whose};
use crate::limits::{FIND_TIMEOUT, FLAWS_MAX};
use crate::{Flaw, StreamName};

pub(super) async fn of(log: &Log) -> Result<Vec<Flaw>, Failure> {
    let client = log.connection.client(&log.connection.node().await?)?;
    let filter = SubscriptionFilter::on_stream_name().add_prefix(&log.prefix);
    let options = ReadAllOptions::default().position(StreamPosition::Start).filter(filter);
    let unread = |error: Error| Failure::Passing(error.to_string());
    let mut read = client.read_all(&options).await.map_err(unread)?;
    let mut found = Found::default();
    // The timeout is for each event, not for the whole.
    while let Some(event) = timeout(FIND_TIMEOUT, read.next())
        .await
        .map_err(|_| Failure::Silent(FIND_TIMEOUT))?
        .map_err(unread)?
    {
        let Some(event) = event.event else { continue };
        let text = [&event.data, &event.custom_metadata].map(|text| std::str::from_utf8(text));
        let text = text.iter().all(Result::is_ok);
        found.see(whose(&log.prefix, event.stream_id().as_bytes()), &event, text);
    }
    Ok(found.flaws())
}

#[derive(Debug, Default)]
struct Found {
    /// Events per stream of other programs.
    foreign: BTreeMap<String, u64>,
    /// The next version of each stream of the log.
    next: HashMap<StreamName, u64>,
    gaps: Vec<Flaw>,
}

impl Found {
    fn see(&mut self, whose: Whose, event: &eventstore::RecordedEvent, text: bool) {
        let escaped = || shown(event.stream_id().as_bytes());
        match whose {
            Whose::Others => {}
            Whose::Odd => self.sees_foreign(escaped()),
            Whose::Ours(stream) => {
                if !text {
                    self.sees_foreign(format!("{}@{}", escaped(), event.revision));
                }
                let version = event.revision + 1;
                let next = self.next.entry(stream).or_insert(1);
                if *next != version && self.gaps.len() < FLAWS_MAX {
                    let (stream, after) = (escaped(), *next - 1);
                    self.gaps.push(Flaw::VersionGap { stream, after, before: version });
                }
                *next = version + 1;
            }
        }
    }

    fn sees_foreign(&mut self, stream: String) {
        if self.foreign.len() < FLAWS_MAX || self.foreign.contains_key(&stream) {
            *self.foreign.entry(stream).or_default() += 1;
        }
    }

    fn flaws(self) -> Vec<Flaw> {
        let foreign =
            self.foreign.into_iter().map(|(stream, events)| Flaw::Foreign { stream, events });
        foreign.chain(self.gaps).collect()
    }
}

//! Somebody who has the bus bring its messages again: as it does by itself when an acknowledgement is lost, only more of it.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, Context};
use cluster::Cluster;
use dossier::services::ServiceName;
use futures_util::TryStreamExt;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(60);
/// What has a stream of its own on the bus.
fn sources() -> impl Iterator<Item = &'static str> {
    ServiceName::ALL.into_iter().flat_map(ServiceName::sources).copied()
}

/// A message as it was said first.
struct Said {
    subject: String,
    headers: HeaderMap,
    payload: bytes::Bytes,
}

pub(crate) struct Bus {
    context: Context,
    said: Vec<Said>,
}

impl Bus {
    /// Reads all that stands on the bus.
    pub(crate) async fn reach(cluster: &Cluster) -> Self {
        let servers: Vec<String> = cluster.nats.urls().split(',').map(str::to_owned).collect();
        let context = jetstream::new(async_nats::connect(servers).await.unwrap());
        let mut said = Vec::new();
        for source in sources() {
            let mut stream = context.get_stream(format!("dossier_{source}")).await.unwrap();
            let state = stream.info().await.unwrap().state.clone();
            for sequence in state.first_sequence.max(1)..=state.last_sequence {
                let message = stream.get_raw_message(sequence).await.unwrap();
                let mut headers = HeaderMap::new();
                // By its own headers the bus would know that it has them, and say no.
                for (name, values) in message.headers.iter() {
                    if !name.to_string().starts_with("Nats-") {
                        for value in values {
                            headers.append(name.clone(), value.clone());
                        }
                    }
                }
                let (subject, payload) = (message.subject.to_string(), message.payload);
                said.push(Said { subject, headers, payload });
            }
        }
        assert!(!said.is_empty(), "nothing stands on the bus");
        Self { context, said }
    }

    /// Says all of it again, once, in an order that the round gives; returns how much that was.
    pub(crate) async fn shuffle(&self, round: u64) -> usize {
        let mut order: Vec<usize> = (0..self.said.len()).collect();
        // Multiplication by an odd number and rotation: another order for each round, the same in every run.
        order.sort_by_key(|place| {
            let place = u64::try_from(*place).unwrap() + 1;
            (place ^ (round + 1)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31)
        });
        for place in order {
            let Said { subject, headers, payload } = &self.said[place];
            let (subject, headers) = (subject.clone(), headers.clone());
            let taken =
                self.context.publish_with_headers(subject, headers, payload.clone()).await.unwrap();
            taken.await.unwrap();
        }
        let brought = async { while !self.is_brought().await {} };
        timeout(LIMIT, brought).await.expect("not all of it is brought and taken");
        self.said.len()
    }

    /// Whether every follower has been brought all that stands there, and has taken it.
    async fn is_brought(&self) -> bool {
        let mut followers = 0;
        for source in sources() {
            let stream = self.context.get_stream(format!("dossier_{source}")).await.unwrap();
            let mut consumers = stream.consumers();
            while let Some(consumer) = consumers.try_next().await.unwrap() {
                followers += 1;
                if consumer.num_pending > 0 || consumer.num_ack_pending > 0 {
                    return false;
                }
            }
        }
        assert!(followers > 0, "nobody follows");
        true
    }
}

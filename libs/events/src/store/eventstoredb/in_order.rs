//! Pipelined appends of one caller: the server processes the messages of one call in the order in
//! which they were sent. The order of their positions is checked.

use tokio::time::Instant;

use super::EventStoreDb;
use super::append::{base, check_ids};
use super::batch::{Answer, Append};
use super::failure::Failure;
use crate::budget;
use crate::limits::{ANSWERED_IN, BUSY_RETRY_AFTER, RECONNECT_PAUSE};
use crate::store::patience::{longer, rest};
use crate::{AppendError, Appended, Cause, Expected, NewEvent, Position, StreamName, Version};

/// An append to one stream.
type Part = (StreamName, Expected, Vec<NewEvent>);

impl EventStoreDb {
    /// Fails with the first append that fails, and its index; some of the later ones may have been
    /// made.
    pub(in crate::store) async fn append_in_order(
        &self,
        parts: &[Part],
    ) -> Result<(), (usize, AppendError)> {
        let first = |error| (0, error);
        self.check_not_read_only().map_err(|why| first(why.into()))?;
        let busy = |_| first(AppendError::Busy(BUSY_RETRY_AFTER));
        let many = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let _permits = self.permits.try_acquire_many(many).map_err(busy)?;
        let (mut room, mut appends) = (Vec::new(), Vec::new());
        for (place, (stream, expected, events)) in parts.iter().enumerate() {
            let at = |error| (place, error);
            check_ids(events).map_err(at)?;
            room.push(self.room.take(events).map_err(at)?);
            let conflict = || at(AppendError::Conflict { actual: None });
            let base = base(*expected).ok_or_else(conflict)?;
            appends.push((base, self.prepared(stream, base, events)));
        }
        let until = budget::until(ANSWERED_IN);
        let answers = self.answers(&appends, until).await;
        let answers = answers.map_err(|failure| first(self.refused(failure)))?;
        let each = parts.iter().zip(&appends).zip(answers).enumerate();
        let mut before = Position::START;
        for (place, (((stream, _, events), (base, _)), answer)) in each {
            let done = self.done((stream, *base), events, (answer, until));
            let Appended { position, .. } = done.await.map_err(|error| (place, error))?;
            // One that failed temporarily was sent again, and later ones may have been made
            // meanwhile.
            if position <= before {
                let reason =
                    "an append failed for a moment, and its order among the others was lost";
                return Err((place, AppendError::Unreachable(Cause::new(reason))));
            }
            before = position;
        }
        Ok(())
    }

    /// The answer to each. Appends whose answer was lost are sent again in their order; the server
    /// recognises those that it has made.
    async fn answers(
        &self,
        appends: &[(Version, Append)],
        until: Instant,
    ) -> Result<Vec<Answer>, Failure> {
        let mut answers: Vec<Option<Answer>> = vec![None; appends.len()];
        let mut pause = RECONNECT_PAUSE;
        loop {
            let open = answers.iter().enumerate().filter(|(_, answer)| answer.is_none());
            let open: Vec<usize> = open.map(|(place, _)| place).collect();
            if open.is_empty() {
                return Ok(answers.into_iter().flatten().collect());
            }
            let sent = self.log.connection.ask((until, ANSWERED_IN), |node| {
                let open = open.clone();
                async move {
                    let mut sent = Vec::with_capacity(open.len());
                    for place in open {
                        if let Some((_, append)) = appends.get(place) {
                            sent.push((place, node.send(append.clone()).await?));
                        }
                    }
                    let mut answered = Vec::with_capacity(sent.len());
                    for (place, sent) in sent {
                        answered.push((place, sent.answered().await));
                    }
                    Ok((node, answered))
                }
            });
            let (node, answered) = sent.await?;
            let mut lost = None;
            for (place, answer) in answered {
                match answer {
                    Err(failure) if failure.is_retryable() && Instant::now() < until => {
                        lost = Some(failure);
                    }
                    answer => {
                        if let Some(open) = answers.get_mut(place) {
                            *open = Some(answer);
                        }
                    }
                }
            }
            if let Some(failure) = lost {
                self.log.connection.forget(&node, &failure);
                rest(pause).await;
                pause = longer(pause);
            }
        }
    }
}

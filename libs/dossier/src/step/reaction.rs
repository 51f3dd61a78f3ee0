//! Reactions: the commands that a service executes because of events of other services. An event
//! may arrive twice or out of order; the outcome is the same.

use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{AnyCommand, Command, LawError, State};
use crate::contract::{
    AgencyCode, Brief, DossierId, Envelope, EventOf, EventSet, ProcedureRef, Unreadable,
};

/// An event of another service, as received.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    pub id: Uuid,
    pub kind: &'a str,
    /// JSON.
    pub data: &'a str,
    pub envelope: &'a Envelope,
}

impl Incoming<'_> {
    /// Decodes the payload.
    ///
    /// # Errors
    ///
    /// The payload does not have the shape of `P`.
    pub fn read<P: DeserializeOwned>(&self) -> Result<P, Unreadable> {
        serde_json::from_str(self.data)
            .map_err(|source| Unreadable::Payload { kind: self.kind.to_owned(), source })
    }

    /// `command`, if there is one, on the stream of the event's dossier.
    pub fn follow<C: Command<Refusal = LawError>>(
        &self,
        command: Option<C>,
    ) -> Vec<Follow<C::State>> {
        let command = self.envelope.dossier.zip(command);
        command.map(|(dossier, command)| Follow::on(dossier, command)).into_iter().collect()
    }
}

/// A kind of event of another service, and the reaction to it. A service subscribes to exactly the
/// kinds in [`State::SUBSCRIPTIONS`].
#[derive(Debug)]
pub struct Subscription<S: State> {
    kind: &'static str,
    /// The commands that follow from an event of this kind.
    pub react: Reaction<S>,
}

type Reaction<S> = fn(&Incoming<'_>) -> Result<Vec<Follow<S>>, Unreadable>;

impl<S: State> Subscription<S> {
    /// A subscription to the event of the set `E` with the payload `P`: no other kinds of events
    /// can be named.
    pub(crate) const fn to<E: EventSet, P: EventOf<E>>(react: Reaction<S>) -> Self {
        Self { kind: P::KIND, react }
    }

    /// For example `intake.DossierAccepted.v1`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The commands that follow from an event; none if its kind is not subscribed to.
    ///
    /// # Errors
    ///
    /// The event's payload does not have the shape of its kind.
    pub fn react(event: &Incoming<'_>) -> Result<Vec<Follow<S>>, Unreadable> {
        match S::SUBSCRIPTIONS.iter().find(|subscription| subscription.kind == event.kind) {
            Some(subscription) => (subscription.react)(event),
            None => Ok(Vec::new()),
        }
    }
}

/// A command that follows from an event, and its stream.
#[derive(Debug)]
pub struct Follow<S: State> {
    /// The dossier; the stream has the same id.
    pub dossier: DossierId,
    /// The law for a stream that may still be empty.
    pub begins: Option<(ProcedureRef, AgencyCode)>,
    pub command: AnyCommand<S>,
}

impl<S: State> Follow<S> {
    /// A command on the existing stream of a dossier.
    pub fn on(dossier: DossierId, command: impl Command<State = S, Refusal = LawError>) -> Self {
        Self { dossier, begins: None, command: AnyCommand::new(command) }
    }

    /// A command that may begin the stream of a dossier, received under the law that `brief` names.
    pub fn beginning(brief: &Brief, command: impl Command<State = S, Refusal = LawError>) -> Self {
        let begins = Some((brief.procedure.clone(), brief.agency.clone()));
        Self { begins, ..Self::on(brief.dossier, command) }
    }

    /// The law for a stream that may still be empty.
    #[must_use]
    pub fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        self.begins.as_ref().map(|(procedure, agency)| (procedure, agency))
    }
}

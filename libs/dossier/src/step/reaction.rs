//! What a service does about the events of others: a command of its own for each that concerns it.
//! An event may arrive twice or out of order; the outcome is the same.

use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{AnyCommand, Command, LawError, State};
use crate::contract::{AgencyCode, Brief, DossierId, Envelope, ProcedureRef, Unreadable};

/// An event of another service, as it arrives.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: &'a str,
    /// Its payload as JSON.
    pub data: &'a str,
    /// What stands beside it.
    pub envelope: &'a Envelope,
}

impl Incoming<'_> {
    /// The payload.
    ///
    /// # Errors
    ///
    /// It does not have the shape of a `P`.
    pub fn read<P: DeserializeOwned>(&self) -> Result<P, Unreadable> {
        serde_json::from_str(self.data)
            .map_err(|source| Unreadable::Payload { kind: self.kind.to_owned(), source })
    }

    /// A command on the stream of the dossier that the event is about, if there is one.
    pub fn follow<C: Command<Refusal = LawError>>(
        &self,
        command: Option<C>,
    ) -> Vec<Follow<C::State>> {
        let command = self.envelope.dossier.zip(command);
        command.map(|(dossier, command)| Follow::on(dossier, command)).into_iter().collect()
    }
}

/// A kind of event of another service, and what follows from it. The list of a service
/// ([`State::SUBSCRIPTIONS`]) is all that it subscribes to.
#[derive(Debug)]
pub struct Subscription<S: State> {
    /// The kind, for example `intake.DossierAccepted.v1`.
    pub kind: &'static str,
    /// The commands that follow from an event of this kind.
    pub react: fn(&Incoming<'_>) -> Result<Vec<Follow<S>>, Unreadable>,
}

impl<S: State> Subscription<S> {
    /// The commands that follow from an event, none if its kind is not subscribed to.
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

/// A command that follows from an event, and the stream that it is for.
#[derive(Debug)]
pub struct Follow<S: State> {
    /// The dossier, whose id is the stream's.
    pub dossier: DossierId,
    /// The law, where the stream may still be empty.
    pub begins: Option<(ProcedureRef, AgencyCode)>,
    /// What is to be done.
    pub command: AnyCommand<S>,
}

impl<S: State> Follow<S> {
    /// A command on the stream of a dossier.
    pub fn on(dossier: DossierId, command: impl Command<State = S, Refusal = LawError>) -> Self {
        Self { dossier, begins: None, command: AnyCommand::new(command) }
    }

    /// A command that may begin the stream of a dossier, which was received under this law.
    pub fn beginning(brief: &Brief, command: impl Command<State = S, Refusal = LawError>) -> Self {
        let begins = Some((brief.procedure.clone(), brief.agency.clone()));
        Self { begins, ..Self::on(brief.dossier, command) }
    }

    /// The law, where the stream may still be empty.
    #[must_use]
    pub fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        self.begins.as_ref().map(|(procedure, agency)| (procedure, agency))
    }
}

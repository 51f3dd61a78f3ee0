//! Commands of callers: turns a request into a command on a stream, and shows streams to permitted
//! callers.

use std::sync::Arc;

use dossier::access::{Caller, Former, May, Resource};
use dossier::contract::{AgencyCode, DossierId, ProcedureRef, Role};
use dossier::{Command, State};
use engine::{Begins, CommandEnvelope, Failure, Loaded, Streams, fold};
use events::{Position, Recorded, StreamName, Version};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Problem, Reply, Request, Seen};

/// The stream that a caller's command applies to.
#[derive(Debug, Clone, Copy)]
pub struct On<'a> {
    id: &'a str,
    dossier: Option<DossierId>,
    begins: Begins<'a>,
    mays: Option<&'a [May]>,
    seen: Option<&'a Seen>,
}

impl<'a> On<'a> {
    /// An existing stream and the dossier that it belongs to.
    #[must_use]
    pub const fn stream(id: &'a str, dossier: Option<DossierId>) -> Self {
        Self { id, dossier, begins: Begins::Existing, mays: None, seen: None }
    }

    /// The command may begin the stream, under this procedure and agency.
    #[must_use]
    pub const fn beginning(self, procedure: &'a ProcedureRef, agency: &'a AgencyCode) -> Self {
        Self { begins: Begins::New(procedure, agency), ..self }
    }

    /// The command may begin the stream, under no procedure.
    #[must_use]
    pub const fn beginning_without_law(self) -> Self {
        Self { begins: Begins::NewWithoutLaw, ..self }
    }

    /// The stream may or may not exist yet; the command decides what that means.
    #[must_use]
    pub const fn existing_or_new(self) -> Self {
        Self { begins: Begins::Either, ..self }
    }

    /// Restricts the callers further than the step does.
    #[must_use]
    pub const fn by(self, mays: &'a [May]) -> Self {
        Self { mays: Some(mays), ..self }
    }

    /// The versions in `If-Match`; the command conflicts if the stream has another version.
    #[must_use]
    pub const fn seen(self, seen: &'a Seen) -> Self {
        Self { seen: Some(seen), ..self }
    }

    fn envelope<C: Command>(
        self,
        request: &Request,
        caller: &'a Caller,
        digest: &'a str,
    ) -> Result<CommandEnvelope<'a>, Problem> {
        let stream = Streams::<C::State>::name(self.id).map_err(|_| Problem::not_found())?;
        let command = request.derived_id(caller, stream.as_str())?;
        let who = (caller, self.mays.unwrap_or(C::STEP.may));
        Ok(CommandEnvelope::by_caller(who, stream, (command, digest))
            .seen(self.seen)
            .begins(self.begins)
            .about(self.dossier)
            .traced(request.trace()))
    }
}

/// Executes the command in the request body on an existing stream. `If-Match` must have the newest
/// version.
///
/// # Errors
///
/// A problem of the request, or the refusal of the command.
pub async fn execute<C: Command + DeserializeOwned>(
    streams: &Streams<C::State>,
    id: (&str, Option<DossierId>),
    request: &Request,
) -> Result<Arc<Loaded<C::State>>, Problem> {
    execute_as(streams, id, request, |command: C| command).await
}

/// Like [`execute`], but makes the command from the request body.
///
/// # Errors
///
/// A problem of the request, or the refusal of the command.
pub async fn execute_as<B: DeserializeOwned, C: Command>(
    streams: &Streams<C::State>,
    (id, dossier): (&str, Option<DossierId>),
    request: &Request,
    command: impl FnOnce(B) -> C,
) -> Result<Arc<Loaded<C::State>>, Problem> {
    let seen = request.if_match()?;
    let body: B = request.json()?;
    request.catch_up(streams.reactions()).await?;
    send(streams, request, On::stream(id, dossier).seen(&seen), &command(body)).await
}

/// Like [`execute`], for a step that is possible only once: `If-Match` is not required.
///
/// # Errors
///
/// A problem of the request, or the refusal of the command.
pub async fn execute_unseen<C: Command + DeserializeOwned>(
    streams: &Streams<C::State>,
    (id, dossier): (&str, Option<DossierId>),
    request: &Request,
) -> Result<Arc<Loaded<C::State>>, Problem> {
    let command: C = request.json()?;
    request.catch_up(streams.reactions()).await?;
    send(streams, request, On::stream(id, dossier), &command).await
}

/// Executes a command for the caller of a request.
///
/// # Errors
///
/// A problem of the request, or the refusal of the command.
pub async fn send<C: Command>(
    streams: &Streams<C::State>,
    request: &Request,
    on: On<'_>,
    command: &C,
) -> Result<Arc<Loaded<C::State>>, Problem> {
    let digest = request.digest();
    let envelope = on.envelope::<C>(request, request.caller()?, &digest)?;
    let executed = match streams.execute(&envelope, command).await {
        // Older versions recorded a digest of the body alone. This failure means that the command
        // is in the stream already, so nothing is decided again.
        Err(Failure::KeyReused) => {
            let digest = request.context().secret.digest(&[&request.body]);
            streams.execute(&envelope.with_digest(&digest), command).await
        }
        executed => executed,
    };
    Ok(executed?.loaded)
}

/// The events that a command would record for the caller, without recording them; `None` if the
/// same request has executed it before.
///
/// # Errors
///
/// Those of [`send`].
pub async fn preview<C: Command>(
    streams: &Streams<C::State>,
    request: &Request,
    on: On<'_>,
    command: &C,
) -> Result<Option<Vec<<C::State as State>::Event>>, Problem> {
    let digest = request.digest();
    let envelope = on.envelope::<C>(request, request.caller()?, &digest)?;
    let tried = match streams.trial(&envelope, command).await {
        // As in `send`: older versions recorded a digest of the body alone.
        Err(Failure::KeyReused) => {
            let digest = request.context().secret.digest(&[&request.body]);
            streams.trial(&envelope.with_digest(&digest), command).await
        }
        tried => tried,
    };
    Ok(tried?)
}

/// Loads a stream that the caller may read, once it has the effects of the events that the client
/// has seen.
pub async fn read<S: State>(
    streams: &Streams<S>,
    mays: &[May],
    id: &str,
    request: &Request,
) -> Result<Arc<Loaded<S>>, Problem> {
    request.caller()?;
    let stream = Streams::<S>::name(id).map_err(|_| Problem::not_found())?;
    request.catch_up(streams.reactions()).await?;
    let loaded = streams.load(&stream).await?;
    let resource = loaded.state.resource().ok_or_else(Problem::not_found)?;
    let Err(refused) = request.read_as(mays, &resource) else { return Ok(loaded) };
    let former = former(streams, (mays, &stream), &resource, request).await?;
    former.map(Arc::new).ok_or(refused)
}

/// The last state that an agency of the caller had before it transferred the dossier; `None` if it
/// had none that the caller may read.
///
/// # Errors
///
/// The stream cannot be read.
pub async fn former<S: State>(
    streams: &Streams<S>,
    (mays, stream): (&[May], &StreamName),
    resource: &Resource,
    request: &Request,
) -> Result<Option<Loaded<S>>, Problem> {
    let caller = request.caller()?;
    // The newest first: an agency may have had it more than once.
    for former in resource.former.iter().rev().filter(|one| caller.acts_for(&one.agency)) {
        let loaded = streams.load_at(stream, Version(former.until)).await?;
        let resource = loaded.state.resource();
        if resource.is_some_and(|resource| request.read_as(mays, &resource).is_ok()) {
            return Ok(Some(loaded));
        }
    }
    Ok(None)
}

/// The events of a stream that a caller may read.
#[derive(Debug)]
pub struct Visible<S> {
    pub events: Vec<Recorded>,
    /// The state after these events.
    pub state: S,
    /// The role in which the caller reads them.
    pub role: Role,
    /// The position of the first event that the caller may not read: of the transfer by which the
    /// caller's agency passed the dossier on.
    pub until: Option<Position>,
}

impl<S> Visible<S> {
    /// Whether the caller may read an event at this position, of any stream of the dossier.
    #[must_use]
    pub fn includes(&self, position: Position) -> bool {
        self.until.is_none_or(|until| position < until)
    }
}

/// The events of a stream that the caller may read: all, or those until an agency of the caller
/// transferred the dossier. `concerning` adds to the resource who else may read it.
///
/// # Errors
///
/// The caller may read none of them, or they cannot be decoded.
pub fn visible<S: State>(
    request: &Request,
    mays: &[May],
    mut events: Vec<Recorded>,
    concerning: impl Fn(Resource) -> Resource,
) -> Result<Visible<S>, Problem> {
    let caller = request.caller()?;
    let state: S = fold(&events)?;
    let resource = state.resource().ok_or_else(Problem::not_found)?;
    let former = resource.former.clone();
    let refused = match request.read_as(mays, &concerning(resource)) {
        Ok(actor) => return Ok(Visible { events, state, role: actor.role, until: None }),
        Err(refused) => refused,
    };
    for Former { until, .. } in former.iter().rev().filter(|one| caller.acts_for(&one.agency)) {
        let count = events.partition_point(|event| event.version.0 <= *until);
        let state: S = fold(events.get(..count).unwrap_or_default())?;
        let actor = state.resource().map(|resource| request.read_as(mays, &resource));
        if let Some(Ok(actor)) = actor {
            let until = events.get(count).map(|event| event.position);
            events.truncate(count);
            return Ok(Visible { events, state, role: actor.role, until });
        }
    }
    Err(refused)
}

/// A reply with the version and position of a loaded stream; 404 without a body.
pub fn shown<S>(loaded: &Loaded<S>, body: Option<impl Serialize>) -> Result<Reply, Problem> {
    let body = body.ok_or_else(Problem::not_found)?;
    Ok(Reply::ok(&body).version(loaded.version).position(loaded.position))
}

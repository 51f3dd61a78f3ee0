//! Commands of callers: a request becomes a command on a stream, and a stream is shown to who may
//! read it.

use std::sync::Arc;

use dossier::access::{Caller, May};
use dossier::contract::{AgencyCode, DossierId, ProcedureRef};
use dossier::{Command, State};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Problem, Reply, Request, Seen};
use crate::streams::{Begins, CommandEnvelope, Failure, Loaded, Streams};

/// The stream that a command of a caller is for.
#[derive(Debug, Clone, Copy)]
pub struct On<'a> {
    id: &'a str,
    dossier: Option<DossierId>,
    begins: Begins<'a>,
    mays: Option<&'a [May]>,
    seen: Option<&'a Seen>,
}

impl<'a> On<'a> {
    /// The stream with this id, which must exist, and the dossier that it is about.
    #[must_use]
    pub const fn stream(id: &'a str, dossier: Option<DossierId>) -> Self {
        Self { id, dossier, begins: Begins::Existing, mays: None, seen: None }
    }

    /// The stream may begin with the command, under this law.
    #[must_use]
    pub const fn beginning(self, procedure: &'a ProcedureRef, agency: &'a AgencyCode) -> Self {
        Self { begins: Begins::New(procedure, agency), ..self }
    }

    /// The stream may begin with the command, under no procedure.
    #[must_use]
    pub const fn beginning_without_law(self) -> Self {
        Self { begins: Begins::NewWithoutLaw, ..self }
    }

    /// Only some of those whom the step allows may send the command in this case.
    #[must_use]
    pub const fn by(self, mays: &'a [May]) -> Self {
        Self { mays: Some(mays), ..self }
    }

    /// The versions that the caller has seen (`If-Match`).
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

/// Executes the command that is the body of a request, on an existing stream of which the caller
/// must have seen the newest version.
///
/// # Errors
///
/// The problem of the request, or of what it asks for.
pub async fn execute<C: Command + DeserializeOwned>(
    streams: &Streams<C::State>,
    id: (&str, Option<DossierId>),
    request: &Request,
) -> Result<Arc<Loaded<C::State>>, Problem> {
    execute_as(streams, id, request, |command: C| command).await
}

/// The same where the body is not the whole command.
///
/// # Errors
///
/// The problem of the request, or of what it asks for.
pub async fn execute_as<B: DeserializeOwned, C: Command>(
    streams: &Streams<C::State>,
    (id, dossier): (&str, Option<DossierId>),
    request: &Request,
    command: impl FnOnce(B) -> C,
) -> Result<Arc<Loaded<C::State>>, Problem> {
    let seen = request.if_match()?;
    let body: B = request.json()?;
    request.catch_up(streams.kit(), streams.reactions()).await?;
    send(streams, request, On::stream(id, dossier).seen(&seen), &command(body)).await
}

/// The same for what can be done only once, whatever has happened since: no version need have been
/// seen.
///
/// # Errors
///
/// The problem of the request, or of what it asks for.
pub async fn execute_unseen<C: Command + DeserializeOwned>(
    streams: &Streams<C::State>,
    (id, dossier): (&str, Option<DossierId>),
    request: &Request,
) -> Result<Arc<Loaded<C::State>>, Problem> {
    let command: C = request.json()?;
    request.catch_up(streams.kit(), streams.reactions()).await?;
    send(streams, request, On::stream(id, dossier), &command).await
}

/// Executes a command for the caller of a request.
///
/// # Errors
///
/// The problem of what it asks for.
pub async fn send<C: Command>(
    streams: &Streams<C::State>,
    request: &Request,
    on: On<'_>,
    command: &C,
) -> Result<Arc<Loaded<C::State>>, Problem> {
    let kit = streams.kit();
    let digest = request.digest(kit);
    let envelope = on.envelope::<C>(request, request.caller()?, &digest)?;
    let executed = match streams.execute(&envelope, command).await {
        // Beside what an older version recorded stands the digest of the body alone. The command
        // stands in the stream, or this would not be said: nothing is decided here.
        Err(Failure::KeyReused) => {
            let digest = kit.keyed_digest(&[&request.body]);
            streams.execute(&CommandEnvelope { digest: &digest, ..envelope }, command).await
        }
        executed => executed,
    };
    Ok(executed?.loaded)
}

/// What a command would record for the caller of a request, without recording it; `None` if the
/// same request has executed it before.
///
/// # Errors
///
/// Those with which [`send`] would end.
pub async fn preview<C: Command>(
    streams: &Streams<C::State>,
    request: &Request,
    on: On<'_>,
    command: &C,
) -> Result<Option<Vec<<C::State as State>::Event>>, Problem> {
    let kit = streams.kit();
    let digest = request.digest(kit);
    let envelope = on.envelope::<C>(request, request.caller()?, &digest)?;
    let tried = match streams.trial(&envelope, command).await {
        // As in `send`: what an older version recorded.
        Err(Failure::KeyReused) => {
            let digest = kit.keyed_digest(&[&request.body]);
            streams.trial(&CommandEnvelope { digest: &digest, ..envelope }, command).await
        }
        tried => tried,
    };
    Ok(tried?)
}

/// What a caller may read, as its stream stands now.
pub async fn read<S: State>(
    streams: &Streams<S>,
    mays: &[May],
    id: &str,
    request: &Request,
) -> Result<Arc<Loaded<S>>, Problem> {
    let caller = request.caller()?;
    let stream = Streams::<S>::name(id).map_err(|_| Problem::not_found())?;
    request.catch_up(streams.kit(), streams.reactions()).await?;
    let loaded = streams.load(&stream).await?;
    Request::permitted_over(caller, mays, loaded.state.resource())?;
    Ok(loaded)
}

/// The answer that shows a stream.
pub fn shown<S>(loaded: &Loaded<S>, body: Option<impl Serialize>) -> Result<Reply, Problem> {
    let body = body.ok_or_else(Problem::not_found)?;
    Ok(Reply::ok(&body).version(loaded.version).position(loaded.position))
}

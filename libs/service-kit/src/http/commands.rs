//! Commands of callers: a request becomes a command on a stream, and a stream is shown to who may read it.

use std::sync::Arc;

use dossier::access::{Caller, May};
use dossier::contract::{AgencyCode, DossierId, ProcedureRef};
use dossier::{Command, Facts, Refuse, State, Step};
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

    fn envelope<S: State>(
        self,
        request: &Request,
        step: &'a Step,
        caller: &'a Caller,
        digest: &'a str,
    ) -> Result<CommandEnvelope<'a>, Problem> {
        let stream = Streams::<S>::name(self.id).map_err(|_| Problem::not_found())?;
        let command = request.derived_id(caller, stream.as_str())?;
        let who = (caller, self.mays.unwrap_or(step.may));
        Ok(CommandEnvelope::by_caller(who, step, stream, (command, digest))
            .seen(self.seen)
            .begins(self.begins)
            .about(self.dossier)
            .traced(request.trace()))
    }
}

/// Executes the command that is the body of a request, on an existing stream of which the caller must have seen the newest
/// version.
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

/// The same for what can be done only once, whatever has happened since: no version need have been seen.
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
    let (step, caller) = (const { &C::STEP }, request.caller()?);
    let envelope = on.envelope::<C::State>(request, step, caller, &digest)?;
    let executed = match streams.command(&envelope, command).await {
        // Beside what an older version recorded stands the digest of the body alone. The command stands
        // in the stream, or this would not be said: nothing is decided here.
        Err(Failure::KeyReused) => {
            let digest = kit.keyed_digest(&[&request.body]);
            streams.command(&CommandEnvelope { digest: &digest, ..envelope }, command).await
        }
        executed => executed,
    };
    Ok(executed?.loaded)
}

/// What a command would record for the caller of a request, without recording it; `None` if the same request has executed it
/// before.
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
    try_on(streams, request, const { &C::STEP }, on, |state, facts| {
        Ok::<_, C::Refusal>(command.decide(state, facts)?.into_events().unwrap_or_default())
    })
    .await
}

/// Takes a step on an existing stream for a caller who was let in: the body, then the version that was seen, then the decision.
pub async fn take<S: State, B: DeserializeOwned + Sync, R: Refuse>(
    streams: &Streams<S>,
    which: Step,
    id: (&str, Option<DossierId>),
    request: &Request,
    decide: impl Fn(&B, &S, &Facts<'_>) -> Result<Vec<S::Event>, R>,
) -> Result<Arc<Loaded<S>>, Problem> {
    let seen = Some(request.if_match()?);
    take_at(streams, which, id, (request, seen), decide).await
}

/// The same for a step that can be taken only once, whatever has happened since: no version need have been seen.
pub async fn take_unseen<S: State, B: DeserializeOwned + Sync, R: Refuse>(
    streams: &Streams<S>,
    which: Step,
    id: (&str, Option<DossierId>),
    request: &Request,
    decide: impl Fn(&B, &S, &Facts<'_>) -> Result<Vec<S::Event>, R>,
) -> Result<Arc<Loaded<S>>, Problem> {
    take_at(streams, which, id, (request, None), decide).await
}

async fn take_at<S: State, B: DeserializeOwned + Sync, R: Refuse>(
    streams: &Streams<S>,
    which: Step,
    (id, dossier): (&str, Option<DossierId>),
    (request, seen): (&Request, Option<Seen>),
    decide: impl Fn(&B, &S, &Facts<'_>) -> Result<Vec<S::Event>, R>,
) -> Result<Arc<Loaded<S>>, Problem> {
    let caller = request.caller()?;
    let body: B = request.json()?;
    request.catch_up(streams.kit(), streams.reactions()).await?;
    let seen = seen.as_ref();
    let target = Target { id, dossier, step: &which, mays: which.may, seen, under: None };
    step(streams, request, caller, target, |state, facts| decide(&body, state, facts)).await
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

/// Takes a step on a stream for a caller who was let in.
pub async fn step<S: State, R: Refuse>(
    streams: &Streams<S>,
    request: &Request,
    caller: &Caller,
    target: Target<'_>,
    decide: impl Fn(&S, &Facts<'_>) -> Result<Vec<S::Event>, R>,
) -> Result<Arc<Loaded<S>>, Problem> {
    let kit = streams.kit();
    let digest = request.digest(kit);
    let envelope = target.on().envelope::<S>(request, target.step, caller, &digest)?;
    let executed = match streams.execute(&envelope, &decide).await {
        // Beside what an older version recorded stands the digest of the body alone. The command stands
        // in the stream, or this would not be said: nothing is decided here.
        Err(Failure::KeyReused) => {
            let digest = kit.keyed_digest(&[&request.body]);
            streams.execute(&CommandEnvelope { digest: &digest, ..envelope }, &decide).await
        }
        executed => executed,
    };
    Ok(executed?.loaded)
}

/// What a step on a stream would record for a caller who was let in, without recording it; `None` if the same request has taken
/// it before.
pub async fn try_step<S: State, R: Refuse>(
    streams: &Streams<S>,
    request: &Request,
    _caller: &Caller,
    target: Target<'_>,
    decide: impl FnMut(&S, &Facts<'_>) -> Result<Vec<S::Event>, R>,
) -> Result<Option<Vec<S::Event>>, Problem> {
    try_on(streams, request, target.step, target.on(), decide).await
}

async fn try_on<S: State, R: Refuse>(
    streams: &Streams<S>,
    request: &Request,
    step: &Step,
    on: On<'_>,
    mut decide: impl FnMut(&S, &Facts<'_>) -> Result<Vec<S::Event>, R>,
) -> Result<Option<Vec<S::Event>>, Problem> {
    let kit = streams.kit();
    let digest = request.digest(kit);
    let envelope = on.envelope::<S>(request, step, request.caller()?, &digest)?;
    let tried = match streams.trial(&envelope, &mut decide).await {
        // As in `send`: what an older version recorded.
        Err(Failure::KeyReused) => {
            let digest = kit.keyed_digest(&[&request.body]);
            streams.trial(&CommandEnvelope { digest: &digest, ..envelope }, &mut decide).await
        }
        tried => tried,
    };
    Ok(tried?)
}

/// What a step is taken on.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The stream's id.
    pub id: &'a str,
    /// The dossier.
    pub dossier: Option<DossierId>,
    /// The step.
    pub step: &'a Step,
    /// Who may, in this case of it.
    pub mays: &'a [May],
    /// The versions that the caller has seen.
    pub seen: Option<&'a Seen>,
    /// The law, where the step begins a stream.
    pub under: Option<(&'a ProcedureRef, &'a AgencyCode)>,
}

impl<'a> Target<'a> {
    fn on(self) -> On<'a> {
        let Self { id, dossier, mays, seen, under, .. } = self;
        let begins = under.map_or(Begins::Existing, |(law, agency)| Begins::New(law, agency));
        On { id, dossier, begins, mays: Some(mays), seen }
    }
}

//! Follows the changes of all dossiers, complaints, mandates and rules that the caller may read.

use std::sync::Arc;
use std::time::Instant;

use dossier::changes::FOLLOW;
use dossier::law::Text;
use dossier::text::refused;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use web::{Counts, Operation, PageRows, Problem, Reply, Request};

use crate::App;
use crate::changes::{
    Answer, Asked, CURSOR_GONE, ChangeReply, Kinds, Place, Streaming, WAIT_S_MAX,
};

/// From where to follow, which changes, and how long to wait.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangesQuery {
    /// Cursor of an earlier answer, or `start` for all changes from the beginning of the log. From
    /// now on if absent.
    #[schema(example = "start")]
    after: Option<String>,
    /// Seconds to wait for a change if there is none, at most 30; 0 if absent. An event stream does
    /// not need it.
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 30)]
    wait: Option<WaitSeconds>,
    /// Kinds of events, at most 20, separated by commas; `payment.*` stands for all of a service.
    /// All if absent.
    #[schema(value_type = Option<String>, example = "intake.DossierAccepted.v1,payment.*")]
    kinds: Option<Kinds>,
    /// Changes per answer, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
}

/// From 0 to [`WAIT_S_MAX`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WaitSeconds(u8);

impl<'de> Deserialize<'de> for WaitSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u32::deserialize(deserializer)?;
        let fits = u8::try_from(seconds).ok().filter(|seconds| *seconds <= WAIT_S_MAX);
        fits.map(Self).ok_or_else(|| {
            refused(&Text::new(
                format!("phải là số giây từ 0 đến {WAIT_S_MAX}"),
                format!("must be a whole number of seconds from 0 to {WAIT_S_MAX}"),
            ))
        })
    }
}

/// Changes after a cursor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangesReply {
    /// The changes in the order of the log; empty if there was none in time.
    changes: Vec<ChangeReply>,
    /// Cursor to continue from.
    #[schema(example = "AUrz9…")]
    cursor: String,
}

/// An event stream with one change.
const EXAMPLE: &str =
    "retry: 3000\nid: AUrz9…\n\nid: AUr0a…\ndata: {\"specversion\":\"1.0\",…}\n\n";

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/changes", "get_changes", "Follow changes")
        .describe(
            "Which events were recorded, as CloudEvents without data, in the order of the log: of \
             an applicant's own dossiers, complaints and mandates, of those of an officer's agency, and \
             of the law for officers. Those of mandates are for their parties, and for clerks and \
             auditors of the agency that recorded them. Rights are those of the present. Each change is sent once: continue \
             from the `cursor` of the last answer. \
             With `wait`, the answer waits for a change; it may also be empty before that time, \
             and then has the cursor to continue from. With `Accept: text/event-stream` it is a stream \
             of server-sent events for at most 15 minutes, with the cursors as ids; a client that \
             comes back sends the last id in `Last-Event-ID`, which prevails over `after`. A caller \
             may have four waiting answers and streams at once.",
        )
        .impersonal("ids, kinds and times of events")
        .roles(FOLLOW)
        .counted(Counts::Following)
        .query::<ChangesQuery>()
        .header("Last-Event-ID", "Event streams only: the id of the last message received.")
        .refusals(&[CURSOR_GONE])
        .reply::<ChangesReply>()
        .or_events(EXAMPLE)
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let ChangesQuery { after, wait, kinds, limit } = request.query()?;
    let kinds = kinds.unwrap_or_default();
    request.catch_up(Some(&app.listed)).await?;
    let last_id = request.headers.get("last-event-id").filter(|_| request.wants_events());
    let after = match last_id {
        Some(id) => {
            let id = id.to_str().map_err(|_| Problem::invalid_header("Last-Event-ID"))?;
            app.changes.begin(Some(id), Place::LastEventId).await?
        }
        None => app.changes.begin(after.as_deref(), Place::After).await?,
    };
    let follow = request.follow()?;
    if request.wants_events() {
        return Ok(Streaming::new(app, follow, kinds, after).reply());
    }
    let PageRows(limit) = limit.unwrap_or_default();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let WaitSeconds(wait) = wait.unwrap_or_default();
    let (clock, wait) = (&app.engine.clock, SignedDuration::from_secs(wait.into()));
    let until = clock.now().checked_add(wait).unwrap_or(jiff::Timestamp::MAX);
    // The clock may be virtual.
    let (begun, at_most) = (Instant::now(), wait.unsigned_abs());
    let (mut after, mut may_wait) = (after, !wait.is_zero());
    loop {
        let caller = follow.caller().await?;
        let asked = Asked { caller: &caller, kinds: &kinds, limit };
        let Answer { changes, through, is_at_end } = app.changes.next(asked, after).await?;
        after = through;
        if !changes.is_empty() || !is_at_end || !may_wait || follow.is_closing() {
            let cursor = app.changes.cursor(after);
            return Ok(Reply::ok(&ChangesReply { changes, cursor }).negotiated());
        }
        tokio::select! {
            () = app.changes.past(after) => {}
            () = follow.closing() => {}
            () = clock.sleep_until(until, at_most.saturating_sub(begun.elapsed())) => {
                may_wait = false;
            }
        }
    }
}

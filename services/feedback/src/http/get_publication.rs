//! The published answer to a complaint; no login is needed. Decree 20/2008/NĐ-CP, art. 19.

use std::sync::Arc;

use dossier::contract::{ComplaintClass, ComplaintId};
use dossier::feedback::Complaint;
use engine::Streams;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Counts, Operation, Problem, Reply, Request};

use crate::App;

/// A published answer. It names nobody.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicationReply {
    /// Id of the complaint.
    complaint: Uuid,
    /// Code of the agency that answered.
    #[schema(example = "G02.001")]
    agency: String,
    /// Class of the complaint.
    class: Option<ComplaintClass>,
    /// Text of the published answer.
    #[schema(example = "Cơ quan đã xin lỗi và bổ sung người trực.")]
    text: String,
    /// Time of publication.
    published_at: Option<Timestamp>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/complaints/{complaint}/publication",
        "get_publication",
        "Show the published answer to a complaint",
    )
    .describe("Public (Decree 20/2008/NĐ-CP, art. 19).")
    .counted(Counts::Published)
    .reply::<PublicationReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, _: Request) -> Result<Reply, Problem> {
    let stream = Streams::<Complaint>::name(&complaint.to_string());
    let loaded = app.complaints.load(&stream.map_err(|_| Problem::not_found())?).await?;
    let state = &loaded.state;
    let (Some(published), Some(agency)) = (state.published.clone(), state.agency()) else {
        return Err(Problem::not_found());
    };
    let (complaint, agency, class) = (complaint.0, agency.to_string(), state.class());
    let (text, published_at) = (published.text, Some(published.at));
    Ok(Reply::ok(&PublicationReply { complaint, agency, class, text, published_at }))
}

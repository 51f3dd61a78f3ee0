//! Submits several dossiers in one request.

use serde_json::{Map, Value};
use utoipa::ToSchema;
use web::Operation;

use super::submit_dossier;
use crate::App;

/// Dossiers to be submitted.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the request; each item is read by its own step")]
pub(crate) struct BatchDossiersRequest {
    /// The dossiers, each the body of a request to `submit_dossier`, and `mandate`, the id of the
    /// mandate by which it is filed, if the request invokes none. From 1 to 100.
    #[schema(
        value_type = Vec<HashMap<String, Value>>,
        max_items = 100,
        example = json!([submit_dossier::example()])
    )]
    items: Vec<Map<String, Value>>,
}

pub(super) fn operation() -> Operation<App> {
    let summary = "Submit several dossiers";
    let description = "For programs of firms and representatives: up to 100 dossiers, each submitted as by \
                       `submit_dossier`, with its own outcome and within its own quota. An item may also name a \
                       `mandate` by which it is filed, as the header `Mandate` does for a whole request: one batch then \
                       has the dossiers of several clients. What is refused does not prevent \
                       the others. With the same `Idempotency-Key` and the same items, nothing is submitted twice, and \
                       what was refused is decided again.";
    Operation::batch::<BatchDossiersRequest>(
        "/v1/dossiers/batches",
        "batch_dossiers",
        (summary, description),
        submit_dossier::operation(),
    )
}

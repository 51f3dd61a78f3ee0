//! A notice of energy labelling from submission to its end, with the tokens of three callers:
//!
//!     cargo run --example energy_label -- http://127.0.0.1:8080 APPLICANT CLERK REVIEWER
//!
//! `dossier token` issues tokens for trials; officers need the agency `G02.002`.

use std::time::Duration;

use dossier_client::types::{
    AcceptDossierRequest, Channel, CompleteActivityRequest, DocumentRequest, DossierReply,
    DossierStage, Outcome, ProposeDecisionRequest, SubmitDossierRequest,
};
use dossier_client::{Client, Error, at_current, wait_until};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: energy_label URL APPLICANT CLERK REVIEWER");
    let (base, tokens) = (next()?, [next()?, next()?, next()?]);
    let dossier = run(&base, tokens).await?;
    #[expect(clippy::print_stdout, reason = "the output of the example")]
    {
        println!("{} is closed; last day of the period: {:?}", dossier.code, dossier.due_on);
    }
    Ok(())
}

/// Carries a dossier from its submission to its end.
pub(crate) async fn run(
    base: &str,
    [applicant, clerk, reviewer]: [String; 3],
) -> Result<DossierReply, Box<dyn std::error::Error>> {
    let client = Client::new(base)?;
    let applicant = client.with_token(applicant);
    let clerk = client.with_token(clerk);
    let reviewer = client.with_token(reviewer);

    // Documents are uploaded first and named in the step.
    let form = json!({
        "company": { "name": "Công ty Điện Sáng", "tax_code": "0101234565" },
        "product": "LED", "model": "S1", "stars": 5,
    });
    let mut body = SubmitDossierRequest::new("ENERGY.LABEL", "G02.002", Channel::Online, form);
    for component in ["declaration", "test_report"] {
        let pdf = format!("%PDF-1.7 {component}");
        let uploaded = applicant.upload_document("application/pdf", pdf).await?.body;
        body.documents.push(DocumentRequest {
            component: component.to_owned(),
            document: uploaded.document,
            file_name: format!("{component}.pdf"),
        });
    }
    // The key would come from the portal's database, so that a crash does not submit twice.
    let submitted = applicant.submit_dossier(&body).idempotency_key("submission-1").await;
    let submitted = match submitted {
        Ok(submitted) => submitted,
        Err(Error::Refused { refusal, .. }) => {
            let fields: Vec<&str> = refusal.pointers().collect();
            return Err(format!("refused as {}: correct {fields:?}", refusal.code()).into());
        }
        Err(error) => return Err(error.into()),
    };
    let id = submitted.body.id;

    // A step is taken at the version that was seen.
    clerk.accept_dossier(id, submitted.etag()?, &AcceptDossierRequest::default()).await?;

    // The review is opened by a reaction. The clients share a consistency token, so this read waits
    // for it.
    let review = || reviewer.get_review(id);
    at_current(review, |seen| reviewer.claim_review(id, seen)).await?;
    let done = CompleteActivityRequest::new("registration");
    at_current(review, |seen| reviewer.complete_activity(id, seen, &done)).await?;
    let reason = "complete".to_owned();
    let decision = ProposeDecisionRequest { outcome: Outcome::Approved, reason };
    at_current(review, |seen| reviewer.propose_decision(id, seen, &decision)).await?;

    let closed = wait_until(
        Duration::from_secs(30),
        || applicant.get_dossier(id),
        |shown| (shown.body.stage == DossierStage::Closed).then(|| shown.body.clone()),
    );
    Ok(closed.await?)
}

//! `dossier visit`: a smoke test that carries one certificate of origin from submission to its
//! verified result through the services' addresses: documents, fee, receipt, decision, result,
//! delivery. Used by `helm test`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use dossier_client::types::{
    AcceptDossierRequest, ApproveDecisionRequest, Channel, CompleteActivityRequest, DeliveryReply,
    DeliveryStage, DocumentRequest, DossierReply, DossierStage, IssueResultRequest, Outcome,
    PaymentReply, ProposeDecisionRequest, SubmitDossierRequest, TakeCashRequest,
};
use dossier_client::{Addresses, Client, HttpTransport, Retries, Service, at_current, wait_until};
use serde_json::json;
use uuid::Uuid;

/// Timeout of one attempt.
const ANSWERED_IN: Duration = Duration::from_secs(30);
/// Limit of the attempts of a request, and of each wait for a state.
const PATIENCE: Duration = Duration::from_secs(90);

/// Smoke test of a running system.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Base URL of intake, for example `http://dossier-intake`; default of the other services.
    #[arg(long)]
    intake: String,
    /// Base URL of payment.
    #[arg(long)]
    payment: Option<String>,
    /// Base URL of review.
    #[arg(long)]
    review: Option<String>,
    /// Base URL of result-delivery.
    #[arg(long = "result-delivery")]
    delivery: Option<String>,
    /// Base URL of the register.
    #[arg(long)]
    register: Option<String>,
    /// Agency of the dossier; the officers' tokens must be for it. Its fee is paid in cash.
    #[arg(long, default_value = "G02.001")]
    agency: String,
    /// Folder with five token files: applicant, clerk, cashier, reviewer, approver.
    #[arg(long)]
    tokens: PathBuf,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let visit = Visit::begin(&arguments)?;
    let dossier = visit.submit(arguments.agency).await?;
    let receipt = visit.pay(dossier).await?;
    visit.decide(dossier).await?;
    visit.deliver(dossier).await?;
    let code = visit.verify(dossier).await?;
    writeln!(
        std::io::stdout().lock(),
        "dossier {dossier} ({code}) was submitted, paid (receipt {receipt}), accepted, reviewed, decided, delivered and verified"
    )?;
    Ok(())
}

/// The callers, who share a consistency token.
struct Visit {
    applicant: Client<HttpTransport>,
    clerk: Client<HttpTransport>,
    cashier: Client<HttpTransport>,
    reviewer: Client<HttpTransport>,
    approver: Client<HttpTransport>,
}

impl Visit {
    fn begin(arguments: &Arguments) -> Result<Self> {
        let mut addresses = Addresses::new(&arguments.intake);
        for (service, base) in [
            (Service::Payment, &arguments.payment),
            (Service::Review, &arguments.review),
            (Service::ResultDelivery, &arguments.delivery),
            (Service::Register, &arguments.register),
        ] {
            if let Some(base) = base {
                addresses = addresses.with(service, base);
            }
        }
        let transport = match platform::outside::authorities() {
            Some(authorities) => HttpTransport::trusting(addresses, &authorities)?,
            None => HttpTransport::new(addresses)?,
        };
        let retries = Retries { within: PATIENCE, ..Retries::default() };
        let client = Client::over(transport).with_timeout(ANSWERED_IN).with_retries(retries);
        let caller = |role| anyhow::Ok(client.with_token(token(&arguments.tokens, role)?));
        Ok(Self {
            applicant: caller("applicant")?,
            clerk: caller("clerk")?,
            cashier: caller("cashier")?,
            reviewer: caller("reviewer")?,
            approver: caller("approver")?,
        })
    }

    async fn submit(&self, agency: String) -> Result<Uuid> {
        let form = json!({
            "exporter": { "name": "Công ty thử nghiệm", "tax_code": "0101234565", "address": "Nam Định" },
            "consignee": "Test consignee", "destination": "TH", "invoice": "TEST",
            "goods": [{ "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "1 t" }],
        });
        let mut body = SubmitDossierRequest::new("CO.D", agency, Channel::Online, form);
        for component in ["application", "export_declaration", "invoice"] {
            let content = format!("%PDF-1.7 {component}");
            let uploaded = self.applicant.upload_document("application/pdf", content).await?;
            body.documents.push(DocumentRequest {
                component: component.to_owned(),
                document: uploaded.body.document,
                file_name: "scan.pdf".to_owned(),
            });
        }
        Ok(self.applicant.submit_dossier(&body).await?.body.id)
    }

    /// Pays the fee; returns the receipt's number.
    async fn pay(&self, dossier: Uuid) -> Result<String> {
        let owed = |payment: &PaymentReply| {
            (payment.outstanding_vnd > 0).then_some(payment.outstanding_vnd)
        };
        let owed = wait_until(PATIENCE, || self.cashier.get_payment(dossier), |r| owed(&r.body))
            .await
            .context("the fee is not assessed")?;
        let cash = TakeCashRequest { amount_vnd: owed };
        at_current(
            || self.cashier.get_payment(dossier),
            |seen| self.cashier.take_cash(dossier, seen, &cash),
        )
        .await?;
        // The leader assigns the number after the payment.
        let receipt = |payment: &PaymentReply| {
            let receipt = payment.receipts.first()?;
            let whole = payment.received_vnd == owed && payment.outstanding_vnd == 0;
            whole.then(|| format!("{} {}", receipt.symbol, receipt.number))
        };
        wait_until(PATIENCE, || self.applicant.get_payment(dossier), |r| receipt(&r.body))
            .await
            .context("there is no receipt")
    }

    async fn decide(&self, dossier: Uuid) -> Result<()> {
        at_current(
            || self.clerk.get_dossier(dossier),
            |seen| self.clerk.accept_dossier(dossier, seen, &AcceptDossierRequest::default()),
        )
        .await?;
        let review = || self.reviewer.get_review(dossier);
        wait_until(PATIENCE, review, |_| Some(())).await.context("no review is opened")?;
        at_current(review, |seen| self.reviewer.claim_review(dossier, seen)).await?;
        let done = CompleteActivityRequest::new("appraisal");
        at_current(review, |seen| self.reviewer.complete_activity(dossier, seen, &done)).await?;
        let decision =
            ProposeDecisionRequest { outcome: Outcome::Approved, reason: "complete".to_owned() };
        let proposed =
            at_current(review, |seen| self.reviewer.propose_decision(dossier, seen, &decision))
                .await?;
        let proposal = proposed.body.proposal.context("no proposal")?.proposal;
        let approval = ApproveDecisionRequest { proposal };
        let read = || self.approver.get_review(dossier);
        at_current(read, |seen| self.approver.approve_decision(dossier, seen, &approval)).await?;
        Ok(())
    }

    async fn deliver(&self, dossier: Uuid) -> Result<()> {
        let content = result(dossier);
        let signed = self.approver.upload_document("application/pdf", content).await?;
        let delivery = || self.approver.get_delivery(dossier);
        wait_until(PATIENCE, delivery, |_| Some(())).await.context("no delivery is prepared")?;
        let number = Some(format!("TEST-{dossier}"));
        let issued = IssueResultRequest { number, document: Some(signed.body.document) };
        at_current(delivery, |seen| self.approver.issue_result(dossier, seen, &issued)).await?;
        let read = || self.applicant.get_delivery(dossier);
        at_current(read, |seen| self.applicant.download_result(dossier, seen)).await?;
        Ok(())
    }

    /// Verifies that the result is the issued one and that the public look-up shows it; returns the
    /// code.
    async fn verify(&self, dossier: Uuid) -> Result<String> {
        let given = self.applicant.get_result_document(dossier).await?.body;
        if given.bytes != result(dossier).as_bytes() {
            bail!("dossier {dossier}: the downloaded result differs from the issued one");
        }
        let delivered = |delivery: &DeliveryReply| {
            let is =
                delivery.stage == DeliveryStage::Delivered && delivery.outcome == Outcome::Approved;
            is.then_some(())
        };
        wait_until(PATIENCE, || self.applicant.get_delivery(dossier), |r| delivered(&r.body))
            .await
            .context("the result is not delivered")?;
        let closed = |dossier: &DossierReply| {
            let approved = dossier.outcome == Some(Outcome::Approved);
            (dossier.stage == DossierStage::Closed && approved).then(|| dossier.code.clone())
        };
        let code =
            wait_until(PATIENCE, || self.applicant.get_dossier(dossier), |r| closed(&r.body))
                .await
                .context("the dossier is not closed")?;
        let shown = || self.applicant.get_lookup(&code);
        wait_until(PATIENCE, shown, |r| (r.body.completion == 100).then_some(()))
            .await
            .context("the public look-up does not show the end")?;
        Ok(code)
    }
}

/// Content of the result's document.
fn result(dossier: Uuid) -> String {
    format!("%PDF-1.7 the result of {dossier}")
}

fn token(folder: &Path, role: &str) -> Result<String> {
    let path = folder.join(role);
    let token = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(token.trim().to_owned())
}

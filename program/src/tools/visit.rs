//! `dossier visit`: a smoke test that carries one certificate of origin from submission to its
//! verified result through the services' addresses: documents, fee, receipt, decision, result,
//! delivery. Used by `helm test`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::{Value, json};

mod visitor;

use visitor::Visitor;

/// Roles that are needed, which are also the names of the token files.
const ROLES: [&str; 5] = ["applicant", "clerk", "cashier", "reviewer", "approver"];

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
    #[arg(long)]
    result_delivery: Option<String>,
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
    let said = tokio::task::spawn_blocking(move || visit(&arguments)).await??;
    Ok(writeln!(std::io::stdout().lock(), "{said}")?)
}

/// The dossier and the URLs of its resources.
struct Visit {
    visitor: Visitor,
    id: String,
    dossier: String,
    payment: String,
    review: String,
    delivery: String,
}

fn visit(arguments: &Arguments) -> Result<String> {
    let mut visit = Visit::begin(arguments)?;
    let receipt = visit.pay()?;
    visit.decide()?;
    visit.deliver()?;
    let code = visit.verify(arguments)?;
    let id = visit.id;
    Ok(format!(
        "dossier {id} ({code}) was submitted, paid (receipt {receipt}), accepted, reviewed, decided, delivered and verified"
    ))
}

impl Visit {
    fn begin(arguments: &Arguments) -> Result<Self> {
        let mut visitor = Visitor::new(&arguments.tokens, &ROLES)?;
        let intake = &arguments.intake;
        let mut documents = Vec::new();
        for component in ["application", "export_declaration", "invoice"] {
            let content = format!("%PDF-1.7 {component}");
            let document = visitor.upload(intake, "applicant", content)?;
            documents.push(
                json!({ "component": component, "document": document, "file_name": "scan.pdf" }),
            );
        }
        let submission = json!({
            "procedure": "CO.D", "agency": arguments.agency, "channel": "online", "documents": documents,
            "form": {
                "exporter": { "name": "Công ty thử nghiệm", "tax_code": "0101234565", "address": "Nam Định" },
                "consignee": "Test consignee", "destination": "TH", "invoice": "TEST",
                "goods": [{ "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "1 t" }],
            },
        });
        let submitted = visitor.post(&format!("{intake}/v1/dossiers"), "applicant", &submission)?;
        let id = submitted["id"].as_str().context("a dossier without an id")?.to_owned();
        let of = |place: &Option<String>, what: &str| {
            format!("{}/v1/{what}/{id}", place.as_ref().unwrap_or(intake))
        };
        Ok(Self {
            visitor,
            dossier: format!("{intake}/v1/dossiers/{id}"),
            payment: of(&arguments.payment, "payments"),
            review: of(&arguments.review, "reviews"),
            delivery: of(&arguments.result_delivery, "deliveries"),
            id,
        })
    }

    /// Pays the fee; returns the receipt's number.
    fn pay(&mut self) -> Result<String> {
        let owed =
            self.visitor.wait("the fee is assessed", &self.payment, "cashier", |payment| {
                payment["outstanding_vnd"].as_i64().filter(|owed| *owed > 0)
            })?;
        self.visitor.step(&self.payment, "cash", "cashier", &json!({ "amount_vnd": owed }))?;
        // The leader assigns the number after the payment.
        self.visitor.wait("there is a receipt", &self.payment, "applicant", |payment| {
            let receipt = payment["receipts"].get(0)?;
            let whole = payment["received_vnd"] == owed && payment["outstanding_vnd"] == 0;
            whole.then(|| {
                format!("{} {}", receipt["symbol"].as_str().unwrap_or_default(), receipt["number"])
            })
        })
    }

    fn decide(&mut self) -> Result<()> {
        let Self { visitor, dossier, review, .. } = self;
        visitor.step(dossier, "acceptance", "clerk", &json!({}))?;
        visitor.step(review, "claim", "reviewer", &json!({}))?;
        visitor.step(review, "activities", "reviewer", &json!({ "activity": "appraisal" }))?;
        let proposal = json!({ "outcome": "approved", "reason": "complete" });
        let proposed = visitor.step(review, "decision-proposals", "reviewer", &proposal)?;
        let proposal = proposed.pointer("/proposal/proposal").context("no proposal")?;
        visitor.step(review, "decision", "approver", &json!({ "proposal": proposal }))?;
        Ok(())
    }

    fn deliver(&mut self) -> Result<()> {
        let result = self.result();
        let document = self.visitor.upload(
            self.dossier.split("/v1/").next().unwrap_or_default(),
            "approver",
            result,
        )?;
        let issued = json!({ "number": format!("TEST-{}", self.id), "document": document });
        self.visitor.step(&self.delivery, "result", "approver", &issued)?;
        self.visitor.step(&self.delivery, "downloads", "applicant", &json!({}))?;
        Ok(())
    }

    /// Content of the result's document.
    fn result(&self) -> String {
        format!("%PDF-1.7 the result of {}", self.id)
    }

    /// Verifies that the result is the issued one and that the public look-up shows it; returns the
    /// code.
    fn verify(&mut self, arguments: &Arguments) -> Result<String> {
        let given = self.visitor.read(&format!("{}/document", self.delivery), "applicant")?;
        if given != Value::String(self.result()) {
            bail!("dossier {}: the downloaded result differs from the issued one", self.id);
        }
        self.visitor.wait("the result is delivered", &self.delivery, "applicant", |delivery| {
            (delivery["stage"] == "delivered" && delivery["outcome"] == "approved").then_some(())
        })?;
        let code =
            self.visitor.wait("the dossier is closed", &self.dossier, "applicant", |dossier| {
                let ended = dossier["stage"] == "closed" && dossier["outcome"] == "approved";
                ended.then(|| dossier["code"].as_str().unwrap_or_default().to_owned())
            })?;
        let register = arguments.register.as_ref().unwrap_or(&arguments.intake);
        let lookup = format!("{register}/v1/register/lookup/{code}");
        self.visitor.wait("everybody is told so", &lookup, "applicant", |shown| {
            (shown["completion"] == 100).then_some(())
        })?;
        Ok(code)
    }
}

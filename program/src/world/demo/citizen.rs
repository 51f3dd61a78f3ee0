//! A generated dossier and the people who work on it: their next step, and the working hours until
//! then.

use anyhow::{Context, Result};
use dossier::contract::Role;
use serde_json::{Value, json};

use super::dice::Dice;
use super::stories::{self, Story};
use crate::world::office::Office;

/// A step of a generated dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Submit,
    Pay,
    Accept,
    Claim,
    Work,
    AskForMore,
    Supply,
    Propose,
    Approve,
    Issue,
    Deliver,
    Arrive,
    Rate,
    /// An outage of the agency's portal shortly before the promised date.
    BreakDown,
    /// A payment notice with a wrong amount.
    PayWrong,
    /// The applicant complains.
    Complain,
}

/// A kind of dossier: procedure, agency, activity, components, and whether a fee comes first.
struct Kind {
    procedure: &'static str,
    agency: &'static str,
    activity: &'static str,
    components: &'static [&'static str],
    fee_first: bool,
    hours: u32,
}

/// Kinds with their share in percent, after the ministry's figures: certificates of origin are the
/// majority.
const KINDS: [(u64, Kind); 6] = [
    (
        66,
        Kind {
            procedure: "CO.D",
            agency: "G02.001",
            activity: "appraisal",
            components: &["application", "export_declaration", "invoice"],
            fee_first: true,
            hours: 1,
        },
    ),
    (
        14,
        Kind {
            procedure: "2.000004",
            agency: "H26.14",
            activity: "appraisal",
            components: &["form_02", "rules"],
            fee_first: false,
            hours: 9,
        },
    ),
    (
        11,
        Kind {
            procedure: "CHEM.IMPORT",
            agency: "G02.002",
            activity: "",
            components: &["invoice", "sds"],
            fee_first: false,
            hours: 1,
        },
    ),
    (
        5,
        Kind {
            procedure: "ENERGY.LABEL",
            agency: "G02.002",
            activity: "registration",
            components: &["declaration", "test_report"],
            fee_first: false,
            hours: 8,
        },
    ),
    (
        3,
        Kind {
            procedure: "PRECURSOR.IMPORT",
            agency: "G02.002",
            activity: "appraisal",
            components: &["application", "contract"],
            fee_first: false,
            hours: 14,
        },
    ),
    (
        1,
        Kind {
            procedure: "MLM.CERTIFICATE",
            agency: "G02.003",
            activity: "appraisal",
            components: &["application", "deposit", "plan"],
            fee_first: false,
            hours: 24,
        },
    ),
];

pub(super) struct Citizen {
    kind: &'static Kind,
    subject: String,
    counter: bool,
    id: String,
    code: String,
    supplemented: bool,
    /// The step that is never taken, so that the dossier stays open.
    stays_before: Option<Step>,
    /// Replaces one step by another.
    instead: Option<(Step, Step)>,
}

impl Citizen {
    pub(super) fn new(index: usize, dice: &mut Dice) -> Self {
        let mut roll = dice.below(100);
        let mut kind = &KINDS[0].1;
        for (share, candidate) in &KINDS {
            kind = candidate;
            if roll < *share {
                break;
            }
            roll -= share;
        }
        // 99 % of dossiers are filed online; all, if that is the only channel.
        let offered = matches!(kind.procedure, "CO.D" | "2.000004");
        let counter = offered && dice.percent(1);
        let subject = format!("citizen-{}", index % 400);
        let supplemented = dice.percent(88);
        Self { counter, supplemented, ..Self::somebody(kind, subject) }
    }

    fn somebody(kind: &'static Kind, subject: String) -> Self {
        let (id, code) = (String::new(), String::new());
        let (counter, supplemented, stays_before, instead) = (false, true, None, None);
        Self { kind, subject, counter, id, code, supplemented, stays_before, instead }
    }

    /// A dossier that is still open at the end.
    pub(super) fn late(index: usize, dice: &mut Dice) -> Self {
        let citizen = Self::new(index, dice);
        let steps: &[Step] = match citizen.kind.procedure {
            "CHEM.IMPORT" => &[Step::Issue],
            "ENERGY.LABEL" => &[Step::Accept, Step::Claim, Step::Work, Step::Supply],
            _ => &[
                Step::Accept,
                Step::Claim,
                Step::Work,
                Step::Supply,
                Step::Approve,
                Step::Issue,
                Step::Deliver,
            ],
        };
        let at = usize::try_from(dice.below(steps.len() as u64)).unwrap_or(0);
        let stays_before = steps.get(at).copied();
        Self { supplemented: stays_before != Some(Step::Supply), stays_before, ..citizen }
    }

    /// The dossier of a story.
    pub(super) fn of(story: &Story) -> Self {
        let kinds = KINDS.iter().map(|(_, kind)| kind);
        let kind = kinds.clone().find(|kind| kind.procedure == story.procedure);
        let citizen = Self::somebody(kind.unwrap_or(&KINDS[0].1), stories::APPLICANT.to_owned());
        Self {
            supplemented: story.stays_before != Some(Step::Supply),
            stays_before: story.stays_before,
            instead: story.instead,
            ..citizen
        }
    }

    /// The dossier's id and code.
    pub(super) fn dossier(&self) -> (&str, &str) {
        (&self.id, &self.code)
    }

    /// Whether the dossier is open: submitted and not closed.
    pub(super) async fn is_open(&self, office: &mut Office) -> Result<bool> {
        if self.id.is_empty() {
            return Ok(false);
        }
        let applicant = (Role::Applicant, &*self.subject, "");
        let path = format!("/v1/dossiers/{}", self.id);
        let shown = office.get(&path, applicant).await?.granted()?;
        Ok(shown.get("stage").and_then(Value::as_str) != Some("closed"))
    }

    /// Takes a step; returns the next step and the working hours until then, if there is one.
    pub(super) async fn act(
        &mut self,
        step: Step,
        office: &mut Office,
        dice: &mut Dice,
    ) -> Result<Option<(Step, u32)>> {
        let next = self.take_step(step, office, dice).await?;
        let next = next.map(|(next, hours)| match self.instead {
            Some((usual, instead)) if usual == next => (instead, hours),
            _ => (next, hours),
        });
        Ok(next.filter(|(next, _)| self.stays_before != Some(*next)))
    }

    #[expect(clippy::too_many_lines, reason = "one arm a step: the story of a dossier")]
    async fn take_step(
        &mut self,
        step: Step,
        office: &mut Office,
        dice: &mut Dice,
    ) -> Result<Option<(Step, u32)>> {
        let (kind, subject) = (self.kind, self.subject.clone());
        let applicant = (Role::Applicant, &*subject, "");
        let clerk = (Role::Clerk, "clerk-1", kind.agency);
        let reviewer_name = format!("reviewer-{}", self.id.bytes().map(u32::from).sum::<u32>() % 5);
        let reviewer = (Role::Reviewer, &*reviewer_name, kind.agency);
        let approver = (Role::Approver, "head-of-unit", kind.agency);
        // The ministry reports 100 % on time.
        let slow = dice.percent(1);
        let work = kind.hours * if slow { 6 } else { 1 };
        let next = match step {
            Step::Submit => return self.submit(office, applicant).await.map(Some),
            Step::Pay => {
                self.pay(office, applicant).await?;
                (Step::Accept, 1)
            }
            Step::Accept => {
                self.take(office, "dossiers", "acceptance", clerk, json!({})).await?;
                if kind.procedure == "MLM.CERTIFICATE" {
                    self.pay(office, applicant).await?;
                }
                (Step::Claim, 0)
            }
            Step::Claim => {
                self.take(office, "reviews", "claim", reviewer, json!({})).await?;
                (if self.supplemented { Step::Work } else { Step::AskForMore }, work)
            }
            Step::AskForMore => {
                let missing = kind.components.last().copied().unwrap_or_default();
                let body = json!({ "components": [missing], "reason": "không rõ / not legible" });
                self.take(office, "reviews", "supplement-needs", reviewer, body).await?;
                (Step::Supply, 8 + u32::try_from(dice.below(40)).unwrap_or(0))
            }
            Step::Supply => {
                self.supplemented = true;
                let component = kind.components.last().copied().unwrap_or_default();
                let document = office.upload(applicant, "again").await?;
                let body = json!({ "documents": [
                    { "component": component, "document": document, "file_name": "again.pdf" }] });
                self.take(office, "dossiers", "supplements", applicant, body).await?;
                (Step::Work, work)
            }
            Step::Work => {
                self.take(
                    office,
                    "reviews",
                    "activities",
                    reviewer,
                    json!({ "activity": kind.activity }),
                )
                .await?;
                (Step::Propose, 0)
            }
            Step::Propose => {
                let outcome = if dice.percent(96) { "approved" } else { "refused" };
                let body = json!({ "outcome": outcome, "reason": "đã thẩm định / appraised" });
                let done =
                    self.take(office, "reviews", "decision-proposals", reviewer, body).await?;
                if kind.procedure == "ENERGY.LABEL" || done.is_none() {
                    return Ok(None);
                }
                (Step::Approve, 0)
            }
            Step::Approve => {
                let review = office.get(&format!("/v1/reviews/{}", self.id), approver).await?.body;
                let proposal = review.pointer("/proposal/proposal").cloned().unwrap_or_default();
                self.take(office, "reviews", "decision", approver, json!({ "proposal": proposal }))
                    .await?;
                (Step::Issue, 1)
            }
            Step::Issue => {
                let number = format!("KQ-{}", self.id.get(..8).unwrap_or_default());
                let document = office.upload(approver, &format!("kết quả {number}")).await?;
                let result = json!({ "number": number, "document": document });
                self.take(office, "deliveries", "result", approver, result).await?;
                (Step::Deliver, 2)
            }
            Step::Deliver if kind.procedure == "MLM.CERTIFICATE" => {
                self.take(office, "deliveries", "collection", clerk, json!({})).await?;
                (Step::Rate, 8)
            }
            Step::Deliver if dice.percent(20) && kind.procedure != "CHEM.IMPORT" => {
                let address = json!({
                    "name": "Nguyễn Văn A", "lines": ["12 Ngô Quyền", "Hà Nội"], "phone": "0900000000" });
                let body = json!({ "delivery": { "channel": "post", "address": address } });
                self.take(office, "deliveries", "channel", applicant, body).await?;
                let parcel = json!({ "carrier": "vnpost", "waybill": format!("EA{}VN", self.id) });
                self.take(office, "deliveries", "parcels", clerk, parcel).await?;
                (Step::Arrive, 16)
            }
            Step::Deliver => {
                self.take(office, "deliveries", "downloads", applicant, json!({})).await?;
                (Step::Rate, 8)
            }
            Step::Arrive => {
                let delivery =
                    office.get(&format!("/v1/deliveries/{}", self.id), clerk).await?.body;
                let notice = json!({
                    "carrier": "vnpost", "event": format!("d-{}", self.id), "kind": "delivered",
                    "reference": delivery.get("parcel_reference").cloned().unwrap_or_default(),
                });
                office
                    .post("/v1/parcel-notices", (Role::Carrier, "vnpost", ""), "", &notice)
                    .await?
                    .granted()?;
                office.settle().await?;
                (Step::Rate, 8)
            }
            Step::Rate => {
                if dice.percent(40) {
                    let score = if dice.percent(90) { 5 } else { 2 + dice.below(3) };
                    let rating = format!("/v1/ratings/{}", self.id);
                    office
                        .post(&rating, applicant, "", &json!({ "score": score }))
                        .await?
                        .granted()?;
                    office.settle().await?;
                }
                return Ok(None);
            }
            Step::BreakDown => return stories::break_down(office, &self.id, kind.agency).await,
            Step::PayWrong => {
                self.pay_with(office, applicant, 2_970).await?;
                return Ok(None);
            }
            Step::Complain => {
                stories::complain(office, &self.id, kind.agency, applicant).await?;
                return Ok(None);
            }
        };
        Ok(Some(next))
    }

    async fn submit(
        &mut self,
        office: &mut Office,
        applicant: (Role, &str, &str),
    ) -> Result<(Step, u32)> {
        // The person who files uploads the documents: at the counter, the clerk scans them.
        let who = if self.counter { (Role::Clerk, "clerk-1", self.kind.agency) } else { applicant };
        let mut documents = Vec::new();
        for component in self.kind.components {
            let document = office.upload(who, component).await?;
            documents.push(
                json!({ "component": component, "document": document, "file_name": "scan.pdf" }),
            );
        }
        let channel = if self.counter { "counter" } else { "online" };
        let mut body = json!({
            "procedure": self.kind.procedure, "agency": self.kind.agency, "channel": channel,
            "form": form(self.kind.procedure), "documents": documents,
        });
        if self.counter {
            body["applicant"] = json!(self.subject);
        }
        let submitted = office.post("/v1/dossiers", who, "", &body).await?.granted()?;
        submitted.get("id").and_then(Value::as_str).context("no id")?.clone_into(&mut self.id);
        submitted
            .get("code")
            .and_then(Value::as_str)
            .context("no code")?
            .clone_into(&mut self.code);
        office.settle().await?;
        Ok(match self.kind.procedure {
            "CHEM.IMPORT" => (Step::Issue, 1),
            _ if self.kind.fee_first => (Step::Pay, 1),
            _ => (Step::Accept, 2),
        })
    }

    async fn pay(&self, office: &mut Office, applicant: (Role, &str, &str)) -> Result<()> {
        self.pay_with(office, applicant, 0).await
    }

    /// Pays the due amount minus `less`.
    async fn pay_with(
        &self,
        office: &mut Office,
        applicant: (Role, &str, &str),
        less_vnd: i64,
    ) -> Result<()> {
        let body = json!({ "provider": "sandbox" });
        let Some(started) = self.take(office, "payments", "attempts", applicant, body).await?
        else {
            return Ok(());
        };
        let attempt = started.pointer("/attempts/0").cloned().unwrap_or_default();
        let due_vnd = attempt.get("amount_vnd").and_then(Value::as_i64).context("no amount")?;
        let notice = json!({
            "provider": "sandbox", "event": format!("e-{}", self.id), "kind": "captured",
            "reference": attempt.get("reference"), "amount_vnd": due_vnd - less_vnd,
        });
        let provider = (Role::PaymentProvider, "sandbox", "");
        office.post("/v1/payment-notices", provider, "", &notice).await?.granted()?;
        office.settle().await
    }

    /// Takes a step at the current version. If it is refused (because the dossier was returned
    /// meanwhile, for example), the dossier's story ends.
    async fn take(
        &self,
        office: &mut Office,
        resource: &str,
        step: &str,
        who: (Role, &str, &str),
        body: Value,
    ) -> Result<Option<Value>> {
        let path = format!("/v1/{resource}/{}", self.id);
        let etag = office.get(&path, who).await?.etag();
        let answer = office.post(&format!("{path}/{step}"), who, &etag, &body).await?;
        if answer.status.as_u16() == 409 {
            return Ok(None);
        }
        let body = answer.granted().with_context(|| format!("{} {step}", self.kind.procedure))?;
        office.settle().await?;
        Ok(Some(body))
    }
}

fn form(procedure: &str) -> Value {
    let company = json!({ "name": "Công ty TNHH Sao Mai", "tax_code": "0101234565" });
    match procedure {
        "CO.D" => json!({
            "exporter": { "name": "Công ty Dệt Sao Mai", "tax_code": "0101234565", "address": "Nam Định" },
            "consignee": "Siam Textile", "destination": "TH", "invoice": "INV-1",
            "goods": [{ "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "10 t" }],
        }),
        "CHEM.IMPORT" => json!({
            "declarant": company, "quantity_kg": 500, "purpose": "sản xuất",
            "chemical": { "name": "NaOH", "cas": "1310-73-2", "hs_chapter": 28, "control": "none" },
        }),
        "2.000004" => json!({
            "merchant": { "name": "Siêu thị Sao Mai", "tax_code": "0101234565", "phone": "02438220000" },
            "programme": {
                "name": "Quay số trúng thưởng", "goods": "đồ gia dụng", "from": "2026-12-01", "to": "2026-12-31",
                "prizes_vnd": 90_000_000,
            },
        }),
        "ENERGY.LABEL" => {
            json!({ "company": company, "product": "LED", "model": "S1", "stars": 5 })
        }
        "PRECURSOR.IMPORT" => {
            json!({ "company": company, "precursor": "acid sulfuric", "quantity_kg": 2_000 })
        }
        _ => {
            json!({ "company": company, "capital_vnd": 12_000_000_000_i64, "deposit_bank": "VCB" })
        }
    }
}

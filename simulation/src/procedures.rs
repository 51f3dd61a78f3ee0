//! Subjects of walks: a procedure, and the ways in which a dossier of it may begin.

use anyhow::{Context, Result};
use dossier::contract::{
    AgencyCode, Channel, DeliveryChannel, PostEvidence, ProcedureCode, Role, RulesIssued, RulesKind,
};
use dossier::law::{Law, Procedure, shipped_rules};
use jiff::civil::date;
use program::Bearer;
use serde_json::{Value, json};

use crate::forms;

/// The applicant of every dossier.
pub(crate) const APPLICANT: &str = "citizen-1";

/// Files for the applicant; without the mandate in the token, it has ended since.
pub(crate) const REPRESENTATIVE: &str = "representative-1";

/// A procedure to explore.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Name in findings.
    pub name: String,
    /// Rules of a new world.
    pub(crate) rules: Vec<RulesIssued>,
    /// The text to issue in the first world, if the procedure is not a shipped one.
    pub(crate) issued: Option<String>,
    pub(crate) procedure: Procedure,
    /// Agency at which dossiers are filed.
    pub(crate) agency: String,
}

/// How a dossier begins.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    pub(crate) name: String,
    pub(crate) who: Bearer,
    pub(crate) body: Value,
    /// Whether it is ordinary, and so explored at length.
    pub(crate) plain: bool,
    /// Whether it begins during an outage of online filing.
    pub(crate) in_outage: bool,
}

/// Rules that every world needs besides a procedure.
fn common() -> Result<Vec<RulesIssued>> {
    let all = shipped_rules()?.into_iter();
    Ok(all.filter(|rules| rules.kind != RulesKind::Procedure).collect())
}

/// Shipped procedures that are in force at the start time.
pub fn shipped() -> Result<Vec<Subject>> {
    let mut subjects = Vec::new();
    for rules in shipped_rules()?.into_iter().filter(|rules| rules.kind == RulesKind::Procedure) {
        subjects.extend(Subject::new(rules, None)?);
    }
    Ok(subjects)
}

impl Subject {
    /// A procedure to issue from its text; fails if that is invalid.
    pub(crate) fn of_text(name: &str, text: String) -> Result<Self> {
        let rules = dossier::law::rules(RulesKind::Procedure, name, &text)?;
        let subject = Self::new(rules, Some(text))?;
        let mut subject = subject.context("it is not in force")?;
        name.clone_into(&mut subject.name);
        Ok(subject)
    }

    /// The text to issue, if the procedure is not a shipped one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.issued.as_deref()
    }

    /// The highest agency that may handle a dossier here.
    pub(crate) fn top_agency(&self) -> String {
        self.procedure.agency.to_string()
    }

    /// `None` for a procedure that is not in force at the start time.
    fn new(own: RulesIssued, issued: Option<String>) -> Result<Option<Self>> {
        let mut rules = common()?;
        let (code, name) = (ProcedureCode::from(own.name.as_str()), own.name.clone());
        rules.push(own);
        let mut law = Law::default();
        for rules in &rules {
            law.apply(rules, None)?;
        }
        let Some(procedure) = law.in_force(&code, date(2026, 10, 5)).cloned() else {
            return Ok(None);
        };
        let receives = |code: &str| law.agency(&AgencyCode::from(code)).is_some();
        let below = format!("{}.001", procedure.agency);
        let agency = if receives(&below) { below } else { procedure.agency.to_string() };
        Ok(Some(Self { name, rules, issued, procedure, agency }))
    }

    /// All ways to begin a dossier: by each channel, with each delivery, and with a form or a date
    /// at an extreme value.
    pub(crate) fn beginnings(&self) -> Vec<Beginning> {
        let procedure = &self.procedure;
        let mut all: Vec<Beginning> =
            procedure.channels.iter().map(|channel| self.plain(*channel)).collect();
        let Some(first) = all.first().cloned() else { return all };
        let changed = |from: &Beginning, name: String, pointer: &str, value: Value| {
            let mut body = from.body.clone();
            body[pointer] = value;
            Beginning { name, who: from.who.clone(), body, plain: false, in_outage: from.in_outage }
        };
        for (what, form) in forms::at_edges(&procedure.form) {
            all.push(changed(&first, what, "form", form));
        }
        for reduction in procedure.fees.reductions.iter().filter(|r| !r.groups.is_empty()) {
            let name = format!("groups {:?}", reduction.groups);
            all.push(changed(&first, name, "groups", json!(reduction.groups)));
        }
        if procedure.delivery.contains(&DeliveryChannel::Post) {
            let post = json!({ "channel": "post", "address": address() });
            all.push(changed(&first, "delivery by post".to_owned(), "delivery", post));
        }
        let mandate = Bearer {
            on_behalf_of: APPLICANT.to_owned(),
            ..bearer(Role::Applicant, REPRESENTATIVE, "")
        };
        if procedure.channels.contains(&Channel::Online) {
            let online = self.plain(Channel::Online);
            let name = "by a representative".to_owned();
            all.push(Beginning { name, who: mandate, plain: false, ..online });
        }
        if procedure.channels.contains(&Channel::Post) {
            let posted = self.plain(Channel::Post);
            for at in POSTED {
                all.push(changed(&posted, format!("posted_at {at}"), "posted_at", json!(at)));
            }
        }
        all
    }

    fn plain(&self, channel: Channel) -> Beginning {
        let documents: Vec<Value> =
            self.procedure.documents.iter().map(|c| document(c.code.as_str())).collect();
        let mut body = json!({
            "procedure": self.procedure.code, "agency": self.agency, "channel": channel,
            "form": forms::plain(&self.procedure.form), "documents": documents,
        });
        let who = if channel == Channel::Online {
            bearer(Role::Applicant, APPLICANT, "")
        } else {
            body["applicant"] = json!(APPLICANT);
            bearer(Role::Clerk, "clerk-1", &self.agency)
        };
        if self.procedure.delivery.first() == Some(&DeliveryChannel::Post) {
            body["delivery"] = json!({ "channel": "post", "address": address() });
        }
        if let (Channel::Post, Some(by)) = (channel, self.procedure.clock.by_post) {
            body["posted_at"] = json!("2026-10-02T10:00:00+07:00");
            body["posted_by"] = json!(match by {
                PostEvidence::Envelope => "envelope",
                PostEvidence::Waybill => "waybill",
                PostEvidence::HandOverRecord => "hand_over_record",
            });
        }
        let in_outage = self.procedure.only_in_outage.contains(&channel);
        Beginning { name: format!("{channel:?}").to_lowercase(), who, body, plain: true, in_outage }
    }
}

/// Extreme and special dates of posting.
const POSTED: [&str; 6] = [
    "0001-01-01T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "2016-02-29T09:00:00+07:00",
    "2026-10-05T09:00:00+07:00",
    "2026-10-06T09:00:00+07:00",
    "9999-12-30T22:00:00Z",
];

/// The bearer of a token with one role.
pub(crate) fn bearer(role: Role, subject: &str, agency: &str) -> Bearer {
    Bearer::from((role, subject, agency))
}

/// A valid postal address.
pub(crate) fn address() -> Value {
    json!({ "name": "Nguyễn Văn A", "lines": ["12 Ngô Quyền", "Hà Nội"], "phone": "0912345678" })
}

/// A document that is uploaded when the body is sent.
pub(crate) fn document(component: &str) -> Value {
    json!({ "component": component, "document": "$upload", "file_name": "scan.pdf" })
}

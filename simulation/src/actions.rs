//! All actions that may be tried with a dossier. An action without a body in a state is not tried
//! there.

use dossier::contract::Role;
use jiff::Timestamp;
use program::Bearer;
use serde_json::{Value, json};

use crate::bodies::{
    because, claims, dispute, doubtful, duty, first_component, lasting, later, nothing, notice,
    other_outcome, outcome, parcel, proposed_entry, proposed_refund, proposed_resolution, refund,
    resolution, supply, supply_form, supply_with, taken, to_channel,
};
use crate::edges;
use crate::procedures::{APPLICANT, REPRESENTATIVE, Subject, address, bearer};
use crate::seen::{Seen, number, text};

/// The actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Applicant,
    Clerk,
    /// The reviewer who has claimed the review, or could.
    Reviewer,
    Approver,
    Cashier,
    SecondCashier,
    Consultee,
    Carrier,
    Provider,
    Handler,
    Operator,
    /// The person who filed for the applicant, after the mandate has ended.
    FormerRepresentative,
}

/// The agency that is consulted, and to which complaints are forwarded.
const OTHER_AGENCY: &str = "G02.003";

impl Who {
    pub(crate) fn bearer(self, seen: &Seen, subject: &Subject) -> Bearer {
        // A transfer moves a dossier to the officers of another agency.
        let agency = match text(&seen.dossier, "/agency") {
            "" => &*subject.agency,
            current => current,
        };
        let provider = text(&seen.payment, "/attempts/0/provider");
        match self {
            Self::Applicant => bearer(Role::Applicant, APPLICANT, ""),
            Self::Clerk => bearer(Role::Clerk, "clerk-1", agency),
            Self::Reviewer => match text(&seen.review, "/officer") {
                "" => bearer(Role::Reviewer, "reviewer-1", agency),
                officer => bearer(Role::Reviewer, officer, agency),
            },
            Self::Approver => bearer(Role::Approver, "approver-1", agency),
            Self::Cashier => bearer(Role::Cashier, "cashier-1", agency),
            Self::SecondCashier => bearer(Role::Cashier, "cashier-2", agency),
            Self::Consultee => bearer(Role::Consultee, "expert-1", OTHER_AGENCY),
            Self::Carrier => bearer(Role::Carrier, "vnpost", ""),
            Self::Provider => bearer(Role::PaymentProvider, provider, ""),
            Self::Handler => {
                let own = text(&seen.complaint, "/agency");
                bearer(
                    Role::ComplaintHandler,
                    "handler-1",
                    if own.is_empty() { agency } else { own },
                )
            }
            Self::Operator => bearer(Role::Operator, "operator-1", ""),
            Self::FormerRepresentative => bearer(Role::Applicant, REPRESENTATIVE, ""),
        }
    }
}

/// An action that may be tried.
pub(crate) struct Action {
    pub(crate) name: &'static str,
    pub(crate) who: Who,
    /// `{}` stands for the dossier, the complaint or the outage.
    pub(crate) path: &'static str,
    pub(crate) body: fn(&Seen, &Subject) -> Option<Value>,
    /// Whether it abandons the matter instead of advancing it.
    pub(crate) gives_up: bool,
    /// Whether it must be refused in every state.
    pub(crate) forbidden: bool,
}

impl Action {
    /// The path of the request.
    pub(crate) fn path(&self, seen: &Seen) -> Option<String> {
        let id = if self.path.starts_with("/v1/complaints/") {
            seen.complaint_id.clone()?
        } else if self.path.starts_with("/v1/outages/") {
            text(lasting(seen)?, "/id").to_owned()
        } else {
            seen.id.clone()
        };
        Some(self.path.replace("{}", &id))
    }
}

type Body = fn(&Seen, &Subject) -> Option<Value>;

const fn act(name: &'static str, who: Who, path: &'static str, body: Body) -> Action {
    Action { name, who, path, body, gives_up: false, forbidden: false }
}

const fn give_up(name: &'static str, who: Who, path: &'static str, body: Body) -> Action {
    Action { name, who, path, body, gives_up: true, forbidden: false }
}

const fn never(name: &'static str, who: Who, path: &'static str, body: Body) -> Action {
    Action { name, who, path, body, gives_up: false, forbidden: true }
}

/// All actions: first those that advance a dossier, so that a walk goes deep before it goes wide.
pub(crate) const ACTIONS: &[Action] = &[
    act("pay", Who::Applicant, "/v1/payments/{}/attempts", |s, _| {
        s.payment.get("dossier").map(|_| json!({ "provider": "sandbox" }))
    }),
    act("captured", Who::Provider, "/v1/payment-notices", |s, _| notice(s, "captured", |a| a)),
    act("accept", Who::Clerk, "/v1/dossiers/{}/acceptance", |s, _| {
        Some(json!({ "claims": claims(s, "open", true) }))
    }),
    act("claim", Who::Reviewer, "/v1/reviews/{}/claim", nothing),
    act("complete activity", Who::Reviewer, "/v1/reviews/{}/activities", |s, p| {
        let first = p.procedure.review.activities.first().map_or("", |activity| &*activity.code);
        let next = text(&s.review, "/activity");
        Some(json!({ "activity": if next.is_empty() { first } else { next } }))
    }),
    act("propose approval", Who::Reviewer, "/v1/reviews/{}/decision-proposals", |_, _| {
        Some(outcome("approved"))
    }),
    act("approve", Who::Approver, "/v1/reviews/{}/decision", |s, _| {
        Some(json!({ "proposal": s.review.pointer("/proposal/proposal")? }))
    }),
    act("issue", Who::Approver, "/v1/deliveries/{}/result", |_, _| {
        Some(json!({ "number": "KQ-$serial", "document": "$upload" }))
    }),
    act("issue without document", Who::Clerk, "/v1/deliveries/{}/result", |_, _| {
        Some(json!({ "number": "KQ-$serial" }))
    }),
    act("collect", Who::Clerk, "/v1/deliveries/{}/collection", |_, _| {
        Some(json!({ "received_by": "Trần B" }))
    }),
    act("download", Who::Applicant, "/v1/deliveries/{}/downloads", nothing),
    act("meet duty", Who::Applicant, "/v1/deliveries/{}/duties", |s, _| duty(s)),
    act("meet own duty", Who::Approver, "/v1/deliveries/{}/duties", |s, _| duty(s)),
    act("ask for renewal", Who::Applicant, "/v1/deliveries/{}/renewal", because),
    act("renew", Who::Approver, "/v1/deliveries/{}/renewal/decision", |_, _| {
        Some(outcome("approved"))
    }),
    act("refuse renewal", Who::Approver, "/v1/deliveries/{}/renewal/decision", |_, _| {
        Some(outcome("refused"))
    }),
    act("refund what is owed back", Who::Cashier, "/v1/payments/{}/refunds", |s, _| {
        refund(s, number(&s.payment, "/owed_back_vnd"))
    }),
    act("approve refund", Who::SecondCashier, "/v1/payments/{}/refund-approvals", |s, _| {
        Some(json!({ "refund": proposed_refund(s)?.get("refund")? }))
    }),
    act("reject refund", Who::SecondCashier, "/v1/payments/{}/refund-rejections", |s, _| {
        proposed_refund(s)
    }),
    act(
        "approve resolution",
        Who::SecondCashier,
        "/v1/payments/{}/resolution-approvals",
        |s, _| Some(json!({ "resolution": proposed_resolution(s)?.get("resolution")? })),
    ),
    act(
        "reject resolution",
        Who::SecondCashier,
        "/v1/payments/{}/resolution-rejections",
        |s, _| proposed_resolution(s),
    ),
    act("refund all", Who::Cashier, "/v1/payments/{}/refunds", |s, _| {
        refund(s, number(&s.payment, "/received_vnd") - number(&s.payment, "/refunded_vnd"))
    }),
    act("refund 1", Who::Cashier, "/v1/payments/{}/refunds", |s, _| refund(s, 1)),
    act("return through the provider", Who::Cashier, "/v1/payments/{}/refund-requests", |s, _| {
        let mut body = refund(s, number(&s.payment, "/owed_back_vnd"))?;
        body["payment"] = s.payment.pointer("/attempts/0/payment")?.clone();
        Some(body)
    }),
    act("record what became of a refund", Who::Cashier, "/v1/payments/{}/ended-refunds", |s, _| {
        let refund = s.payment.pointer("/sent_refunds/0/refund")?;
        Some(json!({
            "refund": refund, "outcome": "refunded", "transaction": "T1", "reason": "because",
        }))
    }),
    act(
        "correct the outcome of a refund",
        Who::Cashier,
        "/v1/payments/{}/refund-corrections",
        |s, _| other_outcome(s),
    ),
    act("approve entry", Who::SecondCashier, "/v1/payments/{}/entry-approvals", |s, _| {
        Some(json!({ "entry": proposed_entry(s)?.get("entry")? }))
    }),
    act("reject entry", Who::SecondCashier, "/v1/payments/{}/entry-rejections", |s, _| {
        proposed_entry(s)
    }),
    act("money was taken back", Who::Cashier, "/v1/payments/{}/reversals", |s, _| {
        taken(s, "transaction")
    }),
    act("a payment is disputed", Who::Cashier, "/v1/payments/{}/disputes", |s, _| {
        taken(s, "dispute")
    }),
    act("answer the dispute", Who::Cashier, "/v1/payments/{}/dispute-answers", |s, _| dispute(s)),
    act("the dispute is lost", Who::Cashier, "/v1/payments/{}/ended-disputes", |s, _| {
        let mut body = dispute(s)?;
        body["outcome"] = json!("lost");
        Some(body)
    }),
    act("pay the debt", Who::Cashier, "/v1/payments/{}/settled-debts", |s, _| {
        let debt = s.payment.pointer("/debts/0")?;
        Some(json!({ "debt": debt.get("debt")?, "amount_vnd": debt.get("amount_vnd")? }))
    }),
    act("write off the debt", Who::Cashier, "/v1/payments/{}/debt-write-offs", |s, _| {
        Some(json!({ "debt": s.payment.pointer("/debts/0/debt")?, "reason": "because" }))
    }),
    act("cash", Who::Cashier, "/v1/payments/{}/cash", |s, _| {
        s.payment
            .get("dossier")
            .map(|_| json!({ "amount_vnd": number(&s.payment, "/outstanding_vnd") }))
    }),
    act("cash 1", Who::Cashier, "/v1/payments/{}/cash", |_, _| Some(json!({ "amount_vnd": 1 }))),
    act("charge a further fee", Who::Clerk, "/v1/payments/{}/further-fees", |s, p| {
        let lines = &p.procedure.fees.lines;
        let line = lines.iter().find(|line| line.further).or_else(|| lines.first());
        let rule = line.map_or("none", |line| &*line.rule);
        s.payment
            .get("dossier")
            .map(|_| json!({ "rule": rule, "reason": "phải thẩm định tại chỗ" }))
    }),
    act("pay in parts", Who::Cashier, "/v1/payments/{}/attempts", |s, _| {
        s.payment.get("dossier").map(|_| json!({ "provider": "sandbox-partial" }))
    }),
    act("half captured", Who::Provider, "/v1/payment-notices", |s, _| {
        notice(s, "captured", |a| a / 2)
    }),
    act("too much captured", Who::Provider, "/v1/payment-notices", |s, _| {
        notice(s, "captured", |a| a.saturating_mul(100).min(1_000_000_000_000))
    }),
    act("most captured", Who::Provider, "/v1/payment-notices", |s, _| {
        notice(s, "captured", |_| 1_000_000_000_000)
    }),
    act("payment failed", Who::Provider, "/v1/payment-notices", |s, _| notice(s, "failed", |a| a)),
    act("payment pending", Who::Provider, "/v1/payment-notices", |s, _| {
        notice(s, "pending", |a| a)
    }),
    act("nothing captured after all", Who::Cashier, "/v1/payments/{}/resolutions", |s, _| {
        resolution(s, 0)
    }),
    act("captured as said", Who::Cashier, "/v1/payments/{}/resolutions", |s, _| {
        resolution(s, doubtful(s)?.pointer("/doubts/0/said_vnd")?.as_i64()?)
    }),
    act("ask for a supplement", Who::Clerk, "/v1/dossiers/{}/supplement-requests", |_, p| {
        Some(json!({ "components": [first_component(p)?], "reason": "not legible" }))
    }),
    act("ask for another form", Who::Clerk, "/v1/dossiers/{}/supplement-requests", |_, _| {
        Some(json!({ "components": [], "reason": "wrong" }))
    }),
    act("need a supplement", Who::Reviewer, "/v1/reviews/{}/supplement-needs", |_, p| {
        Some(
            json!({ "components": first_component(p).into_iter().collect::<Vec<_>>(), "reason": "not legible" }),
        )
    }),
    act("supply", Who::Applicant, "/v1/dossiers/{}/supplements", supply),
    act("supply at the counter", Who::Clerk, "/v1/dossiers/{}/supplements", supply),
    act("supply a form", Who::Applicant, "/v1/dossiers/{}/supplements", supply_form),
    act("supply a form of year 1", Who::Applicant, "/v1/dossiers/{}/supplements", |s, p| {
        supply_with(s, p, "0001-")
    }),
    act("supply a form of year 9999", Who::Applicant, "/v1/dossiers/{}/supplements", |s, p| {
        supply_with(s, p, "9999-12")
    }),
    act("consult", Who::Reviewer, "/v1/reviews/{}/consultations", |s, _| {
        // One open consultation at a time is enough.
        let open = s.review.get("consultations")?.as_array()?;
        open.is_empty().then(|| json!({ "agency": OTHER_AGENCY, "question": "?" }))
    }),
    act(
        "answer the consultation",
        Who::Consultee,
        "/v1/reviews/{}/consultation-answers",
        |s, _| {
            let asked = s.review.pointer("/consultations/0/consultation")?;
            Some(json!({ "consultation": asked, "agrees": true, "answer": "yes" }))
        },
    ),
    act("verify", Who::Reviewer, "/v1/reviews/{}/verifications", |s, _| {
        Some(edges::verification(later(s, -1), s.now))
    }),
    act("verify since 1970", Who::Reviewer, "/v1/reviews/{}/verifications", |s, _| {
        Some(edges::verification(Timestamp::UNIX_EPOCH, s.now))
    }),
    act("verify since ever", Who::Reviewer, "/v1/reviews/{}/verifications", |s, _| {
        Some(edges::verification(Timestamp::MIN, s.now))
    }),
    act("return", Who::Reviewer, "/v1/reviews/{}/return", because),
    act("hand over", Who::Reviewer, "/v1/reviews/{}/hand-over", |s, _| {
        let other =
            if text(&s.review, "/officer") == "reviewer-2" { "reviewer-1" } else { "reviewer-2" };
        Some(json!({ "to": other, "reason": "leave" }))
    }),
    act("assign", Who::Approver, "/v1/reviews/{}/assign", |s, _| {
        let other =
            if text(&s.review, "/officer") == "reviewer-1" { "reviewer-2" } else { "reviewer-1" };
        Some(json!({ "to": other, "reason": "leave" }))
    }),
    act("propose refusal", Who::Reviewer, "/v1/reviews/{}/decision-proposals", |_, _| {
        Some(outcome("refused"))
    }),
    act("reject the proposal", Who::Approver, "/v1/reviews/{}/proposal-rejections", |s, _| {
        Some(json!({ "proposal": s.review.pointer("/proposal/proposal")?, "reason": "no" }))
    }),
    act("move the appointment", Who::Clerk, "/v1/dossiers/{}/appointment", |s, _| {
        Some(edges::appointment(later(s, 30 * 24)))
    }),
    act(
        "move the appointment to the end of time",
        Who::Clerk,
        "/v1/dossiers/{}/appointment",
        |_, _| Some(edges::appointment(Timestamp::MAX)),
    ),
    act("extend", Who::Approver, "/v1/dossiers/{}/extension", because),
    act("fix the appointment", Who::Clerk, "/v1/dossiers/{}/fixed-appointment", |s, _| {
        Some(edges::fixed(later(s, 10 * 24)))
    }),
    act("fix it at the end of time", Who::Clerk, "/v1/dossiers/{}/fixed-appointment", |_, _| {
        Some(edges::fixed(Timestamp::MAX))
    }),
    act("fix it in the past", Who::Clerk, "/v1/dossiers/{}/fixed-appointment", |_, _| {
        Some(edges::fixed(Timestamp::MIN))
    }),
    act("choose post", Who::Applicant, "/v1/deliveries/{}/channel", |s, _| {
        to_channel(s, json!({ "channel": "post", "address": address() }))
    }),
    act("hand to the carrier", Who::Clerk, "/v1/deliveries/{}/parcels", |_, _| {
        Some(json!({ "carrier": "vnpost", "waybill": "EA$serialVN" }))
    }),
    act("parcel under way", Who::Carrier, "/v1/parcel-notices", |s, _| parcel(s, "in_transit")),
    act("parcel returned", Who::Carrier, "/v1/parcel-notices", |s, _| parcel(s, "returned")),
    act("parcel delivered", Who::Carrier, "/v1/parcel-notices", |s, _| parcel(s, "delivered")),
    act("choose collection", Who::Applicant, "/v1/deliveries/{}/channel", |s, _| {
        to_channel(s, json!({ "channel": "collection" }))
    }),
    act("choose download", Who::Clerk, "/v1/deliveries/{}/channel", |s, _| {
        to_channel(s, json!({ "channel": "download" }))
    }),
    act("rate", Who::Applicant, "/v1/ratings/{}", |_, _| {
        Some(json!({ "score": 5, "comment": "good" }))
    }),
    act("declare an outage", Who::Operator, "/v1/outages", |s, p| {
        lasting(s).is_none().then(|| edges::outage(&p.agency, later(s, -1), None, later(s, -1)))
    }),
    act("declare one that began in 1970", Who::Operator, "/v1/outages", |s, p| {
        let began = Timestamp::UNIX_EPOCH;
        lasting(s).is_none().then(|| edges::outage(&p.agency, began, None, began))
    }),
    act("announce one for the end of time", Who::Operator, "/v1/outages", |s, p| {
        Some(edges::planned(&p.agency, s.now))
    }),
    act("end the outage", Who::Operator, "/v1/outages/{}/end", |s, _| {
        lasting(s).map(|_| json!({ "to": s.now }))
    }),
    act("complain", Who::Applicant, "/v1/complaints", |s, p| {
        s.complaint_id.is_none().then(|| edges::complaint(&p.agency, &s.id))
    }),
    act("classify the complaint", Who::Handler, "/v1/complaints/{}/classification", |_, _| {
        Some(json!({ "class": "conduct_or_delay" }))
    }),
    act("dismiss the complaint", Who::Handler, "/v1/complaints/{}/classification", |_, _| {
        Some(json!({ "class": "not_acceptable", "reason": "no facts" }))
    }),
    act("find it another agency's", Who::Handler, "/v1/complaints/{}/classification", |_, _| {
        Some(json!({ "class": "not_ours" }))
    }),
    act("classify it as about rules", Who::Handler, "/v1/complaints/{}/classification", |_, _| {
        Some(json!({ "class": "content_of_rules" }))
    }),
    act("assign the complaint", Who::Handler, "/v1/complaints/{}/assignment", |_, _| {
        Some(json!({ "officer": "another" }))
    }),
    act("extend the period to answer", Who::Handler, "/v1/complaints/{}/extension", because),
    act("forward the complaint", Who::Handler, "/v1/complaints/{}/forwarding", |_, _| {
        Some(json!({ "to": OTHER_AGENCY }))
    }),
    act("answer the complaint", Who::Handler, "/v1/complaints/{}/answer", |_, _| {
        Some(json!({ "answer": "sorry" }))
    }),
    act("publish the answer", Who::Handler, "/v1/complaints/{}/publication", |_, _| {
        Some(json!({ "text": "sorry" }))
    }),
    act("rate the answer", Who::Applicant, "/v1/complaints/{}/answer-rating", |_, _| {
        Some(json!({ "score": 2 }))
    }),
    act("reopen the complaint", Who::Applicant, "/v1/complaints/{}/reopening", because),
    act("note the complaint", Who::Handler, "/v1/complaints/{}/notes", |_, _| {
        Some(json!({ "note": "seen" }))
    }),
    act(
        "add a document to the complaint",
        Who::Applicant,
        "/v1/complaints/{}/documents",
        |_, _| Some(json!({ "documents": [{ "document": "$upload", "file_name": "photo.pdf" }] })),
    ),
    act("merge the complaint into itself", Who::Handler, "/v1/complaints/{}/merger", |s, _| {
        Some(json!({ "into": s.complaint_id }))
    }),
    act("separate the complaint", Who::Handler, "/v1/complaints/{}/separation", because),
    act("transfer", Who::Clerk, "/v1/dossiers/{}/transfer", |s, p| {
        let is_away = text(&s.dossier, "/agency") == OTHER_AGENCY;
        let to = if is_away { &*p.agency } else { OTHER_AGENCY };
        Some(json!({ "to": to, "reason": "competent" }))
    }),
    act("label", Who::Clerk, "/v1/dossiers/{}/labels", |_, _| Some(json!({ "label": "urgent" }))),
    act("remove the label", Who::Clerk, "/v1/dossiers/{}/labels/urgent/removal", nothing),
    act("note", Who::Clerk, "/v1/dossiers/{}/notes", |_, _| Some(json!({ "note": "seen" }))),
    act("withdraw the first note", Who::Clerk, "/v1/dossiers/{}/notes/1/withdrawal", because),
    act("send a message", Who::Applicant, "/v1/dossiers/{}/messages", |_, _| {
        Some(json!({ "text": "When?" }))
    }),
    act("answer by a message", Who::Clerk, "/v1/dossiers/{}/messages", |_, _| {
        Some(json!({ "text": "Soon" }))
    }),
    act("read the messages", Who::Applicant, "/v1/dossiers/{}/messages/readings", |_, _| {
        Some(json!({ "through": 1 }))
    }),
    act(
        "match a notice that does not exist",
        Who::Cashier,
        "/v1/payments/{}/matched-notices",
        |s, _| {
            let payment = s.payment.pointer("/attempts/0/payment")?;
            Some(json!({ "notice": s.id, "payment": payment, "reason": "the statement says so" }))
        },
    ),
    act("reject claims", Who::Clerk, "/v1/dossiers/{}/acceptance", |s, _| {
        let claims = claims(s, "open", false);
        (!claims.is_empty()).then(|| json!({ "claims": claims }))
    }),
    act("confirm rejected claims", Who::Clerk, "/v1/dossiers/{}/acceptance", |s, _| {
        let claims = claims(s, "rejected", true);
        (!claims.is_empty()).then(|| json!({ "claims": claims }))
    }),
    act("refuse", Who::Clerk, "/v1/dossiers/{}/refusal", because),
    act("revoke the result", Who::Approver, "/v1/deliveries/{}/revocation", because),
    never(
        "supply without a mandate",
        Who::FormerRepresentative,
        "/v1/dossiers/{}/supplements",
        supply,
    ),
    never(
        "withdraw without a mandate",
        Who::FormerRepresentative,
        "/v1/dossiers/{}/withdrawal",
        because,
    ),
    never(
        "download without a mandate",
        Who::FormerRepresentative,
        "/v1/deliveries/{}/downloads",
        nothing,
    ),
    give_up("withdraw", Who::Applicant, "/v1/dossiers/{}/withdrawal", because),
    give_up("withdraw at the counter", Who::Clerk, "/v1/dossiers/{}/withdrawal", because),
    give_up("close", Who::Clerk, "/v1/dossiers/{}/closure", because),
];

#[cfg(test)]
mod tests;

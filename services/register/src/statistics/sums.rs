//! Sums over the rows of groups, and the figures that are computed from them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dossier::contract::ProcedureCode;
use dossier::figures::{OnlineServices, Share};
use dossier::law::Law;

use super::durations::Durations;
use super::figures::{FiguresReply, ServicesReply, StageTimesReply};
use super::people::{ACCOUNT, APPLICANT, FIRM, People};

/// What is summed besides [`CountedFigure::ALL`], in the order of [`Counted::reply`]; `{h}` is the
/// condition on handled dossiers.
///
/// [`CountedFigure::ALL`]: super::figure::CountedFigure::ALL
pub(super) const SUMS: [&str; 22] = [
    "missed",
    "by_rule",
    "supplements",
    "max(supplements - 1, 0)",
    "last_day_requests",
    "{h} AND outcome = 'refused' AND handled_day > due_day",
    "redated",
    "extended",
    "late_outages",
    "restarts",
    "{h} AND channel = 'online'",
    "business",
    "rated IS NOT NULL",
    "rated >= 4",
    "delivered",
    "rated",
    "iif({h}, contacts, 0)",
    "iif({h}, handled_at - submitted_at, 0)",
    "iif({h}, applicant_ms, 0)",
    "iif({h}, reception_ms, 0)",
    "iif({h}, approval_ms, 0)",
    "iif({h}, handled_at - submitted_at - applicant_ms - reception_ms - approval_ms, 0)",
];

/// A version of a procedure, as far as dossiers were received under it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OfVersion {
    /// Whether one was filed online.
    pub(super) has_online: bool,
    pub(super) settled_online: u64,
}

/// What is counted of a group.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// [`CountedFigure::ALL`](super::figure::CountedFigure::ALL), then [`SUMS`]; empty without
    /// rows.
    pub(super) sums: Vec<i64>,
    pub(super) people: People,
    pub(super) procedures: HashMap<String, BTreeMap<u32, OfVersion>>,
    /// In seconds, of handled dossiers.
    pub(super) durations: Vec<i64>,
}

impl Counted {
    /// Adds what was counted of another group.
    pub(super) fn add(&mut self, other: &Self) {
        self.sums.resize(self.sums.len().max(other.sums.len()), 0);
        for (sum, further) in self.sums.iter_mut().zip(&other.sums) {
            *sum = sum.saturating_add(*further);
        }
        self.people.add(&other.people);
        self.durations.extend(&other.durations);
        for (code, versions) in &other.procedures {
            let own = self.procedures.entry(code.clone()).or_default();
            for (version, further) in versions {
                let own = own.entry(*version).or_default();
                own.has_online |= further.has_online;
                own.settled_online = own.settled_online.saturating_add(further.settled_online);
            }
        }
    }

    /// The figures. Which dossiers are those of online services is decided by the version of the
    /// procedure under which they were received.
    pub(super) fn reply(self, services: Option<&OnlineServices>, law: &Law) -> FiguresReply {
        let versions = self.procedures.iter().flat_map(|(code, versions)| {
            let code = ProcedureCode::from(code.as_str());
            versions.iter().map(move |(version, counted)| (code.clone(), *version, *counted))
        });
        let online: BTreeSet<ProcedureCode> =
            versions.clone().filter(|(.., of)| of.has_online).map(|(code, ..)| code).collect();
        let mut reply = FiguresReply {
            procedures: number(self.procedures.len()),
            procedures_online: number(online.len()),
            accounts: self.people.count(ACCOUNT),
            applicants: self.people.count(APPLICANT),
            firms: self.people.count(FIRM),
            services: services.map(|services| {
                let used = online.iter().filter(|code| services.has(code)).count();
                ServicesReply::of(services, number(used))
            }),
            ..FiguresReply::default()
        };
        let further = self.put(&mut reply);
        let of_online = versions.filter(|(code, version, _)| law.is_online_service(code, *version));
        let online = of_online.map(|(.., of)| of.settled_online).sum();
        reply.settled_online = Share::of(online, reply.settled).into();
        let in_time = reply.early + reply.on_time;
        reply.in_time = Share::of(in_time, in_time + reply.late).into();
        reply.satisfied = Share::of(further.satisfied, reply.rated).into();
        reply.satisfaction = mean(further.scores, reply.rated);
        let handled = reply.handled;
        reply.contacts_mean = mean(further.contacts, handled);
        let seconds = |milliseconds: u64| mean_seconds(milliseconds, handled);
        let Further { elapsed, applicant, reception, approval, processing, .. } = further;
        reply.elapsed_mean_s = seconds(elapsed);
        reply.with_applicant_mean_s = seconds(applicant);
        reply.with_agency_mean_s = seconds(elapsed.saturating_sub(applicant));
        reply.stages = StageTimesReply {
            reception_mean_s: seconds(reception),
            processing_mean_s: seconds(processing),
            approval_mean_s: seconds(approval),
        };
        let Durations { median, p90, p99 } = Durations::of(self.durations);
        (reply.duration_median_s, reply.duration_p90_s, reply.duration_p99_s) = (median, p90, p99);
        reply
    }

    /// Puts the sums into the reply. Returns those from which further figures are computed.
    fn put(&self, reply: &mut FiguresReply) -> Further {
        let mut further = Further::default();
        let places = [
            &mut reply.dossiers,
            &mut reply.carried_over,
            &mut reply.handled,
            &mut reply.settled,
            &mut reply.early,
            &mut reply.on_time,
            &mut reply.late,
            &mut reply.without_deadline,
            &mut reply.not_accepted,
            &mut reply.stopped,
            &mut reply.open,
            &mut reply.awaiting_acceptance,
            &mut reply.processing,
            &mut reply.suspended,
            &mut reply.overdue_open,
            &mut reply.due_today,
            &mut reply.due_in_week,
            &mut reply.due_later,
            &mut reply.open_undated,
            &mut reply.open_paused,
            &mut reply.missed,
            &mut reply.automatic,
            &mut reply.supplements,
            &mut reply.further_supplements,
            &mut reply.supplements_on_last_day,
            &mut reply.refused_late,
            &mut reply.redated,
            &mut reply.extended,
            &mut reply.moved_by_late_outages,
            &mut reply.restarts,
            &mut reply.handled_online,
            &mut reply.business_dossiers,
            &mut reply.rated,
            &mut further.satisfied,
            &mut reply.could_rate,
            &mut further.scores,
            &mut further.contacts,
            &mut further.elapsed,
            &mut further.applicant,
            &mut further.reception,
            &mut further.approval,
            &mut further.processing,
        ];
        for (place, sum) in places.into_iter().zip(&self.sums) {
            *place = u64::try_from(*sum).unwrap_or(0);
        }
        further
    }
}

/// Sums that are no figures themselves; times in milliseconds of handled dossiers.
#[derive(Debug, Default)]
struct Further {
    satisfied: u64,
    scores: u64,
    contacts: u64,
    elapsed: u64,
    applicant: u64,
    reception: u64,
    approval: u64,
    processing: u64,
}

/// `None` of nothing.
#[expect(clippy::cast_precision_loss, reason = "a mean has few digits")]
fn mean(sum: u64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64)
}

fn mean_seconds(milliseconds: u64, count: u64) -> Option<i64> {
    let mean = milliseconds.checked_div(count)? / 1_000;
    i64::try_from(mean).ok()
}

pub(super) fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

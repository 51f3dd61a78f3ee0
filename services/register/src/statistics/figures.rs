//! The figures in replies, with their denominators.

use dossier::figures::{OnlineServices, Share};
use dossier::law::Level;
use serde::Serialize;
use utoipa::ToSchema;

/// A share with its numerator and denominator.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct ShareReply {
    numerator: u64,
    denominator: u64,
    /// In per cent, rounded to two decimals; null if the denominator is 0.
    #[schema(example = 24.89)]
    percent: Option<f64>,
}

impl From<Share> for ShareReply {
    fn from(share: Share) -> Self {
        let Share { numerator, denominator } = share;
        Self { numerator, denominator, percent: share.basis_points().map(percent) }
    }
}

/// Hundredths of a per cent as a number with two decimals.
#[expect(clippy::cast_precision_loss, reason = "a percentage has few digits")]
pub(crate) fn percent(basis_points: u64) -> f64 {
    basis_points as f64 / 100.0
}

/// Public services in force in the period.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct ServicesReply {
    /// Services in force, online or not.
    in_force: u64,
    /// Online services by level: those of which all steps can be done online (toàn trình).
    full: u64,
    /// Online services of which some steps cannot be done online (một phần).
    partial: u64,
    /// Online services with at least one online dossier, of all online services in force: figure
    /// (a) of the national monitoring of online public services.
    used: ShareReply,
}

impl ServicesReply {
    pub(super) fn of(services: &OnlineServices, used: u64) -> Self {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Self {
            in_force: number(services.in_force()),
            full: number(services.of_level(Level::Full)),
            partial: number(services.of_level(Level::Partial)),
            used: Share::of(used, number(services.count())).into(),
        }
    }
}

/// Where the agency's part of the mean time passed; the sum of the three is `with_agency_mean_s`,
/// up to rounding. Time in which a supplement or a fee is awaited from the applicant is in none.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct StageTimesReply {
    /// From the submission to the acceptance, or to the end of a dossier that was not accepted, in
    /// seconds.
    pub(super) reception_mean_s: Option<i64>,
    /// In process, without `approval_mean_s`, in seconds.
    pub(super) processing_mean_s: Option<i64>,
    /// From a proposed decision to its approval or rejection, in seconds.
    pub(super) approval_mean_s: Option<i64>,
}

/// Figures with their denominators.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct FiguresReply {
    /// Number of counted dossiers: `carried_over` and those received in the period.
    pub(super) dossiers: u64,
    /// Submitted before the period and still open when it began. 0 if dossiers are counted by their
    /// submission.
    pub(super) carried_over: u64,
    /// Ended: withdrawn, decided, delivered, not accepted or stopped.
    pub(super) handled: u64,
    /// Handled as QĐ 766/QĐ-TTg counts it: withdrawn, decided or delivered (statuses 7, 9, 10). The
    /// sum of `early`, `on_time`, `late` and `without_deadline`.
    pub(super) settled: u64,
    /// Settled before the promised day.
    pub(super) early: u64,
    /// Settled on the promised day.
    pub(super) on_time: u64,
    /// Settled after the promised day.
    pub(super) late: u64,
    /// Settled without a promised day.
    pub(super) without_deadline: u64,
    /// Settled early or on time, of those with a promised day.
    pub(super) in_time: ShareReply,
    /// Not accepted (status 3).
    pub(super) not_accepted: u64,
    /// Ended without a decision, for example because a supplement was not submitted (status 8). QĐ
    /// 766/QĐ-TTg counts them as suspended.
    pub(super) stopped: u64,
    /// Open at the end of the period.
    pub(super) open: u64,
    /// Of these, waiting for acceptance (status 1). This and the next two are by the status now; a
    /// dossier that was handled after the period is in none of them.
    pub(super) awaiting_acceptance: u64,
    /// Of these, accepted or in process (statuses 2, 4).
    pub(super) processing: u64,
    /// Of these, waiting for a supplement or a fee (statuses 5, 6).
    pub(super) suspended: u64,
    /// Open, and the promised day is before the last day of the period or today.
    pub(super) overdue_open: u64,
    /// Open, and the promised day is the last day of the period or today. This and the next two
    /// are those whose clock runs.
    pub(super) due_today: u64,
    /// Open, and the promised day is one of the seven days after that.
    pub(super) due_in_week: u64,
    /// Open, and the promised day is later.
    pub(super) due_later: u64,
    /// Open, without a promised day.
    pub(super) open_undated: u64,
    /// Open, and the clock is suspended. The sum of this, `overdue_open`, `due_today`,
    /// `due_in_week`, `due_later` and `open_undated` is `open`.
    pub(super) open_paused: u64,
    /// Missed deadlines, less those withdrawn.
    pub(super) missed: u64,
    /// Decided by a rule.
    pub(super) automatic: u64,
    /// Median time from submission to handling, in seconds.
    pub(super) duration_median_s: Option<i64>,
    /// 90th percentile of that time, in seconds.
    pub(super) duration_p90_s: Option<i64>,
    /// 99th percentile of that time, in seconds.
    pub(super) duration_p99_s: Option<i64>,
    /// Mean of that time over handled dossiers, in seconds.
    pub(super) elapsed_mean_s: Option<i64>,
    /// Part of the mean while a supplement or a fee was awaited from the applicant, in seconds.
    pub(super) with_applicant_mean_s: Option<i64>,
    /// Remaining part of the mean, in seconds.
    pub(super) with_agency_mean_s: Option<i64>,
    /// The agency's part of the mean by stage.
    pub(super) stages: StageTimesReply,
    /// Mean number of contacts with the applicant of a handled dossier: submission, supplements,
    /// payments.
    pub(super) contacts_mean: Option<f64>,
    /// Number of supplement requests.
    pub(super) supplements: u64,
    /// Second and further supplement requests of a dossier.
    pub(super) further_supplements: u64,
    /// Supplement requests on the promised day, the last on which the result would have been on
    /// time.
    pub(super) supplements_on_last_day: u64,
    /// Refusals decided after the promised day.
    pub(super) refused_late: u64,
    /// New dates with an apology (form 04).
    pub(super) redated: u64,
    /// Periods extended as the procedure allows.
    pub(super) extended: u64,
    /// Promised dates that an outage moved which was declared on a later day than it began.
    pub(super) moved_by_late_outages: u64,
    /// Number of restarted clocks: each period may be kept although the applicant waits for more
    /// than one.
    pub(super) restarts: u64,
    /// Procedures with at least one dossier.
    pub(super) procedures: u64,
    /// Procedures with at least one online dossier.
    pub(super) procedures_online: u64,
    /// Handled dossiers that were filed online.
    pub(super) handled_online: u64,
    /// Public services in force; null for groups that are not of services.
    pub(super) services: Option<ServicesReply>,
    /// Settled online dossiers of online services, of all settled dossiers of all services and
    /// channels: figure (b) of the national monitoring of online public services.
    pub(super) settled_online: ShareReply,
    /// Active users: accounts that filed a dossier, each counted once.
    pub(super) accounts: u64,
    /// Persons and firms for whom a dossier was filed, each counted once.
    pub(super) applicants: u64,
    /// Of these, businesses: with the tax code of an organisation, or represented by somebody.
    pub(super) firms: u64,
    /// Dossiers of businesses; the others are those of citizens.
    pub(super) business_dossiers: u64,
    /// Mean rating, from 1 to 5.
    pub(super) satisfaction: Option<f64>,
    /// Ratings of 4 or 5, of all ratings.
    pub(super) satisfied: ShareReply,
    /// Number of rated dossiers.
    pub(super) rated: u64,
    /// Number of dossiers that could be rated.
    pub(super) could_rate: u64,
}

impl FiguresReply {
    /// Figures in which nothing is left out: an example of all columns.
    pub(crate) fn complete() -> Self {
        Self { services: Some(ServicesReply::default()), ..Self::default() }
    }
}

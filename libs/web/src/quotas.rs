//! Quotas of callers over time: by subject with a token, by address for the public look-up. Each
//! replica counts for itself, in memory; the least recently seen callers are dropped first. The
//! limits are data: [`Rules`].
//!
//! Responses have the remaining quota in `RateLimit-Policy` and `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers-10), refusals also have `Retry-After`.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dossier::access::Caller;
use dossier::contract::{Role, Subject};
use http::{HeaderMap, HeaderName, HeaderValue};
use lru::LruCache;
use platform::TimeSource;
use platform::network::network_of;

use crate::limits::QUOTA_CALLERS_MAX;

mod rules;
mod window;

pub use rules::{InvalidRules, OfAddress, OfApplicant, OfOfficer, Rate, Rules};
use window::{Limit, Window};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What a request consumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uses {
    /// Nothing that is counted.
    Nothing,
    /// A read with a token.
    Read,
    /// A read that may wait for news; while it waits it is not in flight.
    Following,
    Step,
    /// A step that submits a dossier or complaint.
    Submission,
    /// An upload, with the number of the caller's uploads without a step.
    Upload {
        /// Its size.
        bytes: u64,
        /// Uploads of the caller that no step refers to yet.
        unfinished: u64,
    },
    /// A look-up without a token.
    LookUp,
    /// A partner's message without a token.
    Message,
}

/// All quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Steps,
    Reads,
    Submissions,
    UploadedBytes,
    UnfinishedUploads,
    InFlight,
    LookUps,
    LookUpsOfADay,
    Messages,
}

impl Name {
    const fn text(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Reads => "reads",
            Self::Submissions => "submissions",
            Self::UploadedBytes => "uploaded-bytes",
            Self::UnfinishedUploads => "unfinished-uploads",
            Self::InFlight => "requests-in-flight",
            Self::LookUps => "look-ups",
            Self::LookUpsOfADay => "look-ups-of-a-day",
            Self::Messages => "partner-messages",
        }
    }

    /// Whether a refused request does not count. Reading a body that is refused is limited by the
    /// number of concurrent uploads and their pace.
    const fn is_refunded(self) -> bool {
        matches!(self, Self::Submissions | Self::UploadedBytes)
    }

    /// The draft's quota unit, if not requests.
    const fn unit(self) -> Option<&'static str> {
        match self {
            Self::UploadedBytes => Some("content-bytes"),
            Self::InFlight => Some("concurrent-requests"),
            _ => None,
        }
    }
}

/// A counted caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Applicant(Subject),
    /// A representative, counted separately from their own use.
    Representative(Subject),
    /// An IPv4 address or an IPv6 /64.
    Address(IpAddr),
}

/// Usage of a caller, in at most four windows.
#[derive(Debug, Default)]
struct Used {
    windows: Vec<(Name, Window)>,
}

impl Used {
    fn window(&mut self, name: Name) -> &mut Window {
        let at = self.windows.iter().position(|(known, _)| *known == name);
        let at = at.unwrap_or_else(|| {
            self.windows.push((name, Window::default()));
            self.windows.len() - 1
        });
        &mut self.windows[at].1
    }
}

/// Quotas of a process.
#[derive(Debug)]
pub struct Quotas {
    rules: Rules,
    clock: TimeSource,
    counted: Arc<Mutex<Counted>>,
}

#[derive(Debug)]
struct Counted {
    used: LruCache<Who, Used>,
    in_flight: HashMap<Subject, u64>,
}

/// An admitted request; it counts as in flight until this is dropped.
#[derive(Debug)]
pub struct Admission {
    shown: Shown,
    counted: Arc<Mutex<Counted>>,
    flying: Option<Subject>,
    /// What is returned if the request is refused.
    refunds: Option<Refund>,
    /// Whether it was answered with a refusal.
    is_refused: bool,
}

/// What a refused request returns to its caller.
#[derive(Debug)]
struct Refund {
    who: Who,
    name: Name,
    amount: u64,
    /// What is left then.
    shown: Shown,
}

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// The exceeded quotas.
    pub policies: Vec<&'static str>,
    /// How long to wait.
    pub wait: Duration,
    shown: Shown,
}

/// The two header fields, if not empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Shown {
    policy: String,
    limit: String,
}

impl Quotas {
    /// Counts by these rules and this clock.
    #[must_use]
    pub fn new(rules: Rules, clock: TimeSource) -> Self {
        let counted = Counted { used: LruCache::new(QUOTA_CALLERS_MAX), in_flight: HashMap::new() };
        Self { rules, clock, counted: Arc::new(Mutex::new(counted)) }
    }

    /// The rules that it counts by.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Admits and counts a request, or refuses it; callers without a token are identified by
    /// address.
    pub fn admit(
        &self,
        caller: Option<&Caller>,
        client: IpAddr,
        uses: Uses,
    ) -> Result<Admission, Exceeded> {
        match (caller, uses) {
            (None, Uses::LookUp | Uses::Message) => {
                self.rated(Who::Address(network_of(client)), 1, uses)
            }
            (_, Uses::Nothing) | (None, _) => Ok(self.admission(Shown::default())),
            (Some(caller), Uses::Following) if is_officer(caller) => {
                Ok(self.admission(Shown::default()))
            }
            (Some(caller), _) if is_officer(caller) => self.fly(&caller.subject),
            (Some(caller), _) if caller.on_behalf_of.is_some() => self.represents(caller, uses),
            (Some(caller), _) => self.rated(Who::Applicant(caller.subject.clone()), 1, uses),
        }
    }

    /// Like [`Quotas::admit`], for a caller who invokes a mandate or a credential and so acts for
    /// somebody else.
    pub fn admit_invoking(
        &self,
        caller: &Caller,
        client: IpAddr,
        uses: Uses,
    ) -> Result<Admission, Exceeded> {
        if is_officer(caller) {
            self.admit(Some(caller), client, uses)
        } else {
            self.represents(caller, uses)
        }
    }

    fn represents(&self, caller: &Caller, uses: Uses) -> Result<Admission, Exceeded> {
        let who = Who::Representative(caller.subject.clone());
        self.rated(who, self.rules.representative_times, uses)
    }

    fn admission(&self, shown: Shown) -> Admission {
        let counted = Arc::clone(&self.counted);
        Admission { shown, counted, flying: None, refunds: None, is_refused: false }
    }

    /// Quotas that apply to a request, with the amounts.
    fn limits(&self, times: u64, uses: Uses) -> Vec<(Name, Limit, u64)> {
        let Rules { applicant, address, .. } = &self.rules;
        let rated = |name, rate, amount| (name, Limit::of(rate, times), amount);
        match uses {
            Uses::Nothing => Vec::new(),
            Uses::Read | Uses::Following => vec![rated(Name::Reads, applicant.reads, 1)],
            Uses::Step => vec![rated(Name::Steps, applicant.steps, 1)],
            Uses::Submission => vec![
                rated(Name::Steps, applicant.steps, 1),
                rated(Name::Submissions, applicant.submissions, 1),
            ],
            Uses::Upload { bytes, .. } => {
                vec![rated(Name::UploadedBytes, applicant.uploaded_bytes, bytes)]
            }
            Uses::LookUp => vec![
                rated(Name::LookUps, address.look_ups, 1),
                rated(Name::LookUpsOfADay, address.look_ups_of_a_day, 1),
            ],
            Uses::Message => vec![rated(Name::Messages, address.partner_messages, 1)],
        }
    }

    fn rated(&self, who: Who, times: u64, uses: Uses) -> Result<Admission, Exceeded> {
        let now = self.clock.now();
        let limits = self.limits(times, uses);
        let mut counted = lock(&self.counted);
        let used = counted.used.get_or_insert_mut(who.clone(), Used::default);
        let (mut policies, mut wait) = (Vec::new(), Duration::ZERO);
        for (name, limit, amount) in &limits {
            if let Some(lacks) = used.window(*name).lacks(*limit, now, *amount) {
                policies.push(name.text());
                wait = wait.max(lacks);
            }
        }
        let unfinished = match uses {
            Uses::Upload { unfinished, .. } => {
                let most = self.rules.applicant.unfinished_uploads.saturating_mul(times);
                Some((most, most.saturating_sub(unfinished)))
            }
            _ => None,
        };
        if let Some((_, 0)) = unfinished {
            policies.push(Name::UnfinishedUploads.text());
            // It may be free at any moment, once a step refers to one of them.
            wait = wait.max(UNFINISHED_WAIT);
        }
        let granted = policies.is_empty();
        let (mut shown, mut refused) = (Shown::default(), Shown::default());
        for (name, limit, amount) in &limits {
            let window = used.window(*name);
            let before = window.left(*limit, now);
            if granted {
                window.take(*limit, now, *amount);
            }
            let after = window.left(*limit, now);
            let if_refused = if name.is_refunded() { before } else { after };
            for (shown, left) in [(&mut shown, after), (&mut refused, if_refused)] {
                shown.add(*name, limit.count, Some(limit.seconds), left.count, Some(left.wait));
            }
        }
        drop(counted);
        if let Some((most, left)) = unfinished {
            let taken = left.saturating_sub(u64::from(granted));
            shown.add(Name::UnfinishedUploads, most, None, taken, None);
            refused.add(Name::UnfinishedUploads, most, None, left, None);
        }
        if !granted {
            return Err(Exceeded { policies, wait, shown });
        }
        let mut admission = self.admission(shown);
        let refunded = limits.iter().find(|(name, ..)| name.is_refunded());
        admission.refunds = refunded.map(|(name, _, amount)| {
            let (name, amount) = (*name, *amount);
            Refund { who, name, amount, shown: refused }
        });
        Ok(admission)
    }

    fn fly(&self, subject: &Subject) -> Result<Admission, Exceeded> {
        let most = self.rules.officer.in_flight;
        let mut counted = lock(&self.counted);
        let flying = counted.in_flight.entry(subject.clone()).or_default();
        let mut shown = Shown::default();
        if *flying >= most {
            drop(counted);
            shown.add(Name::InFlight, most, None, 0, None);
            let (policies, wait) = (vec![Name::InFlight.text()], Duration::from_secs(1));
            return Err(Exceeded { policies, wait, shown });
        }
        *flying += 1;
        let left = most - *flying;
        drop(counted);
        shown.add(Name::InFlight, most, None, left, None);
        let mut admission = self.admission(shown);
        admission.flying = Some(subject.clone());
        Ok(admission)
    }
}

/// `Retry-After` for too many uploads without a step.
const UNFINISHED_WAIT: Duration = Duration::from_secs(60);

impl Admission {
    /// Adds the remaining quota to a response. A refused submission or upload is not counted.
    pub fn answered(mut self, granted: bool, headers: &mut HeaderMap) {
        if granted {
            self.refunds = None;
        }
        self.is_refused = !granted;
        let shown = self.refunds.as_ref().map_or(&self.shown, |refund| &refund.shown);
        shown.write(headers);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let (refunds, flying) = (self.refunds.take(), self.flying.take());
        if refunds.is_none() && flying.is_none() {
            return;
        }
        let mut counted = lock(&self.counted);
        // An upload that was broken off may have been stored all the same.
        let is_refused = self.is_refused;
        if let Some(Refund { who, name, amount, .. }) =
            refunds.filter(|refund| is_refused || refund.name != Name::UploadedBytes)
            && let Some(used) = counted.used.peek_mut(&who)
        {
            used.window(name).give_back(amount);
        }
        let Some(subject) = flying else { return };
        if let Some(flying) = counted.in_flight.get_mut(&subject) {
            *flying = flying.saturating_sub(1);
            if *flying == 0 {
                counted.in_flight.remove(&subject);
            }
        }
    }
}

impl Exceeded {
    /// Adds the quotas to a response.
    pub fn show(&self, headers: &mut HeaderMap) {
        self.shown.write(headers);
    }
}

impl Shown {
    /// Adds one quota with its remainder.
    fn add(
        &mut self,
        name: Name,
        most: u64,
        seconds: Option<u32>,
        left: u64,
        wait: Option<Duration>,
    ) {
        let comma = if self.policy.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(self.policy, "{comma}\"{}\";q={most}", name.text());
        if let Some(unit) = name.unit() {
            let _ = write!(self.policy, ";qu=\"{unit}\"");
        }
        if let Some(seconds) = seconds {
            let _ = write!(self.policy, ";w={seconds}");
        }
        let _ = write!(self.limit, "{comma}\"{}\";r={left}", name.text());
        if let Some(wait) = wait {
            let _ = write!(self.limit, ";t={}", wait.as_millis().div_ceil(1_000));
        }
    }

    fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in [(POLICY, &self.policy), (LIMIT, &self.limit)] {
            if !value.is_empty()
                && let Ok(value) = HeaderValue::from_str(value)
            {
                headers.insert(name, value);
            }
        }
    }
}

fn lock(counted: &Mutex<Counted>) -> MutexGuard<'_, Counted> {
    counted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the caller has a role other than applicant.
fn is_officer(caller: &Caller) -> bool {
    caller.roles.iter().any(|role| *role != Role::Applicant)
}

#[cfg(test)]
mod tests;
